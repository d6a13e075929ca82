# Teksten van de pagina’s over: worklist.
