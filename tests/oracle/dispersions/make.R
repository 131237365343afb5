# Makes gene-wise dispersions of this folder's sets and the trend and prior variance that R DESeq2 makes of them. Run in this
# folder: Rscript make.R. Versions that made the committed tables: versions.txt.
suppressMessages(library(DESeq2))

write_numbers <- function(x, path) {
  numbers <- vapply(x, is.double, logical(1))
  x[numbers] <- lapply(x[numbers], function(v) ifelse(is.na(v), "", sprintf("%.17g", v)))
  for (name in names(x)[!numbers]) x[[name]] <- ifelse(is.na(x[[name]]), "", as.character(x[[name]]))
  connection <- if (endsWith(path, ".gz")) gzfile(path, "w", compression = 9) else file(path, "w")
  write.table(x, connection, sep = "\t", quote = FALSE, row.names = FALSE)
  close(connection)
}

# --- sets: mean and gene-wise dispersion of each gene

# estimated from counts: n genes, groups of the given sizes
estimated <- function(seed, n, sizes, scatter = 0.5) {
  set.seed(seed)
  base <- exp(rnorm(n, 4.5, 1.8))
  dispersion <- (0.05 + 3 / base) * exp(rnorm(n, 0, scatter))
  m <- sum(sizes)
  counts <- matrix(rnbinom(n * m, mu = base, size = 1 / dispersion), n)
  dds <- DESeqDataSetFromMatrix(counts, data.frame(group = factor(rep(seq_along(sizes), sizes))), ~ group)
  sizeFactors(dds) <- rep(1, m)
  dds <- suppressMessages(estimateDispersionsGeneEst(dds))
  data.frame(mean = mcols(dds)$baseMean, dispersion = mcols(dds)$dispGeneEst)
}
drawn <- function(seed, n, trend, scatter) {
  set.seed(seed)
  means <- exp(rnorm(n, 4.5, 1.8))
  data.frame(mean = signif(means, 5), dispersion = signif(trend(means) * exp(rnorm(n, 0, scatter)), 5))
}
ordinary <- function(means) 0.05 + 3 / means
outlying <- drawn(4, 400, ordinary, 0.4)
outlying$dispersion[1:20] <- outlying$dispersion[1:20] * 100                     # above 15 times the trend
outlying$dispersion[21:40] <- outlying$dispersion[21:40] * 1e-5                  # below 1e-4 of it
scattered <- function(seed) {                                                    # few genes, far from any trend: a hard search
  set.seed(seed)
  n <- sample(c(5, 10, 20, 40), 1)
  means <- round(exp(rnorm(n, 3, sample(1:3, 1))), 3)
  data.frame(mean = means, dispersion = signif((runif(1, 0, 0.1) + runif(1, 0, 4) / means) *
                                                 exp(rnorm(n, 0, sample(c(0.3, 1, 2), 1))), 5))
}
sets <- list(
  one_df = estimated(11, 500, c(2, 1), scatter = 2.5),
  two_df = estimated(12, 500, c(2, 2), scatter = 1.5),
  two_df_tight = estimated(15, 500, c(2, 2), scatter = 0.1),
  three_df = estimated(13, 500, c(3, 2), scatter = 1),
  eight_df = estimated(14, 500, c(5, 5)),
  few_genes = drawn(3, 8, ordinary, 0.4),
  outlying = outlying,
  rising = drawn(5, 1000, function(means) 0.01 * sqrt(means), 0.3),              # no positive trend; enough genes to trim
  steps = drawn(8, 60, function(means) ifelse(means > 100, 2, 0.01), 0.3),
  halved = scattered(5),
  halved_often = scattered(131),                                                 # and a regression that ends unconverged
  unconverged = scattered(127),                                                  # four such, then one that converges
  restless = scattered(640),                                                     # no regression fails, but no round settles
  restless_too = scattered(225),
  equal_means = data.frame(mean = rep(50, 10), dispersion = seq(0.1, 0.5, length.out = 10)),
  nearly_poisson = transform(drawn(7, 100, ordinary, 0.4), dispersion = ifelse(seq_len(100) > 3, 1e-8, dispersion)),
  poisson = data.frame(mean = exp(seq(0, 6, length.out = 20)), dispersion = rep(c(1e-8, 5e-7), 10))
)

