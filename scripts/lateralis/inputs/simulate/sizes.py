"""How large the built-in cohorts are, for those who need to know without drawing one."""

SIZES = {"mac2als": (180, 20_000), "mirocals": (180, 8_000), "imodals": (108, 8_000)}  # samples, genes
