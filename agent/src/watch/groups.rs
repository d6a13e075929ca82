//! Control groups by their names: which of those that come and go concern a section. Source of the
//! names: systemd.unit(5), systemd.scope(5).

use std::collections::BTreeSet;

use belfort_proto::inventory::v1::{SectionKind, ServicesSection, Tristate};

/// Scopes that hold a container or virtual machine.
const WORKLOADS: &[&str] = &["docker-", "libpod-", "crio-", "cri-containerd-", "machine-"];

/// The services of which it is reported whether they run. All others (jobs that a timer starts,
/// sessions, transient units) come and go without changing a section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reported(BTreeSet<String>);

impl Reported {
    /// From the section that is held.
    pub fn of(section: &ServicesSection) -> Self {
        let reported =
            section.services.iter().filter(|service| service.running() != Tristate::Unspecified);
        Self(reported.map(|service| service.name.clone()).collect())
    }
}

/// The sections that a control group concerns when it comes or goes. Without the section of services
/// every service counts.
pub fn sections(name: &str, reported: Option<&Reported>) -> &'static [SectionKind] {
    if let Some(service) = name.strip_suffix(".service") {
        let counts = reported.is_none_or(|reported| reported.0.contains(service));
        return if counts { &[SectionKind::Services, SectionKind::Protection] } else { &[] };
    }
    let workload = WORKLOADS.iter().any(|prefix| name.starts_with(prefix));
    let is_scope = name.strip_suffix(".scope").is_some();
    if workload && is_scope { &[SectionKind::Workloads] } else { &[] }
}

#[cfg(test)]
mod tests {
    use belfort_proto::inventory::v1::Service;

    use super::*;

    #[test]
    fn only_what_is_reported_counts() {
        let service = |name: &str, running: Tristate| Service {
            name: name.to_owned(),
            running: running.into(),
            ..Service::default()
        };
        let services =
            vec![service("nginx", Tristate::No), service("logrotate", Tristate::Unspecified)];
        let reported = Reported::of(&ServicesSection { services, ..Default::default() });
        let concerned = |name: &str| sections(name, Some(&reported));
        assert_eq!(concerned("nginx.service"), [SectionKind::Services, SectionKind::Protection]);
        assert_eq!(concerned("logrotate.service"), []);
        assert_eq!(concerned("run-u12.service"), []);
        assert_eq!(concerned("session-3.scope"), []);
        assert_eq!(concerned("docker-0123abcd.scope"), [SectionKind::Workloads]);
        assert_eq!(sections("x.service", None).len(), 2);
    }
}
