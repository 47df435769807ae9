"""What of the queue is looked at: its view and its filters, as the address says them."""

from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django import forms
from django.http import QueryDict
from django.utils.http import urlencode

from console import queue
from console.card import VIEWS
from console.pages import AddressForm, MemberRequest

RISKS = {"medium": "Medium risk or higher", "high": "High risk"}
CHIPS = {"agent": "Agent", "tool": "Tool", "rule": "Rule", "text": "Title has", "run": "Run"}
FILTERS = ["risk", *CHIPS]


class Chip(NamedTuple):
    """One filter that is set, and the queue without it."""

    name: str
    label: str
    value: str
    without: str


class QueueForm(AddressForm):
    """What of the queue is looked at."""

    view = forms.ChoiceField(choices=queue.VIEWS.items(), required=False)
    risk = forms.ChoiceField(choices=RISKS.items(), required=False)
    agent = forms.CharField(max_length=100, required=False)
    tool = forms.CharField(max_length=100, required=False)
    rule = forms.CharField(max_length=100, required=False)
    text = forms.CharField(max_length=100, required=False)
    run = forms.UUIDField(required=False)
    cursor = forms.CharField(max_length=200, required=False)
    args = forms.ChoiceField(choices=VIEWS.items(), required=False)
    selected = forms.UUIDField(required=False)


def on_page(request: MemberRequest) -> dict[str, Any]:
    """What the queue on the page that asks is narrowed to: its address says so."""
    address = urlsplit(request.htmx.current_url or "") if request.htmx else urlsplit("")
    return QueueForm(QueryDict(address.query)).wanted


def query_of(wanted: dict[str, Any]) -> str:
    """The same for an address."""
    return urlencode({name: wanted[name] for name in ("view", *FILTERS) if name in wanted})
