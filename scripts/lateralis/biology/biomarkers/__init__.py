"""Panels of genes that tell two groups apart, judged on people whom they have not seen."""
