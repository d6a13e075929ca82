# Teksten van de pagina’s over: software.
