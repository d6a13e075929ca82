# Teksten van bewaarde weergaven.
views-saved = Bewaarde weergaven
views-lead = Lijsten met hun filters, volgorde en kolommen
views-empty = U hebt nog geen weergave bewaard. Filter een lijst en kies „Weergave bewaren”.
views-for = Voor wie
views-everybody = iedereen
views-own = uzelf
view-new-lead = De lijst met haar filters, volgorde en kolommen komt onder deze naam boven de lijst te staan.
view-share = Voor iedereen tonen
act-save-view = Weergave bewaren
act-remove = Verwijderen
done-weergave-verwijderd = De weergave is verwijderd.
