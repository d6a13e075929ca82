//! Software: operating system, packages, services.

use belfort_model::facts::{DeviceFacts, ListenerFacts, OsFacts};
use belfort_model::software::Installation;
use belfort_proto::fields;
use belfort_proto::inventory::v1::{
    ListenerScope, OperatingSystemSection, OutcomeStatus, PackageState, PackagesSection, Protocol,
    ServicesSection, Tristate,
};

use super::known;

pub(super) fn operating_system(section: &OperatingSystemSection, facts: &mut DeviceFacts) {
    facts.os = OsFacts {
        family: section.family.clone(),
        id: section.id.clone(),
        version: section.version.clone(),
        name: section.name.clone(),
        architecture: section.architecture.clone(),
        kernel_running: section.kernel_running.clone(),
        kernels_installed: section.kernels_installed.clone(),
    };
    facts.reboot_pending = known(section.reboot_pending());
}

pub(super) fn packages(section: &PackagesSection, facts: &mut DeviceFacts) {
    let installed = section.packages.iter().filter(|p| p.state() == PackageState::Installed);
    facts.package_count = u32::try_from(installed.count()).unwrap_or(u32::MAX);
}

/// The installed packages of a section, sorted, each with its publisher; and whether the list is complete:
/// one that could not be read, or of a kind of system the agent does not know, says nothing by what is not
/// in it.
pub fn installed(section: &PackagesSection) -> (Vec<(Installation, String)>, bool) {
    let installed = section.packages.iter().filter(|p| p.state() == PackageState::Installed);
    // Without its name, which may be switched off, a package is none.
    let installed = installed.filter(|package| !package.name.is_empty());
    let or = |text: &String, other: &String| if text.is_empty() { other } else { text }.clone();
    let mut packages: Vec<_> = installed
        .map(|package| {
            let installation = Installation {
                ecosystem: package.ecosystem.clone(),
                name: package.name.clone(),
                architecture: package.architecture.clone(),
                version: package.version.clone(),
                source_name: or(&package.source_name, &package.name),
                source_version: or(&package.source_version, &package.version),
            };
            (installation, package.publisher.clone())
        })
        .collect();
    packages.sort();
    packages.dedup_by(|a, b| a.0 == b.0);
    let read = section.outcomes.iter().all(|outcome| outcome.status() == OutcomeStatus::Absent);
    let of_system = |ecosystem: &str| !ADDED.contains(&ecosystem);
    let complete = read && packages.iter().any(|(one, _)| of_system(&one.ecosystem));
    (packages, complete)
}

/// Ecosystems beside that of the system itself: their packages alone are no list of what a machine has.
const ADDED: &[&str] = &["brew", "cargo", "flatpak", "gem", "npm", "pypi", "snap"];

pub(super) fn services(section: &ServicesSection, facts: &mut DeviceFacts) {
    let off = |field: &str| fields::is_off(&section.outcomes, field);
    // Without a service manager nobody knows what runs.
    if !off("services.name")
        && section.services.iter().any(|service| service.running() != Tristate::Unspecified)
    {
        let running = section.services.iter().filter(|s| s.running() == Tristate::Yes);
        let mut running: Vec<_> = running.map(|service| service.name.clone()).collect();
        running.sort();
        facts.services = Some(running);
    }
    // Sockets that could not be read are unknown; an empty list is an answer.
    let unread = section.outcomes.iter().any(|outcome| {
        outcome.source == LISTENER_SOURCE && outcome.status() != OutcomeStatus::Absent
    });
    let off = ["listeners.protocol", "listeners.port", "listeners.scope"].into_iter().any(off);
    if unread || off {
        return;
    }
    let listeners = section.listeners.iter().filter_map(|listener| {
        let protocol = match listener.protocol() {
            Protocol::Unspecified => return None,
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
        };
        Some(ListenerFacts {
            protocol: protocol.to_owned(),
            port: u16::try_from(listener.port).ok()?,
            remote: !matches!(
                listener.scope(),
                ListenerScope::Loopback | ListenerScope::Unspecified
            ),
            program: listener.program.clone(),
            package: listener.package.clone(),
        })
    });
    facts.listeners = Some(listeners.collect());
}

/// Source under which the agent says that it could not read the listening sockets.
const LISTENER_SOURCE: &str = "netlink:sock_diag";

#[cfg(test)]
mod tests {
    use belfort_proto::inventory::v1::{Listener, Outcome, Package, Service};
    use belfort_proto::section::Section;

