"""Judging a call: every rule is considered; deny wins over ask, ask over allow; their order does not matter."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from reviews.policy.conditions import ConditionFailed, holds, values_read
from reviews.policy.merge import merged
from reviews.policy.values import Context, Effect, Finding, Requirement, Result, Rule, Verdict

DEFAULT = Requirement()


def evaluate(rules: Sequence[Rule], context: Context) -> Verdict:
    """The verdict of `rules` on one call, with everything that was considered."""
    findings = tuple(consider(rule, context) for rule in rules)
    said = [finding for finding in findings if finding.is_hit and finding.rule.mode == "enforce"]
    for effect in ("deny", "ask", "allow"):
        if of_effect := [finding for finding in said if finding.effect == effect]:
            return Verdict(effect, _why(effect, of_effect), merged(_demands(of_effect)), findings)
    decision, why = default(context)
    return Verdict(decision, why, DEFAULT, findings)


def consider(rule: Rule, context: Context) -> Finding:
    """What one rule says about the call."""
    if mismatch := _mismatch(rule, context):
        return Finding(rule, mismatch)
    if not rule.condition:
        return Finding(rule, "matched")
    values = context.values()
    read = values_read(rule.condition, values)
    try:
        return Finding(rule, "matched" if holds(rule.condition, values) else "false", read)
    except ConditionFailed as failure:
        return Finding(rule, "error", read, str(failure))


def default(context: Context) -> tuple[Effect, str]:
    """Where no rule speaks: reads are allowed unless they may carry something out, everything else asks."""
    if context.tool["effect"] != "read":
        return "ask", "No rule speaks about this call, and it changes something."
    if context.tool["reaches"] == "outside" and context.taint:
        return "ask", "No rule speaks about this call; it reaches outside and holds values from untrusted content."
    return "allow", "No rule speaks about this call, and it only reads."


def _mismatch(rule: Rule, context: Context) -> Result | None:
    if not fnmatchcase(context.tool["name"], rule.tool):
        return "other_tool"
    if not fnmatchcase(context.agent["name"], rule.agent):
        return "other_agent"
    return None if _has(context.run["labels"], rule.labels) else "other_labels"


def _has(labels: Mapping[str, object], wanted: Mapping[str, str]) -> bool:
    return all(labels.get(name) == value for name, value in wanted.items())


def _demands(findings: Sequence[Finding]) -> list[Requirement]:
    """A deny or allow rule that failed demands what is asked by default: its own words were for another effect."""
    return [
        DEFAULT if finding.result == "error" and finding.rule.effect != "ask" else finding.rule.requirement
        for finding in findings
    ]


def _why(effect: Effect, findings: Sequence[Finding]) -> str:
    said = sorted({f"“{finding.rule.name}”" for finding in findings})
    names = " and ".join(filter(None, [", ".join(said[:-1]), said[-1]]))
    failed = next((finding for finding in findings if finding.result == "error"), None)
    if failed:
        return f"Rule “{failed.rule.name}” could not be evaluated: {failed.error}"
    verb, rest = {"deny": ("forbid", " this call"), "ask": ("ask", " people"), "allow": ("allow", " this call")}[effect]
    return f"Rules {names} {verb}{rest}." if len(said) > 1 else f"Rule {names} {verb}s{rest}."
