//! Firewall and listeners.

use std::collections::BTreeMap;

use belfort_model::finding::EvidenceItem;

use crate::catalogue::{Catalogue, FindingKind};
use crate::evaluate::{Observation, Subject, Verdict, item};
use crate::matchers::allowed;

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

/// What listens for other machines is not in the baseline: neither its port (`tcp/22`), nor its program
/// (`/usr/sbin/sshd`), nor its package (`package:openssh-server`).
pub(super) fn listener_unknown(
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
    let allowed = allowed(subject, &kind.params);
    let mut unknown: BTreeMap<String, Vec<EvidenceItem>> = BTreeMap::new();
    let mut uncertain = false;
    for listener in listeners.iter().filter(|listener| listener.remote) {
        let key = format!("{}/{}", listener.protocol, listener.port);
        let package = format!("package:{}", listener.package);
        match allowed.has(&[&key, &listener.program, &package]) {
            Some(true) => continue,
            None => {
                uncertain = true;
                continue;
            }
            Some(false) => {}
        }
        let program = if listener.program.is_empty() { "unknown" } else { &listener.program };
        let evidence = item("listener", format!("{key} by {program}"));
        unknown.entry(key).or_default().push(evidence);
    }
    let observations = unknown.into_iter().map(|(key, evidence)| Observation {
        key,
        evidence,
        ..Observation::default()
    });
    Verdict::of(observations.collect(), uncertain)
}

#[cfg(test)]
mod tests {
    use belfort_model::facts::{FirewallFacts, ListenerFacts};
    use belfort_model::finding::CheckResult;

    use crate::catalogue::Catalogue;
    use crate::evaluate::evaluate;
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

    #[test]
    fn what_is_not_in_the_baseline_is_said() {
        let own = r#"
            version = "own/1"
            [[adjust]]
            finding = "listener.unknown"
            params.allowed = ["/opt/kassa/bin/kassa", "package:zabbix-agent"]
            [[adjust.params.baselines]]
            when = 'asset.site == "DC1"'
            allowed = ["tcp/443"]
        "#;
        let catalogue = Catalogue::with(&[("own.toml", own)]).unwrap();
        let mut fixture = Fixture::device();
        let on = |fixture: &Fixture| {
            let evaluation = evaluate(&catalogue, &fixture.subject());
            let hits = evaluation.hits.iter().filter(|hit| hit.code == "listener.unknown");
            let keys: Vec<_> = hits.map(|hit| hit.key.clone()).collect();
            (evaluation.results["listener.unknown"].as_str(), keys)
        };
        assert_eq!(on(&fixture), ("unknown", vec![]));
        let listener = |port, remote, program: &str, package: &str| ListenerFacts {
            protocol: "tcp".to_owned(),
            port,
            remote,
            program: program.to_owned(),
            package: package.to_owned(),
        };
        let mut listeners = vec![
            listener(22, true, "/usr/sbin/sshd", ""),
            listener(631, false, "/usr/sbin/cupsd", ""),
            listener(4001, true, "/opt/kassa/bin/kassa", ""),
            listener(10050, true, "", "zabbix-agent"),
        ];
        fixture.facts.listeners = Some(listeners.clone());
        // Whether the baseline of the site holds is not known, and nothing needs it.
        assert_eq!(on(&fixture), ("pass", vec![]));
        listeners.push(listener(443, true, "/usr/sbin/nginx", "nginx"));
        fixture.facts.listeners = Some(listeners.clone());
        assert_eq!(on(&fixture), ("unknown", vec![]));
        fixture.asset.site = "DC2".to_owned();
        listeners.push(listener(443, true, "/usr/sbin/nginx", "nginx"));
        listeners.push(listener(8080, true, "", ""));
        fixture.facts.listeners = Some(listeners);
        let both = vec!["tcp/443".to_owned(), "tcp/8080".to_owned()];
        assert_eq!(on(&fixture), ("hit", both));
        fixture.asset.site = "DC1".to_owned();
        assert_eq!(on(&fixture), ("hit", vec!["tcp/8080".to_owned()]));
        // One is certain and the other is not: what was found of the other stays.
        fixture.asset.site = String::new();
        assert_eq!(on(&fixture), ("hit", vec!["tcp/8080".to_owned()]));
        let evaluation = evaluate(&catalogue, &fixture.subject());
        let said = |code| evaluation.of_unobserved(code).map(CheckResult::as_str);
        assert_eq!(said("listener.unknown"), Some("unknown"));
        assert_eq!(said("no.such"), None);
    }
}
