"""Agents and their versions: what is started, and exactly how it behaves."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models.functions import Now

from workspaces.models import Workspace


class AgentQuerySet(models.QuerySet["Agent"]):
    """Selections of agents."""

    def startable(self) -> "AgentQuerySet":
        """Those that new runs may use: an imported one has nothing to say but its recordings."""
        found = self.filter(active_version__isnull=False).select_related("active_version")
        return found.exclude(active_version__chain__contains=[{"provider": "recorded"}])


class Agent(models.Model):
    """A named agent of a workspace; what it does is said by its active version."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="agents")
    name = models.CharField(max_length=100)
    description = models.TextField(blank=True, default="")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    examples = ArrayField(models.TextField(), default=list, blank=True, help_text="Inputs to try it with.")
    active_version = models.ForeignKey(
        "agents.AgentVersion", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = AgentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "name"], name="agent_name_is_unique_in_its_workspace"),
            models.CheckConstraint(condition=models.Q(name__regex=r"^[\w./-]+$"), name="agent_name_is_plain"),
        ]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def add_version(self, *, activate: bool = True, **fields: object) -> "AgentVersion":
        """Make the next version from `fields`, and let new runs use it unless told otherwise."""
        last = self.versions.aggregate(last=models.Max("number"))["last"] or 0
        version = self.versions.create(number=last + 1, workspace_id=self.workspace_id, **fields)
        if activate:
            self.activate(version)
        return version

    def activate(self, version: "AgentVersion") -> None:
        """Let new runs use this version; runs that are under way keep theirs."""
        self.active_version = version
        self.save(update_fields=["active_version"])


class AgentVersion(models.Model):
    """One frozen way an agent works; a trigger refuses changes once a run has used it."""

    workspace = models.ForeignKey(Workspace, on_delete=models.PROTECT, related_name="+")
    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    flow = models.CharField(max_length=100, default="react")
    revision = models.PositiveIntegerField(default=1, help_text="Revision of the flow's code.")
    instructions = models.TextField(blank=True, default="")
    chain = models.JSONField(
        default=list, help_text='The chain of models, first choice first: [{"provider": "anthropic", "model": "…"}].'
    )
    model_settings = models.JSONField(
        default=dict, blank=True, help_text="max_tokens, effort and the like for each model call."
    )
    tools = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    max_steps = models.PositiveIntegerField(default=200)
    max_tokens = models.PositiveBigIntegerField(default=2_000_000)
    max_cost = models.DecimalField(max_digits=12, decimal_places=6, default=10, help_text="US dollars for one run.")
    max_seconds = models.PositiveIntegerField(default=604_800, help_text="Wall time of one run, waiting included.")
    max_calls_in_turn = models.PositiveIntegerField(default=64, help_text="Tool calls made of one model turn.")
    max_parallel_calls = models.PositiveSmallIntegerField(
        default=8, validators=[MinValueValidator(1)], help_text="Tool calls of one run under way at the same time."
    )
    max_depth = models.PositiveSmallIntegerField(default=5, help_text="How deep child runs may be nested.")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agent", "number"], name="agent_version_number_is_unique"),
        ]
        ordering = ["agent", "-number"]

    def __str__(self) -> str:
        return f"{self.agent.name} v{self.number}"

    @property
    def is_recorded(self) -> bool:
        """Whether it only says what recordings say."""
        return any(link.get("provider") == "recorded" for link in self.chain)
