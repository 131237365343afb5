# Makes the small data sets of this folder and what R DESeq2 makes of them. Run in this folder: Rscript make.R.
# Versions that made the committed tables: versions.txt. A set is a folder:
#   counts.tsv.gz, samples.tsv, size_factors.tsv     what was fitted, and R's size factors
#   genes.tsv.gz, facts.tsv, replacements.tsv.gz     dispersions, convergence, Cook's maxima, likelihoods; trend and prior;
#                                                    the counts that were put in the place of outliers
#   {contrast}.tsv.gz, lrt.tsv.gz, threshold.tsv.gz  tests
# Log-likelihoods are of R's coefficients at R's own dispersions, outliers replaced; R's own figure (its deviance) takes means
# floored at 0.5 in the genes of its second optimiser, these do not.
suppressMessages(library(DESeq2))
ALPHA <- 0.05
THRESHOLD <- log2(1.5)

# --- writing
write_table <- function(x, folder, name, digits = 15) {
  dir.create(folder, showWarnings = FALSE)
  for (column in names(x)) {
    value <- x[[column]]
    if (is.logical(value)) value <- as.integer(value)
    text <- if (is.double(value)) sprintf(paste0("%.", digits, "g"), value) else as.character(value)
    x[[column]] <- ifelse(is.na(value), "", text)
  }
  path <- file.path(folder, name)
  connection <- if (endsWith(path, ".gz")) gzfile(path, "w", compression = 9) else file(path, "w")
  write.table(x, connection, sep = "\t", quote = FALSE, row.names = FALSE)
  close(connection)
}
genewise <- function(matrix) data.frame(gene_id = rownames(matrix), as.data.frame(matrix), check.names = FALSE)

# --- simulating
# counts of genes with given means, log2 effects (genes × samples) and dispersions; samples differ in depth
draw <- function(samples, means, effects, dispersions, depth_sd = 0.3) {
  n <- length(means)
  depth <- exp(rnorm(length(samples), 0, depth_sd))
  mu <- means * 2^effects * rep(depth, each = n)
  counts <- matrix(rnbinom(length(mu), mu = mu, size = 1 / dispersions), n,
                   dimnames = list(sprintf("g%03d", seq_len(n)), samples))
  storage.mode(counts) <- "integer"
  counts
}
spread <- function(means, floor = 0.05, poisson = 2, sd = 0.5) (floor + poisson / means) * exp(rnorm(length(means), 0, sd))
# effects of a factor's levels, none for the first, on a share of the genes
level_effects <- function(factor, n, sd = 1, share = 0.35) {
  effects <- matrix(rnorm(n * nlevels(factor), 0, sd) * (runif(n * nlevels(factor)) < share), n)
  effects[, 1] <- 0
  effects[, as.integer(factor)]
}
among <- function(levels, each) factor(rep(levels, each), levels)

