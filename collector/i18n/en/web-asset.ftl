# Texts of the pages about: asset.
