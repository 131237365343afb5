# Needs: the results of the contrasts that `enrichment` is asked for, their models' fits, the normalised cohort, gene sets.
# Makes: enrichment/ of a cohort.
