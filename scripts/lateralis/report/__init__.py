"""The cohort page: its data, the methods it states, and the page itself; and the workbook beside it."""
