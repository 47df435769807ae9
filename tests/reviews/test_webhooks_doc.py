"""docs/webhooks.md says what the code does."""

import json
import re
import subprocess
import time
from dataclasses import fields
from pathlib import Path

import playwright
import pytest

from config.home import ROOT
from reviews.models import Endpoint, WebhookKind
from reviews.webhooks import schedule, secret
from reviews.webhooks.claiming import AT_ONCE_EACH
from reviews.webhooks.secret import Secret
from reviews.webhooks.sending import TIMEOUT_SECONDS

NODE = Path(playwright.__file__).parent / "driver" / "node"  # which browsers' tests bring along
DOC = (ROOT / "docs" / "webhooks.md").read_text()
BODY = '{"type":"endpoint.test","data":{"name":"Zoë"}}'


def test_every_event_has_its_row_and_no_row_is_made_up():
    rows = re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \|", DOC, flags=re.MULTILINE)
    assert rows == [*WebhookKind.values, "endpoint.test"]


def test_the_figures_are_those_of_the_code():
    words = {1: "s", 60: "min", 3600: "h"}
    said = []
    for pause in schedule.PAUSES:
        unit = next(unit for unit in (3600, 60, 1) if pause % unit == 0)
        said.append(f"{pause // unit} {words[unit]}")
    assert f"after {', '.join(said[:-1])} and {said[-1]} (each ± {schedule.JITTER:.0%}".replace(
        "20%", "20 %"
    ) in " ".join(DOC.split())
    assert f"within {TIMEOUT_SECONDS:g} seconds" in DOC
    assert AT_ONCE_EACH == 4 and "At most four requests" in DOC
    assert secret.SECRET_BYTES == 32 and "32 bytes" in DOC


def test_the_endpoints_of_the_doc_are_those_of_the_model():
    assert {"url", "kinds", "include_arguments"} <= {field.name for field in Endpoint._meta.fields}
    assert [field.name for field in fields(Secret)] == ["raw"]


def snippet(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", DOC, flags=re.DOTALL)
    assert found
    return found[1]


@pytest.mark.parametrize(("is_right", "change"), [(True, ""), (False, "x")])
def test_the_javascript_verifies(is_right, change, tmp_path):
    given, timestamp = Secret.new(), str(int(time.time()))
    signatures = [
        Secret.new().signature("msg", int(timestamp), BODY.encode()),
        given.signature("msg", int(timestamp), BODY.encode()),
    ]
    headers = {"webhook-id": "msg", "webhook-timestamp": timestamp, "webhook-signature": " ".join(signatures)}
    asked = f"verify({json.dumps(given.text)}, {json.dumps(headers)}, {json.dumps(BODY + change)})"
    program = tmp_path / "verify.mjs"
    program.write_text(f"{snippet('javascript')}\nconsole.log({asked}.data.name);")
    done = subprocess.run([NODE, program], capture_output=True, text=True, check=False)
    assert (done.returncode == 0) == is_right, done.stderr
    assert done.stdout.strip() == ("Zoë" if is_right else "")
