import atexit
import gc
import sys

from django.apps import AppConfig
from django.contrib.admin.apps import SimpleAdminConfig
from django.db import connections

SWITCH_SECONDS = 0.0005


class WiringConfig(AppConfig):
    """Settings and commands."""

    name = "config"
    verbose_name = "Countersign"

    def ready(self) -> None:
        atexit.register(close_pools)
        collect_seldom()
        switch_soon()


def collect_seldom() -> None:
    """What is loaded stays; pages and steps leave thousands of objects behind, nearly all of them without cycles."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def switch_soon() -> None:
    """Who hands a call on, or an answer back, does not wait for 5 ms while another thread drives a long run again."""
    sys.setswitchinterval(SWITCH_SECONDS)


def close_pools() -> None:
    """Left to the interpreter's own end, each thread of a pool is waited for in vain for five seconds."""
    for connection in connections.all():
        connection.close_pool()  # type: ignore[attr-defined]


class AdminConfig(SimpleAdminConfig):
    """The admin with our own site in place of Django's; config/urls.py fills it, which only web processes read."""

    default_site = "config.admin.Site"
