# Needs: results and status of a contrast in each of several cohorts.
# Makes: results/_replication/{question}/, one job a question.


# Logs are beside the folders, whose names never begin with `_`.
rule replicate_contrast:
    input:
        results=of_question("results/{cohort}/contrasts/{contrast}/results.tsv.gz"),
        status=of_question("results/{cohort}/contrasts/{contrast}/status.json"),
    output:
        folder=report(
            directory("results/_replication/{question}"),
            patterns=["{name}.svg"],
            caption="../report/replication.rst",
            category="Replication",
            subcategory="{question}",
        ),
    log:
        "results/_replication/_logs/replicate_contrast.{question}.log",
    benchmark:
        "results/_replication/_benchmarks/replicate_contrast.{question}.tsv"
    wildcard_constraints:
        question="|".join(RUN.replication) or "(?!)",
    conda:
        "../../envs/lateralis.yaml"
    resources:
        mem_mb=1500,
        runtime=30,
    params:
        cohorts=cohorts_of_question,
        genes=genes_of_question,
        warnings=warnings_of_question,
        code=code("replicate_contrast.py"),
    script:
        "../../scripts/replicate_contrast.py"
