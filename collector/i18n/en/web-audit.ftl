# Texts of the pages about: audit.
