"""What Snakemake itself offers works on this workflow: its linter finds nothing, its report holds the figures."""

import zipfile


def test_lint_finds_nothing(fresh):
    outcome = fresh.run("--lint")
    assert outcome.status == 0, outcome.output
    assert "Congratulations, your workflow is in a good condition!" in outcome.output


def test_report_holds_volcano_and_page(workspace):
    outcome = workspace.run("--report", "report.zip")
    assert outcome.status == 0, outcome.output
    with zipfile.ZipFile(workspace.folder / "report.zip") as archive:
        names = archive.namelist()
        captions = b"".join(archive.read(name) for name in names if name.endswith((".html", ".js")))
    for contrast in ("als_vs_control", "motor_vs_control", "men_vs_women", "any_group"):
        assert contrast.encode() in captions
    for figure in (
        "volcano.svg",
        "ma.svg",
        "heatmap.svg",
        "p_histogram.svg",
        "dispersions.svg",
        "quality.svg",
        "report.html",
    ):
        assert any(name.endswith(figure) for name in names), figure
