"""The sets that make.R simulated, what R made of each, our fits of the same counts, and how the two are compared."""

from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import nbinom

from lateralis.config import Contrast, Endpoint, Variable
from lateralis.model.contrasts import contrast_all_zero, wald_test
from lateralis.model.design import contrast_vector, design_matrix
from lateralis.model.endpoint import call_genes
from lateralis.model.fit import fit_model
from lateralis.model.outliers import design_cells

HERE = Path(__file__).parent
ALPHA, FOLD_CHANGE = 0.05, 1.5
GROUPS = {"group": ["control", "motor", "carrier", "als"]}
THREE, TWO = {"group": ["control", "carrier", "als"]}, {"group": ["control", "als"]}
TRIO = {name: ("group", *name.split("_vs_")) for name in ("als_vs_control", "als_vs_carrier", "carrier_vs_control")}
PAIR = {"als_vs_control": ("group", "als", "control")}

# design, levels of the categorical variables (the first is the reference), numeric variables with whether they are scaled,
# contrasts as (variable, test, reference) or as weights
SETS = {
    "covariates": {
        "design": "~ batch + sex + age + group",
        "levels": {**GROUPS, "batch": ["a", "b", "c"], "sex": ["F", "M"]},
        "numeric": {"age": True},
        "contrasts": {
            "als_vs_control": ("group", "als", "control"),
            "als_vs_carrier": ("group", "als", "carrier"),
            "motor_vs_als": ("group", "motor", "als"),
        },
    },
    "low": {"design": "~ group", "levels": TWO, "contrasts": PAIR},
    "outliers": {"design": "~ group", "levels": THREE, "contrasts": TRIO},
    "outliers_age": {
        "counts": "outliers",
        "design": "~ age + group",
        "levels": THREE,
        "numeric": {"age": True},
        "contrasts": TRIO,
    },
    "paired": {
        "design": "~ donor + treatment",
        "levels": {"donor": [f"d{number}" for number in range(1, 7)], "treatment": ["before", "after"]},
        "contrasts": {"after_vs_before": ("treatment", "after", "before"), "d3_vs_d5": ("donor", "d3", "d5")},
    },
    "interaction": {
        "design": "~ genotype * treatment",
        "levels": {"genotype": ["wt", "ko"], "treatment": ["none", "drug"]},
        "contrasts": {
            "interaction": {"genotype[T.ko]:treatment[T.drug]": 1.0},
            "drug_in_ko": {"treatment[T.drug]": 1.0, "genotype[T.ko]:treatment[T.drug]": 1.0},
            "interaction_over_drug": {"treatment[T.drug]": -1.0, "genotype[T.ko]:treatment[T.drug]": 1.0},
        },
    },
    "continuous": {
        "design": "~ sex + dose",
        "levels": {"sex": ["F", "M"]},
        "numeric": {"dose": False},
        "contrasts": {"dose": {"dose": 1.0}, "two_units": {"dose": 2.0}},
    },
    "threshold": {
        "design": "~ group",
        "levels": THREE,
        "contrasts": {name: TRIO[name] for name in ("als_vs_carrier", "carrier_vs_control")},
    },
    "separated": {"design": "~ group", "levels": THREE, "contrasts": TRIO},
    "poscounts": {"design": "~ group", "levels": TWO, "contrasts": PAIR},
    "lengths": {"design": "~ group", "levels": TWO, "contrasts": PAIR},
    "three_df": {
        "design": "~ cell + dex",
        "levels": {"cell": ["n1", "n2", "n3", "n4"], "dex": ["untrt", "trt"]},
        "contrasts": {"trt_vs_untrt": ("dex", "trt", "untrt")},
    },
    "two_df": {"design": "~ group", "levels": TWO, "contrasts": PAIR},
}
PAIRS = [(name, contrast) for name, entry in SETS.items() for contrast in entry["contrasts"]]

# Genes allowed to stand apart from R, set → gene → why; no more than one in a thousand over all sets (test_wald.py).
_VALLEY = "one count in all: its likelihood is flat, and the second optimiser of R stops somewhere on the valley floor"
_STOP = "two counts far off: the second optimiser of R stops within 1e-5 of the same log-likelihood"
APART = {"outliers_age": {"g051": _STOP, "g061": _VALLEY, "g062": _VALLEY}, "separated": {"g052": _VALLEY}}


