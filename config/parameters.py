"""A parameter in the query that a route does not know is refused: a misspelt filter would list everything."""

from collections.abc import Callable
from functools import wraps
from inspect import unwrap
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from ninja.operation import Operation

from workspaces.exceptions import Unprocessable


def known_parameters_only(run: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Around Ninja's `Operation.run`, which ignores what no argument of the route reads."""
    operation: Operation = unwrap(run).__self__
    known = set(names_of(operation))

    @wraps(run)
    def refuse_others(request: HttpRequest, **arguments: Any) -> HttpResponseBase:
        if unknown := sorted(set(request.GET) - known):
            nobody = operation._run_checks(request)  # who asks is looked at first
            return nobody or operation.api.on_exception(request, refusal(unknown))
        return run(request, **arguments)

    return refuse_others


def names_of(operation: Operation) -> list[str]:
    """The query parameters that a route reads."""
    of_query = [model for model in operation.models if model.__ninja_param_source__ == "query"]
    return [name for model in of_query for name in model.__ninja_flatten_map__]


def refusal(unknown: list[str]) -> Unprocessable:
    """One place each."""
    errors = [{"path": f"query:/{name}", "message": "There is no such parameter."} for name in unknown]
    return Unprocessable("This route has no such parameter.", errors)
