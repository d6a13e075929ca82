# Texts of saved views.
views-saved = Saved views
views-lead = Lists with their filters, order and columns
views-empty = You have not saved a view yet. Filter a list and choose “Save view”.
views-for = For whom
views-everybody = everybody
views-own = yourself
view-new-lead = The list with its filters, order and columns will stand above the list under this name.
view-share = Show to everybody
act-save-view = Save view
act-remove = Remove
done-weergave-verwijderd = The view is removed.