# --- fitting
log_likelihoods <- function(dds) {
  coefficients <- as.matrix(mcols(dds)[, resultsNames(dds)])
  factors <- if (is.null(normalizationFactors(dds))) rep(sizeFactors(dds), each = nrow(dds)) else normalizationFactors(dds)
  mu <- 2^(coefficients %*% t(attr(dds, "modelMatrix"))) * factors
  fitted <- if ("replaceCounts" %in% assayNames(dds)) assays(dds)[["replaceCounts"]] else counts(dds)
  rowSums(matrix(dnbinom(fitted, mu = mu, size = 1 / dispersions(dds), log = TRUE), nrow(dds)))
}
fit <- function(folder, counts, sheet, design, ..., prepare = identity, own_counts = TRUE) {
  columns <- sheet
  columns$sample <- NULL
  if ("age" %in% names(columns)) columns$age <- as.numeric(scale(columns$age))
  dds <- prepare(DESeqDataSetFromMatrix(counts, columns, design))
  dds <- suppressMessages(DESeq(dds, quiet = TRUE, ...))
  m <- mcols(dds)
  trend <- dispersionFunction(dds)
  stopifnot(attr(trend, "fitType") == "parametric")
  if (own_counts) {
    write_table(genewise(counts), folder, "counts.tsv.gz")
    write_table(sheet, folder, "samples.tsv")
  }
  if (is.null(normalizationFactors(dds))) {
    write_table(data.frame(sample = colnames(dds), size_factor = sizeFactors(dds)), folder, "size_factors.tsv", 17)
  } else {
    write_table(genewise(normalizationFactors(dds)), folder, "normalisation_factors.tsv.gz")
  }
  column <- function(name) if (is.null(m[[name]])) rep(NA, nrow(dds)) else m[[name]]
  write_table(data.frame(
    gene_id = rownames(dds), baseMean = m$baseMean, all_zero = m$allZero, dispersion_gene = m$dispGeneEst,
    dispersion_trend = m$dispFit, dispersion_map = m$dispMAP, dispersion = m$dispersion, dispersion_outlier = m$dispOutlier,
    dispersion_iterations = m$dispIter, converged = m$betaConv, coefficient_iterations = m$betaIter,
    max_cooks = as.double(column("maxCooks")), replaced = column("replace"), log_likelihood = log_likelihoods(dds)
  ), folder, "genes.tsv.gz")
  write_table(data.frame(
    fact = c("asymptotic", "extra_poisson", "prior_variance", "cooks_cutoff"),
    value = c(attr(trend, "coefficients")[["asymptDisp"]], attr(trend, "coefficients")[["extraPois"]],
              attr(trend, "dispPriorVar"), qf(0.99, ncol(attr(dds, "modelMatrix")),
                                              ncol(dds) - ncol(attr(dds, "modelMatrix"))))
  ), folder, "facts.tsv", 17)
  if (any(m$replace, na.rm = TRUE)) {
    where <- which(assays(dds)[["replaceCounts"]] != counts(dds), arr.ind = TRUE)
    write_table(data.frame(gene_id = rownames(dds)[where[, 1]], sample = colnames(dds)[where[, 2]],
                           count = as.integer(assays(dds)[["replaceCounts"]][where])), folder, "replacements.tsv.gz")
  }
  message(sprintf("%-16s %4d genes, %3d not converged, %3d replaced, prior variance %.4f", folder, nrow(dds),
                  sum(!m$betaConv, na.rm = TRUE), sum(m$replace, na.rm = TRUE), attr(trend, "dispPriorVar")))
  invisible(dds)
}
# contrasts as results() takes them; the thresholded test beside each
test <- function(folder, dds, contrasts) {
  for (name in names(contrasts)) {
    r <- results(dds, contrasts[[name]], alpha = ALPHA)
    t <- results(dds, contrasts[[name]], alpha = ALPHA, lfcThreshold = THRESHOLD, altHypothesis = "greaterAbs")
    write_table(data.frame(gene_id = rownames(r), as.data.frame(r), pvalue_threshold = t$pvalue, padj_threshold = t$padj),
                folder, paste0(name, ".tsv.gz"))
  }
}
ratio_test <- function(folder, counts, sheet, design, reduced) {
  columns <- sheet
  columns$sample <- NULL
  if ("age" %in% names(columns)) columns$age <- as.numeric(scale(columns$age))
  dds <- DESeqDataSetFromMatrix(counts, columns, design)
  dds <- suppressMessages(DESeq(dds, quiet = TRUE, test = "LRT", reduced = reduced))
  r <- results(dds, alpha = ALPHA)
  m <- mcols(dds)
  write_table(data.frame(gene_id = rownames(r), baseMean = r$baseMean, stat = r$stat, pvalue = r$pvalue, padj = r$padj,
                         full_converged = m$fullBetaConv, reduced_converged = m$reducedBetaConv), folder, "lrt.tsv.gz")
}

# --- covariates: four groups beside batch, sex and age, means from 1 to 1e5
set.seed(101)
n <- 400
sheet <- data.frame(sample = sprintf("S%02d", 1:40), group = among(c("control", "motor", "carrier", "als"), 10),
                    batch = factor(sample(rep(c("a", "b", "c"), c(16, 14, 10)))), sex = factor(sample(rep(c("F", "M"), 20))),
                    age = round(rnorm(40, 58, 11), 1))
