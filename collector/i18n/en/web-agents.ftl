# Texts of the pages about: agents.
