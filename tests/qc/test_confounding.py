"""Contrasts that batch, sex or site make impossible or doubtful, by hand; balanced ones are never refused."""

import numpy as np
import pandas as pd
import pytest

from lateralis.config import Variable
from lateralis.model.design import design_matrix
from lateralis.qc.confounding import exclusive_levels, judge_contrast, technical_variables, unadjusted_differences
from lateralis.sections import Samples

CATEGORICAL = Variable(type="categorical")


def judge(groups, technical, design="~ group", weights=None, acknowledged=()):
    """A contrast of als against control, samples named in order; None is in neither group."""
    obs = pd.DataFrame(
        {"group": pd.Categorical(groups)} | {name: pd.Categorical(values) for name, values in technical.items()}
    )
    fitted = obs.copy()
    fitted["group"] = fitted["group"].cat.add_categories("other").fillna("other")
    variables = dict.fromkeys(fitted, CATEGORICAL)
    matrix = design_matrix(fitted, design, variables, where="test")
    if weights is None:
        vector = np.zeros(matrix.shape[1])
        for column, sign in (("group[T.als]", 1), ("group[T.control]", -1)):
            if column in matrix:
                vector[list(matrix).index(column)] = sign
    else:
        vector = np.array([[float(column == name) for column in matrix] for name in weights])
    return judge_contrast(obs["group"], obs[list(technical)], matrix, vector, acknowledged)


def test_groups_without_a_common_batch_are_refused_whatever_is_acknowledged():
    for acknowledged in ([], ["batch"]):
        found = judge(
            ["als"] * 6 + ["control"] * 6, {"batch": ["b1", "b2"] * 3 + ["b3"] * 6}, acknowledged=acknowledged
        )
        assert found.status == "refused"
        assert "share no level of batch (als: b1 and b2; control: b3)" in found.reason
        assert found.table["verdict"].tolist() == ["confounded"]


def test_two_shared_samples_need_to_be_acknowledged():
    groups = ["als"] * 8 + ["control"] * 8
    batch = ["b1"] * 8 + ["b1"] * 2 + ["b2"] * 6
    found = judge(groups, {"batch": batch})
    assert found.status == "refused"
    assert "only 2 of 8 samples of control are in levels of batch" in found.reason
    assert "acknowledge_confounding: [batch]" in found.reason
    found = judge(groups, {"batch": batch}, acknowledged=["batch"])
    assert found.status == "tested"
    assert found.warnings == [
        "Nearly confounded with batch: only 2 of 8 samples of control are in levels of batch that another group has. "
        "Acknowledged in the config."
    ]
    assert judge(groups, {"batch": ["b1"] * 8 + ["b1"] * 3 + ["b2"] * 5}).status == "tested"


def test_the_growth_of_the_variance_by_hand():
    # a 2 × 2 layout with n samples a cell: als in b1 a, b2 b; control in b1 c, b2 d. With batch in the design the variance is
    # 1 / (ac/(a+c) + bd/(b+d)), without it 1/(a+b) + 1/(c+d)
    def growth(a, b, c, d):
        return (1 / (a * c / (a + c) + b * d / (b + d))) / (1 / (a + b) + 1 / (c + d))

    for cells in ((10, 10, 10, 10), (30, 3, 3, 30), (40, 4, 4, 40), (30, 2, 3, 30)):
        a, b, c, d = cells
        groups = ["als"] * (a + b) + ["control"] * (c + d)
        batch = ["b1"] * a + ["b2"] * b + ["b1"] * c + ["b2"] * d
        for design in ("~ group", "~ batch + group"):
            found = judge(groups, {"batch": batch}, design)
            assert found.table["variance_growth"].tolist() == pytest.approx([growth(*cells)])
            assert found.table["in_design"].tolist() == [design != "~ group"]
            assert found.status == ("refused" if growth(*cells) >= 5 else "tested")
    assert growth(40, 1, 1, 40) > 5
    found = judge(["als"] * 41 + ["control"] * 41, {"batch": ["b1"] * 40 + ["b2"] + ["b1"] + ["b2"] * 40})
    assert "its variance grows 10.5 times" in found.reason


