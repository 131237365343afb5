# limma-voom with its defaults: limma_voom.R DATA RESULTS WORKERS

here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
source(file.path(here, "common.R"))
suppressPackageStartupMessages(library(edgeR)) # attaches limma; its DGEList and normalisation factors are voom's input
lap("start")

design <- read_design()
counts <- read_counts(nrow(design))
lap("read")

genes <- calcNormFactors(DGEList(counts))
fit <- lmFit(voom(genes, design), design)
lap("fit")

weights <- contrast_weights(design)
fit <- eBayes(contrasts.fit(fit, weights))
tables <- lapply(colnames(weights), function(name) {
  tested <- topTable(fit, coef = name, number = Inf, sort.by = "none")
  data.frame(
    mean_log2_cpm = tested$AveExpr, log2FoldChange = tested$logFC, stat = tested$t, pvalue = tested$P.Value,
    padj = tested$adj.P.Val, row.names = rownames(tested)
  )
})
names(tables) <- colnames(weights)
lap("test")

write_tables(tables)
lap("write")
report()
