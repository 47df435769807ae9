"""What clients saw: every request with when it began and ended and what came back. No answer means: both possible."""

import json
import threading
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from tests.nemesis.outside import now

INFO = 0  # nobody knows whether it was done
PATIENCE_SECONDS = 3.0


@dataclass(slots=True)
class Operation:
    """One request. `status` is that of the answer, or INFO; an answer of 500 and above is no answer either."""

    kind: str
    who: str
    sent: dict[str, Any]
    began: float
    ended: float = 0.0
    status: int = INFO
    answer: Any = None
    said: str = ""

    @property
    def is_acknowledged(self) -> bool:
        return 200 <= self.status < 300

    @property
    def is_unknown(self) -> bool:
        return self.status == INFO or self.status >= 500


@dataclass
class History:
    """All operations of a battle, in the order of their beginning."""

    operations: list[Operation] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, kind: str, who: str, **sent: Any) -> Operation:
        operation = Operation(kind, who, sent, now())
        with self.lock:
            self.operations.append(operation)
        return operation

    def of(self, *kinds: str) -> list[Operation]:
        return [operation for operation in self.operations if operation.kind in kinds]

    def counts(self) -> dict[str, dict[str, int]]:
        """By kind: how many were acknowledged, refused, and never answered."""
        found: dict[str, Counter[str]] = {}
        for operation in self.operations:
            word = "unknown" if operation.is_unknown else "acknowledged" if operation.is_acknowledged else "refused"
            found.setdefault(operation.kind, Counter())[word] += 1
        return {kind: dict(counted) for kind, counted in sorted(found.items())}

    def save(self, path: Path) -> None:
        with path.open("w") as file:
            file.writelines(json.dumps(asdict(operation), default=str) + "\n" for operation in self.operations)


class Caller:
    """One person's or program's way to the API; whatever it asks is in the history."""

    def __init__(self, url: str, who: str, token: str, history: History):
        self.who, self.history = who, history
        self.http = httpx2.Client(
            base_url=f"{url}/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE_SECONDS
        )

    def ask(self, kind: str, method: str, path: str, *, key: str = "", **request: Any) -> Operation:
        """Make one request and record it."""
        headers = {"Idempotency-Key": key} if key else {}
        operation = self.history.begin(kind, self.who, path=path, key=key, **request)
        try:
            answer = self.http.request(method, path, headers=headers, **request)
            operation.status, operation.said = answer.status_code, answer.text
            operation.answer = answer.json()
        except (httpx2.HTTPError, ValueError) as error:
            operation.status, operation.said = INFO, repr(error)
        operation.ended = now()
        return operation

    def look(self, path: str, **params: Any) -> Any:
        """Read something, without a place in the history; None where nothing came back."""
        try:
            answer = self.http.get(path, params=params)
            return answer.json() if answer.status_code == 200 else None
        except (httpx2.HTTPError, ValueError):
            return None
