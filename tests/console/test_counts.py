"""The counts in the frame: put together once, the same for everybody as the lists that they count."""

from console import queue
from console.counts import counts_of
from reviews.models import ApprovalRequest
from tests.factories import House, make_agent, make_approval, make_call, make_policy, make_run, make_tool
from tests.reviews.stories import TWO_SEATS, decide
from workspaces.models import Person


def test_everybody_is_told_how_long_their_own_lists_are(house: House) -> None:
    sams = house.by("sam").workspace
    make_tool(sams, "refund")
    make_call(make_run(make_agent(sams, tools=["refund"])))
    make_policy(house.workspace, TWO_SEATS)
    first, second = make_approval(house), make_approval(house)
    ApprovalRequest.objects.update(risk="low")
    ApprovalRequest.objects.filter(pk=second.pk).update(risk="high")
    decide(first, "approve", house.by("ana"))
    Person.objects.filter(pk=house.ben.pk).update(notices="high")
    house.ben.refresh_from_db()

    found = {name: counts_of(house.by(name)) for name in ("olga", "ana", "ben", "cleo", "root", "sam")}
    for name, counts in found.items():
        for view in ("needs-me", "open", "waiting"):
            assert counts[view.replace("-", "_")] == str(queue.requests(house.by(name), view).count()), (name, view)
    assert [counts["needs_me"] for counts in found.values()] == ["0", "1", "2", "2", "0", "1"]
    assert {name: counts["noticed"] for name, counts in found.items() if "noticed" in counts} == {"ben": "1"}
    assert found["sam"]["runs"] == "1" and found["ana"]["runs"] == "2"
