# Teksten van de pagina’s over: data.
