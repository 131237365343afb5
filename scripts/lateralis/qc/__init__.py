"""What each sample looks like beside the others: metrics and flags. Quality control flags; it never drops a sample."""
