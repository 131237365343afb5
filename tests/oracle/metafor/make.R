# Makes a small table of effects and errors in five cohorts and what R metafor makes of it. Run in this folder: Rscript make.R.
# Versions that made the committed tables: versions.txt.
suppressMessages(library(metafor))
set.seed(20261125)
genes <- 120
k <- 5
errors <- matrix(exp(rnorm(genes * k, log(0.2), 0.5)), genes)
tau <- rep(c(0, 0.1, 0.5, 3), length.out = genes)
effects <- matrix(rnorm(genes * k, rnorm(genes, 0, 1), sqrt(errors^2 + tau^2)), genes)
tested <- rep(2:5, each = 4, length.out = genes) # 2 to 5 cohorts, with every heterogeneity
for (gene in 1:genes) {
  absent <- sample(k, k - tested[gene])
  effects[gene, absent] <- NA
  errors[gene, absent] <- NA
}
effects <- round(effects, 9)
errors <- round(errors, 9)
colnames(effects) <- paste0("effect", 1:k)
colnames(errors) <- paste0("error", 1:k)
one <- function(y, se) {
  here <- !is.na(y)
  y <- y[here]
  se <- se[here]
  fixed <- rma(y, sei = se, method = "EE")
  random <- rma(y, sei = se, method = "PM", test = "adhoc", control = list(tol = 1e-14, tau2.max = 1e6, threshold = 1e-14, maxiter = 10000))
  laird <- rma(y, sei = se, method = "DL")
  # Higgins, Thompson & Spiegelhalter 2009: k - 2 degrees of freedom; this version's predict() takes k - 1
  half <- if (random$k > 2) qt(0.975, random$k - 2) * sqrt(random$se^2 + random$tau2) else NA
  unlist(list(k = random$k,
    log2FoldChange_fixed = fixed$beta[1], lfcSE_fixed = fixed$se, pvalue_fixed = fixed$pval, low_fixed = fixed$ci.lb, high_fixed = fixed$ci.ub,
    log2FoldChange_random = random$beta[1], lfcSE_random = random$se, pvalue_random = random$pval,
    low_random = random$ci.lb, high_random = random$ci.ub, tau2 = random$tau2,
    I2 = laird$I2 / 100, Q = fixed$QE, pvalue_Q = fixed$QEp,
    prediction_low = random$beta[1] - half, prediction_high = random$beta[1] + half))
}
found <- t(sapply(1:genes, function(gene) one(effects[gene, ], errors[gene, ])))
table <- as.data.frame(cbind(effects, errors, found))
table[] <- lapply(table, function(v) ifelse(is.na(v), "", sprintf("%.14g", v)))
connection <- gzfile("meta.tsv.gz", "w", compression = 9)
write.table(table, connection, sep = "\t", quote = FALSE, row.names = FALSE)
close(connection)
writeLines(c(R.version.string, paste("metafor", packageVersion("metafor"))), "versions.txt")
