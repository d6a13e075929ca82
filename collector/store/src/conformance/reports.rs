//! Reports, sections and history.

use belfort_model::access::Scope;
use belfort_model::agent::Agent;
use belfort_model::asset::Subtype;
use belfort_model::evidence::EvidenceKind::{DiskSerial, MachineId, SystemSerial};
use belfort_model::id::AgentId;
use belfort_model::rule::SUBTYPE_TARGET;

use super::fixture::{
    NOW, add_agent, add_token, admitted, audit, enrolment, evidence, id, report, root, section,
    token,
};
use super::lab::Lab;
use crate::StoreError;
use crate::record::{ChangeRecord, CheckIn, Page, ReportCommit, ReportOutcome, SectionBlob};

fn commit(lab: &Lab, report: &ReportCommit) -> ReportOutcome {
    lab.store.report_commit(report).unwrap()
}

/// The root as the next check-in gets it.
fn known_root(lab: &Lab, agent: &Agent) -> Option<[u8; 32]> {
    let check_in = CheckIn { now: NOW, version: String::new(), sequence: 1, clock_offset_ms: None };
    lab.store.check_in(agent.id, &check_in).unwrap()
}

pub(super) fn a_report_is_there_when_it_was_committed(lab: &Lab) {
    let agent = add_agent(&*lab.store, "pc-1");
    let sections = [section(1, "hardware"), section(5, "packages")];
    let mut first = report(&agent, None, &sections);
    first.name = "PC-ÉÉN".to_owned();
    first.facts.os.name = "Debian 12".to_owned();
    first.facts.package_count = 800;
    assert_eq!(commit(lab, &first), ReportOutcome::Committed);
    assert_eq!(known_root(lab, &agent), Some(root(&sections)));

    let detail = lab.reopen().unwrap().asset_get(agent.asset).unwrap().unwrap();
    assert_eq!(detail.facts, Some(first.facts));
    assert_eq!(detail.summary.asset.name, "PC-ÉÉN");
    assert_eq!(detail.summary.asset.subtype, Subtype::Laptop);
    assert_eq!(detail.summary.os_name, "Debian 12");
    assert_eq!(detail.summary.asset.last_seen, first.now);
    assert_eq!(detail.agents[0].last_seen, Some(first.now));
    assert_eq!(detail.sections, lab.store.asset_sections(agent.asset).unwrap());
    let held: Vec<_> = detail.sections.iter().map(|held| (held.key, held.since)).collect();
    assert_eq!(held, sections.clone().map(|section| (section.key, first.now)));
    let hashes = [sections[1].key.hash, [9; 32], sections[0].key.hash];
    let contents = lab.store.section_get(&hashes).unwrap();
    assert_eq!(contents, [sections[1].clone(), sections[0].clone()]);
}

pub(super) fn the_same_report_again_changes_nothing(lab: &Lab) {
    let agent = add_agent(&*lab.store, "pc-1");
    let sections = [section(1, "hardware")];
    let first = report(&agent, None, &sections);
    assert_eq!(commit(lab, &first), ReportOutcome::Committed);
    let before = lab.store.asset_sections(agent.asset).unwrap();
    let generation = generation(lab, &agent);
    // The answer was lost: it comes again, first as it was and then compared anew.
    assert_eq!(commit(lab, &first), ReportOutcome::Superseded);
    let mut again = report(&agent, Some(first.root), &sections);
    again.now = NOW.plus_days(1);
    assert_eq!(commit(lab, &again), ReportOutcome::Committed);
    assert_eq!(lab.store.asset_sections(agent.asset).unwrap(), before);
    assert_eq!(self::generation(lab, &agent), generation);
}

fn generation(lab: &Lab, agent: &Agent) -> u64 {
    let input = lab.store.evaluation_input(agent.asset).unwrap();
    input.unwrap().generation
}

pub(super) fn a_report_that_came_second_is_superseded(lab: &Lab) {
    let agent = add_agent(&*lab.store, "pc-1");
    let one = report(&agent, None, &[section(1, "one")]);
    let two = report(&agent, None, &[section(1, "two")]);
    assert_eq!(commit(lab, &one), ReportOutcome::Committed);
    assert_eq!(commit(lab, &two), ReportOutcome::Superseded);
    assert_eq!(known_root(lab, &agent), Some(one.root));
    assert!(lab.store.section_get(&[section(1, "two").key.hash]).unwrap().is_empty());
}

