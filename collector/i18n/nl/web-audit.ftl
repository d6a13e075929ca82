# Teksten van de pagina’s over: audit.
