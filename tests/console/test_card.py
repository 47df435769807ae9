"""What a card says about itself."""

from collections.abc import Callable

from django.test import Client

from reviews.models import ApprovalRequest
from tests.factories import House, make_approval
from workspaces.models import Membership


def test_a_request_that_nobody_can_decide_says_what_helps(house: House, browse: Callable[[str], Client]) -> None:
    doubt = make_approval(house, status="in_doubt")
    ana = browse("ana")
    assert "Nobody can decide this" not in ana.get(f"/review/{doubt.pk}").content.decode()

    Membership.objects.filter(person__in=[house.ben, house.cleo]).update(roles=["viewer"])
    ApprovalRequest.objects.filter(pk=doubt.pk).update(excluded=[house.ana.pk])

    assert "Nobody can decide this" in ana.get(f"/review/{doubt.pk}").content.decode()
