"""What a user brings: counts, sample sheet, gene annotation, or a simulated cohort in their place."""
