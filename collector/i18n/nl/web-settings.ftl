# Teksten van de pagina’s over: settings.
trail = Kruimelpad
