//! Key figures kept by day, the register and findings as of a moment, and frozen reports.

use belfort_model::access::{Actor, Role};
use belfort_model::asset::{AssetKind, Lifecycle};
use belfort_model::finding::{CheckResult, FindingChanges, FindingStatus, TriageChange};
use belfort_model::id::ReportId;
use belfort_model::scale::Priority;
use belfort_model::time::Timestamp;

use super::evaluation::{evaluate, hit};
use super::fixture::{NOW, add_agent, add_asset, add_unit, asset, audit, hash, id, own, ownership};
use super::lab::Lab;
use super::risks::{add, new};
use crate::StoreError;
use crate::record::{FrozenReport, KpiDay, Page, RiskFilter};

fn day(day: &str, at: i64, document: &str) -> KpiDay {
    KpiDay { day: day.to_owned(), at: Timestamp(at), document: document.to_owned() }
}

pub(super) fn a_day_keeps_its_last_figures(lab: &Lab) {
    let store = &*lab.store;
    let keep = |one: &KpiDay| store.kpi_day_keep(one, "2026-01-01").unwrap();
    keep(&day("2026-03-01", 10, "a"));
    keep(&day("2026-03-01", 20, "b"));
    // What comes late does not replace what is newer.
    keep(&day("2026-03-01", 15, "late"));
    keep(&day("2026-02-28", 5, "c"));
    let kept = store.kpi_days("2026-01-01", "2026-03-01").unwrap();
    assert_eq!(kept, [day("2026-02-28", 5, "c"), day("2026-03-01", 20, "b")]);
    assert_eq!(store.kpi_days("2026-02-28", "2026-02-28").unwrap().len(), 1);
    store.kpi_day_keep(&day("2026-03-02", 30, "d"), "2026-03-01").unwrap();
    assert_eq!(store.kpi_days("", "9").unwrap().len(), 2, "older days are forgotten");
}

pub(super) fn assets_are_counted_once_with_what_they_have(lab: &Lab) {
    let store = &*lab.store;
    assert_eq!(store.kpi_state_moment().unwrap(), None);
    let unit = add_unit(store, "BZ");
    let pc = add_asset(store, AssetKind::Device, "pc");
    own(store, pc, unit);
    let agent = add_agent(store, "laptop");
    let mut gone = asset(AssetKind::Device, "gone");
    gone.lifecycle = Lifecycle::Disposed;
    store.asset_insert(&gone, &audit("asset.add")).unwrap();
    evaluate(store, pc, &[("tpm.absent", CheckResult::Unknown)], &FindingChanges::default());

    let mut all = Vec::new();
    let mut after = None;
    loop {
        let part = store.kpi_assets(after, 1).unwrap();
        let Some(last) = part.last() else { break };
        after = Some(last.asset.id);
        all.extend(part);
    }
    let ids: Vec<_> = all.iter().map(|one| one.asset.id).collect();
    assert_eq!(ids, [pc, agent.asset]);
    assert_eq!((all[0].owner, all[0].confirmed_at), (Some(unit), Some(NOW)));
    assert_eq!(all[0].results["tpm.absent"], CheckResult::Unknown);
    assert!(!all[0].has_agent && all[1].has_agent && !all[1].has_inventory);
    assert_eq!(store.kpi_state_moment().unwrap(), Some(NOW));
}

