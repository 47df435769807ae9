"""REST: threads."""

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Status

from agents.api import pages
from agents.api.access import who
from agents.api.schema import ThreadIn, ThreadOut, ThreadPage
from agents.models import Thread
from workspaces.idempotency import idempotent

router = Router(tags=["threads"])


@router.post("/threads", response={201: ThreadOut})
@idempotent
def make(request: HttpRequest, body: ThreadIn) -> Any:
    """Open a thread; `POST /runs` with its id gives it inputs."""
    principal = who(request, "operate")
    made = Thread.objects.create(workspace=principal.workspace, title=body.title, created_by=principal.person)
    return Status(201, made)


@router.get("/threads", response=ThreadPage)
def list_threads(request: HttpRequest, cursor: str = "", limit: Annotated[int, Query(ge=1, le=200)] = 50) -> Any:
    """Threads, newest first."""
    threads = Thread.objects.filter(workspace=who(request, "view").workspace)
    found, following = pages.page(threads, cursor, limit)
    return {"items": found, "next": following}


@router.get("/threads/{uuid:thread_id}", response=ThreadOut)
def show(request: HttpRequest, thread_id: UUID) -> Any:
    """One thread."""
    return get_object_or_404(Thread, workspace=who(request, "view").workspace, pk=thread_id)
