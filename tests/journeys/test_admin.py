"""The admin site in a browser: nothing in it breaks the content security policy, and everything can be read."""

import pytest

from agents.models import Agent
from reviews.models import Delivery, Endpoint, PolicySet
from tests.factories import make_approval, make_house, make_policy
from tests.journeys.browser import NARROW, WIDE
from tests.people import make_token
from workspaces.models import Group

pytestmark = pytest.mark.timeout(480)
NAMES = {
    "\u202egpj": "A name has only the letters a to z",
    "desk\u200b": "A name has only the letters a to z",
    "\u2800": "A name has only the letters a to z",
    "<script>alert(1)</script>": "A name has only the letters a to z",
    "x" * 1_000_000: "at most 100 characters (it has 1000000)",
    "\u0421\u043euntersign-System": "Mixes alphabets within a word: \u201c\u0421\u043euntersign\u201d (U+0421, U+043E)",
}
LISTS = ["", "agents/", "agents/tool/", "reviews/delivery/", "workspaces/token/", "workspaces/auditentry/"]


@pytest.fixture
def house(product):
    """A workspace with one of everything, and its web process."""
    house = make_house()
    rules = [{"name": "Large refunds", "tool": "refund", "effect": "ask", "condition": "args.amount > 50"}]
    make_policy(house.workspace, *rules, {"name": "Lookups", "tool": "find", "effect": "allow"})
    approval = make_approval(house)
    approval.decide("approve", by=house.by("ana"), digest=bytes(approval.digest))
    endpoint = Endpoint(workspace=house.workspace, url="https://8.8.8.8/hooks", kinds=["run.failed"])
    endpoint.register(None)
    endpoint.send_test(house.by("root"))
    make_token(house.root, "runs:read")
    product.start("web")
    return house


def forms_of(house) -> list[str]:
    """One of each kind: empty, filled in, for looking only, with rules inside, for leaving."""
    policy, group = PolicySet.objects.get(), Group.objects.get(workspace=house.workspace, name="support")
    assert policy.active and house.agent.active_version
    return [
        "reviews/endpoint/add/",
        "workspaces/person/add/",
        f"agents/agent/{house.agent.pk}/change/",
        f"agents/agentversion/add/?from={house.agent.active_version.pk}",
        f"agents/agentversion/{house.agent.active_version.pk}/change/",
        f"reviews/policyrevision/add/?from={policy.active.pk}",
        f"reviews/policyrevision/{policy.active.pk}/change/",
        f"reviews/delivery/{Delivery.objects.get().pk}/change/",
        f"workspaces/membership/{house.ana.memberships.get().pk}/change/",
        f"workspaces/group/{group.pk}/delete/",
        f"workspaces/group/{group.pk}/history/",
    ]


def widest(house) -> list[str]:
    """What has to fit a telephone."""
    return ["reviews/delivery/", *[form for form in forms_of(house) if "policyrevision" in form or "delete" in form]]


def test_every_kind_of_page_obeys_the_policy_is_legible_and_works(house, come):
    root = come("root")
    for look, places in ((WIDE, "light"), [*LISTS, *forms_of(house)]), ((NARROW, "dark"), widest(house)):
        root.looks(*look)
        for place in places:
            root.goes_to(f"/admin/{place}")
            root.finds_nothing_wrong()
    root.looks(WIDE, "light")
    an_admin_adds_a_rule_to_a_policy(root)
    names_that_pose_are_refused(root)


def an_admin_adds_a_rule_to_a_policy(root):
    root.goes_to("/admin/reviews/policyset/")
    root.follows("Policy", within="#result_list")
    root.on(lambda page: page.get_by_label("Action").select_option(label="Edit the rules"))
    root.presses("Run")
    root.presses("Add another Rule")
    for field, words in {"name": "Mail", "tool": "send_*", "condition": "args.to.endsWith("}.items():
        root.on(lambda page, field=field, words=words: page.locator(f"#id_rules-2-{field}").fill(words))
    root.on(lambda page: page.locator("#id_rules-2-effect").select_option("deny"))
    root.presses("Save", within=".submit-row")
    root.sees("This condition cannot be read")
    root.on(lambda page: page.locator("#id_rules-2-condition").fill("args.to.endsWith('.example')"))
    root.presses("Save", within=".submit-row")
    root.sees("was added successfully")
    policy = PolicySet.objects.get()
    assert policy.active and [rule.name for rule in policy.active.rules.all()] == ["Large refunds", "Lookups", "Mail"]
    assert not root.errors


def names_that_pose_are_refused(root):
    """A name that is not to be seen, or that passes for another, is refused on the page, with the reason."""
    root.goes_to("/admin/agents/agent/add/")
    for name, why in NAMES.items():
        root.on(lambda page, name=name: page.locator("#id_name").evaluate("(one, name) => (one.value = name)", name))
        root.presses("Save", within=".submit-row")
        root.sees(why, within=".errorlist")
    assert Agent.objects.count() == 1 and not root.errors