means <- 10^runif(n, 0, 5)
counts <- draw(sheet$sample, means, level_effects(sheet$group, n) + level_effects(sheet$batch, n, 0.5) +
                 level_effects(sheet$sex, n, 1.5, 0.1) + outer(rnorm(n, 0, 0.02), sheet$age - 58), spread(means))
counts <- counts[rowSums(counts) > 0, ]
dds <- fit("covariates", counts, sheet, ~ batch + sex + age + group)
test("covariates", dds, list(als_vs_control = c("group", "als", "control"), als_vs_carrier = c("group", "als", "carrier"),
                             motor_vs_als = c("group", "motor", "als")))
ratio_test("covariates", counts, sheet, ~ batch + sex + age + group, ~ batch + sex + age)
blind <- DESeqDataSetFromMatrix(counts, sheet, ~ 1)
some <- seq(3, nrow(counts), by = 5)
write_table(genewise(assay(varianceStabilizingTransformation(blind, blind = TRUE))[some, ]), "covariates", "vst.tsv.gz")
control_genes <- seq(1, nrow(counts), by = 7)
write_table(data.frame(sample = sheet$sample,
                       size_factor = sizeFactors(estimateSizeFactors(blind, controlGenes = control_genes))),
            "covariates", "size_factors_control_genes.tsv", 17)

# --- low: 5 against 5, means from 0.2 to 30
set.seed(102)
n <- 500
sheet <- data.frame(sample = sprintf("L%02d", 1:10), group = among(c("control", "als"), 5))
means <- exp(runif(n, log(0.2), log(30)))
counts <- draw(sheet$sample, means, level_effects(sheet$group, n, 1.5), spread(means, 0.1, 0.8))
counts <- counts[rowSums(counts) > 0, ]
test("low", fit("low", counts, sheet, ~ group), list(als_vs_control = c("group", "als", "control")))

# --- outliers: counts far off in groups of 8, 8 (replaced) and 5 (filtered); genes that replacement leaves without a count
set.seed(103)
n <- 400
sheet <- data.frame(sample = sprintf("O%02d", 1:21), group = factor(rep(c("control", "carrier", "als"), c(8, 8, 5)),
                                                                   c("control", "carrier", "als")),
                    age = round(rnorm(21, 58, 11), 1))
means <- exp(rnorm(n, 5, 1.5))
counts <- draw(sheet$sample, means, level_effects(sheet$group, n), spread(means))
planted <- cbind(seq(5, 395, by = 15), rep(c(1, 9, 16, 18, 20), length.out = 27))
counts[planted] <- as.integer(counts[planted] * 20 + 1000)
counts[cbind(c(41, 42), c(2, 8))] <- c(200000L, 50000L)                    # far off
counts[51, c(3, 12)] <- 30000L                                             # two in one gene
counts[c(61, 62), ] <- 0L
counts[cbind(c(61, 62), c(3, 14))] <- c(15000L, 900L)                      # emptied when its one count is replaced
counts <- counts[rowSums(counts) > 0, ]
pairs <- list(als_vs_control = c("group", "als", "control"), als_vs_carrier = c("group", "als", "carrier"),
              carrier_vs_control = c("group", "carrier", "control"))
test("outliers", fit("outliers", counts, sheet, ~ group), pairs)
ratio_test("outliers", counts, sheet, ~ group, ~ 1)
# the same counts beside a continuous covariate: no two samples alike, so R replaces and filters nothing
test("outliers_age", fit("outliers_age", counts, sheet, ~ age + group, own_counts = FALSE), pairs)

# --- paired: six donors, before and after
set.seed(104)
n <- 300
sheet <- data.frame(sample = sprintf("P%02d", 1:12), donor = factor(rep(sprintf("d%d", 1:6), each = 2)),
                    treatment = factor(rep(c("before", "after"), 6), c("before", "after")))
means <- exp(rnorm(n, 5, 1.8))
counts <- draw(sheet$sample, means, level_effects(sheet$donor, n, 0.8, 0.8) + level_effects(sheet$treatment, n),
               spread(means, 0.03, 1, 0.9))
counts <- counts[rowSums(counts) > 0, ]
test("paired", fit("paired", counts, sheet, ~ donor + treatment),
     list(after_vs_before = c("treatment", "after", "before"), d3_vs_d5 = c("donor", "d3", "d5")))

