"""What is kept outside the database, so that who can rewrite rows cannot rewrite the chain: key and newest link."""

import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from django.conf import settings


def signing_key() -> Ed25519PrivateKey:
    """The key in HOME/audit.key, made on first use; hosts that run a sweep share this file."""
    path = _home() / "audit.key"
    if not path.exists():
        _create(path, Ed25519PrivateKey.generate())
    return _read(path)


def existing_key() -> Ed25519PrivateKey | None:
    """The key, if anything was ever signed in this home."""
    path = _home() / "audit.key"
    return _read(path) if path.exists() else None


def remember_head(workspace_id: int, seq: int, link: bytes) -> None:
    """Note the newest link, so that entries missing at the end are noticed too."""
    _write(_head_file(workspace_id), f"{seq} {link.hex()}\n".encode()).replace(_head_file(workspace_id))


def remembered_head(workspace_id: int) -> tuple[int, bytes] | None:
    """Number and hash of the newest link that this home knows of."""
    path = _head_file(workspace_id)
    if not path.exists():
        return None
    seq, link = path.read_text().split()
    return int(seq), bytes.fromhex(link)


def _create(path: Path, key: Ed25519PrivateKey) -> None:
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    draft = _write(path, pem)
    try:
        os.link(draft, path)  # whole or not at all, and only one of several sweeps wins
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _read(path: Path) -> Ed25519PrivateKey:
    key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError(f"{path} is not an Ed25519 key.")
    return key


def _write(path: Path, content: bytes) -> Path:
    """A finished file beside `path`, to be put in its place in one step."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return draft


def _head_file(workspace_id: int) -> Path:
    directory = _home() / "audit-heads"
    directory.mkdir(mode=0o700, exist_ok=True)
    return directory / str(workspace_id)


def _home() -> Path:
    home = Path(settings.COUNTERSIGN_HOME)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    return home
