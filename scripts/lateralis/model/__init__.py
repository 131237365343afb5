"""From counts and a design to a test of every gene: normalisation, fit, contrasts, and the calls made from them."""
