# Makes the inputs of three small quantifications and prints what R's tximport makes of them, countsFromAbundance = "no".
# Run in this folder: Rscript make.R. Versions that made the committed tables: versions.txt.
suppressMessages(library(tximport))
set.seed(20240607)

samples <- c("001", "S-2", "NA")
genes <- sprintf("ENSG%05d", 1:30)
gene_of <- genes[c(1:30, sample(30, 30, replace = TRUE))]
transcripts <- sprintf("ENST%05d.%d", 1:60, sample(1:9, 60, replace = TRUE))
strangers <- sprintf("ENST%05d.1", 61:63) # in no gene
all_transcripts <- sample(c(transcripts, strangers))
lengths <- setNames(sample(300:6000, 63), all_transcripts)

write_tsv <- function(x, path, ...) {
  write.table(format(x, digits = 12, scientific = FALSE, trim = TRUE), path, sep = "\t", quote = FALSE, ...)
}
quantify <- function(sample) {
  effective <- lengths - runif(1, 150, 260) + runif(63, 0, 5)
  reads <- round(rgamma(63, 0.7, scale = 400), 3)
  reads[runif(63) < 0.1] <- 0
  gene <- gene_of[match(all_transcripts, transcripts)]
  reads[gene %in% genes[1:3]] <- 0                            # no abundance in any sample
  if (sample == samples[1]) reads[gene %in% genes[4:8]] <- 0  # none in one
  if (sample == samples[2]) reads[gene %in% genes[6:8]] <- 0  # none in two
  per_base <- reads / effective
  data.frame(name = all_transcripts, length = lengths, effective = round(effective, 3),
             tpm = round(per_base / sum(per_base) * 1e6, 6), reads = reads)
}
quantified <- setNames(lapply(samples, quantify), samples)
for (sample in samples) {
  q <- quantified[[sample]]
  dir.create(file.path("salmon", sample), recursive = TRUE, showWarnings = FALSE)
  dir.create(file.path("kallisto", sample), recursive = TRUE, showWarnings = FALSE)
  write_tsv(setNames(q[, c("name", "length", "effective", "tpm", "reads")],
                     c("Name", "Length", "EffectiveLength", "TPM", "NumReads")),
            file.path("salmon", sample, "quant.sf"), row.names = FALSE)
  q$name <- paste0(q$name, "|gene|-|name|", q$length, "|")    # as in GENCODE's FASTA
  write_tsv(setNames(q[, c("name", "length", "effective", "reads", "tpm")],
                     c("target_id", "length", "eff_length", "est_counts", "tpm")),
            file.path("kallisto", sample, "abundance.tsv"), row.names = FALSE)
}

tx2gene <- data.frame(transcript_id = transcripts, gene_id = gene_of)
unversioned <- transform(tx2gene, transcript_id = sub("\\..*", "", transcript_id))
write_tsv(tx2gene, "tx2gene.tsv", row.names = FALSE)
write_tsv(unversioned, "tx2gene_unversioned.tsv", row.names = FALSE)

runs <- list(
  salmon = list(type = "salmon", file = "quant.sf", tx2gene = tx2gene),
  salmon_unversioned = list(type = "salmon", file = "quant.sf", tx2gene = unversioned, ignoreTxVersion = TRUE),
  kallisto = list(type = "kallisto", file = "abundance.tsv", tx2gene = tx2gene, ignoreAfterBar = TRUE)
)
for (name in names(runs)) {
  run <- runs[[name]]
  files <- setNames(file.path(run$type, samples, run$file), samples)
  run$file <- NULL
  txi <- suppressMessages(do.call(tximport, c(list(files = files, countsFromAbundance = "no"), run)))
  for (table in c("counts", "length")) {
    out <- data.frame(gene_id = rownames(txi[[table]]), format(txi[[table]], digits = 17, trim = TRUE), check.names = FALSE)
    write.table(out, paste0("expected_", name, "_", table, ".tsv"), sep = "\t", quote = FALSE, row.names = FALSE)
  }
}
writeLines(c(R.version.string, paste("tximport", packageVersion("tximport"))), "versions.txt")
