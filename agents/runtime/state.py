"""State of a flow as JSON: the difference of two, and a difference applied (RFC 6902: add, replace, remove)."""

import copy
from typing import Any

type Patch = list[dict[str, Any]]


def diff(old: Any, new: Any, path: str = "") -> Patch:
    """The patch from `old` to `new`, in an order that does not depend on the process."""
    if old == new and type(old) is type(new):
        return []
    if isinstance(old, dict) and isinstance(new, dict):
        return _diff_objects(old, new, path)
    if isinstance(old, list) and isinstance(new, list) and new[: len(old)] == old:
        return [{"op": "add", "path": f"{path}/-", "value": value} for value in new[len(old) :]]
    return [{"op": "replace", "path": path, "value": new}]


def _diff_objects(old: dict[str, Any], new: dict[str, Any], path: str) -> Patch:
    patch: Patch = []
    for key, value in old.items():
        place = f"{path}/{escape(key)}"
        patch += diff(value, new[key], place) if key in new else [{"op": "remove", "path": place}]
    patch += [
        {"op": "add", "path": f"{path}/{escape(key)}", "value": value} for key, value in new.items() if key not in old
    ]
    return patch


def apply(document: Any, patch: Patch) -> Any:
    """The document after the patch; the one given is left as it was."""
    document = copy.deepcopy(document)
    for change in patch:
        if change["path"] == "":
            document = copy.deepcopy(change["value"])
            continue
        *way, last = [unescape(part) for part in change["path"].split("/")[1:]]
        holder = document
        for key in way:
            holder = holder[int(key)] if isinstance(holder, list) else holder[key]
        _change(holder, last, change)
    return document


def _change(holder: Any, key: str, change: dict[str, Any]) -> None:
    place: Any = int(key) if isinstance(holder, list) and key != "-" else key
    if change["op"] == "remove":
        del holder[place]
    elif place == "-" and isinstance(holder, list):
        holder.append(copy.deepcopy(change["value"]))
    else:
        holder[place] = copy.deepcopy(change["value"])


def escape(key: str) -> str:
    """A key as one part of a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")


def unescape(part: str) -> str:
    """The key that a part of a JSON pointer names."""
    return part.replace("~1", "/").replace("~0", "~")
