"""The panel that is handed on: fitted once more by scikit-learn, so that whoever wants it again needs nothing of ours."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace

import numpy as np

from lateralis.biology.biomarkers.panel import Panel, Prepared, Task, log_frequency, sample_weights

_TOLERANCE, _MOST_STEPS = 1e-6, 20_000


@dataclass(frozen=True)
class Published:
    """The panel of all data.

    Attributes
    ----------
    panel : with scikit-learn's coefficients
    software : name and version
    difference : largest difference of a coefficient from the compiled fit's
    """

    panel: Panel
    software: str
    difference: float


def publish(prepared: Prepared, task: Task, compiled: Panel) -> Published:
    """Fit the panel of all data with scikit-learn, at the penalty that was chosen for it.

    Parameters
    ----------
    prepared : all people as one training set
    compiled : the panel as the compiled path has it
    """
    if not len(compiled.genes):
        return Published(compiled, "", 0.0)
    weights = sample_weights(task, prepared.kept)
    intercept, coefficients, software = elastic_net(
        prepared.x.T, task.is_test, weights, compiled.l1_ratio, compiled.penalty
    )
    chosen = np.flatnonzero(coefficients)
    before = np.zeros(len(coefficients))
    before[np.isin(prepared.genes, compiled.genes)] = compiled.coefficients
    panel = replace(
        compiled,
        genes=prepared.genes[chosen],
        centre=prepared.centre[chosen],
        scale=prepared.scale[chosen],
        coefficients=coefficients[chosen],
        intercept=intercept + log_frequency(task, prepared.kept),
    )
    return Published(panel, software, float(np.abs(coefficients - before).max()))


def elastic_net(
    x: np.ndarray, is_test: np.ndarray, weights: np.ndarray, l1_ratio: float, penalty: float
) -> tuple[float, np.ndarray, str]:
    """Intercept, coefficients (n_genes,), and which software fitted them.

    Parameters
    ----------
    x : (n_samples, n_genes) standardised
    is_test : (n_samples,) bool
    weights : (n_samples,) sum 1
    l1_ratio, penalty : as `engine.elastic_net.fit_path` has them
    """
    import sklearn  # a second of imports, for whom a panel is fitted alone
    from sklearn.linear_model import LogisticRegression

    older = tuple(map(int, sklearn.__version__.split(".")[:2])) < (
        1,
        8,
    )  # since then, the ratio says what the penalty is
    model = LogisticRegression(
        solver="saga",
        l1_ratio=l1_ratio,
        C=1 / (penalty * len(x)),
        tol=_TOLERANCE,
        max_iter=_MOST_STEPS,
        random_state=0,
        **({"penalty": "elasticnet"} if older else {}),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of steps: what they reached is held against the compiled fit
        model.fit(x, is_test, sample_weight=weights * len(x))
    return float(model.intercept_[0]), np.asarray(model.coef_[0]), f"scikit-learn {sklearn.__version__}"
