# Expression with correlated sets, and what limma's camera makes of it: Rscript make.R, in this folder.
suppressMessages(library(limma))
set.seed(8)
n_genes <- 300
design <- model.matrix(~ batch + group, data.frame(batch = gl(3, 4, 24), group = rep(0:1, 12)))
sets <- list(correlated = 1:20, changed = 21:35, both = 36:60, down = 61:70, plain = 71:110, pair = 111:112)
values <- matrix(rnorm(n_genes * 24, 8, rep(rchisq(n_genes, 8) / 8, 24)), n_genes)
shared <- function(genes, weight) sweep(values[genes, ], 2, weight * rnorm(24), "+")
values[sets$correlated, ] <- shared(sets$correlated, 0.8)
values[sets$both, ] <- shared(sets$both, 0.6)
values[sets$changed, ] <- values[sets$changed, ] + 0.7 * rep(design[, "group"], each = 15)
values[sets$both, ] <- values[sets$both, ] + 0.7 * rep(design[, "group"], each = 25)
values[sets$down, ] <- values[sets$down, ] - 0.9 * rep(design[, "group"], each = 10)
values <- round(values, 4)
table <- camera(values, sets, design, contrast = 4, inter.gene.cor = NA, sort = FALSE)

# The statistic that camera tests: its moderated t on the scale of a normal.
fit <- lmFit(values, design)
prior <- squeezeVar(fit$sigma^2, fit$df.residual)
t <- fit$coefficients[, 4] / fit$stdev.unscaled[, 4] / sqrt(prior$var.post)
df <- min(fit$df.residual[1] + prior$df.prior, n_genes * fit$df.residual[1])
genes <- data.frame(t = t, z = zscoreT(t, df, approx = TRUE, method = "hill"), df = df)
write_gz <- function(what, name) {
  out <- gzfile(paste0(name, ".tsv.gz"), "w")
  write.table(format(what, digits = 16, trim = TRUE, scientific = TRUE), out, sep = "\t", quote = FALSE, row.names = FALSE)
  close(out)
}
write_gz(as.data.frame(t(values)), "values")
write_gz(as.data.frame(design), "design")
write_gz(genes, "genes")
members <- stack(sets)
write.table(data.frame(set = members$ind, gene = members$values - 1), "sets.tsv", sep = "\t", quote = FALSE, row.names = FALSE)
found <- data.frame(set = rownames(table), size = table$NGenes, direction = table$Direction,
                    correlation = sprintf("%.15g", table$Correlation), pvalue = sprintf("%.15g", table$PValue),
                    padj = sprintf("%.15g", table$FDR))
write.table(found, "camera.tsv", sep = "\t", quote = FALSE, row.names = FALSE)
writeLines(c(R.version.string, paste("limma", packageVersion("limma"))), "versions.txt")
