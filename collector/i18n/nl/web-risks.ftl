# Teksten van de pagina’s over: risks.

# De matrix
matrix-label = Risicomatrix, kans maal impact. Elke gevulde cel is een link naar de risico’s in die cel.
matrix-table = Risicomatrix als tabel
matrix-corner = Kans \ Impact
matrix-likelihood = Kans
matrix-cell = { $risks }, ernst { $severity }: kans { $likelihood }, impact { $impact }
matrix-low = laag of zeer laag
matrix-tolerance = Risicotolerantie
count-risks-one = { $n } risico
count-risks-other = { $n } risico’s
