"""`manage.py nemesis`: break a whole installation for so long, by a schedule from a seed, and check what is left."""

import argparse
import json
import os
import random
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

from config.embedded.services import OWNER
from tests.nemesis.arena import CREW, SMALL_CREW, Services
from tests.nemesis.keeping import keep, told
from tests.nemesis.mixes import MIXES, SHORT, WHOLE
from tests.nemesis.receiver import Receiver
from tests.plugin import temporary_home


def main() -> None:
    """Fight, print, and end with 1 on a violation."""
    chosen = arguments()
    print(f"seed {chosen.seed}, {chosen.seconds:g} s, mutant {chosen.mutant or 'none'}, commit {commit()}", flush=True)
    with temporary_home() as home:
        prepare(home, chosen.mutant)
        services = Services(home, own_disk=not chosen.small)
        try:
            violations = fight(chosen, home, services)
        finally:
            if chosen.keep:
                keep(home, Path(chosen.keep))
            services.close()
    sys.exit(1 if violations else 0)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="manage.py nemesis", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60, help="how long faults go on (%(default)s)")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6), help="of the schedule")
    parser.add_argument("--every", type=float, default=0, help="mean seconds between faults (1.5 but for mutants)")
    parser.add_argument("--small", action="store_true", help="fewer processes, and no disk of its own")
    parser.add_argument("--mutant", default="", help="weaken one control first: tests/nemesis/mutants.py")
    parser.add_argument("--keep", default="", help="where to copy logs, history, ledger and, after a violation, rows")
    return parser.parse_args()


def prepare(home: Path, mutant: str) -> None:
    """What this process and those that it starts find in their environment."""
    os.environ["COUNTERSIGN_HOME"] = str(home)
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    os.environ["NEMESIS_LEDGER"] = str(home.parent / "ledger")  # not on the disk that is filled
    os.environ["NEMESIS_WALL"] = str(time.time() - time.monotonic())
    os.environ["DEMO"] = "0"
    os.environ["SECRET_KEY"] = "a key for tests"  # of the product's processes, too
    os.environ["TOOL_MODULES"] = "tests.nemesis.story"
    os.environ["DATABASE_CONNECTIONS"] = "0"
    if mutant:
        os.environ["NEMESIS_MUTANT"] = mutant


def fight(chosen: argparse.Namespace, home: Path, services: Services) -> int:
    """One battle on these services: how many violations it found."""
    os.environ["DATABASE_URL"], os.environ["BROKER_URL"] = services.postgres.url(OWNER), services.valkey.url()
    subprocess.run([sys.executable, "manage.py", "migrate", "--no-input", "-v", "0"], check=True)
    began = time.monotonic()
    receiver = Receiver(chosen.seed)
    os.environ["OUTBOUND_ALLOWED"] = receiver.host
    import django

    django.setup()
    from tests.nemesis.battle import Battle

    mix = MIXES.get(chosen.mutant, SHORT if chosen.small else WHOLE)
    mix = replace(mix, every=chosen.every) if chosen.every else mix
    battle = Battle(chosen.seed, chosen.seconds, mix, SMALL_CREW if chosen.small else CREW, home, receiver)
    figures, violations = battle.fight(services)
    figures["seconds in all"] = round(time.monotonic() - began, 1)
    (home / "report.json").write_text(json.dumps(figures, indent=1))
    print(json.dumps(figures, indent=1), *told(violations), sep="\n")
    print(f"seed {chosen.seed}: {len(violations)} violations", flush=True)
    return len(violations)


def commit() -> str:
    """What is being tested."""
    told = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return told.stdout.strip() or "unknown"


if __name__ == "__main__":
    main()
