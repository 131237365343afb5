"""The negative-binomial numerics of the fit: compiled kernels over genes, behind PyDESeq2's `Inference`; arrays only."""
