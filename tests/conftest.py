"""What every test shares; the services themselves are started by tests/plugin.py."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_django
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.db import connection
from django.test import TransactionTestCase, override_settings
from hypothesis import HealthCheck
from hypothesis import settings as examples

from tests.emptying import empty_what_was_written
from tests.product import Product

examples.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])  # how fast is no test
examples.load_profile("busy")


@pytest.fixture(scope="session", autouse=True)
def plain_static_files() -> Iterator[None]:
    """Pages name static files without a manifest, because nobody ran collectstatic; only real processes serve them.

    What serves them is asynchronous: Django's client would start an event loop for each request.
    """
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    served = [name for name in settings.MIDDLEWARE if not name.startswith("servestatic.")]
    with override_settings(STORAGES={**settings.STORAGES, "staticfiles": plain}, MIDDLEWARE=served):
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: pytest_django.DjangoDbBlocker) -> None:
    """Tests with real commits empty the tables when they end, which the audit refuses everywhere else."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE workspaces_auditentry DISABLE TRIGGER audit_is_never_truncated")


@pytest.fixture(scope="session", autouse=True)
def tables_are_emptied_fast() -> Iterator[None]:
    """Not so for benchmarks, which measure what tables grow by."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty_what_was_written)
        yield


@pytest.fixture(scope="session", autouse=True)
def passwords_are_hashed_fast() -> Iterator[None]:
    """A hash names its rounds, so the product's processes know the passwords of these people as well."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PBKDF2PasswordHasher, "iterations", 1000)
        yield


@pytest.fixture
def product(transactional_db: None, tmp_path: Path) -> Iterator[Product]:
    """Real processes on a fresh copy of the test database; the test starts those that it needs."""
    with Product(tmp_path) as product:
        yield product
