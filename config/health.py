"""What a load balancer and a supervisor ask: is this process alive, and can it do its work."""

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse

OLDEST_DUE = """
    SELECT coalesce(extract(epoch FROM now() - min(due)), 0)::float FROM agents_run
    WHERE status = 'queued' AND due <= now()
"""


def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": "alive"})


def readyz(request: HttpRequest) -> HttpResponse:
    """The database answers; a growing age of the oldest due run says that no worker advances."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(OLDEST_DUE)
            (seconds,) = cursor.fetchone()
    except DatabaseError:
        return JsonResponse({"status": "unready", "database": "unreachable"}, status=503)
    return JsonResponse({"status": "ready", "oldest_due_run_seconds": round(seconds, 3)})
