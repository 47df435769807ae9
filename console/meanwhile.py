"""What happened to a request since somebody read it: who changed its arguments from what to what, and what of the page
is no longer so."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from agents.runtime.text import loads
from agents.tools.legible import clip
from console import schema_form
from console.card import Card
from console.proposal import plainly
from reviews.models import Decision

MAX_NAMED, MAX_VALUE = 3, 60
SEEN = re.compile(r"[a-z_]+-(\d{1,5})-")  # as `Card.fingerprint` begins


@dataclass(frozen=True)
class Meanwhile:
    """The card as it is now, beside the revision that stands on somebody's page."""

    card: Card
    seen: int
    is_editing: bool = False

    @property
    def is_revised(self) -> bool:
        """Whether title and arguments on the page are those of another call now."""
        return self.seen != self.card.approval.revision

    @property
    def is_behind(self) -> bool:
        """Whether anything on the page stays old, so that it is worth loading it again."""
        if not self.card.approval.is_pending:
            return self.is_revised or self.is_editing
        is_back = self.last is not None and self.last.undone_at is not None
        return self.is_revised or is_back or not (self.card.may_approve or self.card.has_voted)

    @property
    def is_stale(self) -> bool:
        """Whether what was on the page can no longer be decided as it stands there."""
        return self.is_revised or not self.card.approval.is_pending

    @property
    def shows_check(self) -> bool:
        """Whether the page says that changed arguments fit the rules."""
        return self.is_editing or self.seen > 1

    @property
    def last(self) -> Decision | None:
        """What was decided last."""
        return self.card.decisions[-1] if self.card.decisions else None

    @cached_property
    def edits(self) -> list[Decision]:
        """The edits that the reader has not seen."""
        return [made for made in self.card.decisions if made.kind == "edit" and made.revision >= self.seen]

    @property
    def editors(self) -> str:
        """Who made them."""
        return " and ".join(dict.fromkeys(made.person.name for made in self.edits))

    @property
    def changed(self) -> str:
        """What they changed, and from what to what."""
        was = {one.path: plainly(one) for one in schema_form.fields(self.card.proposal.schema, self._args_seen)}
        now = {one.path: plainly(one) for one in self.card.proposal.fields}
        paths = [path for path in {**was, **now} if was.get(path, "") != now.get(path, "")]
        if not 0 < len(paths) <= MAX_NAMED:
            return f"{len(paths)} arguments" if paths else "the arguments"
        return ", ".join(_told(".".join(path), was.get(path, ""), now.get(path, "")) for path in paths)

    @property
    def is_decided_by_editor(self) -> bool:
        """Whether who edited it last also decided it, which is told as one deed."""
        made = self.last
        if made is None or made.kind == "edit" or made.undone_at:
            return False
        return bool(self.edits) and self.editors == made.person.name

    @cached_property
    def _args_seen(self) -> dict[str, object]:
        seen = self.card.approval.revisions.get(number=self.seen)
        found: dict[str, object] = loads(bytes(seen.args))
        return found


def since(card: Card, fingerprint: str, *, is_editing: bool = False) -> Meanwhile:
    """Since the card had that fingerprint."""
    found = SEEN.match(fingerprint)
    revision = card.approval.revision
    return Meanwhile(card, max(1, min(int(found[1]), revision)) if found else revision, is_editing)


def since_post(card: Card, sent: Mapping[str, str]) -> Meanwhile:
    """Since somebody saw what they decided about, too late."""
    seen = card.approval.revisions.filter(digest=bytes.fromhex(sent["digest"])).order_by("-number").first()
    return Meanwhile(card, seen.number if seen else card.approval.revision, sent["kind"].startswith("edit"))


def _told(label: str, was: str, now: str) -> str:
    return f"{label} from {clip(was, MAX_VALUE) or 'nothing'} to {clip(now, MAX_VALUE) or 'nothing'}"
