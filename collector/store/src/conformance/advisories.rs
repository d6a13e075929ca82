//! Advisory data and suppressions.

use belfort_model::advisory::{
    AdvisorySource, Affected, AffectedDetail, CveDetail, CveFact, CveId, Ends, Epss, Event,
    Exploited, FeedKind, Record, ReleaseCycle, Suppression, SuppressionScope,
};
use belfort_model::id::{AssetId, SuppressionId, UnitId};
use belfort_model::time::Timestamp;

use super::fixture::{NOW, add_unit, audit, hash, id};
use super::lab::Lab;
use crate::StoreError;
use crate::record::{LoadId, Page};

fn cve(number: u32) -> CveId {
    format!("CVE-2024-{number:04}").parse().unwrap()
}

fn source(name: &str, as_of: Timestamp) -> AdvisorySource {
    AdvisorySource {
        name: name.to_owned(),
        kind: FeedKind::Epss,
        version: "v1".to_owned(),
        as_of,
        retrieved_at: NOW,
        imported_at: NOW,
        sha256: hash(name),
        licence: "CC0-1.0".to_owned(),
        records: 3,
        skipped: 1,
    }
}

fn score(number: u32, score: u32) -> Record {
    let epss = Some(Epss { score, percentile: 999_999 });
    Record::Cve(CveFact { cve: cve(number), epss, detail: CveDetail::default() })
}

fn affected(number: u32) -> Affected {
    Affected {
        advisory: format!("DSA-{number}-1"),
        ecosystem: "Debian:12".to_owned(),
        package: "openssl".to_owned(),
        detail: AffectedDetail {
            cves: vec![cve(number), cve(number + 1)],
            ranges: vec![vec![Event::Introduced("0".to_owned()), Event::Fixed("1".to_owned())]],
            ..AffectedDetail::default()
        },
    }
}

fn cycle(name: &str, position: u32) -> ReleaseCycle {
    ReleaseCycle {
        product: "debian".to_owned(),
        cycle: name.to_owned(),
        position,
        latest: String::new(),
        ends: Some(Ends::On("2026-07-11".to_owned())),
        active_ends: Some(Ends::Known(true)),
        extended_ends: None,
        long_term: false,
    }
}

/// Imports records as a source.
fn import(
    lab: &Lab,
    source: &AdvisorySource,
    records: &[Record],
    force: bool,
) -> crate::Result<LoadId> {
    let load = lab.store.advisory_begin(NOW)?;
    for (first, part) in (0..).step_by(100).zip(records.chunks(100)) {
        lab.store.advisory_add(load, first, part)?;
    }
    lab.store.advisory_finish(load, source, force, &audit("advisories.import"))?;
    Ok(load)
}

pub(super) fn an_import_is_there_whole_when_it_is_finished(lab: &Lab) {
    let before = lab.store.advisory_version().unwrap();
    let kev = Exploited {
        listed: "2024-01-01".to_owned(),
        name: "é".to_owned(),
        ransomware: true,
        due: None,
    };
    let detail = CveDetail { kev: Some(kev), ..CveDetail::default() };
    let fact = CveFact { cve: cve(7), epss: None, detail };
    let records = [
        Record::Affected(affected(1)),
        Record::Cve(fact.clone()),
        Record::Cycle(cycle("12", 1)),
        Record::Affected(affected(2)),
        Record::Cycle(cycle("13", 0)),
    ];
    let load = lab.store.advisory_begin(NOW).unwrap();
    lab.store.advisory_add(load, 0, &records).unwrap();
    assert!(lab.store.advisory_sources().unwrap().is_empty());
    assert_eq!(lab.store.advisory_of_cve(cve(2)).unwrap().affected.len(), 0);
    assert_eq!(lab.store.advisory_version().unwrap(), before);

    let mixed = source("mixed", NOW);
    lab.store.advisory_finish(load, &mixed, false, &audit("advisories.import")).unwrap();
    let sources = lab.store.advisory_sources().unwrap();
    assert_eq!((sources.len(), &sources[0].source, sources[0].load), (1, &mixed, load));
    assert!(lab.store.advisory_version().unwrap() > before);
    let all = lab.store.advisory_affected(load, 0, 10).unwrap();
    assert_eq!(all, [(1, affected(1)), (4, affected(2))]);
    assert_eq!(lab.store.advisory_affected(load, 1, 10).unwrap().len(), 1);
    assert_eq!(lab.store.advisory_facts(load, 0, 10).unwrap(), std::slice::from_ref(&fact));
    assert_eq!(lab.store.advisory_cycles(load).unwrap(), [cycle("13", 0), cycle("12", 1)]);
    let found = lab.store.advisory_of_cve(cve(2)).unwrap();
    let advisories: Vec<_> = found.affected.iter().map(|(_, one)| one.advisory.as_str()).collect();
    assert_eq!(advisories, ["DSA-1-1", "DSA-2-1"]);
    assert_eq!(lab.store.advisory_of_cve(cve(7)).unwrap().facts, [("mixed".to_owned(), fact)]);
}

