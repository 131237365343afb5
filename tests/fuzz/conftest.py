"""How a case is judged: a result or an error of our own, within seconds and 2 GB."""

import resource
import signal

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from lateralis.errors import InputError

SECONDS, GIGABYTES = 5, 2.0


class TooSlowError(BaseException):
    """A case took too much of the processor's time; no `except Exception` hides it."""


def _too_slow(*_):
    raise TooSlowError(f"a case took more than {SECONDS} s of the processor")


@pytest.fixture
def fuzz():
    """Run `read` on so many cases of a strategy: `fuzz(read, strategy, examples)`."""

    def run(read, strategy, examples):
        told = set()

        @settings(
            max_examples=examples,
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.explicit, Phase.generate, Phase.shrink],
        )
        @given(strategy)
        def case(content):
            signal.setitimer(signal.ITIMER_PROF, SECONDS)
            try:
                read(content)
            except InputError as error:
                assert str(error).removeprefix("\n").isprintable() or "\n  " in str(error), repr(str(error))
                assert len(str(error)) < 20_000
                told.add(str(error).split(":")[-1])
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0)

        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        handler = signal.signal(signal.SIGPROF, _too_slow)
        try:
            case()
        finally:
            signal.signal(signal.SIGPROF, handler)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        assert peak <= max(before, GIGABYTES * 1e6), f"{peak / 1e6:.1f} GB"
        return told

    return run
