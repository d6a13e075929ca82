# Texts of the pages about: worklist.
