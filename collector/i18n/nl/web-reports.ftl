# Teksten van de pagina’s over: reports.