    use super::super::observe;
    use super::*;

    #[test]
    fn sockets_that_could_not_be_read_are_no_empty_list() {
        let with = |status: OutcomeStatus| {
            let source = LISTENER_SOURCE.to_owned();
            let outcome = Outcome { source, status: status.into(), reason: String::new() };
            let section = ServicesSection { outcomes: vec![outcome], ..ServicesSection::default() };
            observe([Section::Services(section)].iter()).facts.listeners
        };
        assert_eq!(with(OutcomeStatus::Denied), None);
        assert_eq!(with(OutcomeStatus::Failed), None);
        for field in ["services.listeners", "services.listeners.port"] {
            let mut off = Section::Services(ServicesSection::default());
            fields::note(&mut off, &[field.parse().unwrap()]);
            assert_eq!(observe([off].iter()).facts.listeners, None, "{field}");
        }
        let empty = observe([Section::Services(ServicesSection::default())].iter());
        assert_eq!(empty.facts.listeners, Some(vec![]));
    }

    #[test]
    fn what_is_bound_to_loopback_is_not_remote() {
        let listener = |port, scope: ListenerScope| Listener {
            protocol: Protocol::Tcp.into(),
            port,
            scope: scope.into(),
            ..Listener::default()
        };
        let section = ServicesSection {
            listeners: vec![
                listener(22, ListenerScope::Any),
                listener(23, ListenerScope::Loopback),
                listener(99_999, ListenerScope::Any),
            ],
            ..ServicesSection::default()
        };
        let listeners = observe([Section::Services(section)].iter()).facts.listeners.unwrap();
        let seen: Vec<_> = listeners.iter().map(|one| (one.port, one.remote)).collect();
        assert_eq!(seen, [(22, true), (23, false)]);
    }

    #[test]
    fn services_are_unknown_without_a_service_manager() {
        let services = |states: &[Tristate]| {
            let service = |(number, running): (usize, &Tristate)| Service {
                name: format!("s{number}"),
                running: (*running).into(),
                ..Service::default()
            };
            let services = states.iter().enumerate().map(service).collect();
            let section = ServicesSection { services, ..ServicesSection::default() };
            observe([Section::Services(section)].iter()).facts.services
        };
        assert_eq!(services(&[]), None);
        assert_eq!(services(&[Tristate::Unspecified]), None);
        assert_eq!(services(&[Tristate::No, Tristate::Yes]), Some(vec!["s1".to_owned()]));
    }

    #[test]
    fn what_is_not_in_an_incomplete_list_says_nothing() {
        let with = |names: &[&str], status: Option<OutcomeStatus>| {
            let package = |name: &&str| Package {
                ecosystem: "deb".to_owned(),
                name: (*name).to_owned(),
                version: "1".to_owned(),
                state: PackageState::Installed.into(),
                ..Package::default()
            };
            let outcome = |status: OutcomeStatus| Outcome {
                source: "/var/lib/dpkg/status".to_owned(),
                status: status.into(),
                reason: String::new(),
            };
            installed(&PackagesSection {
                packages: names.iter().map(package).collect(),
                outcomes: status.into_iter().map(outcome).collect(),
            })
        };
        let (packages, complete) = with(&["nano", "curl", "curl"], None);
        let shown: Vec<_> = packages.iter().map(|(one, _)| one.name.as_str()).collect();
        assert_eq!((shown, complete), (vec!["curl", "nano"], true));
        let curl = &packages[0].0;
        assert_eq!((curl.source_name.as_str(), curl.source_version.as_str()), ("curl", "1"));
        assert!(!with(&[], None).1);
        let alone = Package {
            ecosystem: "pypi".to_owned(),
            name: "requests".to_owned(),
            state: PackageState::Installed.into(),
            ..Package::default()
        };
        let section = PackagesSection { packages: vec![alone], ..PackagesSection::default() };
        assert!(!installed(&section).1);
        assert!(!with(&["curl"], Some(OutcomeStatus::Failed)).1);
        assert!(with(&["curl"], Some(OutcomeStatus::Absent)).1);
        let section = PackagesSection {
            packages: vec![Package {
                name: "gone".to_owned(),
                state: PackageState::ConfigFiles.into(),
                ..Package::default()
            }],
            ..PackagesSection::default()
        };
        assert!(installed(&section).0.is_empty());
    }
}
