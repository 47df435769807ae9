"""Log lines: what each is about, and what none may hold."""

import json
import logging
import sys
import threading
from contextvars import copy_context

from django.db import IntegrityError, connection

from workspaces import logs


def record(message="Said.", *args, exc_info=None):
    made = logging.LogRecord("here", logging.WARNING, __file__, 1, message, args, exc_info)
    logs.AboutFilter().filter(made)
    return made


def written(made):
    line = logs.JsonLines().format(made)
    assert "\n" not in line
    return json.loads(line)


def test_a_line_is_one_json_object_with_what_it_is_about():
    with logs.about(run_id="r1", workspace=3):
        logs.note(seq=7)
        with logs.about(tool_call="c1"):
            line = written(record("Line one\nline two, %s", "x"))
        outer = written(record())
    assert line.items() >= {"run_id": "r1", "workspace": 3, "seq": 7, "tool_call": "c1"}.items()
    assert (line["level"], line["logger"], line["message"]) == ("WARNING", "here", "Line one\nline two, x")
    assert line["at"].endswith("+00:00")
    assert outer["seq"] == 7 and "tool_call" not in outer
    assert "run_id" not in written(record())


def test_another_thread_says_what_its_context_is_about():
    lines = []
    with logs.about(run_id="r1"):
        thread = threading.Thread(target=copy_context().run, args=[lambda: lines.append(written(record()))])
        thread.start()
        thread.join()
    assert lines[0]["run_id"] == "r1"


def test_text_lines_end_with_it():
    with logs.about(run_id="r1", seq=2):
        assert logs.TextLines().format(record()).endswith("WARNING here Said. [run_id=r1 seq=2]")


def test_values_that_the_database_quotes_are_not_told(db):
    try:
        with connection.cursor() as cursor:
            statement = "INSERT INTO workspaces_workspace (name, slug, created_at) VALUES (%s, NULL, now())"
            cursor.execute(statement, [f"{4000 + 111}-secret"])
    except IntegrityError:
        failing = record(exc_info=sys.exc_info())
    for text in (logs.JsonLines().format(failing), logs.TextLines().format(failing)):
        assert "NotNullViolation" in text and "IntegrityError: null value in column" in text
        assert "test_logs.py" in text and "4111-secret" not in text
