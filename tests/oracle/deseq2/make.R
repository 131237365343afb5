# Makes the small data sets of this folder and what R DESeq2 makes of them. Run in this folder: Rscript make.R.
# Versions that made the committed tables: versions.txt.
suppressMessages(library(DESeq2))

write_tsv <- function(x, path, digits = 17) {
  numbers <- vapply(x, is.double, logical(1))
  x[numbers] <- lapply(x[numbers], function(v) ifelse(is.na(v), "", format(v, digits = digits, trim = TRUE)))
  for (name in names(x)[!numbers]) x[[name]] <- ifelse(is.na(x[[name]]), "", as.character(x[[name]]))
  connection <- if (endsWith(path, ".gz")) gzfile(path, "w", compression = 9) else file(path, "w")
  write.table(x, connection, sep = "\t", quote = FALSE, row.names = FALSE)
  close(connection)
}
# format() pads to a common number of digits; single numbers keep their own
write_numbers <- function(x, path, digits = 17) {
  numbers <- vapply(x, is.double, logical(1))
  x[numbers] <- lapply(x[numbers], function(v) ifelse(is.na(v), "", sprintf(paste0("%.", digits, "g"), v)))
  write_tsv(x, path)
}
genewise <- function(matrix) data.frame(gene_id = rownames(matrix), as.data.frame(matrix), check.names = FALSE)

# --- a cohort: 600 genes, 4 groups of 10 in batches of 7 and 3, so that outliers are replaced in one and filtered in the other
set.seed(20240607)
levels <- c("control", "motor", "carrier", "als")
sheet <- data.frame(
  sample = sprintf("S%02d", 1:40),
  group = factor(rep(levels, each = 10), levels),
  batch = factor(rep(rep(c("a", "b"), c(7, 3)), 4)),
  age = round(rnorm(40, 58, 11), 1)
)
n <- 600
base <- exp(rnorm(n, 5, 1.7))
dispersion <- (0.04 + 3 / base) * exp(rnorm(n, 0, 0.4))
effect <- matrix(0, n, 4)
effect[1:150, 4] <- rnorm(150, 0, 1.2)
effect[101:200, 3] <- rnorm(100, 0, 0.8)
effect[180:240, 2] <- rnorm(61, 0, 0.8)
batch <- rnorm(n, 0, 0.3)
depth <- exp(rnorm(40, 0, 0.3))
mu <- base * 2^(effect[, as.integer(sheet$group)] + outer(batch, as.integer(sheet$batch) - 1)) * rep(depth, each = n)
counts <- matrix(rnbinom(n * 40, mu = mu, size = 1 / dispersion), n,
                 dimnames = list(sprintf("g%03d", 1:n), sheet$sample))
storage.mode(counts) <- "integer"
outliers <- cbind(seq(10, 590, by = 20), rep(c(1, 8, 15, 22, 32, 38), 5)) # samples of batches a (7 alike) and b (3 alike)
counts[outliers] <- as.integer(counts[outliers] * 60 + 4000)
counts[cbind(order(base)[c(3, 9, 27)], c(5, 12, 33))] <- 200000L                # far off: where a fit may fail
counts[600, ] <- 0L
counts[600, 3] <- 15000L                                                  # emptied when its one count is replaced
counts <- counts[rowSums(counts) > 0, ]
write_tsv(genewise(counts), "cohort_counts.tsv.gz")
write_tsv(sheet, "cohort_samples.tsv")

