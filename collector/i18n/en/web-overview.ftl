# Texts of the overview.
overview-last-report = Last report of a device: { $at }
overview-no-report = No device has reported yet.
overview-assets = Assets in service
overview-devices = of which { $n } devices
overview-owned = With an owner
overview-classified = Classified
overview-seen = Devices seen in 7 days
overview-of = { $part } of { $whole }
overview-findings = Open findings
overview-risks = Risks on the agenda
overview-top-risks = Risks
overview-open-findings = Open findings
overview-no-risks = No risks on the agenda.
overview-no-findings = No open findings.