pub(super) fn sections_that_nobody_sent_are_named(lab: &Lab) {
    let agent = add_agent(&*lab.store, "pc-1");
    let sections = [section(1, "one"), section(2, "two"), section(3, "three")];
    let keys = sections.clone().map(|section| section.key);
    assert_eq!(lab.store.sections_missing(&keys).unwrap(), keys);
    let mut part = report(&agent, None, &sections);
    part.new_sections = vec![sections[1].clone()];
    let missing = vec![keys[0], keys[2]];
    assert_eq!(commit(lab, &part), ReportOutcome::Missing(missing));
    assert_eq!(known_root(lab, &agent), None);
    assert_eq!(lab.store.sections_missing(&keys).unwrap(), keys);
    assert!(lab.store.asset_sections(agent.asset).unwrap().is_empty());

    let mut twice = report(&agent, None, &sections);
    twice.manifest.push((section(1, "other").key, 1));
    twice.new_sections.push(section(1, "other"));
    let refused = lab.store.report_commit(&twice);
    assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
    assert_eq!(lab.store.sections_missing(&keys).unwrap(), keys);
}

pub(super) fn sections_are_stored_once_for_all(lab: &Lab) {
    let image = [section(1, "image"), section(2, "packages")];
    for number in 0..3 {
        let agent = add_agent(&*lab.store, &format!("pc-{number}"));
        let mut report = report(&agent, None, &image);
        if number > 0 {
            report.new_sections.clear();
        }
        assert_eq!(commit(lab, &report), ReportOutcome::Committed);
    }
    assert_eq!(lab.store.overview(&Scope::All, NOW).unwrap().sections, 2);
    let many: Vec<_> = (0..250).map(|n| section(1, &format!("x{n}")).key).collect();
    assert_eq!(lab.store.sections_missing(&many).unwrap(), many);
}

pub(super) fn sections_that_end_are_kept_with_their_time(lab: &Lab) {
    let agent = add_agent(&*lab.store, "pc-1");
    let (old, new, stays) = (section(1, "old"), section(1, "new"), section(2, "stays"));
    let first = report(&agent, None, &[old.clone(), stays.clone()]);
    assert_eq!(commit(lab, &first), ReportOutcome::Committed);
    let mut second = report(&agent, Some(first.root), &[new.clone(), stays.clone()]);
    second.now = NOW.plus_days(1);
    assert_eq!(commit(lab, &second), ReportOutcome::Committed);
    let since = |held: &[crate::record::AssetSection]| -> Vec<_> {
        held.iter().map(|held| (held.key, held.since)).collect()
    };
    let held = lab.store.asset_sections(agent.asset).unwrap();
    assert_eq!(since(&held), [(new.key, second.now), (stays.key, first.now)]);
    // A kind that is gone is gone, and its content is still there for the history.
    let mut third = report(&agent, Some(second.root), std::slice::from_ref(&stays));
    third.now = NOW.plus_days(2);
    assert_eq!(commit(lab, &third), ReportOutcome::Committed);
    let held = lab.store.asset_sections(agent.asset).unwrap();
    assert_eq!(since(&held), [(stays.key, first.now)]);
    assert_eq!(lab.store.section_get(&[old.key.hash]).unwrap(), [old]);
    let copy =
        "INSERT INTO asset_section SELECT asset, kind, section, since FROM asset_section_past";
    lab.raw(copy).expect_err("two of one kind ended");
}

