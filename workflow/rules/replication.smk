# Needs: results of a contrast in each of several cohorts.
# Makes: results/_replication/{question}/.
