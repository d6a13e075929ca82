# Texts of the pages about: data.
