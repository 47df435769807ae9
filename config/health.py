"""What a load balancer and a supervisor ask: is this process alive, and does the installation do its work."""

from dataclasses import asdict

import psycopg
from django.http import HttpRequest, HttpResponse, JsonResponse

from console.vitals import Vitals, complaints


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
