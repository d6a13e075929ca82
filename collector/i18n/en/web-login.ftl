# Texts of the pages about: login.
