"""I12: every event reaches every endpoint that asked for it, or says why it does not; what arrives is what was sent."""

from collections import defaultdict
from collections.abc import Iterator

from reviews.models import Delivery
from tests.nemesis.evidence import Check, Evidence, Violation
from tests.nemesis.receiver import Received
from tests.nemesis.witness import asked

OWED = """SELECT event.seq, event.kind, endpoint.id FROM workspaces_event AS event
  JOIN reviews_endpoint AS endpoint ON endpoint.workspace_id = event.workspace_id AND event.kind = ANY(endpoint.kinds)
    AND endpoint.enabled
  WHERE event.workspace_id = %s AND event.created_at > endpoint.created_at AND NOT EXISTS (
    SELECT FROM reviews_delivery AS sent WHERE sent.endpoint_id = endpoint.id AND sent.event_seq = event.seq)"""
UNTOLD = "SELECT count(*) FROM workspaces_event WHERE workspace_id = %s AND announced_at IS NULL"


class Deliveries(Evidence):
    """Checks of webhooks: rows, and what the receivers got."""

    def checks(self) -> list[Check]:
        return [self.webhooks]

    def webhooks(self) -> Iterator[Violation]:
        """Every event has its delivery, every delivery its end, and every request is one of ours."""
        arrived: dict[str, list[Received]] = defaultdict(list)
        for request in self.house.receiver.got:
            arrived[request.headers.get("webhook-id", "")].append(request)
        rows = Delivery.objects.filter(workspace=self.workspace).select_related("endpoint")
        sent = {str(one.pk): one for one in rows}
        self.checked["I12 deliveries"] += len(sent)
        self.checked["I12 requests"] += len(self.house.receiver.got)
        for seq, kind, endpoint in asked(OWED, self.workspace.pk):
            yield Violation("I12", f"endpoint {endpoint} was never told of event {seq}, {kind}")
        if untold := asked(UNTOLD, self.workspace.pk)[0][0]:
            yield Violation("I12", f"{untold} events were never announced")
        for delivery in sent.values():
            yield from self._ended(delivery, arrived[str(delivery.pk)])
        for webhook_id in arrived.keys() - sent.keys():
            yield Violation("I12", f"something that is no delivery of ours arrived: {webhook_id!r}")
        for request in self.house.receiver.got:
            if request.problem:
                yield Violation("I12", f"a signature did not hold at {request.path}: {request.problem}")

    def _ended(self, delivery: Delivery, arrived: list[Received]) -> Iterator[Violation]:
        if delivery.status == "delivered" and not any(one.answered == 200 for one in arrived):
            yield Violation("I12", f"delivery {delivery.pk} is called delivered and never arrived")
        if delivery.status == "dead" and not delivery.error:
            yield Violation("I12", f"delivery {delivery.pk} was given up without a reason")
        if delivery.status in ("pending", "failed") and delivery.endpoint.enabled:
            yield Violation("I12", f"delivery {delivery.pk} was left {delivery.status} ({delivery.error})")
        if any(one.body != bytes(delivery.body) for one in arrived):
            yield Violation("I12", f"delivery {delivery.pk} arrived with other bytes than its row has")
