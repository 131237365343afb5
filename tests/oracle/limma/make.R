# Makes small data sets of log intensities and what R limma makes of them. Run in this folder: Rscript make.R.
# Versions that made the committed tables: versions.txt.
suppressMessages(library(limma))
write_tsv <- function(x, path) {
  connection <- gzfile(path, "w", compression = 9)
  numbers <- vapply(x, is.double, logical(1))
  x[numbers] <- lapply(x[numbers], function(v) sprintf("%.12g", v))
  write.table(x, connection, sep = "\t", quote = FALSE, row.names = FALSE)
  close(connection)
}
set.seed(20261124)
genes <- 200
sheet <- data.frame(sample = sprintf("A%02d", 1:24), participant = rep(sprintf("p%02d", 1:12), each = 2),
                    visit = factor(rep(c("baseline", "day8"), 12)), arm = factor(rep(rep(c("placebo", "il2"), 6), each = 2), c("placebo", "il2")),
                    batch = rep(c("b1", "b2", "b3"), 8))
own <- matrix(rnorm(genes * 12, 0, 0.5), genes)[, rep(1:12, each = 2)]
effect <- rnorm(genes) * (1:genes <= 60)
variance <- 0.06 * 6 / rchisq(genes, 6)
values <- rnorm(genes, 8, 1.5) + own + outer(effect, as.numeric(sheet$visit == "day8" & sheet$arm == "il2")) +
  matrix(rnorm(genes * 24), genes) * sqrt(variance)
values <- round(values, 6)
dimnames(values) <- list(sprintf("g%03d", 1:genes), sheet$sample)
write_tsv(data.frame(gene_id = rownames(values), values, check.names = FALSE), "values.tsv.gz")
write_tsv(sheet, "samples.tsv.gz")
run <- function(design, contrast, tested, name) {
  fit <- eBayes(contrasts.fit(lmFit(values, design), contrast))
  treated <- treat(contrasts.fit(lmFit(values, design), contrast), lfc = log2(1.5))
  f <- topTable(eBayes(lmFit(values, design)), coef = tested, number = Inf, sort.by = "none")
  write_tsv(data.frame(gene_id = rownames(values), lfc = fit$coefficients[, 1], se = fit$stdev.unscaled[, 1] * sqrt(fit$s2.post),
                       t = fit$t[, 1], p = fit$p.value[, 1], p_treat = treated$p.value[, 1], F = f$F, p_F = f$P.Value,
                       df_prior = fit$df.prior, s2_prior = fit$s2.prior, df = fit$df.total), paste0(name, ".tsv.gz"))
}
design <- model.matrix(~ batch + arm, sheet)
run(design, c(0, 0, 0, 1), 2:3, "groups")
full <- model.matrix(~ participant + visit + visit:arm, sheet)
full <- full[, colnames(full) != "visitbaseline:armil2"]
run(full, as.numeric(colnames(full) == "visitday8:armil2"), which(colnames(full) %in% c("visitday8", "visitday8:armil2")), "blocks")
writeLines(c(R.version.string, paste("limma", packageVersion("limma"))), "versions.txt")
