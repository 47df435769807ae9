"""The one place that turns what went wrong into an answer: a problem document for programs, a page for people."""

import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from console.pages import enter
from workspaces.exceptions import CountersignError

log = logging.getLogger(__name__)

PROBLEM_TYPE = "application/problem+json"
SENTENCES = {
    400: "The request cannot be read.",
    401: "A valid bearer token is required.",
    403: "You may not do that.",
    404: "There is nothing here by that name.",
    405: "This method is not allowed here.",
    413: "The request is too large.",
    500: "Something went wrong on our side; it has been logged.",
    503: "The database cannot be reached right now. Nothing was lost; try again in a moment.",
}


def problem(status: int, detail: str = "", title: str = "", **members: Any) -> JsonResponse:
    """A problem document as RFC 9457 has it."""
    phrase = HTTPStatus(status).phrase.capitalize()
    body = {
        "type": "about:blank",
        "title": title or phrase,
        "status": status,
        "detail": detail or SENTENCES.get(status, phrase + "."),
        **members,
    }
    response = JsonResponse(body, status=status, content_type=PROBLEM_TYPE)
    if status == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = "Bearer"
    return response


def problem_of(error: CountersignError) -> JsonResponse:
    """The problem document of an error of ours; `errors` and `path` are told where it has them."""
    members = {name: value for name in ("errors", "path", "current") if (value := getattr(error, name, None))}
    return problem(error.status, str(error), error.title, **members)


def page_of(request: HttpRequest, status: int, title: str = "", detail: str = "", **more: Any) -> HttpResponse:
    """A page with the sentence and each place that does not fit (`errors`); in an open page (htmx) only the message.

    `confirm` names what a person may send along with the same once more, to have it done all the same; `again` offers
    to load the page again.
    """
    template = "error.html#message" if getattr(request, "htmx", False) else "error.html"
    phrase = HTTPStatus(status).phrase.capitalize()
    context = {
        "status": status,
        "title": title or phrase,
        "detail": detail or SENTENCES.get(status, phrase + "."),
        "frame": "base.html" if status < 500 and hasattr(request, "principal") else "bare.html",
        **more,
    }
    # After a crash nothing may be asked of the database, so the page comes without the frame of other pages.
    return render(request if status < 500 else None, template, context, status=status)


def answer_with_problems(api: NinjaAPI) -> None:
    """Make an API answer every error with a problem document."""
    api.exception_handler(CountersignError)(lambda request, error: problem_of(error))
    api.exception_handler(HttpError)(http_problem)
    api.exception_handler(ValidationError)(validation_problem)
    api.exception_handler(RequestDataTooBig)(lambda request, error: problem(413))


def http_problem(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Ninja's own refusals; what its body parser raised stands behind its 400."""
    if isinstance(error.__cause__, CountersignError):
        return problem_of(error.__cause__)
    return problem(error.status_code)


def validation_problem(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Each place that does not fit, as {path, message}; a body that is missing altogether was not readable."""
    if not request.body and any(place["loc"][0] == "body" for place in error.errors):
        return problem(400, "The request has no body.")
    errors = [{"path": path_of(place["loc"]), "message": place["msg"]} for place in error.errors]
    return problem(422, "The request does not fit what is expected here.", "Not acceptable", errors=errors)


def path_of(location: tuple[str | int, ...]) -> str:
    """A JSON pointer into the body, or the name of the query or path parameter."""
    source, *steps = location
    if source == "body":  # Ninja wraps a single body schema in the name of its argument
        steps = steps[1:]
    return ("" if source == "body" else f"{source}:") + "".join(f"/{step}" for step in steps)


def is_api(request: HttpRequest) -> bool:
    """Whether a program asked."""
    return request.path.startswith(("/api/", "/v1/"))


class ProblemMiddleware:
    """Answers errors of ours that reach Django, and gives every failure under /api the same form."""

    sync_capable = async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self.is_async:
            return self._later(request)
        return as_problem(request, self.get_response(request))

    async def _later(self, request: HttpRequest) -> HttpResponseBase:
        return as_problem(request, await self.get_response(request))

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A lost race or an illegal move becomes its sentence, an absent database a 503; anything else is an error."""
        if isinstance(exception, OperationalError | InterfaceError):
            return unreachable(request, exception)
        if not isinstance(exception, CountersignError):
            return None
        if is_api(request):
            return problem_of(exception)
        errors, confirm = getattr(exception, "errors", None), getattr(exception, "confirm", "")
        return page_of(request, exception.status, exception.title, str(exception), errors=errors, confirm=confirm)


def unreachable(request: HttpRequest, error: Exception) -> HttpResponse:
    """The database is away: its state is unchanged, and asking again is safe."""
    log.warning("The database did not answer %s %s: %s", request.method, request.path, error)
    response = answer_of(request, 503)
    response["Retry-After"] = "2"
    return response


def as_problem(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """What Django or Ninja answered by themselves (404, 405, 500), in our form."""
    if not is_api(request) or response.status_code < 400 or response["Content-Type"] == PROBLEM_TYPE:
        return response
    replaced = problem(response.status_code)
    if "Allow" in response:
        replaced["Allow"] = response["Allow"]
    return replaced


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's 400."""
    return answer_of(request, 400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's 403."""
    return answer_of(request, 403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's 404; people who have signed in keep the frame, also where there is no page."""
    with suppress(CountersignError, OperationalError, InterfaceError):
        if not is_api(request) and not hasattr(request, "principal") and request.user.is_authenticated:
            enter(request)
    return answer_of(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's 500."""
    return answer_of(request, 500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's 403 for a form that did not come from our page."""
    sentence = "This form is too old or came from elsewhere; load the page again."
    return problem(403, sentence) if is_api(request) else page_of(request, 403, detail=sentence, again=True)


def answer_of(request: HttpRequest, status: int, detail: str = "") -> HttpResponse:
    """A problem document for a program, a page for a person."""
    return problem(status, detail) if is_api(request) else page_of(request, status, detail=detail)