# --- interaction: does the genotype change what the drug does; and what the drug does in the second genotype
set.seed(105)
n <- 300
sheet <- data.frame(sample = sprintf("I%02d", 1:16), genotype = among(c("wt", "ko"), 8),
                    treatment = factor(rep(rep(c("none", "drug"), each = 4), 2), c("none", "drug")))
means <- exp(rnorm(n, 5, 1.6))
both <- level_effects(factor(sheet$genotype == "ko" & sheet$treatment == "drug"), n)
counts <- draw(sheet$sample, means, level_effects(sheet$genotype, n) + level_effects(sheet$treatment, n) + both, spread(means))
counts <- counts[rowSums(counts) > 0, ]
test("interaction", fit("interaction", counts, sheet, ~ genotype * treatment),
     list(interaction = c(0, 0, 0, 1), drug_in_ko = c(0, 0, 1, 1), interaction_over_drug = c(0, 0, -1, 1)))
ratio_test("interaction", counts, sheet, ~ genotype * treatment, ~ genotype + treatment)

# --- continuous: log2 fold change a unit of dose
set.seed(106)
n <- 300
sheet <- data.frame(sample = sprintf("C%02d", 1:14), sex = factor(rep(c("F", "M"), 7)),
                    dose = c(0, 0, 0.5, 1, 1, 1.5, 2, 2.5, 3, 4, 4.5, 5, 6.5, 8))
means <- exp(rnorm(n, 5, 1.8))
counts <- draw(sheet$sample, means, level_effects(sheet$sex, n, 1, 0.2) +
                 outer(rnorm(n, 0, 0.25) * (runif(n) < 0.4), sheet$dose), spread(means))
counts <- counts[rowSums(counts) > 0, ]
test("continuous", fit("continuous", counts, sheet, ~ sex + dose), list(dose = c(0, 0, 1), two_units = c(0, 0, 2)))

# --- threshold: four alternatives to a fold change of 1.5, between levels that are no reference, one, and one after relevelling
set.seed(107)
n <- 300
sheet <- data.frame(sample = sprintf("T%02d", 1:18), group = among(c("control", "carrier", "als"), 6))
means <- exp(rnorm(n, 6, 1.5))
counts <- draw(sheet$sample, means, level_effects(sheet$group, n, 1.2, 0.5), spread(means, 0.03, 1))
counts <- counts[rowSums(counts) > 0, ]
dds <- fit("threshold", counts, sheet, ~ group)
test("threshold", dds, pairs[c("als_vs_carrier", "carrier_vs_control")])
swapped <- sheet
swapped$group <- relevel(swapped$group, "carrier")
swapped <- suppressMessages(DESeq(DESeqDataSetFromMatrix(counts, swapped, ~ group), quiet = TRUE))
table <- do.call(rbind, lapply(c("als_vs_carrier", "carrier_vs_control"), function(name) {
  contrast <- c("group", strsplit(name, "_vs_")[[1]])
  do.call(rbind, lapply(c("greaterAbs", "lessAbs", "greater", "less"), function(alternative) {
    of <- function(dds) results(dds, contrast, alpha = ALPHA, lfcThreshold = THRESHOLD, altHypothesis = alternative)
    data.frame(contrast = name, alternative = alternative, gene_id = rownames(dds), pvalue = of(dds)$pvalue,
               padj = of(dds)$padj, pvalue_relevelled = of(swapped)$pvalue)
  }))
}))
write_table(table, "threshold", "threshold.tsv.gz", 12)

# --- separated: genes without a count, or nearly, in one group, in two, in all, and with a single count
set.seed(108)
n <- 300
sheet <- data.frame(sample = sprintf("Z%02d", 1:15), group = among(c("control", "carrier", "als"), 5))
means <- exp(rnorm(n, 4.5, 1.5))
counts <- draw(sheet$sample, means, level_effects(sheet$group, n), spread(means))
of_group <- lapply(levels(sheet$group), function(level) which(sheet$group == level))
for (level in 1:3) {
  counts[level * 30 + 1:8, of_group[[level]]] <- 0L                          # none in one group
  counts[level * 30 + 9:12, of_group[[level]]] <- rep(c(0L, 0L, 1L, 0L, 0L), each = 4)  # nearly none
  counts[level * 30 + 13:18, -of_group[[level]]] <- 0L                       # none in the other two
  counts[level * 30 + 19:22, ] <- 0L
  counts[cbind(level * 30 + 19:22, of_group[[level]][1:4])] <- c(1L, 2L, 40L, if (level == 1) 4000L else 9L)  # one count
}
counts[c(200, 201), ] <- 0L                                                # none at all
test("separated", fit("separated", counts, sheet, ~ group), pairs)

