//! Firewall and listeners.

use crate::catalogue::{Catalogue, FindingKind};
use crate::evaluate::{Observation, Subject, Verdict, item};

/// A firewall profile is off.
pub(super) fn firewall_off(subject: &Subject<'_>, _: &FindingKind, _: &Catalogue) -> Verdict {
    let facts = match subject.device_facts() {
        Ok(facts) => facts,
        Err(verdict) => return verdict,
    };
    let off: Vec<_> = facts
        .firewall
        .iter()
        .filter(|profile| profile.on == Some(false))
        .map(|profile| item("profile", format!("{} is off", profile.profile)))
        .collect();
    if !off.is_empty() {
        return Verdict::Hit(vec![Observation { evidence: off, ..Observation::default() }]);
    }
    let known = !facts.firewall.is_empty() && facts.firewall.iter().all(|p| p.on.is_some());
    if known { Verdict::Pass } else { Verdict::Unknown }
}

/// A service of the list `ports` can be reached from another machine.
pub(super) fn listener_insecure(
    subject: &Subject<'_>,
    kind: &FindingKind,
    _: &Catalogue,
) -> Verdict {
    let facts = match subject.device_facts() {
        Ok(facts) => facts,
        Err(verdict) => return verdict,
    };
    let Some(listeners) = &facts.listeners else {
        return Verdict::Unknown;
    };
    let observations = listeners.iter().filter(|listener| listener.remote).filter_map(|listener| {
        let key = format!("{}/{}", listener.protocol, listener.port);
        let service = kind.params.ports.get(&key)?;
        let program = if listener.program.is_empty() { "unknown" } else { &listener.program };
        let evidence =
            vec![item("listener", format!("{key} ({service})")), item("program", program)];
        Some(Observation { key, evidence, ..Observation::default() })
    });
    Verdict::from_observations(observations.collect())
}

#[cfg(test)]
mod tests {
    use belfort_model::facts::{FirewallFacts, ListenerFacts};

    use crate::testing::{Fixture, result};

    #[test]
    fn firewall() {
        let with = |profiles: &[Option<bool>]| {
            let mut fixture = Fixture::device();
            let profile =
                |on: &Option<bool>| FirewallFacts { profile: "input".to_owned(), on: *on };
            fixture.facts.firewall = profiles.iter().map(profile).collect();
            result("firewall.off", &fixture.subject())
        };
        assert_eq!(with(&[]), "unknown");
        assert_eq!(with(&[None]), "unknown");
        assert_eq!(with(&[Some(true), None]), "unknown");
        assert_eq!(with(&[Some(true)]), "pass");
        assert_eq!(with(&[Some(true), Some(false)]), "hit");
    }

    #[test]
    fn listeners() {
        let with = |listeners: Option<&[(&str, u16, bool)]>| {
            let mut fixture = Fixture::device();
            fixture.facts.listeners = listeners.map(|listeners| {
                let listener = |(protocol, port, remote): &(&str, u16, bool)| ListenerFacts {
                    protocol: (*protocol).to_owned(),
                    port: *port,
                    remote: *remote,
                    program: String::new(),
                    package: String::new(),
                };
                listeners.iter().map(listener).collect()
            });
            result("listener.insecure", &fixture.subject())
        };
        assert_eq!(with(None), "unknown");
        assert_eq!(with(Some(&[("tcp", 22, true), ("udp", 23, true)])), "pass");
        assert_eq!(with(Some(&[("tcp", 23, false)])), "pass");
        assert_eq!(with(Some(&[("tcp", 23, true)])), "hit");
    }
}
