//! A city of a test's own: its units and two hundred assets as a security officer would import them. The
//! names follow rules that assignment rules can go by: the department's letters, the form, a number.

use std::fmt::Write as _;

/// A unit: code, name, kind and the unit it is part of.
pub type Unit = (&'static str, &'static str, &'static str, &'static str);

/// Departments and services. Those of assets are named in the assets' host names.
pub const UNITS: &[Unit] = &[
    ("STAD", "Stad", "department", ""),
    ("DMT", "Departement Dienstverlening en Bevolking", "department", "STAD"),
    ("BZ", "Dienst Burgerzaken", "service", "DMT"),
    ("LOK", "Dienst Loketten", "service", "DMT"),
    ("DFIN", "Departement Financiën", "department", "STAD"),
    ("FIN", "Dienst Boekhouding", "service", "DFIN"),
    ("BEL", "Dienst Belastingen", "service", "DFIN"),
    ("DMOB", "Departement Mobiliteit en Openbare Werken", "department", "STAD"),
    ("MOB", "Dienst Mobiliteit", "service", "DMOB"),
    ("WEG", "Dienst Wegen", "service", "DMOB"),
    ("DWZ", "Departement Welzijn", "department", "STAD"),
    ("SOC", "Sociale Dienst", "service", "DWZ"),
    ("OND", "Dienst Onderwijs", "service", "DWZ"),
    ("DIT", "IT-partner", "external", ""),
    ("INF", "Team Infrastructuur", "team", "DIT"),
];

/// Services whose devices are told by the beginning of their names.
pub const SERVICES: [&str; 9] = ["BZ", "LOK", "FIN", "BEL", "MOB", "WEG", "SOC", "OND", "INF"];

/// How many assets [`assets_csv`] holds.
pub const ASSETS: usize = 200;

/// The units as a spreadsheet, children before their parents here and there: the import sorts that out.
pub fn units_csv() -> String {
    let mut text = String::from("code;naam;soort;bovenliggend\r\n");
    for (code, name, kind, parent) in UNITS.iter().rev() {
        let _ = write!(text, "{code};{name};{kind};{parent}\r\n");
    }
    text
}

/// One asset of the spreadsheet.
pub struct Line {
    /// Name.
    pub name: String,
    /// Kind.
    pub kind: &'static str,
    /// Form.
    pub subtype: &'static str,
    /// Serial number; empty for what has none.
    pub serial: String,
    /// Site code.
    pub site: String,
    /// Environment.
    pub environment: &'static str,
    /// From where it can be reached.
    pub exposure: &'static str,
    /// Labels.
    pub labels: &'static str,
}

/// The assets, always the same.
pub fn assets() -> Vec<Line> {
    (0..ASSETS).map(line).collect()
}

fn line(number: usize) -> Line {
    let service = SERVICES[number % SERVICES.len()];
    let (letters, kind, subtype, exposure, labels) = match number {
        0..=109 => ("LT", "device", "laptop", "internal", "kantoor"),
        110..=144 => ("PC", "device", "desktop", "internal", "kantoor"),
        145..=164 => ("SRV", "device", "server", "internal", "datacenter"),
        165..=179 => ("VM", "device", "vm", "dmz", "datacenter"),
        180..=185 => ("PR", "device", "printer", "internal", "kantoor"),
        186..=189 => ("SW", "device", "network", "internal", "netwerk"),
        190..=197 => ("APP", "application", "other", "internal", "toepassing"),
        _ => ("SAAS", "external_service", "saas", "internet", "wolk"),
    };
    let is_device = kind == "device";
    Line {
        name: format!("{service}-{letters}-{number:03}"),
        kind,
        subtype,
        serial: if is_device { format!("SN{:06}", 700_000 + number * 37) } else { String::new() },
        site: format!("S{:02}", number % 7 + 1),
        environment: if number % 31 == 30 { "test" } else { "production" },
        exposure,
        labels,
    }
}

/// The assets as a spreadsheet.
pub fn assets_csv() -> String {
    let mut text = String::from(
        "naam;soort;vorm;serienummer;locatie;omgeving;blootstelling;labels;rechtspersoon\r\n",
    );
    for line in assets() {
        let Line { name, kind, subtype, serial, site, environment, exposure, labels } = line;
        let _ = write!(
            text,
            "{name};{kind};{subtype};{serial};{site};{environment};{exposure};{labels};STAD\r\n"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn two_hundred_different_assets_of_known_services() {
        let names: BTreeSet<_> = assets().into_iter().map(|line| line.name).collect();
        assert_eq!(names.len(), ASSETS);
        let codes: Vec<_> = UNITS.iter().map(|unit| unit.0).collect();
        assert!(SERVICES.iter().all(|service| codes.contains(service)));
        assert!(UNITS.iter().all(|unit| unit.3.is_empty() || codes.contains(&unit.3)));
    }
}
