//! Products that protect or endanger a machine, found by their units and their folders.
//!
//! Names of units are those the vendors' packages install; an entry that ends in `*` stands for all
//! that begin so.

use std::collections::BTreeMap;
use std::ops::Bound;

use belfort_proto::inventory::v1::{SecurityCategory, SecurityProduct, StartMode, Tristate};

use crate::probe::services::{Found, Units};

mod table;

/// A product and what tells of it.
struct Known {
    name: &'static str,
    categories: &'static [SecurityCategory],
    /// Services that run when it is switched on.
    services: &'static [&'static str],
    /// Services that tell that it is there, but not that it is switched on.
    helpers: &'static [&'static str],
    /// Timers that start it.
    timers: &'static [&'static str],
    /// A folder below `/opt`, or another one that begins with `/`.
    folder: &'static str,
    /// Whether a log record that it takes goes to another machine.
    forwards: bool,
}

impl Known {
    const fn new(
        name: &'static str,
        categories: &'static [SecurityCategory],
        services: &'static [&'static str],
    ) -> Self {
        Self { name, categories, services, helpers: &[], timers: &[], folder: "", forwards: false }
    }

    const fn helpers(self, helpers: &'static [&'static str]) -> Self {
        Self { helpers, ..self }
    }

    const fn timers(self, timers: &'static [&'static str]) -> Self {
        Self { timers, ..self }
    }

    const fn folder(self, folder: &'static str) -> Self {
        Self { folder, ..self }
    }

    const fn forwards(self) -> Self {
        Self { forwards: true, ..self }
    }
}

/// What is there of the products.
#[derive(Debug, Default)]
pub struct Products {
    /// By category and name.
    pub found: Vec<SecurityProduct>,
    /// Whether one that forwards log records by its nature is active; unknown when one may be.
    pub forwarder: Tristate,
}

/// Name of the product that keeps its signatures in a file that can be read.
pub const CLAMAV: &str = "ClamAV";
/// Names of the products whose configuration says whether they forward.
pub const RSYSLOG: &str = "rsyslog";
/// Likewise.
pub const SYSLOG_NG: &str = "syslog-ng";
/// Name of the product that decides which devices may be used.
pub const USBGUARD: &str = "USBGuard";

/// The products that are there. `folder` says whether a folder exists: one below `/opt` by its name
/// there, others by their path.
pub fn products(units: &Units, mut folder: impl FnMut(&str) -> bool) -> Products {
    let services: BTreeMap<&str, &Found> =
        units.services.iter().map(|service| (service.name.as_str(), service)).collect();
    let templates: BTreeMap<&str, &String> =
        units.templates.iter().map(|name| (name.as_str(), name)).collect();
    let timers: BTreeMap<&str, bool> =
        units.timers.iter().map(|(name, enabled)| (name.as_str(), *enabled)).collect();
    let mut products = Products { forwarder: Tristate::No, ..Products::default() };
    for known in table::KNOWN {
        let running: Vec<_> =
            known.services.iter().flat_map(|name| shown(&services, name)).collect();
        let enabled: Vec<_> = known.timers.iter().flat_map(|name| named(&timers, name)).collect();
        let is_there = !running.is_empty()
            || !enabled.is_empty()
            || known.helpers.iter().any(|name| !shown(&services, name).is_empty())
            || known.services.iter().any(|name| !named(&templates, name).is_empty());
        let in_folder = !is_there && !known.folder.is_empty() && folder(known.folder);
        if !is_there && !in_folder {
            continue;
        }
        let active = if in_folder { Tristate::Unspecified } else { active(&running, &enabled) };
        if known.forwards && products.forwarder != Tristate::Yes && active != Tristate::No {
            products.forwarder = active;
        }
        products.found.extend(known.categories.iter().map(|category| SecurityProduct {
            category: (*category).into(),
            name: known.name.to_owned(),
            active: active.into(),
            signatures_on: String::new(),
        }));
    }
    products.found.sort_by(|a, b| (a.category, &a.name).cmp(&(b.category, &b.name)));
    products
}

/// Whether one of the services runs or one of the timers is enabled. Where running cannot be told,
/// what starts with the system counts.
fn active(services: &[&Found], timers: &[&bool]) -> Tristate {
    let starts = |service: &Found| {
        service.running == Tristate::Yes
            || (service.running == Tristate::Unspecified
                && service.start_mode == StartMode::Enabled)
    };
    if services.iter().any(|service| starts(service)) || timers.iter().any(|enabled| **enabled) {
        return Tristate::Yes;
    }
    // What another unit starts; a timer that is there and not enabled does not.
    let unknown = |service: &Found| {
        service.running == Tristate::Unspecified
            && matches!(service.start_mode, StartMode::Static | StartMode::Unspecified)
    };
    if timers.is_empty() && services.iter().any(|service| unknown(service)) {
        return Tristate::Unspecified;
    }
    Tristate::No
}

