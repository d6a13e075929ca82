# Texts of the pages about: risks.
