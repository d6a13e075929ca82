//! Software: what may be installed and what may not.

use belfort_model::software::{Approval, Decision, Installation};

use super::provision::listed;
use crate::catalogue::{Catalogue, FindingKind};
use crate::evaluate::{Observation, Subject, Verdict, item};

/// Packages named as evidence.
const NAMED: usize = 20;

/// A package is denied or, where the list is `enforced`, nobody has said that it may be there.
pub(super) fn unauthorised(subject: &Subject<'_>, kind: &FindingKind, _: &Catalogue) -> Verdict {
    if let Err(verdict) = subject.device_facts() {
        return verdict;
    }
    let Some(software) = subject.software else { return Verdict::Unknown };
    let mut observations = Vec::new();
    let mut undecided = Vec::new();
    for package in software {
        match decision(subject, package) {
            Some(decision) if decision.approval == Approval::Denied => {
                let mut evidence = vec![of(package)];
                if !decision.reason.is_empty() {
                    evidence.push(item("reason", &decision.reason));
                }
                let key = format!("{}:{}", package.ecosystem, package.name);
                observations.push(Observation { key, evidence, ..Observation::default() });
            }
            Some(decision) if decision.approval != Approval::Unknown => {}
            _ => undecided.push(package),
        }
    }
    if kind.params.enforced == Some(true) && !undecided.is_empty() {
        // One finding for all of them: a new list would else be thousands.
        let mut evidence = vec![item("not_in_catalogue", undecided.len().to_string())];
        evidence.extend(undecided.into_iter().take(NAMED).map(of));
        let key = "not_in_catalogue".to_owned();
        observations.push(Observation { key, evidence, ..Observation::default() });
    }
    Verdict::from_observations(observations)
}

/// A tool for control from afar is installed or runs, and nobody approved it.
pub(super) fn remote_control(subject: &Subject<'_>, kind: &FindingKind, _: &Catalogue) -> Verdict {
    let facts = match subject.device_facts() {
        Ok(facts) => facts,
        Err(verdict) => return verdict,
    };
    let Some(software) = subject.software else { return Verdict::Unknown };
    let tools = software.iter().filter(|one| listed(&kind.params.packages, &one.name));
    let (approved, others): (Vec<_>, Vec<_>) = tools.partition(|tool| {
        decision(subject, tool)
            .is_some_and(|d| matches!(d.approval, Approval::Approved | Approval::Tolerated))
    });
    let mut observations: Vec<_> = others
        .into_iter()
        .map(|tool| Observation {
            key: format!("{}:{}", tool.ecosystem, tool.name),
            evidence: vec![of(tool)],
            ..Observation::default()
        })
        .collect();
    // What runs without a package was put there by hand; an approved tool's own service is not that.
    if observations.is_empty() && approved.is_empty() {
        let running = facts.services.iter().flatten();
        let running = running.filter(|name| listed(&kind.params.services, name));
        observations.extend(running.map(|name| Observation {
            key: format!("service:{name}"),
            ..Observation::of("service", name)
        }));
    }
    Verdict::from_observations(observations)
}

fn decision<'a>(subject: &Subject<'a>, package: &Installation) -> Option<&'a Decision> {
    subject
        .decisions
        .iter()
        .find(|decision| decision.name == package.name && decision.ecosystem == package.ecosystem)
}

fn of(package: &Installation) -> belfort_model::finding::EvidenceItem {
    item("package", format!("{}:{} {}", package.ecosystem, package.name, package.version))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::evaluate;
    use crate::testing::{Fixture, result};

    fn packages(names: &[&str]) -> Vec<Installation> {
        let one = |name: &&str| Installation {
            ecosystem: "deb".to_owned(),
            name: (*name).to_owned(),
            version: "1.0".to_owned(),
            ..Installation::default()
        };
        names.iter().map(one).collect()
    }

    fn decided(approval: Approval) -> [Decision; 1] {
        let (ecosystem, name) = ("deb".to_owned(), "anydesk".to_owned());
        [Decision { ecosystem, name, approval, reason: "CI 2026-03".to_owned() }]
    }

    #[test]
    fn what_is_denied_is_said() {
        let (fixture, installed) = (Fixture::device(), packages(&["anydesk", "bash"]));
        let on = |decisions: &[Decision]| {
            let subject = Subject { software: Some(&installed), decisions, ..fixture.subject() };
            result("software.unauthorised", &subject)
        };
        assert_eq!(on(&[]), "pass");
        assert_eq!(on(&decided(Approval::Tolerated)), "pass");
        assert_eq!(on(&decided(Approval::Unknown)), "pass");
        assert_eq!(on(&decided(Approval::Denied)), "hit");
        assert_eq!(result("software.unauthorised", &fixture.subject()), "unknown");
        let mut elsewhere = decided(Approval::Denied);
        elsewhere[0].ecosystem = "rpm".to_owned();
        assert_eq!(on(&elsewhere), "pass");
    }

    #[test]
    fn where_the_list_is_enforced_the_rest_is_one_finding() {
        let own = "version = 'own/1'\n[[adjust]]\nfinding = 'software.unauthorised'\n\
            params = { enforced = true }";
        let catalogue = Catalogue::with(&[("own.toml", own)]).unwrap();
        let names: Vec<_> = (0..100).map(|n| format!("p{n}")).collect();
        let names: Vec<_> = names.iter().map(String::as_str).chain(["anydesk"]).collect();
        let (fixture, installed) = (Fixture::device(), packages(&names));
        let decisions = decided(Approval::Denied);
        let subject =
            Subject { software: Some(&installed), decisions: &decisions, ..fixture.subject() };
        let hits = evaluate(&catalogue, &subject).hits;
        let hits: Vec<_> = hits.iter().filter(|hit| hit.code == "software.unauthorised").collect();
        let keys: Vec<_> = hits.iter().map(|hit| hit.key.as_str()).collect();
        assert_eq!(keys, ["deb:anydesk", "not_in_catalogue"]);
        assert_eq!(hits[1].evidence[0].value, "100");
        assert_eq!(hits[1].evidence.len(), 1 + NAMED);
    }

    #[test]
    fn a_remote_control_tool_needs_approval() {
        let mut fixture = Fixture::device();
        let code = "software.remote_control";
        let on = |fixture: &Fixture, names: &[&str], decisions: &[Decision]| {
            let installed = packages(names);
            let subject = Subject { software: Some(&installed), decisions, ..fixture.subject() };
            result(code, &subject)
        };
        assert_eq!(on(&fixture, &["bash"], &[]), "pass");
        assert_eq!(on(&fixture, &["anydesk"], &[]), "hit");
        assert_eq!(on(&fixture, &["anydesk"], &decided(Approval::Approved)), "pass");
        assert_eq!(on(&fixture, &["anydesk"], &decided(Approval::Denied)), "hit");
        assert_eq!(result(code, &fixture.subject()), "unknown");
        fixture.facts.services = Some(vec!["anydesk".to_owned()]);
        assert_eq!(on(&fixture, &["bash"], &[]), "hit", "put there by hand");
        assert_eq!(on(&fixture, &["anydesk"], &decided(Approval::Approved)), "pass");
    }
}
