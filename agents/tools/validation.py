"""JSON Schema with everything switched off that a hostile schema could use: no remote references, linear patterns."""

from collections.abc import Mapping
from functools import lru_cache
from itertools import islice
from typing import Any, NoReturn

import jsonschema_rs
import orjson

from agents.tools.exceptions import InvalidSchema

MAX_PROBLEMS = 20
MAX_MESSAGE = 300


def validator(schema: Mapping[str, Any]) -> jsonschema_rs.Validator:
    """A compiled validator, kept for the next time; raises InvalidSchema with a sentence."""
    try:
        return _compiled(orjson.dumps(schema))
    except (ValueError, TypeError) as error:
        raise InvalidSchema(f"This is not a usable JSON schema: {_sentence(error)}") from error


def problems(schema: Mapping[str, Any], value: Any) -> list[dict[str, str]]:
    """Where and why `value` does not fit: [{path, message}], the path a JSON pointer."""
    errors = islice(validator(schema).iter_errors(value), MAX_PROBLEMS)
    return [problem(error.instance_path, error.message) for error in errors]


def problem(path: list[str | int] | tuple[str | int, ...], message: str) -> dict[str, str]:
    """One entry of such a list."""
    pointer = "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)
    return {"path": pointer, "message": message[:MAX_MESSAGE]}


@lru_cache(maxsize=512)
def _compiled(schema: bytes) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(
        orjson.loads(schema),
        validate_formats=True,
        retriever=_refuse,
        pattern_options=jsonschema_rs.RegexOptions(),
    )


def _refuse(address: str) -> NoReturn:
    raise ValueError(f"references to other documents are not followed ({address[:100]})")


def _sentence(error: Exception) -> str:
    return str(getattr(error, "message", error)).strip().partition("\n")[0][:MAX_MESSAGE]
