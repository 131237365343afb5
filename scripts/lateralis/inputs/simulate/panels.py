"""Which named genes the simulated cells express and which respond, so that a demo report reads like a real one.

Levels are expected counts in a typical library (25 million reads of macrophages), of the order seen in human
monocyte-derived macrophages and blood mononuclear cells. The lists are textbook markers and pathway members, chosen for
plausibility; they claim nothing about ALS.
"""

from __future__ import annotations

HOUSEKEEPING = {
    "ACTB": 190_000, "ACTG1": 60_000, "GAPDH": 80_000, "EEF1A1": 130_000, "EEF2": 35_000, "B2M": 110_000, "TMSB4X": 90_000,
    "TMSB10": 30_000, "UBC": 40_000, "TPT1": 35_000, "HSPA8": 30_000, "HSP90AA1": 25_000, "PKM": 38_000, "ENO1": 30_000,
    "MALAT1": 35_000, "NEAT1": 15_000, "VIM": 80_000, "CD74": 120_000, "HLA-DRA": 60_000, "HLA-B": 60_000, "FTL": 180_000,
    "FTH1": 160_000, "LAPTM5": 45_000, "SRGN": 30_000, "HPRT1": 1_500, "TBP": 600, "GUSB": 1_800, "PGK1": 9_000,
}  # fmt: skip

MACROPHAGE = {
    "CD14": 22_000, "CD68": 30_000, "CSF1R": 15_000, "MRC1": 20_000, "CD163": 12_000, "MSR1": 9_000, "ITGAM": 5_000,
    "AIF1": 4_000, "MERTK": 1_500, "LYZ": 70_000, "CTSB": 90_000, "CTSD": 50_000, "CTSZ": 25_000, "PSAP": 70_000,
    "TYROBP": 12_000, "FCER1G": 10_000, "FCGR3A": 4_000, "FCGR1A": 2_500, "C1QA": 20_000, "C1QB": 22_000, "C1QC": 24_000,
    "SPI1": 5_000, "CYBB": 30_000, "ITGB2": 30_000, "TREM2": 6_000, "APOE": 40_000, "SPP1": 50_000, "GPNMB": 40_000,
    "CD9": 4_000, "LGALS3": 20_000, "LPL": 6_000, "CHIT1": 8_000, "CHI3L1": 9_000, "CX3CR1": 250, "MAF": 2_500,
    "FOLR2": 2_000, "STAB1": 15_000, "SELENOP": 3_000, "LYVE1": 200, "F13A1": 1_500, "S100A8": 3_000, "S100A9": 6_000,
    "IL1B": 1_200, "IL6": 80, "TNF": 400, "CXCL8": 4_000, "CCL2": 3_000, "CCL3": 1_500, "CCL4": 900, "IFI27": 150,
}  # fmt: skip

BLOOD = {
    "CD14": 8_000, "LYZ": 60_000, "S100A8": 40_000, "S100A9": 70_000, "FCGR3A": 5_000, "CSF1R": 4_000, "CD68": 3_500,
    "CD3D": 9_000, "CD3E": 9_000, "CD3G": 4_000, "CD2": 6_000, "TRAC": 12_000, "TRBC1": 6_000, "TRBC2": 12_000,
    "IL7R": 15_000, "CCR7": 5_000, "CD4": 6_000, "CD8A": 5_000, "CD8B": 3_000, "LCK": 9_000, "CD19": 900, "MS4A1": 3_000,
    "CD79A": 3_500, "NKG7": 12_000, "GNLY": 14_000, "GZMB": 5_000, "PRF1": 8_000, "KLRD1": 3_000, "NCAM1": 300,
    "FOXP3": 180, "IL2RA": 700, "CTLA4": 600, "IKZF2": 900, "TIGIT": 800, "TNFRSF18": 120, "CCR4": 900, "IL2RB": 5_000,
    "RTKN2": 220, "LRRC32": 60, "HBA1": 2_000, "HBA2": 4_000, "HBB": 9_000, "EPX": 10, "IL5RA": 60, "CLC": 120,
}  # fmt: skip

# What a T cell has and a macrophage lacks: levels in pure T cells, for the planted contamination.
T_CELL = {
    "CD3D": 12_000, "CD3E": 12_000, "CD3G": 6_000, "CD2": 9_000, "TRAC": 18_000, "TRBC1": 9_000, "TRBC2": 18_000,
    "IL7R": 25_000, "CD5": 4_000, "CD6": 5_000, "CD7": 4_000, "LCK": 14_000, "CD247": 4_500, "ITK": 6_000, "BCL11B": 7_000,
    "CCR7": 7_000, "CD27": 4_000, "LEF1": 5_000, "TCF7": 8_000, "GIMAP5": 3_000, "CD28": 2_500, "ICOS": 1_200,
}  # fmt: skip

# Markers of other cells: what little of them is left after a good purification.
NOT_IN_MACROPHAGES = [
    *T_CELL, "CD8A", "CD8B", "CD19", "MS4A1", "CD79A", "CD79B", "PAX5", "BANK1", "NKG7", "GNLY", "KLRD1", "KLRF1", "NCAM1",
    "GZMB", "PRF1", "FCGR3B", "CEACAM8", "CXCR2", "MPO", "ELANE", "CLC", "EPX", "PF4", "PPBP", "GP9", "ITGA2B", "TUBB1",
    "EPCAM", "COL1A1", "COL1A2", "COL3A1", "DCN",
]  # fmt: skip
LEVEL_OF_OTHER_CELLS = 8.0

RED_CELL = {"HBA1": 6, "HBA2": 10, "HBB": 20, "HBD": 2, "ALAS2": 2}

