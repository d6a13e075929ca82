# Teksten van de pagina’s over: settings.
