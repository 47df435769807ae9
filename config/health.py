"""What a load balancer and a supervisor ask: is this process alive, and does the installation do its work."""

from collections.abc import Iterator
from dataclasses import asdict

import psycopg
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

from config.vitals import Vitals


def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": "alive"})


def readyz(request: HttpRequest) -> HttpResponse:
    """Whether runs that are due are taken up soon, by ages in the database; 503 with the reasons where they are not."""
    try:
        vitals = Vitals.look()
    except psycopg.Error:
        return JsonResponse({"status": "unready", "reasons": ["The database cannot be reached."]}, status=503)
    reasons = list(complaints(vitals))
    answer = {"status": "unready" if reasons else "ready", "reasons": reasons, **asdict(vitals)}
    return JsonResponse(answer, status=503 if reasons else 200)


def complaints(vitals: Vitals) -> Iterator[str]:
    """What is not as it should be. A broker that is away is not among it: without one everything is only slower."""
    if not vitals.workers:
        yield "No worker is alive."
    if not vitals.sweeps:
        yield "No sweep is alive."
    if vitals.oldest_due_run_seconds > settings.READY_QUEUE_SECONDS:
        yield f"A run that is due has waited for {vitals.oldest_due_run_seconds:.0f} s."
    late = {
        "An audit entry has not been linked": vitals.unchained_audit_seconds,
        "An event has not been announced": vitals.unannounced_event_seconds,
        "A webhook that is due has not been sent": vitals.overdue_delivery_seconds,
    }
    for what, seconds in late.items():
        if seconds > settings.READY_LAG_SECONDS:
            yield f"{what} for {seconds:.0f} s."
