"""How a rule's script runs: its words go to the rule's log, and a user's error ends it with one sentence."""

from __future__ import annotations

import sys
import traceback
import warnings
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

from lateralis.errors import InputError


def run(main: Callable[[Any], None], snakemake: Any) -> None:
    """Run a script's `main` with output to `snakemake.log[0]`; exit with status 1 on an `InputError`.

    Other exceptions leave their traceback in the log and pass through.
    """
    with open(snakemake.log[0], "w", encoding="utf-8") as log, redirect_stdout(log), redirect_stderr(log):
        warnings.simplefilter("default")
        try:
            main(snakemake)
        except InputError as error:
            message = f"Error: {error}"
            print(message, flush=True)
            print(message, file=sys.__stderr__, flush=True)
            sys.exit(1)
        except Exception:
            traceback.print_exc()
            raise
