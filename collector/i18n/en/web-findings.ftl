# Texts of the pages about: findings.