def test_a_sex_that_differs_altogether_is_refused_and_one_unknown_in_a_group_is_said():
    groups = ["als"] * 5 + ["control"] * 5
    assert judge(groups, {"sex (inferred)": ["M"] * 5 + ["F"] * 5}).status == "refused"
    found = judge(groups, {"sex": ["M", "F"] * 2 + ["M"] + [None] * 5})
    assert found.status == "tested"
    assert found.warnings == [
        "Whether the contrast is confounded with sex is unknown: it is known for 0 of 5 samples of control."
    ]
    # macrophages in culture whose sex expression tells of two in six: no reason to refuse a contrast
    found = judge(["ifn"] * 6 + ["naive"] * 6, {"sex (inferred)": ["M"] + [None] * 5 + ["M", "F"] + [None] * 4})
    assert found.status == "tested"
    assert found.warnings == [
        "Whether the contrast is confounded with sex (inferred) is unknown: it is known for 1 of 6 samples of ifn and 2 of 6 "
        "samples of naive."
    ]
    assert found.table["verdict"].tolist() == ["not assessed"]


def test_small_designs_without_a_problem_are_tested():
    assert judge(["als"] * 2 + ["control"] * 2, {"sex": ["F", "M"] * 2}).status == "tested"
    assert judge(["als"] * 3 + ["control"] * 3, {"sex": ["F"] * 6}).status == "tested"
    assert judge(["als"] * 3 + ["control"] * 3, {}).status == "tested"
    assert judge(["als", "control"] * 4, {"batch": [*"aabbccdd"]}, "~ batch + group").status == "tested"


def test_balanced_cohorts_are_never_refused():
    rng = np.random.default_rng(5)
    for _ in range(200):
        n_each = int(rng.integers(10, 40))
        groups = ["als"] * n_each + ["control"] * n_each + [None] * 10
        batch = rng.permutation(np.resize([*"abcd"], len(groups)))
        sex = rng.choice(["F", "M"], len(groups))
        found = judge(groups, {"batch": batch, "sex": sex}, "~ batch + sex + group")
        assert found.status == "tested", found.reason
        assert found.table["variance_growth"].max() < 1.6


def test_samples_of_other_groups_do_not_count_as_shared():
    # b2 holds the control and a third group: als against control share nothing
    found = judge(["als"] * 5 + ["control"] * 5 + [None] * 5, {"batch": ["b1"] * 5 + ["b2"] * 5 + ["b1"] * 5})
    assert found.status == "refused"


def test_groups_tested_together_are_connected_by_chains():
    groups = ["als"] * 6 + ["control"] * 6 + ["motor"] * 6
    chained = ["b1"] * 6 + ["b1"] * 3 + ["b2"] * 3 + ["b2"] * 6
    weights = ["group[T.control]", "group[T.motor]"]
    assert judge(groups, {"batch": chained}, weights=weights).status == "tested"
    apart = ["b1"] * 6 + ["b1"] * 6 + ["b2"] * 6
    assert judge(groups, {"batch": apart}, weights=weights).status == "refused"


def test_which_variables_are_technical():
    spec = Samples(
        participant="person",
        variables={
            name: {"type": "categorical"} for name in ("group", "sex", "rna_batch", "Site", "diet", "arm", "person")
        }
        | {"age": {"type": "numeric"}},
    )
    design = "~ person + age + diet + group"
    assert technical_variables(spec, None, "sex", design, ["group"]) == ["sex", "rna_batch", "Site", "diet"]
    assert technical_variables(spec, None, None, "~ group", ["group"]) == ["rna_batch", "Site"]
    assert technical_variables(spec, ["arm", "group"], "sex", design, ["group"]) == ["arm"]


def test_a_treatment_of_one_group_is_named_as_a_limit():
    groups = pd.Series(["als"] * 5 + ["control"] * 5, name="group")
    variables = pd.DataFrame(
        {
            "riluzole": ["yes"] * 4 + ["no"] * 6,
            "diet": ["a", "b"] * 5,
            "diagnosis": ["x"] * 3 + ["y"] * 2 + ["none"] * 5,
            "same": ["z"] * 10,
        }
    )
    assert exclusive_levels(groups, variables) == [
        "riluzole 'yes' occurs in als alone (4 samples): its effect cannot be told from that of als, and it is not adjusted "
        "for.",
        "diagnosis is nested in group: none of its levels occurs in two groups.",
    ]


def test_strong_differences_outside_the_design_are_said():
    table = pd.DataFrame(
        {
            "variable": ["batch", "site", "sex", "age"],
            "measure": ["Cramér's V", "Cramér's V", "Cramér's V", "eta²"],
            "association": [0.8, 0.8, 0.2, 0.4],
            "pvalue": [1e-6, 1e-6, 1e-6, 0.2],
        }
    )
    assert unadjusted_differences(table, "group", ["site"]) == [
        "The groups of group differ in batch (Cramér's V 0.80, p 1e-06), which is in no design: what it does can be taken for "
        "what they do."
    ]