pub(super) fn new_data_takes_the_place_of_the_old(lab: &Lab) {
    let many: Vec<_> = (1..=300).map(|number| score(number, number)).collect();
    let first = import(lab, &source("epss", NOW), &many, false).unwrap();
    assert_eq!(lab.store.advisory_facts(first, 0, 1_000).unwrap().len(), 300);
    let page = lab.store.advisory_facts(first, cve(298).number(), 1_000).unwrap();
    assert_eq!(page.iter().map(|fact| fact.epss.unwrap().score).collect::<Vec<_>>(), [299, 300]);
    // The same again is taken, the same moment is not older.
    let second = import(lab, &source("epss", NOW), &[score(1, 7), score(1, 8)], false).unwrap();
    assert!(lab.store.advisory_facts(first, 0, 1_000).unwrap().is_empty());
    let left = lab.store.advisory_facts(second, 0, 1_000).unwrap();
    assert_eq!(left.iter().map(|fact| fact.epss.unwrap().score).collect::<Vec<_>>(), [7]);
    assert_eq!(lab.store.advisory_sources().unwrap().len(), 1);
}

pub(super) fn older_data_needs_force(lab: &Lab) {
    import(lab, &source("epss", NOW), &[score(1, 7)], false).unwrap();
    let version = lab.store.advisory_version().unwrap();
    let older = source("epss", NOW.plus_days(-1));
    let refused = import(lab, &older, &[score(1, 8)], false);
    assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
    assert_eq!(lab.store.advisory_version().unwrap(), version);
    let facts = lab.store.advisory_of_cve(cve(1)).unwrap().facts;
    assert_eq!(facts[0].1.epss.unwrap().score, 7);
    import(lab, &older, &[score(1, 8)], true).unwrap();
    let facts = lab.store.advisory_of_cve(cve(1)).unwrap().facts;
    assert_eq!(facts[0].1.epss.unwrap().score, 8);
}

pub(super) fn a_load_that_was_given_up_leaves_nothing(lab: &Lab) {
    let load = lab.store.advisory_begin(NOW).unwrap();
    lab.store.advisory_add(load, 0, &[score(1, 7)]).unwrap();
    lab.store.advisory_abandon(load).unwrap();
    assert!(lab.store.advisory_facts(load, 0, 10).unwrap().is_empty());
    let gone = lab.store.advisory_finish(load, &source("epss", NOW), false, &audit("x"));
    assert!(matches!(gone, Err(StoreError::NotFound { .. })), "{gone:?}");
    // What a killed import left goes with a later one; what counts stays.
    let kept = import(lab, &source("kev", NOW), &[score(2, 7)], false).unwrap();
    let killed = lab.store.advisory_begin(NOW).unwrap();
    lab.store.advisory_add(killed, 0, &[score(3, 7)]).unwrap();
    lab.store.advisory_begin(NOW.plus_seconds(3600)).unwrap();
    assert_eq!(lab.store.advisory_facts(killed, 0, 10).unwrap().len(), 1);
    let next = lab.store.advisory_begin(NOW.plus_days(1)).unwrap();
    assert!(next > killed);
    assert!(lab.store.advisory_facts(killed, 0, 10).unwrap().is_empty());
    assert_eq!(lab.store.advisory_facts(kept, 0, 10).unwrap().len(), 1);
}

pub(super) fn suppressions_are_kept_and_ended(lab: &Lab) {
    let unit = add_unit(&*lab.store, "BZ");
    let new = |scope, days: i64| Suppression {
        id: SuppressionId(id()),
        cve: cve(1),
        package: "openssl".to_owned(),
        scope,
        reason: "not reachable".to_owned(),
        author: "els".to_owned(),
        created_at: NOW.plus_days(days),
        expires_at: NOW.plus_days(days + 10),
        ended_at: None,
    };
    let audit = audit("suppression.add");
    let (of_unit, all) = (new(SuppressionScope::Unit(unit), 0), new(SuppressionScope::All, 5));
    let version = lab.store.advisory_version().unwrap();
    for one in [&of_unit, &all] {
        lab.store.suppression_insert(one, &audit).unwrap();
    }
    assert!(lab.store.advisory_version().unwrap() > version);
    let unknown = new(SuppressionScope::Asset(AssetId(id())), 0);
    let missing = lab.store.suppression_insert(&unknown, &audit);
    assert!(matches!(missing, Err(StoreError::NotFound { what: "asset", .. })), "{missing:?}");
    let unknown = new(SuppressionScope::Unit(UnitId(id())), 0);
    let missing = lab.store.suppression_insert(&unknown, &audit);
    assert!(matches!(missing, Err(StoreError::NotFound { what: "unit", .. })), "{missing:?}");

    let list = |active| lab.store.suppression_list(active, Page::ALL).unwrap().items;
    assert_eq!(list(None), [all.clone(), of_unit.clone()]);
    assert_eq!(list(Some(NOW.plus_days(12))), std::slice::from_ref(&all));
    for _ in 0..2 {
        lab.store.suppression_end(all.id, &audit).unwrap();
    }
    let ended = lab.store.suppression_get(all.id).unwrap().unwrap();
    assert_eq!(ended.ended_at, Some(audit.at));
    assert_eq!(list(Some(NOW)), [of_unit]);
    let written = lab.store.audit_list(Page::ALL).unwrap();
    assert_eq!(written.items.iter().filter(|one| one.action == "suppression.add").count(), 3);
    let nobody = lab.store.suppression_end(SuppressionId(id()), &audit);
    assert!(matches!(nobody, Err(StoreError::NotFound { .. })), "{nobody:?}");
}
