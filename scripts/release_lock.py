"""Remove the lock that a killed Snakemake left in this folder, where it is certain that none is at work here any more."""

import sys
from pathlib import Path

from lateralis.processes import RUNS, claims

LOCKS = Path(".snakemake/locks")


def main():
    locks = sorted(LOCKS.glob("*.lock"))
    if not locks:
        return
    found = claims(".")
    working = [name for name, alive in found.items() if alive]
    elsewhere = [name for name, alive in found.items() if alive is None]
    if working:
        say(f"A run is at work in this folder ({', '.join(working)}): another one of the same cohort will be refused.")
    elif elsewhere:
        say(
            f"This folder is locked by a run on another machine ({', '.join(elsewhere)}); whether that is still at work "
            "cannot be known from here. If it is not: make unlock."
        )
    elif found:
        for lock in locks:
            lock.unlink(missing_ok=True)
        for name in found:
            Path(RUNS, name).unlink(missing_ok=True)
        say(f"The last run was killed ({', '.join(found)}); its lock is removed, and what it had finished is kept.")


def say(message):
    print(message, file=sys.stderr)


if __name__ == "__main__":
    main()