/// The services of a name; a unit that is masked may be all there is of what once was installed.
fn shown<'a>(all: &BTreeMap<&str, &'a Found>, name: &str) -> Vec<&'a Found> {
    let found = named(all, name).into_iter().copied();
    found.filter(|service| service.start_mode != StartMode::Masked).collect()
}

/// What is there under a name, or under names that begin as it says.
fn named<'a, T>(all: &'a BTreeMap<&str, T>, name: &str) -> Vec<&'a T> {
    match name.strip_suffix('*') {
        Some(beginning) => {
            let from = all.range::<str, _>((Bound::Included(beginning), Bound::Unbounded));
            from.take_while(|(name, _)| name.starts_with(beginning))
                .map(|(_, found)| found)
                .collect()
        }
        None => all.get(name).into_iter().collect(),
    }
}

impl Products {
    /// Whether a product is active; nothing when it is not there.
    pub fn active(&self, name: &str) -> Option<Tristate> {
        self.found.iter().find(|product| product.name == name).map(SecurityProduct::active)
    }

    /// Whether a product of a category is active: unknown when one may be, or when none is and
    /// `complete` is not set, because not everything was seen.
    pub fn any_active(&self, category: SecurityCategory, complete: bool) -> Tristate {
        let states = self.found.iter().filter(|one| one.category() == category);
        let states: Vec<_> = states.map(SecurityProduct::active).collect();
        match () {
            () if states.contains(&Tristate::Yes) => Tristate::Yes,
            () if states.contains(&Tristate::Unspecified) || !complete => Tristate::Unspecified,
            () => Tristate::No,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(name: &str, running: Tristate, start_mode: StartMode) -> Found {
        Found { name: name.to_owned(), running, start_mode, ..Found::default() }
    }

    fn shown(units: &Units, folders: &[&str]) -> Vec<String> {
        let found = products(units, |folder| folders.contains(&folder)).found;
        let one = |product: &SecurityProduct| {
            let category = product.category().as_str_name().to_lowercase();
            let category = category.replace("security_category_", "");
            format!("{category} {} {:?}", product.name, product.active())
        };
        found.iter().map(one).collect()
    }

    #[test]
    fn by_units() {
        let units = Units {
            services: vec![
                service("clamav-freshclam", Tristate::Yes, StartMode::Enabled),
                service("clamav-daemon", Tristate::No, StartMode::Enabled),
                service("xrdp", Tristate::Unspecified, StartMode::Enabled),
                service("falcon-sensor", Tristate::Yes, StartMode::Enabled),
                service("chrome-remote-desktop@jan", Tristate::Yes, StartMode::Enabled),
                service("chronyd", Tristate::Unspecified, StartMode::Static),
                service("teamviewerd", Tristate::No, StartMode::Masked),
                service("auditd", Tristate::Unspecified, StartMode::Disabled),
                service("borgmatic", Tristate::Unspecified, StartMode::Static),
            ],
            templates: ["tigervncserver".to_owned()].into(),
            timers: [("borgmatic".to_owned(), false), ("restic-home".to_owned(), true)].into(),
            ..Units::default()
        };
        insta::assert_debug_snapshot!(shown(&units, &["sophos-spl", "CrowdStrike"]), @r#"
        [
            "malware_protection ClamAV No",
            "malware_protection CrowdStrike Falcon Yes",
            "malware_protection Sophos Protection for Linux Unspecified",
            "endpoint_detection CrowdStrike Falcon Yes",
            "endpoint_detection Sophos Protection for Linux Unspecified",
            "backup borgmatic No",
            "backup restic Yes",
            "remote_control Chrome Remote Desktop Yes",
            "remote_control TigerVNC No",
            "remote_control xrdp Yes",
            "time_sync chrony Unspecified",
            "audit Linux Audit No",
        ]
        "#);
    }

    #[test]
    fn nothing_seen_is_no_answer_when_not_all_was_seen() {
        let products = Products::default();
        let any = |complete| products.any_active(SecurityCategory::Audit, complete);
        assert_eq!((any(true), any(false)), (Tristate::No, Tristate::Unspecified));
    }

    #[test]
    fn every_product_can_be_found() {
        for known in table::KNOWN {
            let ways = known.services.len() + known.timers.len() + known.folder.len();
            assert!(ways > 0 && !known.categories.is_empty(), "{}", known.name);
        }
        let names: std::collections::BTreeSet<_> =
            table::KNOWN.iter().map(|known| known.name).collect();
        assert_eq!(names.len(), table::KNOWN.len(), "a product stands twice");
        for name in [CLAMAV, RSYSLOG, SYSLOG_NG, USBGUARD] {
            assert!(names.contains(name), "{name}");
        }
    }
}
