//! The end of an asset's life.

use belfort_model::asset::{AssetKind, Lifecycle};

use crate::catalogue::{Catalogue, FindingKind};
use crate::evaluate::{Observation, Subject, Verdict};

/// The asset reported after it was taken out of service.
pub(super) fn active_after_decommission(
    subject: &Subject<'_>,
    _: &FindingKind,
    _: &Catalogue,
) -> Verdict {
    let over = matches!(
        subject.asset.lifecycle,
        Lifecycle::Decommissioned | Lifecycle::Disposed | Lifecycle::Archived
    );
    if !over || subject.asset.kind != AssetKind::Device {
        return Verdict::NotApplicable;
    }
    let Some(seen) = subject.agent.and_then(|agent| agent.last_seen) else { return Verdict::Pass };
    match subject.records.decommissioned_at {
        None => Verdict::Unknown,
        Some(end) if seen > end => Verdict::Hit(vec![Observation::of(
            "last_report",
            format!("{}, out of service since {}", seen.day(), end.day()),
        )]),
        Some(_) => Verdict::Pass,
    }
}

/// The asset was disposed of and nothing shows that its data was wiped.
pub(super) fn disposal_unproven(subject: &Subject<'_>, _: &FindingKind, _: &Catalogue) -> Verdict {
    let disposed = matches!(subject.asset.lifecycle, Lifecycle::Disposed | Lifecycle::Archived);
    if !disposed || subject.asset.kind != AssetKind::Device {
        return Verdict::NotApplicable;
    }
    match subject.records.disposal_proven {
        None => Verdict::Unknown,
        Some(true) => Verdict::Pass,
        Some(false) => Verdict::Hit(vec![Observation::of("wipe_evidence", "none")]),
    }
}

#[cfg(test)]
mod tests {
    use belfort_model::asset::Lifecycle;
    use belfort_model::time::Timestamp;

    use crate::evaluate::{Records, Subject};
    use crate::testing::{Fixture, result};

    #[test]
    fn a_report_after_the_end_is_said() {
        let mut fixture = Fixture::device();
        let on = |fixture: &Fixture, end: Option<i64>, seen: Option<i64>| {
            let mut agent = fixture.agent();
            agent.last_seen = seen.map(Timestamp);
            let records = Records { decommissioned_at: end.map(Timestamp), ..Records::default() };
            let subject = Subject { agent: Some(&agent), records, ..fixture.subject() };
            result("life.active_after_decommission", &subject)
        };
        assert_eq!(on(&fixture, Some(5), Some(6)), "not_applicable", "in use");
        fixture.asset.lifecycle = Lifecycle::InStock;
        assert_eq!(on(&fixture, Some(5), Some(6)), "not_applicable");
        fixture.asset.lifecycle = Lifecycle::Decommissioned;
        assert_eq!(on(&fixture, Some(5), Some(6)), "hit");
        assert_eq!(on(&fixture, Some(5), Some(5)), "pass");
        assert_eq!(on(&fixture, Some(5), None), "pass");
        assert_eq!(on(&fixture, None, Some(6)), "unknown");
    }

    #[test]
    fn a_disposal_is_proven() {
        let mut fixture = Fixture::device();
        let on = |fixture: &Fixture, proven| {
            let records = Records { disposal_proven: proven, ..Records::default() };
            result("life.disposal_unproven", &Subject { records, ..fixture.subject() })
        };
        fixture.asset.lifecycle = Lifecycle::Decommissioned;
        assert_eq!(on(&fixture, Some(false)), "not_applicable");
        fixture.asset.lifecycle = Lifecycle::Disposed;
        assert_eq!(on(&fixture, Some(false)), "hit");
        assert_eq!(on(&fixture, Some(true)), "pass");
        assert_eq!(on(&fixture, None), "unknown");
    }

    #[test]
    fn no_other_check_concerns_what_is_out_of_service() {
        let mut fixture = Fixture::device();
        fixture.asset.lifecycle = Lifecycle::Disposed;
        fixture.facts.secure_boot = Some(false);
        assert_eq!(result("boot.secure_off", &fixture.subject()), "not_applicable");
        assert_eq!(result("asset.unowned", &fixture.subject()), "not_applicable");
    }
}
