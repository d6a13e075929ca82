//! Accounts.

use crate::catalogue::{Catalogue, FindingKind};
use crate::evaluate::{Observation, Subject, Verdict, item};
use crate::matchers::allowed;

/// An administrator is not among the `allowed` ones. Names other than built-in ones are pseudonyms, each
/// of one machine: the one in the evidence is what goes on the list.
pub(super) fn admin_unexpected(
    subject: &Subject<'_>,
    kind: &FindingKind,
    _: &Catalogue,
) -> Verdict {
    let facts = match subject.device_facts() {
        Ok(facts) => facts,
        Err(verdict) => return verdict,
    };
    let Some(accounts) = &facts.accounts else { return Verdict::Unknown };
    let allowed = allowed(subject, &kind.params);
    let mut observations = Vec::new();
    let mut uncertain = false;
    for one in &accounts.administrators {
        match allowed.has(&[&one.name]) {
            Some(true) => {}
            None => uncertain = true,
            Some(false) => {
                let through = one.through.join(", ");
                let evidence = item("administrator", format!("{} through {through}", one.name));
                observations.push(Observation {
                    key: one.name.clone(),
                    evidence: vec![evidence],
                    ..Observation::default()
                });
            }
        }
    }
    Verdict::of(observations, uncertain)
}

#[cfg(test)]
mod tests {
    use belfort_model::asset::Source;
    use belfort_model::facts::{AccountFacts, AdministratorFacts};

    use crate::catalogue::Catalogue;
    use crate::evaluate::{Subject, evaluate};
    use crate::testing::{Fixture, result};

    fn with(names: &[&str]) -> Fixture {
        let mut fixture = Fixture::device();
        let administrators = names.iter().map(|name| AdministratorFacts {
            name: (*name).to_owned(),
            through: vec!["sudo".to_owned()],
        });
        let administrators = administrators.collect();
        fixture.facts.accounts = Some(AccountFacts { administrators, ..AccountFacts::default() });
        fixture
    }

    #[test]
    fn administrators_outside_the_baseline() {
        let on = |fixture: &Fixture| result("admin.unexpected", &fixture.subject());
        assert_eq!(on(&with(&["root"])), "pass");
        assert_eq!(on(&with(&["root", "p:00112233"])), "hit");
        assert_eq!(on(&Fixture::device()), "unknown");
        let mut imported = Fixture::device();
        imported.asset.source = Source::Import;
        let bare = Subject { facts: None, ..imported.subject() };
        assert_eq!(result("admin.unexpected", &bare), "not_applicable");
    }

    #[test]
    fn an_organisation_has_its_own_baseline_and_one_for_some_assets() {
        let own = r#"
            version = "own/1"
            [[adjust]]
            finding = "admin.unexpected"
            params = { allowed = ["p:1"] }
            [[adjust]]
            finding = "admin.unexpected"
            [[adjust.params.baselines]]
            when = '"lab" in asset.labels'
            allowed = ["p:2"]
        "#;
        let catalogue = Catalogue::with(&[("own.toml", own)]).unwrap();
        let on = |fixture: &Fixture| {
            evaluate(&catalogue, &fixture.subject()).results["admin.unexpected"].as_str()
        };
        assert_eq!(on(&with(&["root", "p:1"])), "pass");
        assert_eq!(on(&with(&["p:2"])), "hit");
        let mut lab = with(&["p:2"]);
        lab.asset.labels = vec!["lab".to_owned()];
        assert_eq!(on(&lab), "pass");
    }
}
