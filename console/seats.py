"""The seats of a request: who fills each, and which one the vote of the reader would fill."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from reviews.models import ApprovalRequest, Decision
from reviews.policy.seats import choose


@dataclass(frozen=True, slots=True)
class Place:
    """One seat, and who fills it; `is_offered`: the reader's vote would."""

    group: str | None
    vote: Decision | None
    is_offered: bool = False


def seated(
    approval: ApprovalRequest, votes: Mapping[int | None, Decision], reader: int, people: Mapping[int, Collection[str]]
) -> list[Place]:
    """All of them in order; the one that is offered is chosen as the verb will choose it."""
    voters = {vote.person_id for vote in votes.values()}
    offered = None
    if approval.is_pending and reader in people and reader not in voters:
        free = {number: group for number, group in approval.places.items() if number not in votes}
        others = {one: groups for one, groups in people.items() if one not in voters | {reader}}
        offered = choose(free, people[reader], others)
    return [Place(group, votes.get(number), number == offered) for number, group in approval.places.items()]
