"""How long `manage.py up` takes to be healthy: in an empty home, and in one that it knows."""

import os
import signal
import socket
import subprocess
import sys
import time

import httpx2
import pytest

from config.home import ROOT

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]
SECONDS = 120
SECOND_STARTS = 3


def test_start_to_healthy(show, tmp_path):
    show("start_first", "s", [healthy_after(tmp_path)], home="empty")
    show("start_second", "s", [healthy_after(tmp_path) for _ in range(SECOND_STARTS)], home="known")


def healthy_after(home):
    """Seconds from the command to a healthy answer; then it is stopped."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    unnamed = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "BROKER_URL")}
    command = [sys.executable, str(ROOT / "manage.py"), "up", "--port", str(port), "--home", str(home / "home")]
    began = time.monotonic()
    with (home / "log").open("ab") as log:
        process = subprocess.Popen(command, env=unnamed, stdout=log, stderr=log, start_new_session=True)
    try:
        while not answers(port):
            assert time.monotonic() - began < SECONDS and process.poll() is None, (home / "log").read_text()[-2000:]
            time.sleep(0.05)
        return time.monotonic() - began
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def answers(port):
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/readyz").status_code == 200
    except httpx2.TransportError:
        return False