dataset <- function(set) {
  dds <- DESeqDataSetFromMatrix(matrix(rep(1:4, each = nrow(set)), nrow(set)), data.frame(x = 1:4), ~ 1)
  mcols(dds)$baseMean <- set$mean
  mcols(dds)$baseVar <- set$mean
  mcols(dds)$allZero <- is.na(set$dispersion)
  mcols(dds)$dispGeneEst <- set$dispersion
  dds
}
# R's own trend, with a `suppressWarnings` that counts halved steps and unconverged regressions
halvings <- unconverged <- 0L
counting <- new.env(parent = asNamespace("DESeq2"))
counting$suppressWarnings <- function(expr) withCallingHandlers(expr, warning = function(w) {
  halvings <<- halvings + grepl("step size truncated", conditionMessage(w))
  unconverged <<- unconverged + grepl("did not converge", conditionMessage(w))
  invokeRestart("muffleWarning")
})
trend <- DESeq2:::parametricDispersionFit
environment(trend) <- counting

# R's own prior variance, with a `loess` and a `predict` that note what they are given and what they answer
smoothed <- list()
noting <- new.env(parent = asNamespace("DESeq2"))
noting$loess <- function(formula, span) {
  fit <- stats::loess(formula, span = span)
  smoothed$y <<- fit$y
  fit
}
noting$predict <- function(fit, at) smoothed$at <<- stats::predict(fit, at)
prior <- DESeq2:::estimateDispersionsPriorVar
environment(prior) <- noting

trends <- priors <- divergences <- curves <- list()
for (name in names(sets)) {
  dds <- dataset(sets[[name]])
  fit <- function(type) tryCatch(suppressMessages(estimateDispersionsFit(dds, fitType = type)), error = function(e) NULL)
  above <- which(sets[[name]]$dispersion > 1e-6)
  halvings <- unconverged <- 0L
  if (length(above)) try(trend(sets[[name]]$mean[above], sets[[name]]$dispersion[above]), silent = TRUE)
  fitted <- fit("parametric")
  kind <- if (is.null(fitted)) "stop" else attr(dispersionFunction(fitted), "fitType")
  coefficients <- c(NA_real_, NA_real_)
  if (kind == "parametric") coefficients <- unname(attr(dispersionFunction(fitted), "coefficients"))
  if (kind == "local") {
    fitted <- fit("mean")
    kind <- "mean"
    coefficients <- c(attr(dispersionFunction(fitted), "mean"), 0)
  }
  trends[[name]] <- data.frame(set = name, kind = kind, asymptotic = coefficients[1], extra_poisson = coefficients[2],
                               halvings = halvings, unconverged = unconverged)
  if (kind == "stop") next
  for (degrees in c(0:4, 30)) {
    value <- prior(fitted, modelMatrix = matrix(1, degrees + 2, 2))
    priors[[length(priors) + 1]] <- data.frame(set = name, n_samples = as.integer(degrees + 2), n_coef = 2L, prior = value,
                                               residual_variance = attr(dispersionFunction(fitted), "varLogDispEsts"))
    if (match(name, c("one_df", "two_df", "three_df"), 0) == degrees && degrees > 0) {
      divergences[[name]] <- smoothed$y
      curves[[name]] <- unname(smoothed$at)
    }
  }
}
write_numbers(do.call(rbind, Map(function(name, set) data.frame(set = name, set), names(sets), sets)), "dispersions.tsv.gz")
write_numbers(do.call(rbind, trends), "trends.tsv")
write_numbers(do.call(rbind, priors), "priors.tsv")
write_numbers(as.data.frame(divergences), "divergences.tsv.gz")
write_numbers(as.data.frame(curves), "curves.tsv.gz")
writeLines(c(R.version.string, paste("DESeq2", packageVersion("DESeq2"))), "versions.txt")
