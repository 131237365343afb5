# What the R contenders share: reading, the three contrasts, writing, and the line of JSON with the seconds of their parts.

arguments <- commandArgs(trailingOnly = TRUE)
folder <- arguments[1]
results_folder <- arguments[2]
workers <- as.integer(arguments[3])

seconds <- c()
start_kb <- 0
last <- as.numeric(Sys.getenv("BENCHMARK_STARTED"))

lap <- function(part) {
  now <- as.numeric(Sys.time())
  seconds[part] <<- now - last
  if (part == "start") start_kb <<- peak_memory()
  last <<- as.numeric(Sys.time())
}

# Highest resident memory so far in kB, Linux's own figure: gc() knows nothing of memory that compiled code takes
peak_memory <- function() {
  status <- readLines("/proc/self/status")
  as.numeric(gsub("[^0-9]", "", grep("^VmHWM:", status, value = TRUE)))
}

report <- function() {
  values <- c(seconds, start_kb = start_kb, peak_kb = peak_memory())
  cat("{", paste(sprintf("\"%s\": %.4f", names(values), values), collapse = ", "), "}\n", sep = "")
}

read_design <- function() {
  as.matrix(read.delim(file.path(folder, "design.tsv"), row.names = 1, check.names = FALSE))
}

# Genes × samples, by the quickest reader installed
read_counts <- function(n_samples) {
  path <- file.path(folder, "counts.tsv")
  if (requireNamespace("data.table", quietly = TRUE)) {
    table <- data.table::fread(path, sep = "\t", header = TRUE, nThread = workers)
    counts <- as.matrix(table[, -1])
    rownames(counts) <- table[[1]]
  } else {
    table <- read.delim(
      path, colClasses = c("character", rep("integer", n_samples)), row.names = 1,
      check.names = FALSE, quote = "", comment.char = ""
    )
    counts <- as.matrix(table)
  }
  counts
}

# Coefficients × contrasts: ALS against each of the others
contrast_weights <- function(design) {
  references <- c("control", "motor", "carrier")
  weights <- matrix(0, ncol(design), 3, dimnames = list(colnames(design), paste0("als_vs_", references)))
  weights["group[T.als]", ] <- 1
  for (reference in references[-1]) {
    weights[sprintf("group[T.%s]", reference), paste0("als_vs_", reference)] <- -1
  }
  weights
}

write_tables <- function(tables) {
  for (name in names(tables)) {
    table <- cbind(gene_id = rownames(tables[[name]]), tables[[name]])
    write.table(
      table, file.path(results_folder, paste0(name, ".tsv")),
      sep = "\t", quote = FALSE, row.names = FALSE, na = ""
    )
  }
}
