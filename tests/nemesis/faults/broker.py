"""Faults of the broker: gone, hung, emptied, full of what nobody of ours has sent."""

import json
import signal
from collections.abc import Callable
from uuid import uuid4

import redis

from tests.nemesis.faults.hands import Hands
from tests.nemesis.schedule import Fault
from workspaces import hints


def envelope(task: str, body: str, kind: str = "application/json") -> bytes:
    """A message as Celery would write it, of anything."""
    headers = {"lang": "py", "task": task, "id": str(uuid4()), "root_id": None, "retries": 0, "origin": "somebody"}
    told = {"delivery_info": {"exchange": "", "routing_key": hints.QUEUE}, "delivery_tag": str(uuid4()), "priority": 0}
    sealed = {"body": body, "content-type": kind, "content-encoding": "utf-8", "headers": headers, "properties": told}
    return json.dumps(sealed).encode()


GARBAGE = [b"\xff\xfe not a message", b"{}", b'{"body": 1, "headers": {}, "properties": {}}', b"x" * 5_000_000]


class OfTheBroker(Hands):
    """Valkey and what lies in it."""

    def _broker(self) -> redis.Redis:
        return redis.Redis.from_url(hints.redis_url(self.services.valkey.url()), socket_timeout=1)

    def _kill_broker(self, fault: Fault):
        if self.broker_is_hurt:
            return False
        self.broker_is_hurt = True
        self.services.end_valkey()

        def start() -> None:
            self.services.start_valkey()
            self.broker_is_hurt = False

        return start

    def _pause_broker(self, fault: Fault):
        if self.broker_is_hurt:
            return False
        self.broker_is_hurt = True
        self.services.broker.send(signal.SIGSTOP)

        def go_on() -> None:
            self.services.broker.send(signal.SIGCONT)
            self.broker_is_hurt = False

        return go_on

    def _flush_broker(self, fault: Fault):
        return self._to_broker(lambda broker: broker.flushall())

    def _garbage_to_broker(self, fault: Fault):
        return self._to_broker(lambda broker: broker.lpush(hints.QUEUE, GARBAGE[fault.which % len(GARBAGE)]))

    def _forged_messages(self, fault: Fault):
        """Tasks that there are not, pickles, arguments of other kinds, and runs that are nobody's."""
        nobody = json.dumps([[str(uuid4())], {}, {}])
        forged = [
            envelope("os.system", json.dumps([["true"], {}, {}])),
            envelope("agents.advance_run", "gASVDgAAAAAAAACMBHRydWWULg==", "application/x-python-serialize"),
            envelope("agents.advance_run", json.dumps([[{"run": 1}], {"claim": True}, {}])),
            envelope("agents.advance_run", "not even JSON"),
            *[envelope("agents.advance_run", nobody)] * 20,
        ]
        return self._to_broker(lambda broker: broker.lpush(hints.QUEUE, *forged))

    def _to_broker(self, act: Callable[[redis.Redis], object]):
        if self.broker_is_hurt:
            return False
        try:
            act(self._broker())
        except redis.RedisError:
            return False
        return None

    def _old_and_doubled_messages(self, fault: Fault):
        """Rings for runs of any age, ten times each, and for some that are no runs."""
        if self.broker_is_hurt:
            return False
        for run in [*self.some_runs(fault.which), str(uuid4()), "no run at all"]:
            for _ in range(10):
                hints.ring_now("agents.advance_run", run)
        return None
