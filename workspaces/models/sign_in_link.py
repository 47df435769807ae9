"""Single-use links: into a demo person's account, or to make the first admin."""

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.timezone import now

from workspaces.exceptions import LinkSpent
from workspaces.models.membership import Membership, Role
from workspaces.models.token import hash_secret
from workspaces.models.workspace import Workspace

if TYPE_CHECKING:
    from workspaces.models.person import Person

LIFETIME = timedelta(hours=24)
SPENT = "This link was used already, has expired, or never existed."


class SignInLinkManager(models.Manager["SignInLink"]):
    """Links, how one is made and how one is recognised."""

    def issue(self, person: "Person | None", lifetime: timedelta = LIFETIME) -> str:
        """The address of a new link for `person`; for nobody yet, it makes the first admin."""
        secret = secrets.token_urlsafe(32)
        purpose = SignInLink.Purpose.PERSON if person else SignInLink.Purpose.FIRST_ADMIN
        self.create(person=person, purpose=purpose, secret_hash=hash_secret(secret), expires_at=now() + lifetime)
        return f"{settings.PUBLIC_URL}/sign-in/{secret}"

    def find(self, secret: str) -> "SignInLink":
        """The unused link with this secret; looking does not use it, because mail scanners look at links."""
        link = self.unused().filter(secret_hash=hash_secret(secret)).select_related("person").first()
        if link is None:
            raise LinkSpent(SPENT)
        return link

    def unused(self) -> "models.QuerySet[SignInLink]":
        """Links that still open something."""
        return self.filter(used_at__isnull=True, expires_at__gt=Now())

    def is_too_late_for_a_first_admin(self) -> bool:
        """Whether some workspace has an admin."""
        return Membership.objects.filter(roles__contains=[Role.ADMIN]).exists()


class SignInLink(models.Model):
    """A way in, once."""

    class Purpose(models.TextChoices):
        PERSON = "person"
        FIRST_ADMIN = "first_admin"

    purpose = models.TextField(choices=Purpose.choices)
    person = models.ForeignKey("Person", models.CASCADE, null=True, blank=True, related_name="sign_in_links")
    secret_hash = models.BinaryField(max_length=32, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    objects = SignInLinkManager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(purpose="person", person__isnull=False) | Q(purpose="first_admin", person__isnull=True),
                name="sign_in_link_is_for_a_person_or_the_first_admin",
            )
        ]

    def __str__(self) -> str:
        return f"{self.purpose}: {self.person or 'nobody yet'}"

    def use(self) -> "Person | None":
        """Spend the link; of many who try at once, one succeeds and the others are told it was used."""
        if not SignInLink.objects.unused().filter(pk=self.pk).update(used_at=Now()):
            raise LinkSpent(SPENT)
        return self.person

    @transaction.atomic
    def found(self, person: "Person", workspace_name: str, slug: str) -> Workspace:
        """Spend all first-admin links with this one: `person` (not saved yet) becomes admin of a new workspace."""
        waiting = SignInLink.objects.unused().filter(purpose=SignInLink.Purpose.FIRST_ADMIN)
        spent = set(waiting.order_by("pk").select_for_update().values_list("pk", flat=True))
        if self.pk not in spent or SignInLink.objects.is_too_late_for_a_first_admin():
            raise LinkSpent(SPENT)
        SignInLink.objects.filter(pk__in=spent).update(used_at=Now())
        person.full_clean(exclude=["password"])
        person.save(force_insert=True)
        workspace = Workspace.objects.found(workspace_name, slug)
        Membership.objects.join(workspace, person, [Role.ADMIN])
        return workspace
