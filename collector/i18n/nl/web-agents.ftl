# Teksten van de pagina’s over: agents.
