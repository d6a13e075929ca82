# Teksten van de pagina’s over: search.