pub(super) fn reports_at_once_on_one_asset_are_one_after_the_other(lab: &Lab) {
    let agent = add_agent(&*lab.store, "pc-1");
    let other = lab.reopen().unwrap();
    let tries: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|number| {
                let (store, agent) = (if number % 2 == 0 { &*lab.store } else { &*other }, &agent);
                scope.spawn(move || {
                    let mut tries = 0;
                    for turn in 0..8 {
                        let sections =
                            [section(1, &format!("{number}/{turn}")), section(2, "same")];
                        loop {
                            tries += 1;
                            let held = store.asset_sections(agent.asset).unwrap();
                            let held: Vec<SectionBlob> = store
                                .section_get(
                                    &held.iter().map(|held| held.key.hash).collect::<Vec<_>>(),
                                )
                                .unwrap();
                            let previous = (!held.is_empty()).then(|| root(&held));
                            let mut report = report(agent, previous, &sections);
                            report.evidence =
                                evidence(&[(MachineId, &format!("id {number} {turn}"))]);
                            match store.report_commit(&report).unwrap() {
                                ReportOutcome::Committed => break,
                                ReportOutcome::Superseded => {}
                                other => panic!("{other:?}"),
                            }
                        }
                    }
                    tries
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert!(tries >= 32);
    let detail = lab.store.asset_get(agent.asset).unwrap().unwrap();
    assert_eq!((detail.sections.len(), detail.evidence.len()), (2, 3));
    assert_eq!(lab.store.overview(&Scope::All, NOW).unwrap().sections, 33);
}

pub(super) fn a_superseded_agent_reports_nothing(lab: &Lab) {
    let first = add_agent(&*lab.store, "pc-1");
    let secret = add_token(&*lab.store, &token(1));
    let mut again = enrolment(secret, "pc-1 again");
    again.evidence = enrolment(secret, "pc-1").evidence;
    let second = admitted(lab.store.enrol(&again).unwrap()).0;
    let sections = [section(1, "one")];
    assert_eq!(commit(lab, &report(&first, None, &sections)), ReportOutcome::NotActive);
    assert_eq!(commit(lab, &report(&second, None, &sections)), ReportOutcome::Committed);

    let other = add_agent(&*lab.store, "pc-2");
    let mut wrong = report(&other, None, &sections);
    wrong.asset = second.asset;
    assert_eq!(commit(lab, &wrong), ReportOutcome::NotActive);
    wrong.agent = AgentId(id());
    assert_eq!(commit(lab, &wrong), ReportOutcome::NotActive);
    lab.store.agent_revoke(second.id, &audit("agent.revoke")).unwrap();
    let late = report(&second, Some(root(&sections)), &[section(1, "two")]);
    assert_eq!(commit(lab, &late), ReportOutcome::NotActive);
}

pub(super) fn evidence_follows_the_report(lab: &Lab) {
    let agent = add_agent(&*lab.store, "pc-1");
    let mut first = report(&agent, None, &[section(1, "one")]);
    first.evidence = evidence(&[(SystemSerial, "serial pc-1"), (MachineId, "0f1e2d3c")]);
    assert_eq!(commit(lab, &first), ReportOutcome::Committed);
    let detail = lab.store.asset_get(agent.asset).unwrap().unwrap();
    // The disk was not seen this time: what was known of it stays.
    let wanted =
        [(SystemSerial, "serial pc-1"), (DiskSerial, "disk pc-1"), (MachineId, "0f1e2d3c")];
    assert_eq!(detail.evidence, evidence(&wanted));

    let mut next = report(&agent, Some(first.root), &[section(1, "two")]);
    next.evidence = evidence(&[(DiskSerial, "disk new"), (MachineId, "4b5a6978")]);
    assert_eq!(commit(lab, &next), ReportOutcome::Committed);
    let detail = lab.store.asset_get(agent.asset).unwrap().unwrap();
    let wanted = [(SystemSerial, "serial pc-1"), (DiskSerial, "disk new"), (MachineId, "4b5a6978")];
    assert_eq!(detail.evidence, evidence(&wanted));
}

pub(super) fn a_form_that_a_person_gave_stays(lab: &Lab) {
    let agent = add_agent(&*lab.store, "pc-1");
    let subtype = || lab.store.asset_get(agent.asset).unwrap().unwrap().summary.asset.subtype;
    let mut first = report(&agent, None, &[section(1, "one")]);
    first.subtype = Subtype::Desktop;
    assert_eq!(commit(lab, &first), ReportOutcome::Committed);
    assert_eq!(subtype(), Subtype::Desktop);
    let mut kiosk = lab.store.asset_get(agent.asset).unwrap().unwrap().summary.asset;
    kiosk.subtype = Subtype::Iot;
    let by_hand = [SUBTYPE_TARGET.to_owned()];
    lab.store.asset_update(&kiosk, None, &[], &by_hand, &audit("asset.edit")).unwrap();
    let mut next = report(&agent, Some(first.root), &[section(1, "two")]);
    next.subtype = Subtype::Desktop;
    assert_eq!(commit(lab, &next), ReportOutcome::Committed);
    assert_eq!(subtype(), Subtype::Iot);
}

pub(super) fn history_is_newest_first(lab: &Lab) {
    let agent = add_agent(&*lab.store, "pc-1");
    let mut previous = None;
    for day in 0..3 {
        let mut report = report(&agent, previous, &[section(1, &format!("day {day}"))]);
        report.changes = vec![ChangeRecord {
            at: NOW.plus_days(day),
            section: "packages".to_owned(),
            subject: format!("package {day}"),
            before: None,
            after: Some("1.0".to_owned()),
        }];
        assert_eq!(commit(lab, &report), ReportOutcome::Committed);
        previous = Some(report.root);
    }
    let page = Page { limit: 2, offset: 0 };
    let history = lab.store.asset_history(agent.asset, page).unwrap();
    let subjects: Vec<_> = history.items.iter().map(|change| change.subject.as_str()).collect();
    assert_eq!((history.total, subjects), (3, vec!["package 2", "package 1"]));
    assert_eq!((&history.items[0].before, history.items[0].after.as_deref()), (&None, Some("1.0")));
    let nobody = add_agent(&*lab.store, "pc-2");
    assert_eq!(lab.store.asset_history(nobody.asset, Page::ALL).unwrap().total, 0);
}

pub(super) fn texts_with_nul_are_kept_readable(lab: &Lab) {
    let agent = add_agent(&*lab.store, "pc-1");
    let mut report = report(&agent, None, &[section(1, "one")]);
    report.name = "pc\0one".to_owned();
    report.facts.host_name = "pc\0one".to_owned();
    assert_eq!(commit(lab, &report), ReportOutcome::Committed);
    let detail = lab.store.asset_get(agent.asset).unwrap().unwrap();
    assert_eq!(detail.summary.asset.name, "pc\u{fffd}one");
    // A document keeps it: it is escaped there.
    assert_eq!(detail.facts.unwrap().host_name, "pc\0one");
}
