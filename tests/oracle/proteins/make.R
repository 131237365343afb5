# Makes small tables of protein levels and what R limma and survival make of them. Run in this folder: Rscript make.R.
# Versions that made the committed tables: versions.txt.
suppressMessages({library(limma); library(survival)})
write_tsv <- function(x, path) {
  connection <- gzfile(path, "w", compression = 9)
  numbers <- vapply(x, is.double, logical(1))
  x[numbers] <- lapply(x[numbers], function(v) ifelse(is.na(v), "", sprintf("%.12g", v)))
  write.table(x, connection, sep = "\t", quote = FALSE, row.names = FALSE)
  close(connection)
}
set.seed(20261125)
proteins <- 60
n <- 36
sheet <- data.frame(participant = sprintf("P%02d", 1:n), group = rep(c("control", "als"), each = n / 2),
                    sex = rep(c("F", "M", "M"), n / 3), age = round(rnorm(n, 60, 8), 2))
effect <- rnorm(proteins) * (1:proteins <= 20)
levels <- rnorm(proteins, 6, 2) + outer(effect, as.numeric(sheet$group == "als")) + outer(rnorm(proteins, 0, 0.3), as.numeric(sheet$sex == "M")) +
  matrix(rnorm(proteins * n), proteins) * sqrt(0.4 * 6 / rchisq(proteins, 6))
levels <- round(levels, 6)
dimnames(levels) <- list(sprintf("p%02d", 1:proteins), sheet$participant)
missing <- levels
missing[sample(length(missing), 0.08 * length(missing))] <- NA
write_tsv(sheet, "samples.tsv.gz")
write_tsv(data.frame(protein = rownames(levels), levels), "complete.tsv.gz")
write_tsv(data.frame(protein = rownames(missing), missing), "missing.tsv.gz")
design <- model.matrix(~ sex + scale(age) + relevel(factor(group), "control"), sheet)
for (name in c("complete", "missing")) {
  fit <- eBayes(lmFit(get(if (name == "complete") "levels" else "missing"), design))
  top <- topTable(fit, coef = 4, number = Inf, sort.by = "none")
  write_tsv(data.frame(protein = rownames(levels), lfc = top$logFC, t = top$t, p = top$P.Value, padj = top$adj.P.Val,
                       se = fit$stdev.unscaled[, 4] * sqrt(fit$s2.post), s2 = fit$s2.post, df = fit$df.total, df_prior = fit$df.prior,
                       s2_prior = fit$s2.prior), paste0("limma_", name, ".tsv.gz"))
}
# Each protein is censored at another quantile, from 5 % to 60 % of its values.
limits <- vapply(1:proteins, function(i) quantile(levels[i, ], 0.05 + 0.55 * (i - 1) / (proteins - 1)), numeric(1))
survived <- do.call(rbind, lapply(1:proteins, function(i) {
  seen <- levels[i, ] >= limits[i]
  fit <- survreg(Surv(ifelse(seen, levels[i, ], limits[i]), seen, type = "left") ~ 0 + design, dist = "gaussian",
                 control = survreg.control(rel.tolerance = 1e-14, maxiter = 200))
  data.frame(protein = rownames(levels)[i], limit = limits[i], t(setNames(coef(fit), paste0("b", 1:4))), sigma = fit$scale,
             se4 = sqrt(vcov(fit)[4, 4]), se_log_sigma = sqrt(vcov(fit)[5, 5]), cov4 = vcov(fit)[4, 5], loglik = fit$loglik[2])
}))
write_tsv(survived, "survreg.tsv.gz")
writeLines(c(R.version.string, paste("limma", packageVersion("limma")), paste("survival", packageVersion("survival"))), "versions.txt")
