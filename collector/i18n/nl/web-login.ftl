# Teksten van de pagina’s over: login.
