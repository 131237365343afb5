# Writes random_residuals.tsv.gz: the histograms that R DESeq2 draws from its fixed seed when residual degrees of freedom are 1
# to 3. They do not depend on the data. R's own function runs, with a `hist` that notes the counts. Rscript make.R, in this folder.
suppressMessages(library(DESeq2))
stopifnot(packageVersion("DESeq2") == "1.38.3")
RNGversion("4.2.2")

histograms <- function(df) {
  counts <- list()
  noting <- new.env(parent = asNamespace("DESeq2"))
  noting$hist <- function(...) {
    h <- graphics::hist(...)
    counts[[length(counts) + 1]] <<- h$counts
    h
  }
  prior <- DESeq2:::estimateDispersionsPriorVar
  environment(prior) <- noting
  n <- 20
  dds <- DESeqDataSetFromMatrix(matrix(1L, n, 4), data.frame(x = 1:4), ~ 1)
  mcols(dds)$baseMean <- rep(10, n)
  mcols(dds)$baseVar <- rep(10, n)
  mcols(dds)$allZero <- rep(FALSE, n)
  mcols(dds)$dispGeneEst <- exp(seq(-5, 0, length.out = n))
  dispersionFunction(dds) <- function(means) 0.1
  prior(dds, modelMatrix = matrix(1, df + 1, 1))
  counts <- do.call(rbind, counts[-1])                             # the first is that of the data
  stopifnot(dim(counts) == c(200, 40))
  data.frame(residual_df = df, counts)
}
table <- do.call(rbind, lapply(1:3, histograms))
names(table)[-1] <- format(-20:19 / 2, trim = TRUE)
connection <- gzfile("random_residuals.tsv.gz", "w", compression = 9)
write.table(table, connection, sep = "\t", quote = FALSE, row.names = FALSE)
close(connection)
