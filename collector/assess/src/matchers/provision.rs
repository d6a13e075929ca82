//! What a device is provided with, told by the services that run and the packages that are installed:
//! time, logging, back-up, protection against malware. Which names count is data, in `services` and
//! `packages` of the finding.

use crate::catalogue::{Catalogue, FindingKind, Params};
use crate::evaluate::{Observation, Subject, Verdict, item};

/// What is there of a list of names.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Provision {
    /// A service of the list runs.
    Runs(String),
    /// A package of the list is installed; no service of it runs, or that is not known.
    Installed { package: String, services_known: bool },
    /// Neither.
    Nothing,
    /// Could not be told.
    Unknown,
}

/// Whether a name is one of a list; an entry that ends in `*` stands for all that begin so.
pub(super) fn listed(list: &[String], name: &str) -> bool {
    list.iter().any(|entry| match entry.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => entry == name,
    })
}

fn provision(subject: &Subject<'_>, params: &Params) -> Provision {
    let services = subject.facts.and_then(|facts| facts.services.as_ref());
    let running = services.into_iter().flatten().find(|name| listed(&params.services, name));
    if let Some(service) = running {
        return Provision::Runs(service.clone());
    }
    let installed = subject.software.into_iter().flatten();
    if let Some(package) = installed.map(|one| &one.name).find(|n| listed(&params.packages, n)) {
        let services_known = services.is_some();
        return Provision::Installed { package: package.clone(), services_known };
    }
    // What is installed without being seen to run counts too: nothing can be said without the list.
    if services.is_none() || (subject.software.is_none() && !params.packages.is_empty()) {
        return Provision::Unknown;
    }
    Provision::Nothing
}

/// No service of the list runs.
pub(super) fn service_absent(subject: &Subject<'_>, kind: &FindingKind, _: &Catalogue) -> Verdict {
    if let Err(verdict) = subject.device_facts() {
        return verdict;
    }
    match provision(subject, &kind.params) {
        Provision::Runs(_) => Verdict::Pass,
        Provision::Installed { package, services_known: true } => {
            hit(format!("{package} is installed and does not run"))
        }
        Provision::Nothing => hit("none runs".to_owned()),
        Provision::Installed { services_known: false, .. } | Provision::Unknown => Verdict::Unknown,
    }
}

/// No package of the list is installed and no service of it runs: what starts at its hours only runs then.
pub(super) fn client_absent(subject: &Subject<'_>, kind: &FindingKind, _: &Catalogue) -> Verdict {
    if let Err(verdict) = subject.device_facts() {
        return verdict;
    }
    match provision(subject, &kind.params) {
        Provision::Runs(_) | Provision::Installed { .. } => Verdict::Pass,
        Provision::Nothing => hit("none is installed".to_owned()),
        Provision::Unknown => Verdict::Unknown,
    }
}

/// No protection against malware is active: by the products that were found and by services; where no
/// products are known, by services and packages.
pub(super) fn malware_absent(
    subject: &Subject<'_>,
    kind: &FindingKind,
    catalogue: &Catalogue,
) -> Verdict {
    let facts = match subject.device_facts() {
        Ok(facts) => facts,
        Err(verdict) => return verdict,
    };
    let Some(products) = &facts.malware_protection else {
        return service_absent(subject, kind, catalogue);
    };
    if products.iter().any(|product| product.active == Some(true)) {
        return Verdict::Pass;
    }
    // One that the organisation named itself, and the agent does not know.
    if matches!(provision(subject, &kind.params), Provision::Runs(_)) {
        return Verdict::Pass;
    }
    if products.iter().any(|product| product.active.is_none()) {
        return Verdict::Unknown;
    }
    let names: Vec<_> = products.iter().map(|product| product.name.as_str()).collect();
    hit(if names.is_empty() {
        "none is registered".to_owned()
    } else {
        format!("{} is not active", names.join(", "))
    })
}

/// The signatures of the active protection are over `days` old.
pub(super) fn malware_outdated(
    subject: &Subject<'_>,
    kind: &FindingKind,
    _: &Catalogue,
) -> Verdict {
    let facts = match subject.device_facts() {
        Ok(facts) => facts,
        Err(verdict) => return verdict,
    };
    let Some(products) = &facts.malware_protection else { return Verdict::Unknown };
    let active: Vec<_> = products.iter().filter(|product| product.active == Some(true)).collect();
    if active.is_empty() {
        // That none is active is another finding.
        return if products.iter().any(|product| product.active.is_none()) {
            Verdict::Unknown
        } else {
            Verdict::NotApplicable
        };
    }
    let days = kind.params.days.unwrap_or(0);
    let known: Vec<_> = active
        .iter()
        .filter_map(|product| Some((product.name.as_str(), product.signatures_at?)))
        .collect();
    // One that is current protects.
    if known.iter().any(|(_, at)| subject.now.days_since(*at) <= days) {
        return Verdict::Pass;
    }
    if known.len() < active.len() {
        return Verdict::Unknown;
    }
    let old =
        known.into_iter().map(|(name, at)| item("signatures", format!("{name}: {}", at.day())));
    Verdict::Hit(vec![Observation { evidence: old.collect(), ..Observation::default() }])
}

fn hit(what: String) -> Verdict {
    Verdict::Hit(vec![Observation::of("services", what)])
}

#[cfg(test)]
mod tests {
    use belfort_model::asset::{Source, Subtype};
    use belfort_model::facts::ProtectionFacts;
    use belfort_model::software::Installation;
    use belfort_model::time::Timestamp;

    use super::*;
    use crate::testing::{Fixture, result};

