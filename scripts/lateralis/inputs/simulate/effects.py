"""What is true of each gene in the simulated cohorts: log2 fold changes of disease, treatment, sex and age."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from lateralis.inputs.simulate import panels
from lateralis.inputs.simulate.genes import pick_responders


def draw_fold_changes(rng: np.random.Generator, n_genes: int, least: float = 0.4, most: float = 2.0) -> np.ndarray:
    """Sizes of log2 fold changes between `least` and `most`, small ones more often."""
    return least + (most - least) * rng.beta(1.0, 2.5, n_genes)


class Effects:
    """True effects while they are being chosen: a table of log2 fold changes, and each gene in one programme at most.

    Parameters
    ----------
    rng : random generator
    genes : DataFrame, index gene_id; gene_name, chromosome, biotype
    means : baseline mean counts
    columns : names of the log2 fold change columns, zero at first
    """

    def __init__(self, rng: np.random.Generator, genes: pd.DataFrame, means: pd.Series, columns: list[str]) -> None:
        self.rng, self.genes, self.means = rng, genes, means
        self.table = pd.DataFrame(0.0, index=genes.index, columns=columns)
        self.programme = pd.Series("", index=genes.index, name="programme")

    def add_programme(
        self, name: str, columns: dict[str, float], up: list[str], down: list[str], n_random: int, most: float = 2.0
    ) -> None:
        """Let named genes go up or down and random ones either way, by the same amount in each of `columns`.

        Parameters
        ----------
        name : of the programme, written into `programme`
        columns : the effects that it shows in, and the factor it shows by
        up, down : symbols; those that the cohort does not measure or that belong to another programme are left out
        n_random : further responders
        most : largest absolute log2 fold change
        """
        free = self.genes.index[self.programme == ""]
        symbols = self.genes.loc[free, "gene_name"]
        named_up, named_down = free[symbols.isin(up)], free[symbols.isin(down) & ~symbols.isin(up)]
        taken = {*self.programme.index[self.programme != ""], *named_up, *named_down}
        others = pick_responders(self.rng, self.genes, self.means, n_random, taken)
        members = named_up.append(named_down).append(others)
        signs = np.concatenate([np.ones(len(named_up)), -np.ones(len(named_down)), self.rng.choice([-1, 1], n_random)])
        sizes = signs * draw_fold_changes(self.rng, len(members), most=most)
        for column, factor in columns.items():
            self.table.loc[members, column] = factor * sizes
        self.programme[members] = name

    def add_sex(self) -> None:
        """Men against women: XIST, Y-linked genes, X genes that escape inactivation, and small autosomal differences."""
        symbols = self.genes["gene_name"]
        effect = pd.Series(0.0, index=symbols.index)
        effect[symbols == "XIST"] = -12.0
        effect[symbols.isin(panels.Y_LINKED)] = 12.0
        escaping = symbols.isin(panels.X_ESCAPE).to_numpy()
        effect[escaping] = -self.rng.uniform(0.3, 0.7, int(escaping.sum()))
        some = pick_responders(self.rng, self.genes, self.means, 100, set())
        effect[some] = self.rng.normal(0.0, 0.2, len(some))
        self.table["log2fc_sex"] = effect

    def add_small(self, column: str, share: float, sd: float) -> None:
        """A normal effect of standard deviation `sd` (log2) in a random share of the genes."""
        n_genes = len(self.genes)
        self.table[column] = np.where(self.rng.random(n_genes) < share, self.rng.normal(0.0, sd, n_genes), 0.0)

    def untouched(self) -> pd.Index:
        """Genes in no programme and without an effect of sex."""
        return self.genes.index[(self.programme == "") & (self.table["log2fc_sex"] == 0)]


def named_levels(levels: Mapping[str, float]) -> dict[str, float]:
    """Levels of a cell type's genes with house-keeping and sex-linked genes; these as in women."""
    sex_linked = {gene: level / 2.0**12 for gene, level in panels.Y_LINKED.items()} | {"XIST": panels.XIST_LEVEL}
    return {**panels.HOUSEKEEPING, **levels, **sex_linked}


def mac2als_effects(rng: np.random.Generator, genes: pd.DataFrame, means: pd.Series) -> Effects:
    """ALS-specific, shared with other motor disorders, shared with carriers; against controls."""
    effects = Effects(rng, genes, means, ["log2fc_als", "log2fc_carrier", "log2fc_motor"])
    effects.add_programme(
        "als_specific", {"log2fc_als": 1.0}, panels.LIPID_MICROGLIA_UP, panels.HOMEOSTATIC_DOWN, n_random=260
    )
    effects.add_programme("als_and_motor", {"log2fc_als": 1.0, "log2fc_motor": 1.0}, panels.NFKB_UP, [], n_random=180)
    effects.add_programme(
        "als_and_carrier", {"log2fc_als": 1.0, "log2fc_carrier": 1.0}, panels.INTERFERON_UP, [], n_random=160
    )
    effects.add_sex()
    effects.add_small("log2fc_age_per_sd", share=0.15, sd=0.08)
    return effects


def mirocals_effects(rng: np.random.Generator, genes: pd.DataFrame, means: pd.Series) -> Effects:
    """IL-2 against placebo at each visit after baseline, weaker with high pNFH; drift between visits in both arms."""
    treated = {"log2fc_il2_month1": 1.0, "log2fc_il2_month4": 0.8}
    columns = [*treated, "log2fc_il2_month1_per_pnfh_sd", "log2fc_il2_month4_per_pnfh_sd"]
    effects = Effects(rng, genes, means, columns)
    modified = {"log2fc_il2_month1_per_pnfh_sd": -0.4, "log2fc_il2_month4_per_pnfh_sd": -0.4}
    effects.add_programme("regulatory_t_cells", treated | modified, panels.REGULATORY_T_CELL_UP, [], n_random=40)
    effects.add_programme("il2", treated, panels.EOSINOPHIL_UP, panels.CYTOTOXIC_DOWN, n_random=150, most=1.2)
    for visit in ("month1", "month4"):
        effects.add_small(f"log2fc_{visit}", share=0.1, sd=0.1)
    effects.add_small("log2fc_pnfh_per_sd", share=0.1, sd=0.08)
    effects.add_small("log2fc_france", share=0.2, sd=0.2)
    effects.add_small("log2fc_limb", share=0.05, sd=0.1)
    effects.add_sex()
    effects.add_small("log2fc_age_per_sd", share=0.15, sd=0.08)
    return effects


def imodals_effects(rng: np.random.Generator, genes: pd.DataFrame, means: pd.Series) -> Effects:
    """A linear trend over 0, 1 and 2 MIU of IL-2 at each visit after baseline; drift between visits at every dose."""
    trend = {"log2fc_per_miu_day8": 0.6, "log2fc_per_miu_day64": 0.5}
    effects = Effects(rng, genes, means, list(trend))
    effects.add_programme("regulatory_t_cells", trend, panels.REGULATORY_T_CELL_UP, [], n_random=40)
    effects.add_programme("il2", trend, panels.EOSINOPHIL_UP, panels.CYTOTOXIC_DOWN, n_random=150, most=1.2)
    for visit in ("day8", "day64"):
        effects.add_small(f"log2fc_{visit}", share=0.1, sd=0.1)
    effects.add_sex()
    effects.add_small("log2fc_age_per_sd", share=0.15, sd=0.08)
    return effects
