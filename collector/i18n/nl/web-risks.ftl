# Teksten van de pagina’s over: risks.
