# Texts of the pages about: units.
