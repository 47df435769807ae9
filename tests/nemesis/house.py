"""The workspace of a battle: its people, their tokens, its agents, policies and receivers."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import DatabaseError, InterfaceError, close_old_connections, connection
from django.db.models import Q
from django.db.models.functions import Now

from agents.models import Agent, Budget, Run
from reviews.models import ApprovalRequest, Delivery, Endpoint, PolicySet
from reviews.models.endpoint import WebhookKind
from tests.nemesis.history import INFO, History
from tests.nemesis.receiver import Receiver
from tests.nemesis.story import TOOLS
from tests.people import acting, make_person, make_token, make_workspace
from workspaces.exceptions import CountersignError
from workspaces.models import Membership, Person, Switch, Workspace
from workspaces.principal import Principal

ASK: dict[str, Any] = {"effect": "ask", "channels": ["api", "web"]}
QUESTION = {"name": "questions", "tool": "question", **ASK}
POLICIES = {
    "one seat": [
        {"name": "pay", "tool": "nemesis_pay", **ASK},
        {"name": "put", "tool": "nemesis_put", "effect": "allow"},
    ],
    "two seats": [
        {"name": "pay", "tool": "nemesis_pay", **ASK, "seats": [{"count": 2, "group": None}]},
        {"name": "put", "tool": "nemesis_put", "effect": "allow"},
    ],
    "undo": [
        {"name": "pay", "tool": "nemesis_pay", **ASK, "undo_seconds": 2},
        {"name": "put", "tool": "nemesis_put", "effect": "allow"},
    ],
    "hasty": [
        {"name": "pay", "tool": "nemesis_pay", **ASK, "deadline_seconds": 1},
        {"name": "put", "tool": "nemesis_put", **ASK, "deadline_seconds": 1, "on_expiry": "respond"}
        | {"on_expiry_text": "nobody was there"},
    ],
    "strict": [
        {"name": "pay", "tool": "nemesis_pay", **ASK},
        {"name": "much", "tool": "nemesis_pay", "condition": "args.amount > 90", "effect": "deny"},
        {"name": "put", "tool": "nemesis_put", **ASK},
    ],
}
AGENTS: dict[str, list[dict[str, Any]]] = {
    "walker": [],
    "spender": [{"period": "run", "unit": "tool_calls", "hard": 4}],
    "asker": [{"period": "day", "unit": "tool_calls", "hard": 12, "on_hard": "ask", "asks_for": 12}],
    "payer": [{"period": "day", "unit": "cost", "hard": "0.02", "on_hard": "ask", "asks_for": "0.02"}],
}
RIPEN = """UPDATE agents_schedule SET next_at = date_trunc('milliseconds', now())
  WHERE id = %s AND next_at > now() + interval '1 s' RETURNING next_at"""
FORGOTTEN = timedelta(seconds=15)
ROLES = {"olga": "operator", "eve": "engineer", "ana": "approver", "ben": "approver", "root": "admin"}
DECIDES = ["runs:read", "approvals:read", "approvals:decide"]
STARTS = ["runs:read", "runs:write"]
SCOPES = {"olga": STARTS, "eve": STARTS, "ana": DECIDES, "ben": DECIDES}


@dataclass
class House:
    """Rows that stand before the first run starts."""

    workspace: Workspace
    people: dict[str, Person]
    tokens: dict[str, str]
    policy: PolicySet
    history: History
    receiver: Receiver | None

    @classmethod
    def build(cls, history: History, receiver: Receiver | None = None) -> "House":
        """Everything that stands; without a receiver nobody is told by webhook."""
        workspace = make_workspace("Acme")
        people = {name: joined(workspace, name, role) for name, role in ROLES.items()}
        tokens = {name: make_token(people[name], *scopes, workspace=workspace) for name, scopes in SCOPES.items()}
        for name in AGENTS:
            make_walker(workspace, name)
        policy = PolicySet.objects.create(workspace=workspace, name="Policy")
        policy.publish([*POLICIES["one seat"], QUESTION], None)
        house = cls(workspace, people, tokens, policy, history, receiver)
        for path in ("/well", "/moody", "/gone") if receiver else ():
            endpoint = Endpoint(workspace=workspace, url=f"http://{receiver.host}{path}", kinds=WebhookKind.values)
            receiver.secrets[path] = endpoint.register(house.by("root"))
        return house

    def by(self, who: str) -> Principal:
        """One of them in the browser."""
        return acting(self.people[who], self.workspace)

    def publish(self, name: str) -> None:
        """Put another policy in force, as root in the admin site does."""
        operation = self.history.begin("policy", "root", name=name)
        self._as_person(operation, lambda: self.policy.publish([*POLICIES[name], QUESTION], self.by("root")))

    def decide_in_browser(self, who: str, approval: dict[str, Any], decision: dict[str, Any]) -> None:
        """The verb itself, for what the rules want decided in the browser."""
        operation = self.history.begin("decide", who, path=f"/approvals/{approval['id']}/", json=decision)

        def decide() -> None:
            said = dict(decision)
            found = ApprovalRequest.objects.select_related("run", "tool_call").get(pk=approval["id"])
            made = found.decide(said.pop("kind"), by=self.by(who), digest=bytes.fromhex(approval["digest"]), **said)
            operation.answer = {"decision": {"n": made.n, "kind": made.kind, "person": who}}

        self._as_person(operation, decide)

    def ripen(self, schedule: str) -> None:
        """Its next time is now: what a wait of some minutes would come to."""
        operation = self.history.begin("ripen", "root", schedule=schedule)

        def act() -> None:
            with connection.cursor() as cursor:
                cursor.execute(RIPEN, [schedule])
                operation.answer = [moment.isoformat() for (moment,) in cursor.fetchall()]

        self._as_person(operation, act)

    def send_again(self) -> None:
        """Nobody waits two minutes for the next attempt of a delivery: olga has it sent again now."""
        waiting = Delivery.objects.filter(workspace=self.workspace, status="failed", endpoint__enabled=True)
        for delivery in waiting.select_related("endpoint"):
            operation = self.history.begin("replay", "olga", delivery=str(delivery.pk))
            self._as_person(operation, partial(delivery.replay, self.by("olga")))

    def look_after(self) -> None:
        """What lies aside until somebody looks: olga lets it go on.

        That is a run that three workers in a row have failed, or one whose pause outlived the request to end it: the
        web that got it was paused itself.
        """
        is_alone = Q(parent=None) | Q(parent__pause_requested_at=None)
        forgotten = Q(is_alone, pause_requested_at__lt=Now() - FORGOTTEN)
        runs = Run.objects.filter(Q(status="poisoned") | forgotten, workspace=self.workspace).active()
        for run in runs.filter(cancel_requested_at=None):
            operation = self.history.begin("let go", "olga", path=f"/runs/{run.pk}/resumption")
            self._as_person(operation, partial(run.resume, by=self.by("olga")))

    def lift_stops(self) -> None:
        """A stop may have outlived the request to end it as well."""
        switch = Switch.objects.get(workspace=self.workspace)
        whole = ["workspace"] if switch.stopped else []
        agents, tools = [f"agent:{one}" for one in switch.stopped_agents], [f"tool:{o}" for o in switch.stopped_tools]
        for scope in whole + agents + tools:
            operation = self.history.begin("resume", "olga", params={"scope": scope})
            self._as_person(operation, partial(switch.resume, scope, self.by("olga")))

    def _as_person(self, operation: Any, act: Any) -> None:
        """Act on a connection of this thread; a database that goes away meanwhile leaves the end unknown."""
        try:
            close_old_connections()
            act()
            operation.status = 200
        except CountersignError as refusal:
            operation.status, operation.said = refusal.status, str(refusal)
        except (DatabaseError, InterfaceError) as error:
            operation.status, operation.said = INFO, str(error)
        finally:
            connection.close()


def make_walker(workspace: Workspace, name: str) -> None:
    """An agent of the story's flow, with the budgets that AGENTS gives it."""
    agent = Agent.objects.create(workspace=workspace, name=name)
    chain = [{"provider": "scripted", "model": "nemesis"}]
    agent.add_version(flow="nemesis", chain=chain, tools=[*TOOLS, "question"])
    for budget in AGENTS[name]:
        Budget.objects.create(workspace=workspace, agent=agent, **budget)


def joined(workspace: Workspace, name: str, role: str) -> Person:
    """This person as a member of this workspace, too."""
    person = Person.objects.filter(username=name).first() or make_person(name)
    Membership.objects.join(workspace, person, [role], [])
    return person
