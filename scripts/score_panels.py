"""Scores of marker panels: how pure each sample is and what state its cells are in."""

from lateralis.job import run

from pathlib import Path

import numpy as np
import pandas as pd

from lateralis.figures.purity import draw_purity, purity_alt_text
from lateralis.figures.save import save_figure
from lateralis.inputs.panel_file import PanelFile, read_panels
from lateralis.io import read_h5ad, write_table
from lateralis.qc.flags import FLAG_COLUMNS
from lateralis.qc.panels import PanelScores, flag_scores, score_panels, scores_by_group
from lateralis.stages import Checks


def main(snakemake):
    params, data = snakemake.params, read_h5ad(snakemake.input.normalised)
    groups = data.obs[params.group] if params.group else pd.Series("all", index=data.obs_names, name="cohort")
    if params.panel == "none":
        scored = PanelScores(
            pd.DataFrame(index=data.obs_names), pd.DataFrame(columns=["panel", "title", "role", "assessed"])
        )
        flags = pd.DataFrame(columns=list(FLAG_COLUMNS))
    else:
        panels: PanelFile = read_panels(params.panel)
        size_factors = data.obs["size_factor"].to_numpy()
        counted = data.uns["lateralis"]["assay"] == "counts"
        values = np.asarray(data.X) if counted else np.exp2(np.asarray(data.X))
        scored = score_panels(values, data.var, size_factors, panels, data.obs_names)
        flags = flag_scores(scored, Checks(**params.checks))
    write_table(snakemake.output.scores, scored.scores.rename_axis("sample").reset_index())
    write_table(snakemake.output.panels, scored.coverage)
    write_table(snakemake.output.by_group, scores_by_group(scored.scores, groups))
    write_table(snakemake.output.flags, flags)
    title = "Purity and state of the cells"
    stem = Path(snakemake.output.figure).with_suffix("")
    figure = draw_purity(scored.scores, scored.coverage, groups, title=title)
    save_figure(figure, stem, purity_alt_text(scored.scores, scored.coverage, title=title))
    raised = flags.loc[flags["verdict"].isin(["warn", "fail"]), "sample"]
    print(f"{int(scored.coverage['assessed'].sum())} panels scored; {raised.nunique()} samples flagged.")


if "snakemake" in globals():
    run(main, snakemake)
