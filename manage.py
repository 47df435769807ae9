#!/usr/bin/env python3
"""One command for everything. Any Python 3.8 or newer may start it; the rest runs in .venv, which it makes.

python3 manage.py up      start the product: database, broker, web, worker, sweep
python3 manage.py test    check everything that must hold before a change lands (arguments go to pytest)
python3 manage.py bench   measure, one JSON object a line (all, or those named: B5 start)
python3 manage.py nemesis kill, pause and garble a whole installation, check what is left (--seconds N --seed S)
python3 manage.py help    every other command; each takes --home DIR
"""

import sys

from config import bootstrap


def main():  # type: () -> None
    """Enter .venv, settle in the home directory, run the command."""
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    bootstrap.enter("requirements-dev.lock" if command in ("test", "bench", "nemesis") else "requirements.lock")

    from config import home

    arguments = home.settle(sys.argv[1:])
    if command == "up":
        from config import up

        up.main(arguments[1:])
    elif command == "test":
        from config import check

        check.main(arguments[1:])
    elif command == "bench":
        from config import check

        check.bench(arguments[1:])
    elif command == "nemesis":
        from config import check

        check.nemesis(arguments[1:])
    else:
        if command in ("help", "-h", "--help"):
            print(__doc__)
        home.join(command)
        execute(command, arguments)


def execute(command, arguments):  # type: (str, list[str]) -> None
    """One of Django's commands or ours."""
    from django.core.management import execute_from_command_line
    from django.db import OperationalError

    try:
        execute_from_command_line([sys.argv[0], *arguments])
    except OperationalError as error:
        sys.exit(f"manage.py {command}: the database does not answer; does `manage.py up` run?\n{error}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
