# Texts of the pages about: reports.
