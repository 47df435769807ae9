"""Somebody who looks after the whole: lets go on what lies aside, and says when enough is open."""

from django.db import DatabaseError, InterfaceError, connection

from tests.nemesis.clients import Client
from tests.nemesis.history import Caller
from tests.nemesis.house import House
from tests.nemesis.witness import asked

MOST_UNTOLD = 1500  # events and deliveries that nobody has got to
OPEN = """SELECT (SELECT count(*) FROM agents_run WHERE finished_at IS NULL),
  (SELECT count(*) FROM workspaces_event WHERE announced_at IS NULL)
  + (SELECT count(*) FROM reviews_delivery AS due JOIN reviews_endpoint AS endpoint ON endpoint.id = due.endpoint_id
    WHERE due.status IN ('pending', 'failed') AND due.next_at <= now() AND endpoint.enabled)"""


class Keeper(Client):
    """`is_crowded` keeps programs from starting more than people, workers and receivers get done."""

    def __init__(self, caller: Caller, seed: str, pause: float, house: House, max_active: int):
        super().__init__(caller, seed, pause)
        self.house, self.max_active, self.is_crowded = house, max_active, False

    def work(self) -> None:
        """Look; where the database does not answer, nobody begins anything."""
        try:
            active, untold = asked(OPEN)[0]
            self.is_crowded = active >= self.max_active or untold >= MOST_UNTOLD
            self.house.look_after()
        except (DatabaseError, InterfaceError):
            self.is_crowded = True
        finally:
            connection.close()
