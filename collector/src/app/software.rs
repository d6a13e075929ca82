//! The software catalogue: what the organisation says of what is installed.

mod versions;

use belfort_model::id::SoftwareId;
use belfort_model::software::{Approval, LicenceType, Software};
use belfort_model::time::Timestamp;
use belfort_store::record::{Page, Paged, SoftwareFilter, SoftwareSummary};
use serde_json::json;
use uuid::Uuid;

pub use versions::{SoftwareShown, VersionFilter};

use super::access::{Actor, Right};
use super::{App, AppError, Result, audit, text};

/// What people say of a catalogue entry; what is left out stays as it is.
#[derive(Clone, Debug, Default)]
pub struct SoftwareChange {
    /// The version it was read at; any when left out.
    pub version: Option<i64>,
    /// Who makes it.
    pub publisher: Option<String>,
    /// What it is used for.
    pub purpose: Option<String>,
    /// Under what kind of licence it is used.
    pub licence_type: Option<LicenceType>,
    /// Code of the unit that looks after it; empty for none.
    pub responsible: Option<String>,
    /// Code of the unit that answers for it; empty for none.
    pub accountable: Option<String>,
    /// Its product in end-of-life data; empty for none.
    pub eol_product: Option<String>,
}

impl App {
    /// What the catalogue says holds for the whole organisation: only who may change all of the register
    /// changes it.
    fn may_catalogue(actor: &Actor) -> Result<()> {
        Ok(actor.require_for(Right::Manage, None)?)
    }

    /// Catalogue entries that match; assets are counted within what the actor may see.
    pub fn software_list(
        &self,
        actor: &Actor,
        filter: SoftwareFilter,
        page: Page,
    ) -> Result<Paged<SoftwareSummary>> {
        actor.require(Right::Read)?;
        let filter = SoftwareFilter { scope: actor.scope(Right::Read), ..filter };
        Ok(self.store.software_list(&filter, page)?)
    }

    /// The one entry a text names: its id, its name, or `ecosystem:name`.
    pub fn software_by_text(&self, actor: &Actor, text: &str) -> Result<Software> {
        actor.require(Right::Read)?;
        if let Ok(id) = text.parse::<SoftwareId>() {
            let found = self.store.software_get(id, &actor.scope(Right::Read))?;
            return found.map(|found| found.software).ok_or_else(|| unknown(id));
        }
        let (ecosystem, name) = match text.split_once(':') {
            Some((ecosystem, name)) if is_ecosystem(ecosystem) => (Some(ecosystem), name),
            _ => (None, text),
        };
        let mut found = self.store.software_named(name)?;
        found.retain(|one| ecosystem.is_none_or(|ecosystem| one.ecosystem == ecosystem));
        if found.len() > 1 && found.iter().any(|one| one.name == name) {
            found.retain(|one| one.name == name);
        }
        match found.as_slice() {
            [one] => Ok(one.clone()),
            [] => Err(AppError::Invalid(format!(
                "there is no software `{text}`: `belfort-collector software list --text {name}` searches; `software add` enters what no device has yet"
            ))),
            several => {
                let names: Vec<_> =
                    several.iter().map(|one| format!("{}:{}", one.ecosystem, one.name)).collect();
                let names = names.join(", ");
                Err(AppError::Invalid(format!("`{text}` names several: {names}")))
            }
        }
    }

    /// Enters software that no device has yet, for example to deny it beforehand.
    pub fn software_create(
        &self,
        actor: &Actor,
        ecosystem: &str,
        name: &str,
        now: Timestamp,
    ) -> Result<Software> {
        Self::may_catalogue(actor)?;
        if !is_ecosystem(ecosystem) {
            return Err(AppError::Invalid(format!(
                "ecosystem: `{ecosystem}` is not 1 to 32 lower-case letters or digits, such as deb, rpm or npm"
            )));
        }
        let software = Software {
            id: SoftwareId(Uuid::now_v7()),
            ecosystem: ecosystem.to_owned(),
            name: text("name", name, 256)?,
            publisher: String::new(),
            purpose: String::new(),
            licence_type: LicenceType::Unknown,
            responsible: None,
            accountable: None,
            approval: Approval::Unknown,
            reason: String::new(),
            eol_product: String::new(),
            first_seen: now,
            version: 1,
        };
        let detail = json!({ "ecosystem": software.ecosystem, "name": software.name });
        let record = audit(actor, Right::Manage, "software.create", &software.id, &detail, now)?;
        self.store.software_insert(&software, &record)?;
        Ok(software)
    }

