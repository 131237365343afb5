# Makes two small trials and what R DESeq2 makes of them, participants in the design. Run in this folder: Rscript make.R.
# Versions that made the committed tables: versions.txt.
suppressMessages(library(DESeq2))
write_tsv <- function(x, path) {
  connection <- gzfile(path, "w", compression = 9)
  numbers <- vapply(x, is.double, logical(1))
  x[numbers] <- lapply(x[numbers], function(v) ifelse(is.na(v), "", sprintf("%.10g", v)))
  write.table(x, connection, sep = "\t", quote = FALSE, row.names = FALSE)
  close(connection)
}
set.seed(20261124)
n <- 300
base <- exp(rnorm(n, 5, 1.5))
dispersion <- (0.03 + 2 / base) * exp(rnorm(n, 0, 0.3))
simulate <- function(people, sheet, change) {
  own <- matrix(rnorm(n * people, 0, 0.5), n)[, as.integer(sheet$participant)]
  depth <- exp(rnorm(nrow(sheet), 0, 0.3))
  mu <- base * exp(own) * 2^change * rep(depth, each = n)
  counts <- matrix(rnbinom(n * nrow(sheet), mu = mu, size = 1 / dispersion), n)
  dimnames(counts) <- list(sprintf("g%03d", 1:n), sheet$sample)
  counts[rowSums(counts) > 0, ]
}
# R's own DESeq() refuses a matrix that is not of full rank, so the columns at baseline are taken out here
fit <- function(counts, sheet, formula, reduced, contrasts, name) {
  full <- model.matrix(formula, sheet)
  full <- full[, !grepl("baseline", colnames(full)) & colSums(full != 0) > 0]
  stopifnot(qr(full)$rank == ncol(full))
  dds <- DESeqDataSetFromMatrix(counts, sheet, ~ 1)
  dds <- suppressMessages(DESeq(dds, full = full, betaPrior = FALSE, minReplicatesForReplace = Inf))
  out <- data.frame(gene_id = rownames(counts), dispersion = dispersions(dds))
  for (key in names(contrasts)) {
    weights <- setNames(numeric(ncol(full)), colnames(full))
    weights[names(contrasts[[key]])] <- contrasts[[key]]
    r <- results(dds, contrast = unname(weights), cooksCutoff = FALSE, independentFiltering = FALSE)
    out[[paste0(key, ".lfc")]] <- r$log2FoldChange
    out[[paste0(key, ".se")]] <- r$lfcSE
    out[[paste0(key, ".p")]] <- r$pvalue
  }
  small <- model.matrix(reduced, sheet)
  small <- small[, colnames(small) %in% colnames(full)]
  lrt <- suppressMessages(nbinomLRT(dds, full = full, reduced = small))
  out$lrt.p <- results(lrt, cooksCutoff = FALSE, independentFiltering = FALSE)$pvalue
  write_tsv(data.frame(gene_id = rownames(counts), counts, check.names = FALSE), paste0(name, "_counts.tsv.gz"))
  write_tsv(sheet, paste0(name, "_samples.tsv.gz"))
  write_tsv(out, paste0(name, "_results.tsv.gz"))
}

visits <- c("baseline", "month1", "month4")
people <- 16
sheet <- data.frame(sample = sprintf("L%02d", 1:(3 * people)), participant = factor(rep(sprintf("p%02d", 1:people), each = 3)),
                    visit = factor(rep(visits, people), visits), arm = factor(rep(rep(c("placebo", "il2"), people / 2), each = 3),
                                                                             c("placebo", "il2")))
sheet$pnfh <- rep(round(exp(rnorm(people, 7.6, 0.9))), each = 3)
# the value with which numbers are centred: the mean over the samples
sheet$z <- log2(sheet$pnfh) - mean(log2(sheet$pnfh))
effect <- rnorm(n, 0, 0.8) * (1:n <= 100)
counts <- simulate(people, sheet, outer(effect, as.numeric(sheet$visit == "month4" & sheet$arm == "il2")))
fit(counts, sheet, ~ participant + visit + visit:arm + visit:z + visit:arm:z, ~ participant + visit + visit:z,
    list(il2_month4 = c("visitmonth4:armil2" = 1), pnfh_month4 = c("visitmonth4:armil2:z" = 1),
         arms_within = c("visitmonth1" = 1, "visitmonth1:armil2" = 1)), "longitudinal")

people <- 12
doses <- c("0", "1", "2")
sheet <- data.frame(sample = sprintf("D%02d", 1:(2 * people)), participant = factor(rep(sprintf("q%02d", 1:people), each = 2)),
                    visit = factor(rep(c("baseline", "day8"), people), c("baseline", "day8")),
                    dose = factor(rep(rep(doses, people / 3), each = 2), doses))
effect <- rnorm(n, 0, 0.6) * (1:n <= 100)
counts <- simulate(people, sheet, outer(effect, (sheet$visit == "day8") * as.numeric(as.character(sheet$dose))))
fit(counts, sheet, ~ participant + visit + visit:dose, ~ participant + visit,
    list(dose2 = c("visitday8:dose2" = 1), trend = c("visitday8:dose2" = 0.5), two_against_one = c("visitday8:dose2" = 1, "visitday8:dose1" = -1)),
    "dose")
writeLines(c(R.version.string, paste("DESeq2", packageVersion("DESeq2"))), "versions.txt")
