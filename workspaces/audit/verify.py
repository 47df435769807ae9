"""Walking the chain: the first entry that is not as it was, and how much is not chained yet."""

from dataclasses import dataclass
from typing import Any, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from workspaces.audit import home
from workspaces.audit.seal import BEGINNING, link, signed_text
from workspaces.models.audit_entry import AuditEntry


@dataclass(frozen=True, slots=True)
class Finding:
    """What a walk found: how many entries hold, the first number that does not and why, how many are unchained."""

    checked: int
    bad_seq: int | None
    problem: str
    unchained: int

    @property
    def is_whole(self) -> bool:
        """Whether every chained entry is there and as it was written."""
        return self.bad_seq is None


class Broken(Exception):
    """The chain does not hold at the entry after those that were checked."""


def verify(workspace_id: int) -> Finding:
    """Check the chained entries of a workspace in order, up to the first bad one."""
    walk = Walk.begin(workspace_id)
    while not walk.advance(10_000):
        pass
    unchained = AuditEntry.objects.filter(workspace=workspace_id, chain_seq=None).count()
    return Finding(walk.seq, walk.seq + 1 if walk.problem else None, walk.problem, unchained)


class Walk:
    """The place reached so far: number and hash of the last entry that holds; it can be kept and go on later."""

    def __init__(self, workspace_id: int, head: tuple[int, bytes] | None) -> None:
        key = home.existing_key()
        self.key: Ed25519PublicKey | None = key.public_key() if key else None
        self.workspace_id, self.head = workspace_id, head
        self.seq = 0
        self.hash = BEGINNING
        self.is_signed = True
        self.problem = ""

    @classmethod
    def begin(cls, workspace_id: int) -> Self:
        """At the first entry; the head is read before the rows are: a chainer at work only adds to them."""
        return cls(workspace_id, home.remembered_head(workspace_id))

    def as_json(self) -> list[Any]:
        """What `resumed` takes."""
        head = [self.head[0], self.head[1].hex()] if self.head else None
        return [self.workspace_id, head, self.seq, self.hash.hex(), self.is_signed]

    @classmethod
    def resumed(cls, kept: list[Any]) -> Self:
        """The walk that was kept."""
        workspace_id, head, seq, hash_, is_signed = kept
        walk = cls(workspace_id, (head[0], bytes.fromhex(head[1])) if head else None)
        walk.seq, walk.hash, walk.is_signed = seq, bytes.fromhex(hash_), is_signed
        return walk

    def advance(self, count: int) -> bool:
        """Check up to `count` more entries; True where it has come to the end, or to an entry that does not hold."""
        entries = AuditEntry.objects.filter(workspace=self.workspace_id, chain_seq__gt=self.seq).order_by("chain_seq")
        found = list(entries[:count])
        try:
            for entry in found:
                self.step(entry)
            if len(found) == count:
                return False
            self.end()
        except Broken as broken:
            self.problem = str(broken)
        return True

    def step(self, entry: AuditEntry) -> None:
        if entry.chain_seq != self.seq + 1:
            raise Broken(f"entry {self.seq + 1} is missing")
        hash_ = link(entry, self.seq + 1, self.hash)
        if bytes(entry.hash or b"") != hash_:
            raise Broken(f"entry {self.seq + 1} (id {entry.pk}) is not what was written, or not in its place")
        if entry.signature is not None:
            self._check_signature(bytes(entry.signature), hash_)
        if self.head and self.head[0] == self.seq + 1 and self.head[1] != hash_:
            raise Broken(f"entry {self.seq + 1} (id {entry.pk}) is not the one that this home remembers")
        self.seq, self.hash, self.is_signed = self.seq + 1, hash_, entry.signature is not None

    def end(self) -> None:
        if self.head and self.head[0] > self.seq:
            raise Broken(f"entry {self.seq + 1} is missing: this home remembers {self.head[0]}")
        if not self.is_signed:
            raise Broken(f"entry {self.seq + 1} is missing: a chain ends with a signature, entry {self.seq} has none")

    def _check_signature(self, signature: bytes, hash_: bytes) -> None:
        if self.key is None:
            raise Broken(f"the signature of entry {self.seq + 1} cannot be checked: there is no audit.key in this home")
        try:
            self.key.verify(signature, signed_text(hash_))
        except InvalidSignature:
            raise Broken(f"the signature of entry {self.seq + 1} is not by this home's audit.key") from None
