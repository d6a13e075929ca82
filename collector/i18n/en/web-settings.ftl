# Texts of the pages about: settings.