pub(super) fn findings_are_told_as_of_a_moment(lab: &Lab) {
    let store = &*lab.store;
    let (bz, fin) = (add_unit(store, "BZ"), add_unit(store, "FIN"));
    let pc = add_asset(store, AssetKind::Device, "pc");
    own(store, pc, bz);
    let changes = FindingChanges { new: vec![hit("tpm.absent", "")], updated: vec![] };
    evaluate(store, pc, &[("tpm.absent", CheckResult::Hit)], &changes);
    let codes = ["tpm.absent".to_owned()];
    let at = |days: i64| store.findings_at(NOW.plus_days(days), &codes).unwrap();
    assert!(at(-1).is_empty() && store.findings_at(NOW, &[]).unwrap().is_empty());
    let finding = at(0)[0].finding.clone();
    // What somebody says of it later changes no earlier day.
    let officer = Actor::with_roles("ivv", &[Role::SecurityOfficer]);
    let said = TriageChange::FalsePositive { reason: "virtueel".to_owned() };
    let judged = finding.triaged(&officer, Some(bz), &said, NOW.plus_days(3)).unwrap();
    store.finding_triage(&judged, &audit("finding.false_positive")).unwrap();
    let counted = |days| {
        let counts = store.finding_counts_at(NOW.plus_days(days)).unwrap();
        counts.iter().map(|one| (one.status, one.count)).collect::<Vec<_>>()
    };
    assert_eq!(
        (at(2)[0].finding.status, counted(2)),
        (FindingStatus::Open, vec![(FindingStatus::Open, 1)])
    );
    assert!(at(3).is_empty() && counted(3).is_empty());
    let reopened = TriageChange::Reopen { reason: "toch".to_owned() };
    let finding = judged.triaged(&officer, Some(bz), &reopened, NOW.plus_days(3)).unwrap();
    store.finding_triage(&finding, &audit("finding.reopen")).unwrap();
    let resolved = belfort_model::finding::Finding {
        status: FindingStatus::Resolved,
        resolved_at: Some(NOW.plus_days(5)),
        ..finding.clone()
    };
    let changes = FindingChanges { new: vec![], updated: vec![resolved] };
    evaluate(store, pc, &[("tpm.absent", CheckResult::Pass)], &changes);
    // The asset changes hands while the finding is there.
    let handed = ownership(pc, fin, NOW.plus_days(2));
    store.owner_set(&handed, &audit("owner.set")).unwrap();
    let units: Vec<_> = [0, 1, 2, 4].map(|days| at(days)[0].unit).to_vec();
    assert_eq!(units, [Some(bz), Some(bz), Some(fin), Some(fin)]);
    assert!(at(5).is_empty(), "resolved by then");
    let counts = store.finding_counts_at(NOW.plus_days(4)).unwrap();
    assert_eq!((counts.len(), counts[0].count, counts[0].status), (1, 1, FindingStatus::Open));
    assert!(store.finding_counts_at(NOW.plus_days(5)).unwrap().is_empty());
    let of = |from, to| store.findings_resolved(NOW.plus_days(from), NOW.plus_days(to)).unwrap();
    assert_eq!(of(4, 5)[0].id, finding.id);
    assert!(of(5, 9).is_empty() && of(0, 4).is_empty());
}

pub(super) fn a_finding_has_the_priority_of_its_risk_then(lab: &Lab) {
    let store = &*lab.store;
    add(store, None, &[new("theft", None, 3, &[])]);
    let risk = store.risk_list(&RiskFilter::default(), Page::ALL).unwrap().items.remove(0).risk;
    let mut next = risk.clone();
    next.suggestion.priority = Priority::P1;
    next.updated_at = NOW.plus_days(3);
    next.version += 1;
    store.risk_commit(None, 0, &[], &[next]).unwrap();
    let priority = |to: i64| {
        let all = store.finding_priorities(NOW.plus_days(-1), NOW.plus_days(to)).unwrap();
        all[&risk.suggestion.findings[0]]
    };
    assert_eq!((priority(2), priority(3)), (Priority::P2, Priority::P1));
    assert!(store.finding_priorities(NOW.plus_days(3), NOW.plus_days(9)).unwrap().is_empty());
    // A version is read although the one it differs from lies before the window.
    let within = store.finding_priorities(NOW.plus_days(1), NOW.plus_days(9)).unwrap();
    assert_eq!(within[&risk.suggestion.findings[0]], Priority::P1);
}

pub(super) fn a_frozen_report_never_changes(lab: &Lab) {
    let store = &*lab.store;
    let report = |month: &str, days: i64| FrozenReport {
        id: ReportId(id()),
        month: month.to_owned(),
        cut_off: NOW,
        language: "nl".to_owned(),
        created_at: NOW.plus_days(days),
        created_by: "els".to_owned(),
        sha256: hash(month),
        content: "{\"é\":1}".to_owned(),
    };
    let (old, new) = (report("2026-04", 0), report("2026-05", 1));
    for report in [&old, &new] {
        let mut record = audit("report.freeze");
        record.subject = report.id.to_string();
        record.detail = format!("{{\"month\":\"{}\"}}", report.month);
        store.frozen_report_insert(report, &record).unwrap();
    }
    let again = store.frozen_report_insert(&old, &audit("report.freeze"));
    assert!(matches!(again, Err(StoreError::Exists { .. })), "{again:?}");
    assert_eq!(store.frozen_report_get(old.id).unwrap(), Some(old.clone()));
    assert_eq!(store.frozen_report_get(ReportId(id())).unwrap(), None);
    let list = store.frozen_report_list(Page::ALL).unwrap();
    assert_eq!(list.total, 2);
    let without = FrozenReport { content: String::new(), ..new };
    assert_eq!(list.items[0], without);
    let audited = store.frozen_report_audited(old.id).unwrap();
    assert_eq!(audited.as_deref(), Some("{\"month\":\"2026-04\"}"));
    for sql in ["UPDATE frozen_report SET content = 'x'", "DELETE FROM frozen_report"] {
        let refused = lab.raw(sql).unwrap_err();
        assert!(refused.contains("a frozen report does not change"), "{refused}");
    }
}
