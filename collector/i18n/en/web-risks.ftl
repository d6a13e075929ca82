# Texts of the pages about: risks.

# The matrix
matrix-label = Risk matrix, likelihood by impact. Every filled cell links to the risks in that cell.
matrix-table = Risk matrix as a table
matrix-corner = Likelihood \ Impact
matrix-likelihood = Likelihood
matrix-cell = { $risks }, severity { $severity }: likelihood { $likelihood }, impact { $impact }
matrix-low = low or very low
matrix-tolerance = Risk tolerance
count-risks-one = { $n } risk
count-risks-other = { $n } risks
