"""Reading a request and deciding it, as the browser does."""

from typing import Any

from django.test import Client

from reviews.models import ApprovalRequest


def read(client: Client, approval: ApprovalRequest, query: str = "") -> str:
    page = client.get(f"/review/{approval.pk}{query}")
    assert page.status_code == 200
    return page.content.decode()


def post(client: Client, approval: ApprovalRequest, kind: str, headers: Any = None, **form: str) -> Any:
    form = {"kind": kind, "digest": bytes(approval.digest).hex(), **form}
    if kind.startswith("edit"):
        form.setdefault("reason", "As agreed")
    answer = client.post(f"/review/{approval.pk}/decisions", form, headers=headers)
    approval.refresh_from_db()
    return answer
