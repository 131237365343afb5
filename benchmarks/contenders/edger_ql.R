# edgeR's quasi-likelihood F-test with its defaults: edger_ql.R DATA RESULTS WORKERS

here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
source(file.path(here, "common.R"))
suppressPackageStartupMessages(library(edgeR))
lap("start")

design <- read_design()
counts <- read_counts(nrow(design))
lap("read")

genes <- calcNormFactors(DGEList(counts))
genes <- estimateDisp(genes, design)
fit <- glmQLFit(genes, design)
lap("fit")

weights <- contrast_weights(design)
tables <- lapply(colnames(weights), function(name) {
  tested <- topTags(glmQLFTest(fit, contrast = weights[, name]), n = Inf, sort.by = "none")$table
  data.frame(
    mean_log2_cpm = tested$logCPM, log2FoldChange = tested$logFC, stat = tested$F, pvalue = tested$PValue,
    padj = tested$FDR, row.names = rownames(tested)
  )
})
names(tables) <- colnames(weights)
lap("test")

write_tables(tables)
lap("write")
report()