class Case:
    """One set: R's tables and our fit, made when first asked for."""

    def __init__(self, name):
        self.name, self.entry = name, SETS[name]
        self.allowed_apart = APART.get(name, {})

    def read(self, name, folder=None):
        """One of R's tables, index its first column."""
        path = next((HERE / (folder or self.name)).glob(f"{name}.tsv*"))
        table = pd.read_csv(path, sep="\t", float_precision="round_trip")
        return table.set_index(table.columns[0])

    @cached_property
    def counts(self):
        """Genes × samples."""
        return self.read("counts", self.entry.get("counts"))

    @cached_property
    def sheet(self):
        sheet = self.read("samples", self.entry.get("counts"))
        for variable, levels in self.entry["levels"].items():
            sheet[variable] = pd.Categorical(sheet[variable], levels)
        return sheet

    @cached_property
    def genes(self):
        """R's dispersions, convergence and likelihoods."""
        genes = self.read("genes")
        flags = ["all_zero", "converged", "replaced", "dispersion_outlier"]
        return genes.assign(**{flag: genes[flag].fillna(0).astype(bool) for flag in flags})

    @cached_property
    def facts(self):
        return self.read("facts")["value"]

    @cached_property
    def normalisation(self):
        """R's size factors, (n_samples, 1), or normalisation factors, (n_samples, n_genes)."""
        if self.name == "lengths":
            return self.read("normalisation_factors").to_numpy().T
        return self.read("size_factors")["size_factor"].to_numpy()[:, None]

    @cached_property
    def replaced_counts(self):
        """Counts after R replaced outliers, genes × samples."""
        counts = self.counts.copy()
        if list((HERE / self.name).glob("replacements*")):
            for gene, row in self.read("replacements").iterrows():
                counts.loc[gene, row["sample"]] = row["count"]
        return counts

    def matrix(self, design=None):
        """Design matrix; of the set's own design unless another is named."""
        variables = {name: Variable(type="categorical") for name in self.entry["levels"]}
        for name, scaled in self.entry.get("numeric", {}).items():
            variables[name] = Variable(type="numeric", center=scaled, scale=scaled)
        return design_matrix(self.sheet, design or self.entry["design"], variables, where=self.name)

    @cached_property
    def fit(self):
        """Our fit with R's rule for outliers."""
        matrix = self.matrix()
        one_factor_of_two_levels = self.entry["levels"] == TWO
        more = {}
        if self.name == "lengths":
            more["average_lengths"] = self.read("lengths").to_numpy().T
        return fit_model(
            self.counts.to_numpy().T,
            matrix,
            cells=design_cells(matrix),
            exempt_three_larger=one_factor_of_two_levels,
            **more,
        )

    def vector(self, contrast):
        """Weights of the coefficients in one of the set's contrasts."""
        asked = self.entry["contrasts"][contrast]
        named = ("variable", "test", "reference")
        keys = {"weights": asked} if isinstance(asked, dict) else dict(zip(named, asked, strict=True))
        return contrast_vector(Contrast(model="m", **keys), self.sheet, list(self.matrix().columns), where=self.name)

    def statistics(self, contrast):
        """Our Wald statistics as the pipeline puts them together, one row a gene."""
        fit, vector, asked = self.fit, self.vector(contrast), self.entry["contrasts"][contrast]
        compared = None if isinstance(asked, dict) else self.sheet[asked[0]].isin(asked[1:]).to_numpy()
        all_zero = contrast_all_zero(self.counts.to_numpy().T, fit.design, vector, compared)
        table = wald_test(fit.coefficients, fit.covariance, vector, all_zero)
        reason = fit.genes["na_reason"]
        table.loc[(reason == "cooks_outlier").to_numpy(), "pvalue"] = np.nan
        table.loc[reason.isin(["all_zero", "no_convergence"]).to_numpy()] = np.nan
        table["gene_id"] = table["gene_name"] = self.counts.index
        table["log2FoldChange_shrunken"] = np.nan
        table["baseMean"], table["na_reason"] = fit.genes["baseMean"].to_numpy(), reason.to_numpy()
        return table

    def results(self, contrast):
        """Our results of one contrast, index gene_id."""
        return call_genes(self.statistics(contrast), Endpoint(fold_change=FOLD_CHANGE, alpha=ALPHA)).set_index(
            "gene_id"
        )

    def expected(self, contrast):
        """R's results of one contrast, with its calls under the three rules and the reasons of its empty cells."""
        r = self.read(contrast)
        effect = r["log2FoldChange"]
        direction = np.where(effect > 0, "up", "down")
        large = effect.abs() >= np.log2(FOLD_CHANGE)
        r["call_nominal"] = np.where(large & (r["pvalue"] < ALPHA), direction, "none")
        r["call_fdr"] = np.where(large & (r["padj"] < ALPHA), direction, "none")
        r["call_strict"] = np.where(r["padj_threshold"] < ALPHA, direction, "none")
        # R writes a gene that replacement leaves without a count as unchanged, p = 1; ours is empty
        emptied = self.genes["all_zero"] | (self.genes["replaced"] & (r["baseMean"] == 0))
        r["na_reason"] = np.select(
            [emptied, r["pvalue"].isna(), r["padj"].isna()], ["all_zero", "cooks_outlier", "independent_filtering"], ""
        )
        return r

    def log_likelihoods(self):
        """Log-likelihood of our coefficients at R's dispersions and on R's counts, comparable with R's own."""
        coefficients = self.fit.coefficients
        mu = np.exp(coefficients @ self.matrix().to_numpy().T) * self.normalisation.T
        size = 1 / self.genes["dispersion"].to_numpy()[:, None]
        return pd.Series(
            nbinom.logpmf(self.replaced_counts.to_numpy(), size, size / (size + mu)).sum(axis=1), self.counts.index
        )

    def apart(self, found, expected, worst):
        """A table for a message: genes by name with both programs' numbers and likelihoods.

        `worst` is a boolean Series over genes; those that `APART` accounts for are left out.
        """
        names = [gene for gene in worst.index[worst] if gene not in self.allowed_apart]
        if not names:
            return ""
        table = pd.DataFrame({"baseMean": expected.loc[names, "baseMean"]})
        for column in ("log2FoldChange", "stat", "pvalue"):
            if column in found and column in expected:
                table[column], table[f"{column} in R"] = found.loc[names, column], expected.loc[names, column]
        table["dispersion"] = self.fit.genes["dispersion"].set_axis(self.counts.index)[names]
        table["dispersion in R"] = self.genes.loc[names, "dispersion"]
        table["log-likelihood"], table["log-likelihood in R"] = self.log_likelihoods(), self.genes["log_likelihood"]
        return f"{len(names)} genes of {self.name} apart\n" + table.T.to_string(float_format="%.8g")


CASES = {name: Case(name) for name in SETS}


@pytest.fixture(scope="session")
def cases():
    """The sets by name."""
    return CASES


@pytest.fixture(scope="session", params=SETS)
def case(request):
    """One set after another."""
    return CASES[request.param]


@pytest.fixture(scope="session", params=PAIRS, ids="-".join)
def pair(request):
    """One contrast after another: the set, our results, R's."""
    name, contrast = request.param
    return CASES[name], CASES[name].results(contrast), CASES[name].expected(contrast)


@pytest.fixture(scope="session")
def inference():
    """The engine on one thread."""
    from lateralis.model.engine.inference import EngineInference

    return EngineInference()


def _log10_apart(found, expected):
    """Genes whose p-values differ by more than 0.02 in log10, where R's is above 1e-8."""
    with np.errstate(divide="ignore"):
        difference = np.log10(found["pvalue"] / expected["pvalue"]).abs()
    return (difference > 0.02) & (expected["pvalue"] > 1e-8)


@pytest.fixture(scope="session")
def pvalues_apart():
    """A function that tells which of two tables' p-values differ."""
    return _log10_apart
