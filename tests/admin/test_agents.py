"""Agents, versions and tools, as an engineer configures them."""

import pytest

from agents.models import Agent, AgentVersion, Tool
from agents.tools import registry, tool
from tests.admin.pages import act, page, sent, text
from tests.factories import make_agent, make_run
from workspaces.models import AuditEntry, Switch


@tool(effect="read")
def weigh(parcel: str) -> int:
    """Weigh a parcel."""
    return len(parcel)


def epoch(house) -> int:
    return Switch.objects.get(pk=house.workspace.pk).rules_epoch


def told(kind: str) -> bool:
    return AuditEntry.objects.filter(kind=kind, actor="ines").exists()


def test_an_engineer_makes_an_agent_and_its_first_version(house, ines, visit):
    client = visit(ines)
    sent(
        client,
        page(Agent, "add"),
        workspace=house.workspace.pk,
        name="mail-desk",
        description="Answers mail.",
        owner=house.olga.pk,
        examples="first line\r\nsecond line\r\n---\r\nanother\r\n---\r\n",
    )
    agent = Agent.objects.get(name="mail-desk")
    assert agent.examples == ["first line\nsecond line", "another"]
    sent(
        client,
        page(AgentVersion, "add") + f"?agent={agent.pk}",
        instructions="Be kind.",
        chain='[{"provider": "scripted", "model": "story"}]',
        tools=["weigh", "question"],
    )
    agent.refresh_from_db()
    version = agent.active_version
    assert version and (version.number, version.created_by, version.workspace) == (1, ines, house.workspace)
    assert version.tools == ["weigh", "question"]
    assert told("agent.kept") and told("agent.version_added") and told("agent.activated")


def test_examples_survive_a_form_that_nobody_touched(house, ines, visit):
    Agent.objects.update(examples=["one\ntwo", "three"])
    sent(visit(ines), page(house.agent), description="New words.")
    house.agent.refresh_from_db()
    assert (house.agent.examples, house.agent.description) == (["one\ntwo", "three"], "New words.")


def test_the_next_version_begins_as_a_copy(house, ines, visit):
    client, first = visit(ines), house.agent.active_version
    answer = act(client, AgentVersion, "copy", first)
    [(address, _)] = answer.redirect_chain
    sent(client, address, instructions="Shorter.", activate="")
    second = AgentVersion.objects.get(agent=house.agent, number=2)
    assert (second.instructions, second.chain, second.max_steps) == ("Shorter.", first.chain, first.max_steps)
    assert sorted(second.tools) == sorted(first.tools)
    house.agent.refresh_from_db()
    assert house.agent.active_version == first

    act(client, AgentVersion, "activate", second)
    house.agent.refresh_from_db()
    assert house.agent.active_version == second


def test_nobody_copies_a_strangers_version(house, visit):
    source = house.agent.active_version
    opened = visit(house.sam).get(page(AgentVersion, "add") + f"?from={source.pk}")
    assert opened.context["adminform"].form.initial == {"agent": None}


def test_a_version_that_no_run_has_used_can_be_corrected(house, ines, visit):
    version = house.agent.active_version
    answer = sent(visit(ines), page(version), instructions="Corrected.", activate="")
    assert "not known what" not in text(answer)
    version.refresh_from_db()
    assert version.instructions == "Corrected."
    assert told("agent.version_changed")

    answer = sent(visit(ines), page(version), chain='[{"provider": "anthropic", "model": "of-our-own"}]')
    assert "It is not known what of-our-own of anthropic costs: max_cost counts its turns as free" in text(answer)


def test_a_used_version_is_only_looked_at(house, ines, visit):
    client, version = visit(ines), house.agent.active_version
    make_run(house.agent)
    opened = client.get(page(version))
    assert not opened.context["has_change_permission"]
    assert "New agent version from this" in text(opened)
    assert client.post(page(version), {"instructions": "Other."}).status_code == 403
    version.refresh_from_db()
    assert version.instructions == ""


