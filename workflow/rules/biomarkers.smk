# Needs: counts, and the samples of each contrast that `biomarkers` is asked for.
# Makes: biomarkers/{contrast}/ of a cohort.
