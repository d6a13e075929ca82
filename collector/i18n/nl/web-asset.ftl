# Teksten van de pagina’s over: asset.
