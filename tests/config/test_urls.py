"""Every address, and the admin behind one of them, as Django sees them."""

from django.core.management import call_command

from config import urls


def test_pages_and_admin_pass_every_check_of_django() -> None:
    assert urls.urlpatterns  # reading them has filled the admin
    call_command("check", fail_level="WARNING")