dds <- DESeqDataSetFromMatrix(counts, sheet, ~ batch + group)
dds <- suppressMessages(DESeq(dds))
contrasts <- list(als_vs_control = c("als", "control"), als_vs_motor = c("als", "motor"), carrier_vs_als = c("carrier", "als"))
for (name in names(contrasts)) {
  contrast <- c("group", contrasts[[name]])
  r <- results(dds, contrast, alpha = 0.05)
  t <- results(dds, contrast, alpha = 0.05, lfcThreshold = log2(1.5), altHypothesis = "greaterAbs")
  write_numbers(data.frame(gene_id = rownames(r), as.data.frame(r), pvalue_threshold = t$pvalue, padj_threshold = t$padj),
                paste0("cohort_", name, ".tsv.gz"), digits = 10)
}
m <- mcols(dds)
cutoff <- qf(0.99, 5, 35)
write_numbers(data.frame(gene_id = rownames(dds), dispersion = m$dispersion, dispersion_gene = m$dispGeneEst,
                         dispersion_trend = m$dispFit, replaced = as.integer(rowSums(
                           t(t(assays(dds)[["cooks"]] > cutoff) & dds$replaceable))),
                         max_cooks = m$maxCooks), "cohort_genes.tsv.gz", digits = 10)
write_numbers(data.frame(sample = sheet$sample, size_factor = sizeFactors(dds), replaceable = as.integer(dds$replaceable)),
              "cohort_size_factors.tsv")
coefficients <- attr(dispersionFunction(dds), "coefficients")
facts <- data.frame(fact = c("asymptotic", "extra_poisson", "prior_variance", "cooks_cutoff"),
                    value = c(coefficients[["asymptDisp"]], coefficients[["extraPois"]],
                              attr(dispersionFunction(dds), "dispPriorVar"), cutoff))
write_numbers(facts, "cohort_facts.tsv")

# --- the steps behind Cook's distance, each with R's own input to it, for every tenth gene: those with a planted outlier
some <- which(seq_len(nrow(dds)) %% 10 == 0)
design <- attr(dds, "modelMatrix")
write_numbers(genewise(assays(dds)[["mu"]][some, ]), "cooks_mu.tsv.gz", digits = 10)
write_numbers(genewise(assays(dds)[["H"]][some, ]), "cooks_hat.tsv.gz", digits = 10)
write_numbers(genewise(assays(dds)[["cooks"]][some, ]), "cooks_distances.tsv.gz", digits = 10)
write_numbers(genewise(assays(dds)[["replaceCounts"]][some, ] + 0L), "cooks_replacements.tsv.gz")
alone <- model.matrix(~ age, sheet)                                       # no two samples alike: trimmed over all
large <- model.matrix(~ I(1:40 <= 30), sheet)                             # cells of 30 and 10
small <- model.matrix(~ I(1:40 > 37), sheet)                              # cells of 37 and 3
write_numbers(data.frame(gene_id = rownames(dds), design = DESeq2:::robustMethodOfMomentsDisp(dds, design),
                         alone = DESeq2:::robustMethodOfMomentsDisp(dds, alone),
                         large = DESeq2:::robustMethodOfMomentsDisp(dds, large),
                         small = DESeq2:::robustMethodOfMomentsDisp(dds, small)), "robust_dispersions.tsv.gz", digits = 15)

# --- the same counts beside a covariate: no two samples alike, so R replaces and filters nothing and fits the outliers
covariate <- DESeqDataSetFromMatrix(counts, transform(sheet, age = as.numeric(scale(age))), ~ age + group)
covariate <- suppressMessages(DESeq(covariate))
r <- results(covariate, c("group", "als", "control"), alpha = 0.05)
write_numbers(data.frame(gene_id = rownames(r), as.data.frame(r)), "covariate_als_vs_control.tsv.gz", digits = 10)

# --- blind: the trend without a design and the variance-stabilising transformation from given coefficients
blind <- DESeqDataSetFromMatrix(counts, sheet, ~ 1)
blind <- suppressMessages(estimateDispersionsFit(estimateDispersionsGeneEst(estimateSizeFactors(blind))))
coefficients <- attr(dispersionFunction(blind), "coefficients")
write_numbers(data.frame(fact = c("asymptotic", "extra_poisson"), value = unname(coefficients[c("asymptDisp", "extraPois")])),
              "blind_trend.tsv")
