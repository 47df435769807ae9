"""The secret that a receiver checks signatures with: 32 random bytes, encrypted in the database."""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from reviews.exceptions import SecretUnreadable

FORMAT = b"\x01"  # AES-256-GCM, a nonce of 12 bytes before the text
NONCE_BYTES = 12
SECRET_BYTES = 32
PURPOSE = b"countersign webhook secrets 1"


@dataclass(frozen=True, slots=True)
class Secret:
    """One secret; its bytes appear in no log."""

    raw: bytes = field(repr=False)

    @classmethod
    def new(cls) -> Self:
        """A secret that nobody has had before."""
        return cls(secrets.token_bytes(SECRET_BYTES))

    @classmethod
    def unsealed(cls, sealed: bytes, place: str) -> Self:
        """The secret that was sealed for `place`; raises SecretUnreadable under another SECRET_KEY or elsewhere."""
        nonce, text = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        if sealed[:1] != FORMAT:
            raise SecretUnreadable
        try:
            return cls(_cipher().decrypt(nonce, text, place.encode()))
        except InvalidTag as error:
            raise SecretUnreadable from error

    def sealed(self, place: str) -> bytes:
        """Encrypted for one column of one row, `place`, and readable nowhere else."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return FORMAT + nonce + _cipher().encrypt(nonce, self.raw, place.encode())

    @property
    def text(self) -> str:
        """What the receiver is given, once."""
        return "whsec_" + base64.b64encode(self.raw).decode()

    def signature(self, webhook_id: str, timestamp: int, body: bytes) -> str:
        """The Standard Webhooks signature, version 1."""
        signed = f"{webhook_id}.{timestamp}.".encode() + body
        return "v1," + base64.b64encode(hmac.digest(self.raw, signed, hashlib.sha256)).decode()


def _cipher() -> AESGCM:
    """A key of its own for this purpose, derived from the installation's key."""
    return AESGCM(HKDF(SHA256(), 32, salt=None, info=PURPOSE).derive(settings.SECRET_KEY.encode()))
