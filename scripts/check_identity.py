"""Who the samples are: sex by expression, pairs that look like one person, and genotypes where there are any."""

from lateralis.job import run

from pathlib import Path

import numpy as np
import pandas as pd

from lateralis.figures.save import save_figure
from lateralis.figures.sex import draw_sex, sex_alt_text
from lateralis.inputs.relatedness import read_relatedness
from lateralis.io import read_h5ad, write_table
from lateralis.qc.pairs import (
    judge_pairs,
    judge_relatedness,
    pair_correlations,
    pair_flags,
    unread_by_expression,
    unread_by_genotype,
)
from lateralis.qc.sex import compare_sex, completed_sex, infer_sex, stated_sex
from lateralis.stages import Relatedness

NOT_TOLD = "sex is told from counts per million, and these are log intensities"


def main(snakemake):
    params, data = snakemake.params, read_h5ad(snakemake.input.normalised)
    obs, samples = data.obs, data.obs_names
    if data.uns["lateralis"]["assay"] == "counts":
        inferred = infer_sex(np.asarray(data.X), data.var, samples)
    else:
        inferred = infer_sex(np.empty((data.n_obs, 0)), data.var.head(0), samples).assign(reason=NOT_TOLD)
    stated = stated_sex(obs[params.sex] if params.sex else None, samples)
    sex = inferred.assign(stated=stated).join(completed_sex(inferred, stated))
    flags = [compare_sex(inferred, stated)]

    participants = obs[params.participant].astype(object) if params.participant else None
    correlations = pair_correlations(np.asarray(data.layers["vst"]), data.var, obs[params.variables])
    pairs = judge_pairs(correlations, samples, participants)
    flags.append(pair_flags(pairs, samples, "identity", unread_by_expression(correlations, samples)))
    if params.relatedness is not None:
        related = read_relatedness(Relatedness(**params.relatedness), samples)
        by_genotype = judge_relatedness(related, participants)
        unread = unread_by_genotype(related, participants, samples)
        flags.append(pair_flags(by_genotype, samples, "genotype", unread))
        pairs = pd.concat([frame for frame in (pairs, by_genotype) if len(frame)] or [pairs], ignore_index=True)

    flags = pd.concat(flags, ignore_index=True)
    write_table(snakemake.output.sex, sex.rename_axis("sample").reset_index())
    write_table(snakemake.output.pairs, pairs)
    write_table(snakemake.output.flags, flags)
    title = "Sex by expression"
    stem = Path(snakemake.output.figure).with_suffix("")
    save_figure(draw_sex(sex, flags, title=title), stem, sex_alt_text(sex, flags, title=title))
    raised = flags.loc[flags["verdict"].isin(["warn", "fail"]), "sample"]
    print(f"{raised.nunique()} of {len(sex)} samples flagged; {len(pairs)} pairs contradict the sheet.")


if "snakemake" in globals():
    run(main, snakemake)