write_numbers(genewise(getVarianceStabilizedData(blind)[some, ]), "vst.tsv.gz", digits = 15)
dispersionFunction(blind) <- local({f <- function(means) 0.1; attr(f, "fitType") <- "mean"; attr(f, "mean") <- 0.1; f})
write_numbers(genewise(getVarianceStabilizedData(blind)[some, ]), "vst_mean.tsv.gz", digits = 15)

# --- two groups of six, one factor: where R keeps an outlier gene with three larger counts
pair <- c(1:6, 31:36)
two <- counts[seq_len(300), pair]
two[7, ] <- c(0L, 0L, 900L, 0L, 0L, 0L, 1200L, 1500L, 1100L, 30L, 950L, 1300L) # not an outlier after all
two <- two[rowSums(two) > 0, ]
pair_dds <- DESeqDataSetFromMatrix(two, droplevels(sheet[pair, ]), ~ group)
pair_dds <- suppressMessages(DESeq(pair_dds))
r <- results(pair_dds, alpha = 0.1)
unexempt <- mcols(pair_dds)$maxCooks > qf(0.99, 2, 10)
write_tsv(genewise(two), "pair_counts.tsv.gz")
write_numbers(data.frame(gene_id = rownames(r), as.data.frame(r), above_cutoff = as.integer(unexempt)),
              "pair_results.tsv.gz", digits = 10)

# --- size factors: a zero in every gene
sparse <- counts[order(-base[seq_len(nrow(counts))]), 1:12]
sparse[cbind(seq_len(nrow(sparse)), 1 + seq_len(nrow(sparse)) %% 12)] <- 0L
sparse <- sparse[1:120, ]
sparse_dds <- estimateSizeFactors(DESeqDataSetFromMatrix(sparse, sheet[1:12, ], ~ 1), type = "poscounts")
write_tsv(genewise(sparse), "poscounts_counts.tsv.gz")
write_numbers(data.frame(sample = colnames(sparse), size_factor = sizeFactors(sparse_dds)), "poscounts_size_factors.tsv")

# --- independent filtering: p-values and mean counts of five kinds, at full precision
set.seed(7)
scenario <- function(n, effects, zeros = 0, missing = 0) {
  mean <- exp(rnorm(n, 3, 2))
  mean[seq_len(zeros)] <- 0
  z <- rnorm(n) + ifelse(seq_len(n) > n - effects, rnorm(n, 0, 1) * sqrt(pmin(mean, 400)) / 3, 0)
  p <- 2 * pnorm(-abs(z))
  p[mean == 0] <- NA
  p[sample(n, missing)] <- NA
  data.frame(baseMean = mean, pvalue = p)
}
# found among the highest means only, of which there are fewer than 5 %: the quantiles must reach 1
rare <- data.frame(baseMean = c(rep(0, 960), seq(1, 2, length = 22), seq(100, 200, length = 18)),
                   pvalue = c(rep(NA, 960), runif(22, 0.3, 1), runif(18, 0.015, 0.03)))
# found among middling means only: more and more, then fewer, then none at the higher cutoffs
middle <- lapply(1:6, function(i) transform(scenario(240, 0), pvalue = ifelse(
  rank(baseMean) > 140, runif(240, 0.5, 1), ifelse(rank(baseMean) > 60, 0.06 * runif(240)^2, pvalue))))
noisy <- lapply(1:10, function(i) scenario(160, 70))                      # where the smooth curve decides by little
scenarios <- c(list(many = scenario(800, 400), zeros = scenario(500, 150, zeros = 120, missing = 20), few = scenario(300, 6),
                    none = scenario(200, 0), rare = rare,
                    tied = transform(scenario(400, 200), baseMean = round(baseMean / 20) * 20, pvalue = round(pvalue, 3))),
               setNames(noisy, paste0("noisy_", 1:10)), setNames(middle, paste0("middle_", 1:6)))
