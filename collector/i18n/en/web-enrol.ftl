# Texts of the pages about: enrol.
