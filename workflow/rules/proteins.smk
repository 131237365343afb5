# Needs: the user's tables of proteins, samples, and the results of the contrasts that `proteins` is asked for.
# Makes: proteins/ of a cohort.