    /// Says whether software may be used. What may not needs a reason.
    pub fn software_approve(
        &self,
        actor: &Actor,
        id: SoftwareId,
        approval: Approval,
        reason: &str,
        version: Option<i64>,
        now: Timestamp,
    ) -> Result<Software> {
        Self::may_catalogue(actor)?;
        let mut software = self.software_at(actor, id, version)?;
        let before = software.approval;
        software.approval = approval;
        software.reason = optional("reason", reason, 1000)?;
        if approval == Approval::Denied && software.reason.is_empty() {
            return Err(AppError::Invalid("a denial needs a reason".to_owned()));
        }
        let detail = json!({
            "software": name(&software), "from": before.as_str(), "to": approval.as_str(),
            "reason": software.reason,
        });
        let record = audit(actor, Right::Manage, "software.approval", &id, &detail, now)?;
        self.store.software_update(&software, &record)?;
        software.version += 1;
        Ok(software)
    }

    /// Changes what people say of software.
    pub fn software_change(
        &self,
        actor: &Actor,
        id: SoftwareId,
        change: &SoftwareChange,
        now: Timestamp,
    ) -> Result<Software> {
        Self::may_catalogue(actor)?;
        let mut software = self.software_at(actor, id, change.version)?;
        let unit = |code: &String| match code.as_str() {
            "" => Ok(None),
            code => self.unit(code).map(|unit| Some(unit.id)),
        };
        if let Some(publisher) = &change.publisher {
            software.publisher = optional("publisher", publisher, 200)?;
        }
        if let Some(purpose) = &change.purpose {
            software.purpose = optional("purpose", purpose, 1000)?;
        }
        if let Some(eol_product) = &change.eol_product {
            software.eol_product = optional("eol_product", eol_product, 100)?;
        }
        if let Some(code) = &change.responsible {
            software.responsible = unit(code)?;
        }
        if let Some(code) = &change.accountable {
            software.accountable = unit(code)?;
        }
        software.licence_type = change.licence_type.unwrap_or(software.licence_type);
        let detail = json!({
            "software": name(&software), "publisher": software.publisher,
            "purpose": software.purpose, "licence_type": software.licence_type.as_str(),
            "responsible": software.responsible, "accountable": software.accountable,
            "eol_product": software.eol_product,
        });
        let record = audit(actor, Right::Manage, "software.change", &id, &detail, now)?;
        self.store.software_update(&software, &record)?;
        software.version += 1;
        Ok(software)
    }

    /// An entry, refused when it is not at this version any more.
    fn software_at(&self, actor: &Actor, id: SoftwareId, version: Option<i64>) -> Result<Software> {
        let found = self.store.software_get(id, &actor.scope(Right::Read))?;
        let mut software = found.ok_or_else(|| unknown(id))?.software;
        // The store compares: what was read here may be newer than what the actor saw.
        software.version = version.unwrap_or(software.version);
        Ok(software)
    }
}

/// `ecosystem:name`.
fn name(software: &Software) -> String {
    format!("{}:{}", software.ecosystem, software.name)
}

fn is_ecosystem(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    (1..=32).contains(&text.len()) && text.chars().all(allowed)
}

fn optional(what: &str, value: &str, most: usize) -> Result<String> {
    if value.trim().is_empty() { Ok(String::new()) } else { text(what, value, most) }
}

fn unknown(id: SoftwareId) -> AppError {
    belfort_store::StoreError::NotFound { what: "software", id: id.to_string() }.into()
}
