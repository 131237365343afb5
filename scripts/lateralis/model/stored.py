"""A fit as it was stored, with the counts it was made from: what contrasts, and questions about them, start from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lateralis.config import Contrast, Samples
from lateralis.inputs.samples import add_scores
from lateralis.io import layer, read_h5ad, read_table
from lateralis.model.cells import contrast_weights
from lateralis.model.preflight import reduced_design
from lateralis.model.refit import FittedData, replaced_counts

if TYPE_CHECKING:
    import anndata as ad


@dataclass(frozen=True)
class StoredModel:
    """One model's fit and data.

    Attributes
    ----------
    fit : what the rule `fit_model` wrote: samples × kept genes
    data : the cohort's counts, `obs` with every variable
    samples : the cohort's section
    """

    fit: ad.AnnData
    data: ad.AnnData
    samples: Samples

    @property
    def obs(self) -> pd.DataFrame:
        """Typed sample sheet of the model's samples."""
        return self.data.obs.loc[self.fit.obs_names]

    @property
    def assay(self) -> str:
        """`counts` or `log_intensity`."""
        return str(dict(self.data.uns.get("lateralis", {})).get("assay", "counts"))

    @property
    def df(self) -> float | None:
        """Degrees of freedom of every test of log intensities; None for counts."""
        return float(self.fit.uns["df"]) if "df" in self.fit.uns else None

    @property
    def design(self) -> pd.DataFrame:
        """Design matrix, without blocks' columns."""
        return self.fit.obsm["design_matrix"]

    @property
    def formula(self) -> str:
        """The model's design as the config has it."""
        return str(self.fit.uns["design"])

    @property
    def blocks(self) -> np.ndarray | None:
        """Number of each sample's block; None for a design without blocks."""
        return self.fit.obs["block"].to_numpy() if "block" in self.fit.obs else None

    @property
    def dispersions(self) -> np.ndarray:
        """Final dispersion of each kept gene."""
        return self.fit.var["dispersion"].to_numpy(dtype=float)

    @cached_property
    def fitted(self) -> FittedData:
        """Counts and factors that the model was fitted to."""
        part = self.data[self.fit.obs_names, self.fit.var_names]
        return FittedData(
            np.asarray(part.X),
            self.fit.obs["size_factor"].to_numpy(),
            layer(part, "average_length"),
            self.fit.obs["cell"].to_numpy(),
            bool(self.fit.uns["exempt_three_larger"]),
            self.blocks,
            self.assay,
        )

    @cached_property
    def counts(self) -> np.ndarray:
        """(n_samples, n_genes) with outliers replaced as in the fit."""
        return replaced_counts(self.fitted.counts, pd.DataFrame(dict(self.fit.uns["replacements"])))

    def weights(self, contrast: Contrast, where: str) -> np.ndarray:
        """Weights of the coefficients in a contrast, (n_coef,)."""
        return contrast_weights(
            contrast,
            self.obs,
            list(self.design.columns),
            design=self.formula,
            variables=self.samples.variables,
            where=where,
        )

    def compared(self, contrast: Contrast) -> np.ndarray | None:
        """Which samples are of the two levels that a contrast names; None for one that names none."""
        if contrast.variable is None:
            return None
        return self.obs[contrast.variable].isin([contrast.test, contrast.reference]).to_numpy()

    def reduced(self, contrast: Contrast, where: str) -> pd.DataFrame:
        """Design matrix of a likelihood-ratio test's reduced design, without blocks' columns."""
        assert contrast.reduced is not None
        return reduced_design(
            contrast.reduced, self.obs, self.design, self.blocks, self.samples, where=f"{where}.reduced"
        )


def read_model(fit: str, counts: str, scores: str | None, samples: Samples) -> StoredModel:
    """Read what the rule `fit_model` wrote, with the cohort's counts and, where a variable is a score, the scores.

    Parameters
    ----------
    fit, counts : paths of models/{model}/fit.h5ad and counts.h5ad
    scores : path of qc/scores.tsv; None or empty where no variable is a score
    samples : the cohort's section
    """
    data = read_h5ad(counts)
    table = read_table(scores, dtype={"sample": str}).set_index("sample") if scores else None
    data.obs = add_scores(data.obs, table, samples)
    return StoredModel(read_h5ad(fit), data, samples)
