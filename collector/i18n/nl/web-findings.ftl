# Teksten van de pagina’s over: findings.
