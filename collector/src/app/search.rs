//! Search: what a text names, within what somebody may see.

use std::net::IpAddr;

use belfort_model::advisory::CveId;
use belfort_model::time::Timestamp;
use belfort_model::unit::OrgUnit;
use belfort_store::StoreError;
use belfort_store::record::{
    AssetFilter, AssetSummary, CarriedBy, FindingSummary, Page, Paged, RiskSummary, SoftwareFilter,
    SoftwareSummary,
};

use super::access::{Actor, Right};
use super::personal::FINDINGS;
use super::{App, AppError, Result};

/// Hits of each kind at most.
pub const MOST: u32 = 20;
/// Characters from which evidence is looked for: fewer begin too many.
const SHORTEST: usize = 3;

/// What was found.
#[derive(Debug)]
pub struct Found {
    /// Assets by name, or by the beginning of their id.
    pub assets: Paged<AssetSummary>,
    /// Assets by serial number, hardware address or IP address.
    pub carried: Vec<CarriedBy>,
    /// Software by name or publisher.
    pub software: Paged<SoftwareSummary>,
    /// Open findings that name a vulnerability.
    pub findings: Vec<FindingSummary>,
    /// A risk by its reference.
    pub risks: Vec<RiskSummary>,
    /// Units by code or name.
    pub units: Vec<OrgUnit>,
}

impl App {
    /// Looks for a text everywhere. An empty text finds nothing. The view is logged when a finding is about
    /// people.
    pub fn search(&self, actor: &Actor, text: &str, now: Timestamp) -> Result<Found> {
        actor.require(Right::Read)?;
        let text = text.trim();
        let none = || Paged { items: Vec::new(), total: 0 };
        let mut found = Found {
            assets: none(),
            carried: Vec::new(),
            software: Paged { items: Vec::new(), total: 0 },
            findings: Vec::new(),
            risks: Vec::new(),
            units: Vec::new(),
        };
        if text.is_empty() {
            return Ok(found);
        }
        let scope = actor.scope(Right::Read);
        let page = Page { limit: MOST, offset: 0 };
        let named = Some(text.to_owned());
        let by_name =
            AssetFilter { text: named.clone(), scope: scope.clone(), ..Default::default() };
        found.assets = self.store.asset_list(&by_name, page)?;
        if found.assets.items.is_empty() {
            let mut by_id = self.store.asset_find(text)?;
            by_id.retain(|one| scope.contains(one.owner_unit.as_ref().map(|unit| unit.id)));
            found.assets = Paged { total: by_id.len() as u64, items: by_id };
        }
        let evidence = text.to_lowercase();
        if evidence.chars().count() >= SHORTEST {
            found.carried = self.store.search_evidence(&evidence, &scope, MOST)?;
        }
        if let Some(mac) = mac_address(&evidence).filter(|mac| *mac != evidence) {
            found.carried.extend(self.store.search_evidence(&mac, &scope, MOST)?);
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            let address = address.to_string();
            found.carried.extend(self.store.search_address(&address, &scope, MOST)?);
        }
        let filter = SoftwareFilter { text: named, ..SoftwareFilter::default() };
        found.software = self.software_list(actor, filter, page)?;
        if let Ok(cve) = text.parse::<CveId>() {
            found.findings = self.store.search_findings(&cve.to_string(), &scope, MOST)?;
            let codes = found.findings.iter().map(|one| one.finding.code.as_str());
            self.view_findings(actor, FINDINGS, codes, now)?;
        }
        match self.risk(actor, text, None) {
            Ok(risk) => found.risks.push(risk),
            Err(AppError::Store(StoreError::NotFound { .. }) | AppError::Forbidden(_)) => {}
            Err(error) => return Err(error),
        }
        let folded = text.to_lowercase();
        found.units = self.store.unit_list()?;
        found.units.retain(|unit| {
            unit.code.to_lowercase() == folded || unit.name.to_lowercase().contains(&folded)
        });
        found.units.truncate(MOST as usize);
        Ok(found)
    }
}

/// A hardware address, however it is written, as evidence has it.
fn mac_address(text: &str) -> Option<String> {
    let digits: Vec<char> = text.chars().filter(|char| !":-.".contains(*char)).collect();
    let is_address = digits.len() == 12 && digits.iter().all(char::is_ascii_hexdigit);
    let pairs = digits.chunks(2).map(|pair| pair.iter().collect::<String>());
    is_address.then(|| pairs.collect::<Vec<_>>().join(":"))
}

#[cfg(test)]
mod tests {
    use super::mac_address;

    #[test]
    fn hardware_addresses_are_read_however_they_are_written() {
        let written = Some("00:53:00:ab:cd:ef".to_owned());
        for text in ["00-53-00-ab-cd-ef", "0053.00ab.cdef", "005300abcdef"] {
            assert_eq!(mac_address(text), written);
        }
        assert_eq!(mac_address("00:53:00:ab:cd"), None);
        assert_eq!(mac_address("serienummer1"), None);
    }
}
