"""A person who signs in; what they may do is said by their memberships."""

from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models, transaction

from workspaces import audit, events
from workspaces.exceptions import Forbidden
from workspaces.models.switch import Switch
from workspaces.names import check_name

if TYPE_CHECKING:
    from workspaces.principal import Principal

check_username = RegexValidator(r"\A[a-z0-9][a-z0-9._@+-]*\Z", "Use small letters, digits and . _ @ + - only.")


class PersonManager(BaseUserManager["Person"]):
    """How people are made; Django's commands call these by name."""

    def create_user(self, username: str, password: str | None = None, **fields: Any) -> "Person":
        """A new person; without a password they can only come in by a sign-in link."""
        person = self.model(username=username, **{"name": username, **fields})
        person.set_password(password)
        person.full_clean(exclude=["password"])
        person.save(using=self._db)
        return person

    def create_superuser(self, username: str, password: str | None = None, **fields: Any) -> "Person":
        """A person who may open the admin site; without a role in a workspace they see nothing there."""
        return self.create_user(username, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "Person":
        return self.get(username=(username or "").lower())


class Person(AbstractBaseUser, PermissionsMixin):
    """One account for all workspaces; Django's own groups and permissions are not used."""

    class Notice(models.TextChoices):
        """Which requests this person's open pages announce while nobody looks at them."""

        NONE = "none", "Nothing"
        HIGH = "high", "Requests of high risk that need me"
        ALL = "all", "Every request that needs me"

    username = models.CharField("login name", max_length=150, unique=True, validators=[check_username])
    name = models.CharField(max_length=150, validators=[check_name])
    email = models.EmailField(blank=True)
    is_staff = models.BooleanField("may open the admin site", default=False)
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(auto_now_add=True)

    # What the person has chosen for their own pages.
    bare_keys = models.BooleanField(default=True, db_default=True, editable=False)
    keymap = models.JSONField(default=dict, db_default={}, editable=False, help_text="Own keys by the usual ones.")
    notices = models.CharField(
        max_length=4, choices=Notice, default=Notice.NONE, db_default=Notice.NONE, editable=False
    )
    dismissed = ArrayField(models.TextField(), default=list, db_default=[], editable=False)

    objects = PersonManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name_plural = "people"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(notices__in=["none", "high", "all"]), name="person_notices_are_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.username

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.username

    @transaction.atomic
    def admit(self, is_active: bool, by: "Principal | None") -> None:
        """Let the person in, or lock them out at once: what they voted for is asked again."""
        self._ask(by)
        self.is_active = is_active
        self.save(update_fields=["is_active"])
        self._tell("person.admitted" if is_active else "person.locked_out", by)

    @transaction.atomic
    def choose_password(self, password: str, by: "Principal | None") -> None:
        """Set a password; sessions that were opened with the old one end."""
        self._ask(by)
        self.set_password(password)
        self.save(update_fields=["password"])
        self._tell("person.password_set", by)

    def prefer(self, **chosen: Any) -> None:
        """Keep what the person chose for their own pages; nobody else is concerned, so no audit tells of it."""
        for name, value in chosen.items():
            setattr(self, name, value)
        self.clean_fields(exclude=[field.name for field in self._meta.fields if field.name not in chosen])
        self.save(update_fields=list(chosen))

    def is_governed_by(self, admin: "Person") -> bool:
        """Whether `admin` administers every workspace of this person: a password opens all of them."""
        theirs = self.memberships.values_list("workspace_id", flat=True)
        governed = admin.memberships.filter(roles__contains=["admin"]).values_list("workspace_id", flat=True)
        return set(theirs) <= set(governed)

    def _ask(self, by: "Principal | None") -> None:
        if by and by.person.pk != self.pk and not self.is_governed_by(by.person):
            raise Forbidden(f"{self.name} also belongs to a workspace that {by.person.name} does not administer.")

    def _tell(self, kind: str, by: "Principal | None") -> None:
        for workspace_id in self.memberships.values_list("workspace_id", flat=True):
            Switch.tighten(workspace_id)
            audit.record(workspace_id, by, kind, f"person:{self.pk}")
            events.record(workspace_id, "configuration", kind)