MITOCHONDRIAL = {
    "MT-CO1": 226, "MT-CO2": 70, "MT-CO3": 58, "MT-ND1": 52, "MT-ND2": 46, "MT-ND3": 10, "MT-ND4": 109, "MT-ND4L": 10,
    "MT-ND5": 79, "MT-ND6": 1, "MT-CYB": 39, "MT-ATP6": 43, "MT-ATP8": 6, "MT-RNR1": 22, "MT-RNR2": 179,
}  # fmt: skip

# Level in cells of men; women have a few mis-assigned reads.
Y_LINKED = {"RPS4Y1": 6_000, "DDX3Y": 3_500, "KDM5D": 1_800, "UTY": 1_400, "EIF1AY": 1_500, "USP9Y": 900, "ZFY": 600}
XIST_LEVEL = 9_000.0
X_ESCAPE = ["KDM6A", "KDM5C", "ZFX", "DDX3X", "EIF1AX", "JPX", "PUDP", "ZRSR2", "SMC1A", "TXLNG"]

# Families that immune cells do not express: they get counts near zero.
SILENT_FAMILIES = (
    r"^(?:OR\d|KRT\d|KRTAP|TAS[12]R|DEFB|PRAMEF|MAGE[ABC]|GAGE|SPANX|SSX\d|CT4[57]A|[XP]AGE\d|TSPY|DAZ|RBMY|VCY|CDY|LCE\d|"
    r"SPRR|PCDH[AB]|CRYG|USP17L|NBPF|POTE|FAM47|TRIM4[389]|TRIM64|IFNA\d|SEMG|VN1R|TAAR|FGF\d|WNT\d|HOX[A-D]|CYP2[A-F]|"
    r"UGT2|NEUROD|MYH[1-8]$|MYL[1-4]$|TNN[CIT]|GABR[ABG]|GRI[AK]\d|GRIN[12]|SLC6A)"
)
RIBOSOMAL_PROTEIN = r"^RP[LS](?:\d+[AXL]?\d?|P\d)$"

LIPID_MICROGLIA_UP = [
    "TREM2", "APOE", "SPP1", "GPNMB", "LPL", "CD9", "LGALS3", "CHIT1", "CHI3L1", "CST7", "ITGAX", "AXL", "CTSL", "PLIN2",
    "FABP5", "LIPA", "CD36", "ABCA1", "NPC2", "APOC1", "CLEC7A", "PLA2G7", "MMP9", "HIF1A",
]  # fmt: skip
HOMEOSTATIC_DOWN = [
    "CX3CR1", "MAF", "FOLR2", "STAB1", "SELENOP", "LYVE1", "F13A1", "TGFBR1", "TGFBR2", "MEF2C", "SLC40A1", "CD163L1",
    "TXNIP", "KLF2", "KLF4", "IL10RA",
]  # fmt: skip
NFKB_UP = [
    "IL1B", "IL6", "TNF", "CXCL8", "CCL2", "CCL3", "CCL4", "NFKBIA", "NFKBIZ", "NFKB1", "NFKB2", "RELB", "PTGS2", "ICAM1",
    "TNFAIP3", "TNFAIP2", "TNIP1", "BIRC3", "TRAF1", "IER3", "IRAK2", "SOD2", "CXCL1", "CXCL2", "CXCL3", "CCL20", "PLAUR",
    "S100A8", "S100A9", "S100A12", "IL1A", "CD83", "EREG", "GADD45B", "MAP3K8", "RIPK2", "JUNB", "FOSL1",
]  # fmt: skip
INTERFERON_UP = [
    "IFIT1", "IFIT2", "IFIT3", "IFIT5", "ISG15", "ISG20", "MX1", "MX2", "OAS1", "OAS2", "OAS3", "OASL", "IFI6", "IFI27",
    "IFI35", "IFI44", "IFI44L", "IFIH1", "RSAD2", "IRF7", "IRF9", "STAT1", "STAT2", "XAF1", "HERC5", "HERC6", "CXCL10",
    "USP18", "DDX58", "RIGI", "DDX60", "EPSTI1", "PARP9", "PARP14", "SAMD9", "SAMD9L", "TRIM22", "CMPK2", "LGALS3BP",
    "BST2", "PLSCR1", "GBP1", "SP110", "UBE2L6", "EIF2AK2", "TAP1", "PSMB9",
]  # fmt: skip
REGULATORY_T_CELL_UP = [
    "FOXP3", "IL2RA", "CTLA4", "IKZF2", "TIGIT", "TNFRSF18", "TNFRSF4", "TNFRSF9", "CCR4", "CCR8", "RTKN2", "LRRC32", "IL2RB",
    "ENTPD1", "IL10", "CISH", "SOCS1", "SOCS2", "STAM", "LAYN", "FCRL3", "HPGD", "METTL7A", "TMEM71", "IL1R1",
]  # fmt: skip
EOSINOPHIL_UP = ["CLC", "EPX", "IL5RA", "SIGLEC8", "CCR3", "ALOX15", "PRSS33", "SMPD3", "HRH4", "CEBPE"]
CYTOTOXIC_DOWN = ["GNLY", "GZMB", "PRF1", "NKG7", "KLRD1", "FGFBP2", "KLRF1", "S1PR5", "ADGRG1", "CX3CR1"]

RESPONDING = [
    *LIPID_MICROGLIA_UP, *HOMEOSTATIC_DOWN, *NFKB_UP, *INTERFERON_UP, *REGULATORY_T_CELL_UP, *EOSINOPHIL_UP, *CYTOTOXIC_DOWN,
]  # fmt: skip
MARKERS = [*HOUSEKEEPING, *MACROPHAGE, *BLOOD, *NOT_IN_MACROPHAGES, *RED_CELL]
