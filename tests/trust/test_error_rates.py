"""Error rates and bias against simulated truth, over 20 cohorts of each design; null cohorts give uniform p-values."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kstest
from trust_cohorts import ENDPOINT, stored

from lateralis.config import Contrast, Samples
from lateralis.model.endpoint import call_again
from lateralis.model.refit import wald_statistics

N_GENES, SEEDS = 1000, range(20)
LEAST = np.log2(1.5)


def counts_of(rng, log2_mean, own=0.0):
    """Counts around 2 ** log2_mean, (n_samples, n_genes), dispersions 0.05 + 2 / mean with a scatter."""
    base = np.exp(rng.normal(5, 1.2, N_GENES))
    dispersion = (0.05 + 2 / base) * np.exp(rng.normal(0, 0.3, N_GENES))
    depth = np.exp(rng.normal(0, 0.25, len(log2_mean)))[:, None]
    mu = depth * base * 2.0**log2_mean * np.exp(own)
    return rng.poisson(mu * rng.gamma(1 / dispersion, dispersion, mu.shape))


def true_effects(rng):
    """A fifth of the genes changes, by more or less than the endpoint's fold change."""
    return np.where(np.arange(N_GENES) < N_GENES // 5, rng.normal(0, 1, N_GENES), 0.0)


def case_control(seed, n_per_group=24, effects=None):
    rng = np.random.default_rng([1, seed])
    effects = true_effects(rng) if effects is None else effects
    n = 2 * n_per_group
    obs = pd.DataFrame(
        {
            "group": pd.Categorical(np.repeat(["control", "als"], n_per_group), categories=["control", "als"]),
            "batch": pd.Categorical(np.tile(["b1", "b2", "b3"], n)[:n]),
            "age": rng.normal(60, 9, n),
        },
        index=[f"s{number:02d}" for number in range(n)],
    )
    log2 = np.outer(obs["group"] == "als", effects)
    log2 += np.outer(obs["batch"] == "b2", rng.normal(0, 0.3, N_GENES)) + np.outer(
        (obs["age"] - 60) / 9, rng.normal(0, 0.1, N_GENES)
    )
    variables = {
        "group": {"type": "categorical", "levels": ["control", "als"]},
        "batch": {"type": "categorical"},
        "age": {"type": "numeric", "center": True, "scale": True},
    }
    model, fit = stored(counts_of(rng, log2), obs, Samples(variables=variables), "~ batch + age + group", ["group"])
    return model, fit, Contrast(model="m", variable="group", test="als", reference="control"), effects


def trial(seed, levels, formula, contrast, per_level):
    """Participants at two visits; `per_level` is the change of each level of the variable in units of the effect."""
    rng = np.random.default_rng([2, seed])
    effects = true_effects(rng)
    people = 24
    obs = pd.DataFrame(
        {
            "participant": pd.Categorical(np.repeat([f"p{n:02d}" for n in range(people)], 2)),
            "visit": pd.Categorical(np.tile(["baseline", "later"], people), categories=["baseline", "later"]),
            "arm": pd.Categorical(np.repeat(np.tile(levels, people)[:people], 2), categories=levels),
        },
        index=[f"s{n:02d}" for n in range(2 * people)],
    )
    own = rng.normal(0, 0.5, (people, N_GENES))[np.repeat(np.arange(people), 2)]
    times = np.where(obs["visit"] == "later", obs["arm"].map(per_level).astype(float), 0.0)
    samples = Samples(
        participant="participant",
        variables={
            "participant": {"type": "categorical"},
            "visit": {"type": "categorical", "levels": ["baseline", "later"]},
            "arm": {"type": "categorical", "levels": levels},
        },
    )
    model, fit = stored(counts_of(rng, np.outer(times, effects), own), obs, samples, formula, ["visit", "arm"])
    return model, fit, contrast, effects


def longitudinal(seed):
    contrast = Contrast(model="m", weights={"visit[later]:arm[T.il2]": 1})
    return trial(seed, ["placebo", "il2"], "~ participant + visit + visit:arm", contrast, {"placebo": 0, "il2": 1})


def dose_response(seed):
    contrast = Contrast(model="m", weights={"visit[later]:arm[T.2]": 0.5})
    return trial(seed, ["0", "1", "2"], "~ participant + visit + visit:arm", contrast, {"0": 0, "1": 1, "2": 2})


DESIGNS = {"case-control": case_control, "longitudinal": longitudinal, "dose": dose_response}


def calls_of(model, fit, contrast):
    found = wald_statistics(model.fitted, fit, model.weights(contrast, "test"), model.compared(contrast))
    return call_again(found, list(model.fit.var_names), ENDPOINT)


@pytest.mark.slow
@pytest.mark.parametrize("design", DESIGNS)
def test_false_discovery_rates_and_bias(design):
    """`fdr` controls changes of nothing, `strict` changes of less than the fold change; estimates are not biased."""
    false, slopes = {"fdr": [], "strict": []}, []
    for seed in SEEDS:
        model, fit, contrast, effects = DESIGNS[design](seed)
        calls = calls_of(model, fit, contrast)
        nulls = {"fdr": effects == 0, "strict": np.abs(effects) <= LEAST}
        for rule, null in nulls.items():
            called = (calls[f"call_{rule}"] != "none").to_numpy()
            false[rule].append((called & null).sum() / max(called.sum(), 1))
        sound = np.isfinite(calls["log2FoldChange"]).to_numpy() & (calls["baseMean"] > 30).to_numpy()
        estimate = calls["log2FoldChange"].to_numpy()[sound]
        slopes.append(np.polyfit(effects[sound], estimate, 1)[0])
    for rule, rates in false.items():
        error = np.std(rates, ddof=1) / np.sqrt(len(rates))
        print(f"{design}: observed FDR of {rule} {np.mean(rates):.3f} ± {error:.3f}; slope {np.mean(slopes):.3f}")
        assert np.mean(rates) <= 0.05 + 2 * error, rule
    assert np.mean(slopes) == pytest.approx(1, abs=0.03)


@pytest.mark.slow
def test_null_cohorts_give_uniform_p_values():
    distances = []
    for seed in SEEDS:
        model, fit, contrast, _ = case_control(seed, effects=np.zeros(N_GENES))
        distances.append(kstest(calls_of(model, fit, contrast)["pvalue"].dropna(), "uniform"))
    print("median KS distance", np.median([found.statistic for found in distances]))
    assert np.median([found.statistic for found in distances]) < 0.05


@pytest.mark.slow
def test_relatives_counted_as_independent_are_too_many_and_one_a_family_is_right():
    """Families of four in one group each: the nominal level is broken by the naive design, kept by one of each family."""
    small = {"naive": [], "one": []}
    for seed in SEEDS:
        rng = np.random.default_rng([3, seed])
        families, size = 12, 4
        n = families * size
        family = np.repeat(np.arange(families), size)
        obs = pd.DataFrame(
            {
                "group": pd.Categorical(np.where(family % 2, "als", "control"), categories=["control", "als"]),
                "family": [f"f{number}" for number in family],
            },
            index=[f"s{number:02d}" for number in range(n)],
        )
        own = rng.normal(0, 0.4, (families, N_GENES))[family]
        counts = counts_of(rng, np.zeros((n, N_GENES)), own)
        samples = Samples(family="family", variables={"group": {"type": "categorical", "levels": ["control", "als"]}})
        contrast = Contrast(model="m", variable="group", test="als", reference="control")
        for kind, kept in (("naive", np.ones(n, dtype=bool)), ("one", ~obs["family"].duplicated().to_numpy())):
            model, fit = stored(counts[kept], obs[kept], samples, "~ group", ["group"])
            small[kind].append((calls_of(model, fit, contrast)["pvalue"] < 0.05).mean())
    print({kind: round(float(np.mean(values)), 3) for kind, values in small.items()})
    assert np.mean(small["naive"]) > 0.15
    assert np.mean(small["one"]) < 0.1  # six families a group: the normal approximation is a little liberal
