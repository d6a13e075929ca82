# Teksten van het overzicht.
overview-last-report = Laatste melding van een toestel: { $at }
overview-no-report = Nog geen enkel toestel meldde zich.
overview-assets = Assets in dienst
overview-devices = waarvan { $n } toestellen
overview-owned = Met eigenaar
overview-classified = Geclassificeerd
overview-seen = Toestellen gezien in 7 dagen
overview-of = { $part } van { $whole }
overview-findings = Open bevindingen
overview-risks = Risico’s op de agenda
overview-top-risks = Risico’s
overview-open-findings = Open bevindingen
overview-no-risks = Geen risico’s op de agenda.
overview-no-findings = Geen open bevindingen.
