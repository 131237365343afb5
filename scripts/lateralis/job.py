"""How a rule's script runs: its words go to the rule's log, and a user's error ends it with one sentence.

It starts from inputs that are what their jobs wrote, leaves receipts of what it read and wrote, and ends when the Snakemake
that started it is gone, so that a run begun anew meets no job of the last one.
"""

from __future__ import annotations

import atexit
import errno
import gc
import os
import sys
import threading
import time
import traceback
import warnings
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from typing import Any

from lateralis.errors import InputError
from lateralis.processes import is_alive
from lateralis.receipts import check_inputs, check_unchanged, receipt_path, write_receipts

# Imports make half a million objects that stay: to look for garbage among them takes some hundredths of a job's time. Hence
# scripts import this module first. Afterwards garbage may hold figures and arrays, and is looked for more often.
gc.set_threshold(50_000, 20, 20)

STARTED_BY = "LATERALIS_STARTED_BY"  # set by workflow/rules/common.smk: the Snakemake process that starts jobs
_LOOK_EVERY = 0.5  # seconds
_FULL = (errno.ENOSPC, errno.EDQUOT)
_done = threading.Event()


def run(main: Callable[[Any], None], snakemake: Any) -> None:
    """Run a script's `main` with output to `snakemake.log[0]`; exit with status 1 on an `InputError` or a full disk.

    Other exceptions leave their traceback in the log and pass through. After it, a script of Snakemake has nothing more to do.
    """
    end_with(os.environ.get(STARTED_BY, ""))
    is_script = getattr(sys.modules["__main__"], "snakemake", None) is snakemake
    if is_script:
        end_imports()
    with open(snakemake.log[0], "w", encoding="utf-8") as log, redirect_stdout(log), redirect_stderr(log):
        warnings.simplefilter("default")
        try:
            seen = check_inputs(snakemake.input)
            main(snakemake)
            write_receipts(snakemake.output, check_unchanged(seen))
            for path in seen:
                if not os.path.exists(path):  # the job moved it
                    receipt_path(path).unlink(missing_ok=True)
        except InputError as error:
            _refuse(f"Error: {error}")
        except OSError as error:
            if error.errno not in _FULL:
                traceback.print_exc()
                raise
            _refuse(f"Error: the disk is full ({error}). Nothing half-written is kept; make room and run again.")
        except Exception:
            traceback.print_exc()
            raise
    if is_script:
        _done.set()


def end_imports() -> None:
    """Collect garbage more often from now on, but not among what is there already."""
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


@atexit.register  # first of all, so that it is called last
def _leave() -> None:
    """End a script that has done its job: to take the interpreter apart, object by object, takes a quarter of a second."""
    if _done.is_set():
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def _refuse(message: str) -> None:
    print(message, file=sys.__stderr__, flush=True)
    print(message)  # at last: on a full disk the log may hold no more
    sys.exit(1)


def end_with(starter: str) -> None:
    """Let this process end soon after another one of this machine has ended; without a name, or from elsewhere, never."""
    if is_alive(starter):
        threading.Thread(target=_watch, args=(starter,), daemon=True).start()


def _watch(starter: str) -> None:
    while is_alive(starter):
        time.sleep(_LOOK_EVERY)
    os._exit(1)  # at once, in the midst of whatever the other threads do: unfinished files do not have their names yet
