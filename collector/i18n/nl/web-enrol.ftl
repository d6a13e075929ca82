# Teksten van de pagina’s over: enrol.
