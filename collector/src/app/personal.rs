//! What says something about people: seeing it is logged.

use belfort_model::id::{AssetId, FindingId};
use belfort_model::time::Timestamp;
use belfort_proto::{reflect, section};
use belfort_store::StoreError;
use belfort_store::record::{
    AssetDetail, ChangeRecord, FindingFilter, FindingSummary, Page, Paged,
};

use super::access::{Actor, Right};
use super::{App, Result};
use crate::{ingest, view};

/// Subject of a view of a list of findings.
pub const FINDINGS: &str = "findings";

impl App {
    /// One asset with all that belongs to it, to be shown. The view is logged when one of its findings is
    /// about people.
    pub fn asset_shown(&self, actor: &Actor, id: AssetId, now: Timestamp) -> Result<AssetDetail> {
        let detail = self.visible(actor, id)?;
        let codes = detail.findings.iter().map(|finding| finding.code.as_str());
        self.view_findings(actor, &id.to_string(), codes, now)?;
        Ok(detail)
    }

    /// A section of the last report of an asset, to be shown, with the makers of network hardware beside it.
    /// The view is logged when the section is about people.
    pub fn section_shown(
        &self,
        actor: &Actor,
        id: AssetId,
        name: &str,
        now: Timestamp,
    ) -> Result<serde_json::Value> {
        let none = || StoreError::NotFound { what: "section", id: name.to_owned() };
        let kind = section::kind_by_name(name).ok_or_else(none)?;
        self.visible(actor, id)?;
        if ingest::is_personal(name) {
            self.view_personal(actor, &id.to_string(), name, now)?;
        }
        let held = self.store.asset_sections(id)?;
        let held = held.iter().find(|section| section.key.kind == kind as i32);
        let hash = held.ok_or_else(none)?.key.hash;
        let blob = self.store.section_get(&[hash])?.into_iter().next().ok_or_else(none)?;
        let unreadable = |reason: String| StoreError::Corrupt { what: "section", reason };
        let content = ingest::content(&blob).ok_or_else(|| unreadable(name.to_owned()))?;
        let json = reflect::section_json(kind, &content);
        Ok(json.map(view::with_vendors).map_err(|error| unreadable(error.to_string()))?)
    }

    /// What changed on an asset, newest first. The view is logged when some of it is about people.
    pub fn asset_history(
        &self,
        actor: &Actor,
        id: AssetId,
        page: Page,
        now: Timestamp,
    ) -> Result<Paged<ChangeRecord>> {
        self.visible(actor, id)?;
        let changes = self.store.asset_history(id, page)?;
        let personal = changes.items.iter().find(|change| ingest::is_personal(&change.section));
        if let Some(change) = personal {
            let what = format!("history of {}", change.section);
            self.view_personal(actor, &id.to_string(), &what, now)?;
        }
        Ok(changes)
    }

    /// Findings that match, within what the actor may see. The view is logged when one of them is about
    /// people.
    pub fn finding_list(
        &self,
        actor: &Actor,
        filter: FindingFilter,
        page: Page,
        now: Timestamp,
    ) -> Result<Paged<FindingSummary>> {
        actor.require(Right::Read)?;
        let filter = FindingFilter { scope: actor.scope(Right::Read), ..filter };
        let found = self.store.finding_list(&filter, page)?;
        let codes = found.items.iter().map(|one| one.finding.code.as_str());
        self.view_findings(actor, FINDINGS, codes, now)?;
        Ok(found)
    }

    /// One finding, to be shown. The view is logged when it is about people.
    pub fn finding_shown(
        &self,
        actor: &Actor,
        id: FindingId,
        now: Timestamp,
    ) -> Result<FindingSummary> {
        let found = self.finding(actor, id)?;
        let codes = std::iter::once(found.finding.code.as_str());
        self.view_findings(actor, &found.finding.asset.to_string(), codes, now)?;
        Ok(found)
    }

    pub(super) fn view_findings<'a>(
        &self,
        actor: &Actor,
        subject: &str,
        mut codes: impl Iterator<Item = &'a str>,
        now: Timestamp,
    ) -> Result<()> {
        match codes.find(|code| self.catalogue.personal.contains(*code)) {
            Some(code) => self.view_personal(actor, subject, code, now),
            None => Ok(()),
        }
    }
}
