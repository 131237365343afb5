# R DESeq2 with its defaults: deseq2.R DATA RESULTS WORKERS

here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
source(file.path(here, "common.R"))
suppressPackageStartupMessages({
  library(DESeq2)
  library(BiocParallel)
})
parallel <- workers > 1
processes <- if (parallel) MulticoreParam(workers) else SerialParam()
lap("start")

design <- read_design()
counts <- read_counts(nrow(design))
lap("read")

dataset <- DESeqDataSetFromMatrix(counts, DataFrame(row.names = rownames(design)), design)
dataset <- DESeq(dataset, quiet = TRUE, parallel = parallel, BPPARAM = processes)
lap("fit")

weights <- contrast_weights(design)
tables <- lapply(colnames(weights), function(name) {
  as.data.frame(results(dataset, contrast = weights[, name], alpha = 0.05, parallel = parallel, BPPARAM = processes))
})
names(tables) <- colnames(weights)
lap("test")

write_tables(tables)
lap("write")
report()
