# Teksten van de pagina’s over: units.
