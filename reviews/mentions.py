"""Who is meant by an @name in what people say to each other."""

import re

from workspaces.models import Membership

AT = re.compile(r"(?<![\w.@+-])@([a-z0-9][a-z0-9._@+-]*)", re.IGNORECASE)
MAX_NAMES = 40


def mentioned(text: str, workspace_id: int) -> list[str]:
    """The login names of members, as the text names them first; any other name is a word like others."""
    written = [name.lower() for name in AT.findall(text)]
    named = list(dict.fromkeys(form for name in written for form in (name, name.rstrip("._@+-"))))[:MAX_NAMES]
    members = Membership.objects.filter(workspace=workspace_id, person__is_active=True, person__username__in=named)
    known = set(members.values_list("person__username", flat=True)) if named else set()
    return [name for name in named if name in known]
