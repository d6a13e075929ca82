# Texts of the pages about: software.