# --- poscounts: a zero in every gene
set.seed(109)
n <- 240
sheet <- data.frame(sample = sprintf("N%02d", 1:12), group = among(c("control", "als"), 6))
means <- exp(rnorm(n, 2.2, 1))
counts <- draw(sheet$sample, means, level_effects(sheet$group, n), spread(means, 0.2, 3), 0.5)
counts[cbind(seq_len(n), 1 + seq_len(n) %% 12)] <- 0L
counts <- counts[rowSums(counts) > 0, ]
dds <- fit("poscounts", counts, sheet, ~ group, sfType = "poscounts")
test("poscounts", dds, list(als_vs_control = c("group", "als", "control")))
control_genes <- seq(2, nrow(counts), by = 5)
write_table(data.frame(sample = sheet$sample,
                       size_factor = sizeFactors(estimateSizeFactors(dds, type = "poscounts", controlGenes = control_genes))),
            "poscounts", "size_factors_control_genes.tsv", 17)

# --- lengths: average transcript lengths that differ between samples, as tximport gives them; some outliers
set.seed(110)
n <- 240
sheet <- data.frame(sample = sprintf("K%02d", 1:16), group = among(c("control", "als"), 8))
means <- exp(rnorm(n, 5, 1.5))
lengths <- exp(rnorm(n, 7.3, 0.6)) * matrix(exp(rnorm(n * 16, 0, rep(c(0.03, 0.25), c(n - 60, 60)))), n)
counts <- draw(sheet$sample, means, level_effects(sheet$group, n) + log2(lengths / exp(rowMeans(log(lengths)))), spread(means))
counts[cbind(c(11, 57, 90, 200, 230), c(1, 6, 9, 15, 12))] <- c(90000L, 40000L, 25000L, 60000L, 70000L)
lengths <- round(lengths, 3)
dimnames(lengths) <- dimnames(counts)
kept <- rowSums(counts) > 0
write_table(genewise(lengths[kept, ]), "lengths", "lengths.tsv.gz")
dds <- fit("lengths", counts[kept, ], sheet, ~ group, prepare = function(dds) {
  assays(dds)[["avgTxLength"]] <- lengths[kept, ]
  dds
})
test("lengths", dds, list(als_vs_control = c("group", "als", "control")))

# --- few degrees of freedom, where R takes the prior's variance by simulation: 8 samples and 5 coefficients; 2 against 2
set.seed(111)
n <- 300
sheet <- data.frame(sample = sprintf("F%d", 1:8), cell = factor(rep(c("n1", "n2", "n3", "n4"), each = 2)),
                    dex = factor(rep(c("untrt", "trt"), 4), c("untrt", "trt")))
means <- exp(rnorm(n, 5, 1.8))
counts <- draw(sheet$sample, means, level_effects(sheet$cell, n, 0.6, 0.8) + level_effects(sheet$dex, n),
               spread(means, 0.03, 1, 1.2))
counts <- counts[rowSums(counts) > 0, ]
test("three_df", fit("three_df", counts, sheet, ~ cell + dex), list(trt_vs_untrt = c("dex", "trt", "untrt")))
set.seed(112)
sheet <- data.frame(sample = sprintf("D%d", 1:4), group = among(c("control", "als"), 2))
counts <- draw(sheet$sample, means, level_effects(sheet$group, n), spread(means, 0.03, 1, 1.2))
counts <- counts[rowSums(counts) > 0, ]
test("two_df", fit("two_df", counts, sheet, ~ group), list(als_vs_control = c("group", "als", "control")))

writeLines(c(R.version.string, paste("DESeq2", packageVersion("DESeq2"))), "versions.txt")
