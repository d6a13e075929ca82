//! The audit log: who looked at what about people, and proving that nothing was changed.

use belfort_model::access::Right;
use belfort_model::time::{NotATimestamp, Timestamp};
use belfort_store::record::{Audit, AuditFilter, AuditRecord, Page, Paged};
use serde_json::json;

use crate::clock;

use super::access::Actor;
use super::{App, Result};

/// Subject of a view of the list of users.
pub const USERS: &str = "users";
/// Action of a view of something about people.
pub const VIEW: &str = "view.personal";
/// Views of the same by the same are one record in this time, seconds.
const VIEW_SECONDS: i64 = 3600;

/// What recomputing the chain showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chain {
    /// It holds over so many records.
    Holds(u64),
    /// It is broken at this record: it, or one before it, was changed or taken out.
    Broken(u64),
}

/// Reads a day such as `2026-03-01` (its beginning where the organisation is) or a moment in RFC 3339.
pub fn moment(text: &str) -> std::result::Result<Timestamp, NotATimestamp> {
    clock::since(text)
}

/// Refuses who may not read the whole log: a record belongs to no unit.
pub fn may_read(actor: &Actor) -> Result<()> {
    Ok(actor.require_for(Right::ReadAudit, None)?)
}

impl App {
    /// Notes that somebody looks at something about people. Where it cannot be noted it is not shown.
    pub fn view_personal(
        &self,
        actor: &Actor,
        subject: &str,
        what: &str,
        now: Timestamp,
    ) -> Result<()> {
        let record = Audit {
            at: now,
            actor: actor.name.clone(),
            action: VIEW,
            subject: subject.to_owned(),
            detail: json!({ "what": what }).to_string(),
        };
        self.store.audit_add_once(&record, now.plus_seconds(-VIEW_SECONDS))?;
        Ok(())
    }

    /// Records that match, newest first.
    pub fn audit_search(
        &self,
        actor: &Actor,
        filter: &AuditFilter,
        page: Page,
    ) -> Result<Paged<AuditRecord>> {
        may_read(actor)?;
        Ok(self.store.audit_search(filter, page)?)
    }

    /// Recomputes the chain over all records.
    pub fn audit_verify(&self, actor: &Actor) -> Result<Chain> {
        may_read(actor)?;
        Ok(self.store.audit_verify()?.map_or_else(Chain::Broken, Chain::Holds))
    }

    /// Gives every record, oldest first, to `each`; answers how many.
    pub fn audit_each<E: From<super::AppError>>(
        &self,
        actor: &Actor,
        mut each: impl FnMut(&AuditRecord) -> std::result::Result<(), E>,
    ) -> std::result::Result<u64, E> {
        const CHUNK: u32 = 1_000;
        may_read(actor)?;
        let mut last = 0;
        loop {
            let chunk = self.store.audit_after(last, CHUNK).map_err(super::AppError::from)?;
            if chunk.is_empty() {
                return Ok(last);
            }
            for record in &chunk {
                each(record)?;
                last = record.sequence;
            }
        }
    }
}
