"""A process in which no Python runs any more ends itself, so that its supervisor can start it anew.

Foreign code that holds the interpreter (a regular expression that backtracks, a C extension) stops every thread: no
heartbeat, no deadline, no signal handler. Only a timer outside the interpreter notices, as `faulthandler` has one.
"""

import faulthandler
import threading

from django.conf import settings

LOOK_SECONDS = 2.0


def watch() -> None:
    """From now on, end this process with the tracebacks of its threads once none has run for STANDSTILL_SECONDS."""
    threading.Thread(target=_put_off_forever, name="standstill", daemon=True).start()


def _put_off_forever() -> None:
    pause = threading.Event()
    while True:
        faulthandler.dump_traceback_later(settings.STANDSTILL_SECONDS, exit=True)
        pause.wait(LOOK_SECONDS)