    fn on(code: &str, fixture: &Fixture, packages: Option<&[&str]>, class: i64) -> &'static str {
        let packages: Option<Vec<_>> = packages.map(|names| {
            let one =
                |name: &&str| Installation { name: (*name).to_owned(), ..Installation::default() };
            names.iter().map(one).collect()
        });
        let links = [Fixture::link(class)];
        let subject = Subject { software: packages.as_deref(), links: &links, ..fixture.subject() };
        result(code, &subject)
    }

    fn running(names: &[&str]) -> Fixture {
        let mut fixture = Fixture::device();
        fixture.facts.services = Some(names.iter().map(|name| (*name).to_owned()).collect());
        fixture
    }

    #[test]
    fn names_are_listed_whole_or_by_their_beginning() {
        let list = ["chrony".to_owned(), "clamav*".to_owned()];
        for (name, expected) in
            [("chrony", true), ("chronyd", false), ("clamav-daemon", true), ("clam", false)]
        {
            assert_eq!(listed(&list, name), expected, "{name}");
        }
    }

    #[test]
    fn a_time_service_runs() {
        let code = "time_sync.off";
        assert_eq!(on(code, &running(&["cron", "systemd-timesyncd"]), None, 2), "pass");
        assert_eq!(on(code, &running(&["chronyd"]), Some(&[]), 2), "pass");
        assert_eq!(on(code, &running(&["cron"]), Some(&["bash"]), 2), "hit");
        assert_eq!(on(code, &running(&["cron"]), Some(&["chrony"]), 2), "hit");
        assert_eq!(on(code, &running(&["cron"]), None, 2), "unknown");
        assert_eq!(on(code, &Fixture::device(), Some(&["chrony"]), 2), "unknown");
        let mut container = running(&["cron"]);
        container.asset.subtype = Subtype::Container;
        assert_eq!(on(code, &container, Some(&[]), 2), "not_applicable");
    }

    #[test]
    fn a_server_keeps_logs() {
        let code = "logging.absent";
        assert_eq!(on(code, &running(&["rsyslog"]), None, 2), "pass");
        assert_eq!(on(code, &running(&["cron"]), Some(&[]), 2), "hit");
        assert_eq!(on(code, &Fixture::device(), Some(&[]), 2), "unknown");
        let mut laptop = running(&["cron"]);
        laptop.asset.subtype = Subtype::Laptop;
        assert_eq!(on(code, &laptop, Some(&[]), 2), "not_applicable");
    }

    #[test]
    fn what_must_be_available_is_backed_up() {
        let code = "backup.absent";
        assert_eq!(on(code, &running(&["cron"]), Some(&["borgbackup"]), 4), "pass");
        assert_eq!(on(code, &running(&["bareos-fd"]), None, 4), "pass");
        assert_eq!(on(code, &running(&["cron"]), Some(&["bash"]), 4), "hit");
        assert_eq!(on(code, &running(&["cron"]), None, 4), "unknown");
        assert_eq!(on(code, &running(&["cron"]), Some(&["bash"]), 3), "not_applicable");
        let mut imported = running(&["cron"]);
        imported.asset.source = Source::Import;
        let links = [Fixture::link(4)];
        let bare = Subject { facts: None, links: &links, ..imported.subject() };
        assert_eq!(result(code, &bare), "not_applicable");
    }

    #[test]
    fn protection_is_told_by_the_system_or_by_its_services() {
        let code = "malware_protection.absent";
        assert_eq!(on(code, &running(&["mdatp"]), None, 2), "pass");
        assert_eq!(on(code, &running(&["cron"]), Some(&["clamav-daemon"]), 2), "hit");
        assert_eq!(on(code, &running(&["cron"]), Some(&[]), 2), "hit");
        assert_eq!(on(code, &Fixture::device(), Some(&["clamav-daemon"]), 2), "unknown");
        let with = |products: &[Option<bool>]| {
            let mut fixture = Fixture::device();
            let product = |active: &Option<bool>| ProtectionFacts {
                name: "Schild".to_owned(),
                active: *active,
                signatures_at: None,
            };
            fixture.facts.malware_protection = Some(products.iter().map(product).collect());
            on(code, &fixture, None, 2)
        };
        assert_eq!(with(&[]), "hit");
        assert_eq!(with(&[Some(false)]), "hit");
        let mut own = running(&["mdatp"]);
        own.facts.malware_protection = Some(vec![]);
        assert_eq!(on(code, &own, None, 2), "pass");
        assert_eq!(with(&[Some(false), None]), "unknown");
        assert_eq!(with(&[None, Some(true)]), "pass");
    }

    #[test]
    fn signatures_are_three_days_old_at_most() {
        let with = |products: &[(Option<bool>, Option<i64>)]| {
            let mut fixture = Fixture::device();
            let product = |(active, day): &(Option<bool>, Option<i64>)| ProtectionFacts {
                name: "Schild".to_owned(),
                active: *active,
                signatures_at: day.map(|day| Timestamp(0).plus_days(day)),
            };
            fixture.facts.malware_protection = Some(products.iter().map(product).collect());
            let now = Timestamp(0).plus_days(10);
            result("malware_protection.outdated", &Subject { now, ..fixture.subject() })
        };
        assert_eq!(with(&[(Some(true), Some(7))]), "pass");
        assert_eq!(with(&[(Some(true), Some(6))]), "hit");
        assert_eq!(with(&[(Some(true), None)]), "unknown");
        assert_eq!(with(&[(Some(true), Some(6)), (Some(true), Some(9))]), "pass");
        assert_eq!(with(&[(Some(true), Some(6)), (Some(true), None)]), "unknown");
        assert_eq!(with(&[(Some(false), Some(9))]), "not_applicable");
        assert_eq!(with(&[(None, Some(9))]), "unknown");
        assert_eq!(result("malware_protection.outdated", &Fixture::device().subject()), "unknown");
    }
}
