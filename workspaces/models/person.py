"""A person who signs in; what they may do is said by their memberships."""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower

from workspaces.names import check_name

check_username = RegexValidator(r"\A[A-Za-z0-9][A-Za-z0-9._@+-]*\Z", "Use letters, digits and . _ @ + - only.")


class PersonManager(BaseUserManager["Person"]):
    def create_user(self, username: str, password: str | None = None, **fields: Any) -> "Person":
        """A new person; without a password they can only come in by a sign-in link."""
        person = self.model(username=username, **{"name": username, **fields})
        person.set_password(password)
        person.full_clean(exclude=["password"])
        person.save(using=self._db)
        return person

    def create_superuser(self, username: str, password: str | None = None, **fields: Any) -> "Person":
        """A person whom the admin site does not limit; roles are still needed to act in a workspace."""
        return self.create_user(username, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "Person":
        return self.get(username__iexact=username)


class Person(AbstractBaseUser, PermissionsMixin):
    username = models.CharField("login name", max_length=150, validators=[check_username])
    name = models.CharField(max_length=150, validators=[check_name])
    email = models.EmailField(blank=True)
    is_staff = models.BooleanField("may open the admin site", default=False)
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(auto_now_add=True)

    objects = PersonManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name_plural = "people"
        constraints = [models.UniqueConstraint(Lower("username"), name="person_has_a_login_name_of_their_own")]

    def __str__(self) -> str:
        return self.name or self.username

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.username