table <- do.call(rbind, lapply(names(scenarios), function(name) {
  s <- scenarios[[name]]
  adjust <- function(alpha) {
    r <- DESeqResults(DataFrame(s, log2FoldChange = 0))
    DESeq2:::pvalueAdjustment(r, independentFiltering = TRUE, alpha = alpha, pAdjustMethod = "BH")
  }
  data.frame(scenario = name, s, padj_0.05 = adjust(0.05)$padj, padj_0.1 = adjust(0.1)$padj,
             cutoff_0.05 = unname(metadata(adjust(0.05))$filterThreshold),
             cutoff_0.1 = unname(metadata(adjust(0.1))$filterThreshold), bh = p.adjust(s$pvalue, "BH"), check.names = FALSE)
}))
write_numbers(table, "filtering.tsv.gz")

# --- the curve through the counts of findings: noisy, flat in half of it, a step, one point far off, few points
set.seed(11)
x <- seq(0, 0.95, length = 50)
curves <- list(noisy = cbind(x, 100 + 40 * sin(4 * x) + rnorm(50, 0, 3)),
               flat = cbind(x, c(round(rnorm(20, 30, 4)), rep(25, 30))),
               step = cbind(x, rep(c(0, 20), c(30, 20))), far_off = cbind(x, replace(50 * x + rnorm(50), 25, 500)),
               constant = cbind(x, 7), few = cbind(x, rnorm(50))[1:9, ],
               zeros = cbind(x, pmax(0, round(20 - 60 * x))))
table <- do.call(rbind, lapply(names(curves), function(name) {
  xy <- curves[[name]]
  data.frame(curve = name, x = xy[, 1], y = xy[, 2], smooth = lowess(xy[, 1], xy[, 2], f = 1 / 5, delta = 0)$y)
}))
write_numbers(table, "lowess.tsv.gz")

# --- design matrices
set.seed(3)
design_sheet <- data.frame(
  sample = sprintf("D%02d", 1:14),
  group = factor(c("als", "control", "motor", "als", "control", "motor", "als", "control", "motor", "als", "control", "motor",
                   "control", "als"), c("control", "motor", "carrier", "als")),
  sex = factor(c("F", "F", "M", "M", "F", "M", "F", "M", "F", "M", "M", "F", "M", "F")),
  batch = factor(c("b2", "b1", "b3", "b1", "b2", "b1", "b3", "b3", "b2", "b2", "b1", "b3", "b2", "b1")),
  age = c(61, 45.5, 70, 58, 39, 66, 72, 51, 49, 55, 63, 47, 68, 59),
  dose = c(1, 2, 4, 1, 8, 2, 4, 16, 1, 2, 8, 4, 1, 2)
)
write_tsv(design_sheet, "design_samples.tsv", digits = 6)
design_sheet <- droplevels(design_sheet)
design_sheet$age_z <- as.numeric(scale(design_sheet$age))
formulas <- list(
  additive = ~ batch + sex + age + group, interaction = ~ batch + sex * group, crossed_numeric = ~ group * age,
  no_intercept = ~ 0 + group + batch, transforms = ~ log2(dose) + sqrt(age) + group, scaled = ~ age_z + group,
  three_way = ~ sex * group * age, nested = ~ sex + sex:age, written_backwards = ~ sex + group + group:sex,
  numeric_interaction = ~ age + dose + age:dose, interaction_first = ~ group:sex + sex + group, intercept_only = ~ 1,
  backwards_wide = ~ batch + group + group:batch, other_transforms = ~ log(dose) + log10(age) + log1p(age),
  no_intercept_numeric = ~ 0 + age + group
)
table <- do.call(rbind, lapply(names(formulas), function(name) {
  x <- model.matrix(formulas[[name]], design_sheet)
  data.frame(formula = name, column = rep(seq_len(ncol(x)), each = nrow(x)), name = rep(colnames(x), each = nrow(x)),
             sample = rep(design_sheet$sample, ncol(x)), value = as.vector(x))
}))
write_numbers(table, "design_matrices.tsv.gz")

writeLines(c(R.version.string, paste("DESeq2", packageVersion("DESeq2"))), "versions.txt")
