# Texts of the pages about: settings.
trail = Breadcrumb
