//! The part of the store that key figures and the monthly report need.

use std::collections::BTreeMap;

use belfort_model::id::{AssetId, FindingId, ReportId};
use belfort_model::scale::Priority;
use belfort_model::time::Timestamp;

use crate::Result;
use crate::driver::Driver;
use crate::record::{
    Audit, FindingAt, FindingCount, FrozenReport, KpiAsset, KpiDay, Page, Paged, ResolvedFinding,
};
use crate::sql::{SqlStore, kpi, methods, monthly};

/// Key figures and reports. What holds for [`crate::Store`] holds here.
pub trait MonthlyStore {
    /// Assets in service with what key figures count, by id, after this one.
    fn kpi_assets(&self, after: Option<AssetId>, limit: u32) -> Result<Vec<KpiAsset>>;
    /// The last moment that the state of the assets and findings tells of; nothing when there are none.
    fn kpi_state_moment(&self) -> Result<Option<Timestamp>>;
    /// Keeps the figures of a day in the place of those kept for it before, and forgets days before
    /// `forget_before`.
    fn kpi_day_keep(&self, day: &KpiDay, forget_before: &str) -> Result<()>;
    /// The figures kept for days from `first` to `last`, both included, by day.
    fn kpi_days(&self, first: &str, last: &str) -> Result<Vec<KpiDay>>;

    /// Findings of these codes that were there at this moment, under an exception or not, by code, key
    /// and asset.
    fn findings_at(&self, at: Timestamp, codes: &[String]) -> Result<Vec<FindingAt>>;
    /// How many findings were there at this moment, by code and status.
    fn finding_counts_at(&self, at: Timestamp) -> Result<Vec<FindingCount>>;
    /// Findings resolved after `from` and up to `to` that stayed so, by id.
    fn findings_resolved(&self, from: Timestamp, to: Timestamp) -> Result<Vec<ResolvedFinding>>;
    /// The priority of the risk that each finding last supported, over the versions of the register
    /// written after `from` and up to `to`.
    fn finding_priorities(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<BTreeMap<FindingId, Priority>>;

    /// Keeps a report.
    fn frozen_report_insert(&self, report: &FrozenReport, audit: &Audit) -> Result<()>;
    /// Kept reports without their content, newest first.
    fn frozen_report_list(&self, page: Page) -> Result<Paged<FrozenReport>>;
    /// One kept report.
    fn frozen_report_get(&self, id: ReportId) -> Result<Option<FrozenReport>>;
    /// The hash that the audit log says a report was frozen with, as it stands in the record's detail.
    fn frozen_report_audited(&self, id: ReportId) -> Result<Option<String>>;
}

impl<D: Driver> MonthlyStore for SqlStore<D> {
    methods! {
        read kpi::kpi_assets(after: Option<AssetId>, limit: u32) -> Vec<KpiAsset>;
        read kpi::kpi_state_moment() -> Option<Timestamp>;
        write kpi::kpi_day_keep(day: &KpiDay, forget_before: &str) -> ();
        read kpi::kpi_days(first: &str, last: &str) -> Vec<KpiDay>;

        read monthly::findings_at(at: Timestamp, codes: &[String]) -> Vec<FindingAt>;
        read monthly::finding_counts_at(at: Timestamp) -> Vec<FindingCount>;
        read monthly::findings_resolved(from: Timestamp, to: Timestamp) -> Vec<ResolvedFinding>;
        read monthly::finding_priorities(
            from: Timestamp,
            to: Timestamp
        ) -> BTreeMap<FindingId, Priority>;

        write monthly::frozen_report_insert(report: &FrozenReport, audit: &Audit) -> ();
        read monthly::frozen_report_list(page: Page) -> Paged<FrozenReport>;
        read monthly::frozen_report_get(id: ReportId) -> Option<FrozenReport>;
        read monthly::frozen_report_audited(id: ReportId) -> Option<String>;
    }
}
