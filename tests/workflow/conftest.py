"""One finished run of the tiny cohort, from which every test of the workflow takes its own copy."""

import pytest
from tiny_cohort import Workspace, fresh_workspace


@pytest.fixture(scope="session")
def fresh(tmp_path_factory) -> Workspace:
    """The tiny cohort before any run; not to be changed."""
    return fresh_workspace(tmp_path_factory.mktemp("workflow"))


@pytest.fixture(scope="session")
def finished(fresh, tmp_path_factory) -> Workspace:
    """The tiny cohort after one whole run; not to be changed."""
    workspace = fresh.copy(tmp_path_factory.mktemp("finished") / "work")
    outcome = workspace.run()
    assert outcome.status == 0, outcome.output
    return workspace


@pytest.fixture
def workspace(finished, tmp_path) -> Workspace:
    """A copy of the finished run, to change at will."""
    return finished.copy(tmp_path / "work")
