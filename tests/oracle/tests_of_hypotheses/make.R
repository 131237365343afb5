# Makes the small set of this folder and R DESeq2's tests on it. Run in this folder: Rscript make.R.
#   counts.tsv.gz, samples.tsv, lengths.tsv.gz, genes.tsv.gz  what was fitted, average lengths for offsets, dispersions
#   contrasts.tsv.gz   tests of two levels, of weights, and against a threshold of 1, where levels lack counts
#   lrt.tsv.gz         likelihood-ratio tests with size factors and with normalisation factors
suppressMessages(library(DESeq2))
set.seed(20)
n_genes <- 120
samples <- data.frame(batch = factor(rep(c("x", "y"), each = 6)), group = factor(rep(c("a", "b", "c"), 4)),
                      row.names = sprintf("s%02d", 1:12))
mean <- exp(runif(n_genes, 1, 7))
effect <- matrix(rnorm(3 * n_genes, 0, 0.7), n_genes)
depth <- exp(seq(-0.4, 0.4, length.out = 12))
mu <- mean * 2^effect[, as.integer(samples$group)] * rep(depth, each = n_genes)
counts <- matrix(rnbinom(length(mu), mu = mu, size = 8), n_genes,
                 dimnames = list(sprintf("g%03d", 1:n_genes), rownames(samples)))
counts[1:4, samples$group != "a"] <- 0L
counts[5:6, samples$group != "c"] <- 0L
counts[7, samples$group != "b"] <- 0L
counts[8, ] <- 0L
dds <- DESeqDataSetFromMatrix(counts, samples, ~ batch + group)
dds <- DESeq(dds, quiet = TRUE, minReplicatesForReplace = Inf)

save <- function(x, name) {
  for (column in names(x)) if (is.double(x[[column]])) x[[column]] <- sprintf("%.15g", x[[column]])
  x[is.na(x) | x == "NA"] <- ""  # sprintf makes text of what is missing
  connection <- if (endsWith(name, ".gz")) gzfile(name, "w", compression = 9) else file(name, "w")
  write.table(x, connection, sep = "\t", quote = FALSE, row.names = FALSE)
  close(connection)
}
statistics <- function(kind, alternative, ...) {
  r <- results(dds, cooksCutoff = FALSE, independentFiltering = FALSE, ...)
  data.frame(kind, alternative, gene_id = rownames(r), as.data.frame(r)[c("log2FoldChange", "lfcSE", "stat", "pvalue")])
}
tests <- NULL
for (levels in list(c("b", "a"), c("c", "b"), c("a", "c"))) {
  kind <- paste(levels, collapse = " against ")
  tests <- rbind(tests, statistics(kind, "two-sided", contrast = c("group", levels)))
  for (alternative in c("greaterAbs", "lessAbs", "greater", "less")) {
    tests <- rbind(tests, statistics(kind, alternative, contrast = c("group", levels), lfcThreshold = 1,
                                     altHypothesis = alternative))
  }
}
for (weights in list(c(0, 0, -1, 1), c(0, 0, -0.5, 1), c(0, 0, 1, 0), c(0, 0, 0.5, 0.5), c(0, 1, -1, 0))) {
  tests <- rbind(tests, statistics(paste(weights, collapse = ","), "two-sided", contrast = weights))
}

lengths <- matrix(exp(rnorm(n_genes * 12, 0, 0.3)), n_genes)
factors <- t(t(lengths) * sizeFactors(dds))
factors <- factors / exp(rowMeans(log(factors)))
lrt <- NULL
for (by_gene in c(FALSE, TRUE)) {
  if (by_gene) normalizationFactors(dds) <- factors
  for (reduced in c("~ batch", "~ 1")) {
    m <- mcols(nbinomLRT(dds, reduced = as.formula(reduced), quiet = TRUE))
    lrt <- rbind(lrt, data.frame(by_gene = as.integer(by_gene), reduced, gene_id = rownames(dds), stat = m$LRTStatistic,
                                 pvalue = m$LRTPvalue, converged = as.integer(m$fullBetaConv & m$reducedBetaConv)))
  }
}
save(data.frame(gene_id = rownames(counts), counts), "counts.tsv.gz")
save(data.frame(sample = rownames(samples), samples, size_factor = sizeFactors(dds)), "samples.tsv")
dimnames(lengths) <- dimnames(counts)
save(data.frame(gene_id = rownames(counts), lengths), "lengths.tsv.gz")
save(data.frame(gene_id = rownames(counts), dispersion = dispersions(dds)), "genes.tsv.gz")
save(tests, "contrasts.tsv.gz")
save(lrt, "lrt.tsv.gz")
writeLines(c(R.version.string, paste("DESeq2", packageVersion("DESeq2"))), "versions.txt")
