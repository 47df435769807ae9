"""Walking the chain: the first entry that is not as it was, and how much is not chained yet."""

from dataclasses import dataclass

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
    walk = _Walk(workspace_id)
    entries = AuditEntry.objects.filter(workspace=workspace_id)
    problem = ""
    try:
        for entry in entries.exclude(chain_seq=None).order_by("chain_seq").iterator():
            walk.step(entry)
        walk.end()
    except Broken as broken:
        problem = str(broken)
    return Finding(walk.seq, walk.seq + 1 if problem else None, problem, entries.filter(chain_seq=None).count())


class _Walk:
    """The place reached so far: number and hash of the last entry that holds."""

    def __init__(self, workspace_id: int) -> None:
        key = home.existing_key()
        self.key: Ed25519PublicKey | None = key.public_key() if key else None
        self.head = home.remembered_head(workspace_id)  # before the rows are read: a chainer at work only adds to them
        self.seq = 0
        self.hash = BEGINNING
        self.is_signed = True

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
