"""Which numerics a fit takes, and that both kinds make the same calls."""

import sys

import numpy as np
import pandas as pd
import pytest

from lateralis.model import numerics as chosen
from lateralis.model.contrasts import wald_test
from lateralis.model.fallback import FallbackInference
from lateralis.model.fit import fit_model

N_SAMPLES, N_GENES = 16, 150
DESIGN = pd.DataFrame({"Intercept": np.ones(N_SAMPLES), "group[T.als]": np.repeat([0.0, 1.0], 8)})


@pytest.fixture(scope="module")
def counts():
    rng = np.random.default_rng(8)
    base = np.exp(rng.uniform(0, 8, N_GENES))
    effect = np.where(np.arange(N_GENES) < 50, rng.normal(0, 1.2, N_GENES), 0)
    mu = base * np.exp(np.outer(DESIGN["group[T.als]"], effect))
    found = rng.negative_binomial(8, 8 / (8 + mu))
    found[8:, 7] = 0  # off in one group
    found[2, 11] = 60_000  # an outlier to replace
    return found[:, found.any(axis=0)]


@pytest.fixture(scope="module")
def lengths(counts):
    return np.random.default_rng(9).uniform(500, 4000, counts.shape)


def fit(counts, numerics, **options):
    return fit_model(counts, DESIGN, cells=np.repeat([0, 1], 8), exempt_three_larger=True, numerics=numerics, **options)


@pytest.mark.parametrize("offsets", [False, True], ids=["size factors", "average lengths"])
def test_both_numerics_call_the_same_genes(counts, lengths, offsets):
    options = {"average_lengths": lengths} if offsets else {}
    engine, default = (
        fit(counts, numerics, **options) for numerics in (chosen.choose_numerics(), FallbackInference(n_cpus=1))
    )
    assert engine.facts["numerics"].startswith("lateralis engine")
    assert default.facts["numerics"] == "PyDESeq2's default numerics"
    assert engine.genes["na_reason"].tolist() == default.genes["na_reason"].tolist()
    pd.testing.assert_frame_equal(engine.replacements, default.replacements, check_dtype=False)
    one, other = (wald_test(found.coefficients, found.covariance, np.array([0.0, 1.0])) for found in (engine, default))
    calls = [(table["pvalue"] < 0.01) & (table["log2FoldChange"].abs() > 0.585) for table in (one, other)]
    assert 20 < calls[0].sum() < 60
    assert calls[0].tolist() == calls[1].tolist()
    difference = (one["log2FoldChange"] - other["log2FoldChange"]).abs()
    # two optimisers of one likelihood; they differ most where a group is all zeros
    assert difference.median() < 1e-4
    assert (difference < 0.02).mean() > 0.97


@pytest.mark.parametrize("broken", ["absent", "wrong"])
def test_numerics_without_a_working_compiler_say_so(counts, broken, monkeypatch):
    if broken == "absent":
        for name in [name for name in sys.modules if name.startswith("lateralis.model.engine.inference")]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, "lateralis.model.engine.compilation", None)
    else:
        from lateralis.model.engine.inference import EngineInference

        def fails(self):
            raise ArithmeticError("the compiled kernels give wrong answers")

        monkeypatch.setattr(EngineInference, "check", fails)
    reason = "ModuleNotFoundError|ImportError" if broken == "absent" else "ArithmeticError: the compiled kernels"
    with pytest.warns(UserWarning, match=rf"The engine cannot run here \(({reason}).*PyDESeq2's default numerics fit"):
        numerics = chosen.choose_numerics(2)
    assert isinstance(numerics, FallbackInference)
    assert numerics.n_cpus == 2


def test_the_warning_names_no_folder(monkeypatch):
    from lateralis.model.engine.inference import EngineInference

    def fails(self):
        raise PermissionError("'/home/someone/.cache' cannot be written to")

    monkeypatch.setattr(EngineInference, "check", fails)
    with pytest.warns(UserWarning, match=r"cannot run here \(PermissionError\)") as caught:
        chosen.choose_numerics()
    assert "someone" not in str(caught[0].message)


def test_the_warning_reaches_the_fit(counts, monkeypatch):
    def warns(threads, blocks):
        chosen.warnings.warn("The engine cannot run here", stacklevel=1)
        return FallbackInference(n_cpus=threads, blocks=blocks)

    monkeypatch.setattr("lateralis.model.fit.choose_numerics", warns)
    found = fit(counts[:, :30], None)
    assert "The engine cannot run here" in found.facts["warnings"]
