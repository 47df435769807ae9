"""The REST API: routes come from the apps, authentication and the form of errors are attached here."""

from django.http import HttpRequest
from ninja import NinjaAPI
from ninja.security import HttpBearer

from agents.api import router as agents_router
from config.errors import answer_with_problems
from config.parameters import known_parameters_only
from config.parser import StrictParser
from reviews.api import router as reviews_router
from workspaces.api import router as workspaces_router
from workspaces.principal import Principal


class BearerToken(HttpBearer):
    """A service key or a personal token; routes find the principal as `request.auth`."""

    def authenticate(self, request: HttpRequest, token: str) -> Principal | None:
        """Whoever holds the token, or nobody."""
        return Principal.of_token(token)


api = NinjaAPI(
    title="Countersign",
    version="1",
    docs_url=None,  # its page loads scripts from elsewhere
    auth=BearerToken(),
    parser=StrictParser(),
    urls_namespace="api",
)
answer_with_problems(api)
api.add_decorator(known_parameters_only, mode="view")
api.add_router("", reviews_router)
api.add_router("", agents_router)
api.add_router("", workspaces_router)
