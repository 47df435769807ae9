"""One tool as the rest of the house knows it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

from agents.tools.exceptions import ArgumentsRefused
from agents.tools.signature import Signature
from agents.tools.types import Effect, Reach
from agents.tools.validation import problem, problems
from workspaces import canonical
from workspaces.exceptions import CanonicalError

if TYPE_CHECKING:
    from agents.tools.lookups import Lookup

MAX_BYTES = 1_048_576


@dataclass(frozen=True, slots=True, eq=False)
class ToolSpec:
    """A declared tool; without `function` nothing but a recording can answer for it."""

    do_not_call_in_templates: ClassVar[bool] = True  # Django would call the tool itself where a page names it

    name: str
    description: str
    schema: dict[str, Any]
    effect: Effect = "unsafe"
    reaches: Reach = "inside"
    timeout: float = 30.0
    retries: int = 0
    summary: str = ""
    lookups: "tuple[Lookup, ...]" = ()
    done: str = ""
    simulate: Callable[..., Any] | None = None
    function: Callable[..., Any] | None = None
    signature: Signature | None = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The function itself, for code and tests that call it directly."""
        if self.function is None:
            raise TypeError(f"There is no code behind {self.name}.")
        return self.function(*args, **kwargs)

    def __str__(self) -> str:
        return self.name

    def prepare(self, arguments: bytes | str | Mapping[str, Any]) -> bytes:
        """The canonical bytes of `arguments`, JSON text or a parsed object; raises ArgumentsRefused."""
        value, raw = self._read(arguments)
        if errors := problems(self.schema, value) or self._problems(raw):
            raise self._refusal(errors)
        return raw

    def declared_as(self, effect: Effect, reaches: Reach) -> "ToolSpec":
        """The same tool as an admin tightened it."""
        return replace(self, effect=effect, reaches=reaches)

    def simulated(self) -> "ToolSpec":
        """What a simulated run has in its place: its simulation, or no code at all."""
        return replace(self, effect="read", reaches="inside", lookups=(), function=self.simulate)

    def digest(self) -> bytes:
        """SHA-256 of what people agreed to: name, description, schema, effect and reach."""
        return schema_digest(self)

    def _read(self, arguments: bytes | str | Mapping[str, Any]) -> tuple[Any, bytes]:
        try:
            value = canonical.parse(arguments, MAX_BYTES) if isinstance(arguments, bytes | str) else arguments
            raw = canonical.dumps(value)
        except CanonicalError as error:
            raise self._refusal([{"path": error.path, "message": str(error)}]) from error
        if len(raw) > MAX_BYTES:
            raise self._refusal([problem([], f"The arguments are longer than {MAX_BYTES} bytes.")])
        if not isinstance(value, dict):
            raise self._refusal([problem([], "The arguments must be one JSON object.")])
        return value, raw

    def _problems(self, raw: bytes) -> list[dict[str, str]]:
        return self.signature.problems(raw) if self.signature else []

    def _refusal(self, errors: list[dict[str, str]]) -> ArgumentsRefused:
        return ArgumentsRefused(f"The arguments do not fit {self.name}.", errors)


@lru_cache(maxsize=1024)
def schema_digest(spec: ToolSpec) -> bytes:
    """SHA-256 of canonical name, description, schema, effect and reach."""
    said = ("name", "description", "schema", "effect", "reaches")
    return canonical.digest(canonical.dumps({key: getattr(spec, key) for key in said}))
