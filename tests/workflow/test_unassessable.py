"""What cannot be checked is `not assessed`, with the reason, in a whole run: never a crash, never a silent pass."""

import json

import numpy as np
import pandas as pd
import pytest

N_PER_GROUP = 4


def cohort(name, variables, **qc):
    return {
        "cohort": name,
        "title": name,
        "input": {"counts": {"format": "matrix", "path": f"data/{name}.tsv"}, "samples": "data/strange_samples.tsv"},
        "samples": {"variables": {"group": {"type": "categorical", "levels": ["control", "als"]}} | variables},
        "models": {"primary": {"design": "~ group"}},
        "contrasts": {
            "als_vs_control": {"model": "primary", "variable": "group", "test": "als", "reference": "control"}
        },
        "qc": qc,
    }


@pytest.fixture(scope="module")
def strange(fresh, tmp_path_factory):
    """Mouse ids without a sex column; symbols of men only, with a panel of mouse genes."""
    workspace = fresh.copy(tmp_path_factory.mktemp("unassessable") / "work")
    rng = np.random.default_rng(3)
    samples = [f"s{number}" for number in range(2 * N_PER_GROUP)]
    sheet = pd.DataFrame({"sample": samples, "group": np.repeat(["control", "als"], N_PER_GROUP), "sex": "M"})
    sheet.to_csv(workspace.folder / "data/strange_samples.tsv", sep="\t", index=False)
    counts = rng.negative_binomial(10, 10 / (10 + rng.lognormal(6, 1, (400, 1))), (400, len(samples)))
    mouse = [f"ENSMUSG{number:011d}" for number in range(400)]
    symbols = [*[f"GENE{number}" for number in range(394)], "RPS4Y1", "DDX3Y", "UTY", "EIF1AY", "KDM5D", "XIST"]
    counts[-1] = 0
    for name, genes in (("mouse", mouse), ("men", symbols)):
        pd.DataFrame(counts, index=pd.Index(genes, name="gene_id"), columns=samples).to_csv(
            workspace.folder / f"data/{name}.tsv", sep="\t"
        )
    panels = {
        "mouse": {"title": "Mouse", "role": "identity", "source": "made up", "genes": {"Cd14": "ENSMUSG00000051439"}}
    }
    (workspace.folder / "data/mouse_panel.yaml").write_text(json.dumps({"title": "Mouse", "panels": panels}))
    workspace.write_cohort(cohort("mouse", {}))
    workspace.write_cohort(
        cohort("men", {"sex": {"type": "categorical", "levels": ["F", "M"]}}, panel="data/mouse_panel.yaml")
    )
    workspace.write_run("mouse", "men")
    outcome = workspace.run()
    assert outcome.status == 0, outcome.output
    return workspace


def unassessed(workspace, name):
    flags = pd.read_csv(workspace.results(name) / "qc/flags.tsv", sep="\t", keep_default_na=False)
    assert set(flags["verdict"]) <= {"ok", "warn", "fail", "not assessed"}
    rows = flags[flags["verdict"] == "not assessed"]
    assert (rows["reason"] != "").all()
    assert set(rows.groupby("check")["sample"].nunique()) == {2 * N_PER_GROUP}
    return rows.drop_duplicates("check").set_index("check")["reason"]


def test_mouse_ids_without_a_sex_column(strange):
    reasons = unassessed(strange, "mouse")
    assert reasons["mitochondrial_fraction"] == "no mitochondrial gene is known among the genes"
    assert "XIST" in reasons["sex"]
    assert "marker genes are among the genes" in reasons["purity:t_cell"]
    sex = pd.read_csv(strange.results("mouse") / "qc/sex.tsv", sep="\t")
    assert sex["inferred_sex"].isna().all()
    assert "Not assessed." in (strange.results("mouse") / "report.html").read_text(encoding="utf-8")


def test_symbols_of_men_alone_and_a_panel_of_unknown_genes(strange):
    reasons = unassessed(strange, "men")
    assert "sex" not in reasons
    assert reasons["purity:mouse"] == "0 of 1 marker genes are among the genes; 3 needed"
    sex = pd.read_csv(strange.results("men") / "qc/sex.tsv", sep="\t")
    assert set(sex["inferred_sex"]) == {"M"}
    groups = pd.read_csv(strange.results("men") / "qc/groups.tsv", sep="\t", keep_default_na=False).set_index(
        "variable"
    )
    assert groups.loc["sex", "reason"] == "one level among these samples"
    status = json.loads((strange.results("men") / "contrasts/als_vs_control/status.json").read_text())
    assert status["status"] == "tested"
