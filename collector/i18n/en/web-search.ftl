# Texts of the pages about: search.