def test_a_version_that_was_used_while_its_form_was_open_is_refused(house, ines, visit):
    from agents import configuring
    from agents.exceptions import IllegalMove
    from tests.people import acting

    version = AgentVersion.objects.get()
    make_run(house.agent)
    version.instructions = "Other."
    with pytest.raises(IllegalMove, match="make a new version"):
        configuring.change_version(version, acting(ines))


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("flow", "nothing", "not one of the available choices"),
        ("revision", "99", "No flow react of revision 99"),
        ("chain", "[]", "required"),
        ("chain", '[{"provider": "nobody", "model": "x"}]', "Known providers are"),
        ("chain", '[{"provider": "scripted"}]', "A chain is a list of models"),
        ("chain", '{"provider": "scripted", "model": "x"}', "A chain is a list of models"),
        ("chain", "[", "valid JSON"),
        ("model_settings", '{"max_token": 5}', "Settings are an object of"),
        ("model_settings", "[1]", "Settings are an object of"),
        ("tools", ["no_such_tool"], "not one of the available choices"),
        ("max_steps", "-1", "greater than or equal to 0"),
        ("max_cost", "NaN", "Enter a number"),
    ],
)
def test_a_version_that_no_run_could_use_is_refused_beside_its_field(house, ines, visit, field, value, sentence):
    first = house.agent.active_version
    answer = sent(visit(ines), page(AgentVersion, "add") + f"?from={first.pk}", **{field: value})
    assert AgentVersion.objects.count() == 1
    assert sentence in text(answer)


def test_a_tool_of_another_workspace_is_refused(house, both, visit):
    second = both.memberships.exclude(workspace=house.workspace).get().workspace
    agent = make_agent(second, "second-desk", tools=[])
    answer = sent(
        visit(both),
        page(AgentVersion, "add") + f"?agent={agent.pk}",
        chain='[{"provider": "scripted", "model": "x"}]',
        tools=["refund"],
    )
    assert "Not known in this workspace: refund." in text(answer)


def test_only_one_version_is_activated_or_copied_at_once(house, ines, visit):
    client = visit(ines)
    first, second = house.agent.active_version, house.agent.add_version(activate=False)
    for action in ("copy", "activate"):
        assert "Choose one agent version." in text(act(client, AgentVersion, action, first, second))
    house.agent.refresh_from_db()
    assert house.agent.active_version == first


def test_a_tool_is_tightened_and_verdicts_before_no_longer_count(house, ines, visit):
    client, before = visit(ines), epoch(house)
    sent(client, page(Tool, "add"), workspace=house.workspace.pk, name="weigh", effect="keyed", reaches="outside")
    row = Tool.objects.get(name="weigh")
    assert (row.effect, row.reaches, row.description) == ("keyed", "outside", "Weigh a parcel.")
    assert row.schema == registry.get("weigh").schema
    assert epoch(house) == before + 1
    assert told("tool.kept")

    sent(client, page(row), effect="unsafe")
    row.refresh_from_db()
    assert (row.effect, epoch(house)) == ("unsafe", before + 2)
    assert '"parcel"' in text(client.get(page(row)))


def test_a_tool_never_gets_looser_than_it_is_declared(house, ines, visit):
    client, recorded = visit(ines), Tool.objects.get(name="refund")
    answer = sent(client, page(recorded), effect="read")
    assert "This may only be tightened: the tool is declared as unsafe." in text(answer)
    recorded.refresh_from_db()
    assert recorded.effect == "unsafe"

    find = Tool.objects.get(name="find")
    sent(client, page(find), effect="unsafe", reaches="outside")
    answer = sent(client, page(find), effect="unsafe", reaches="inside")
    assert "declared as outside" in text(answer)


def test_only_tools_that_code_declares_are_added(house, ines, visit):
    answer = sent(
        visit(ines), page(Tool, "add"), workspace=house.workspace.pk, name="rm_rf", effect="read", reaches="inside"
    )
    assert "not one of the available choices" in text(answer)
    assert not Tool.objects.filter(name="rm_rf").exists()


def test_names_are_shown_as_they_are_and_never_run(house, ines, visit):
    Agent.objects.filter(pk=house.agent.pk).update(description="<script>alert(1)</script>{{ 7*7 }}")
    body = visit(ines).get(page(Agent)).content.decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;{{ 7*7 }}" in body
