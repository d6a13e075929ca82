//! Meetings.

use belfort_model::meeting::Meeting;

use crate::driver::Tx;
use crate::record::{Audit, Page, Paged};
use crate::sql::audit;
use crate::value::{document, params};
use crate::{Result, StoreError};

pub(crate) fn meeting_insert(tx: &mut Tx<'_>, meeting: &Meeting, audit: &Audit) -> Result<()> {
    let added = tx.execute(
        "INSERT INTO meeting (id, reference_folded, held_at, document) VALUES ($1, $2, $3, $4)
         ON CONFLICT DO NOTHING",
        params![
            meeting.id,
            meeting.reference.to_lowercase(),
            meeting.held_at,
            document("meeting", meeting)?,
        ],
    )?;
    if added == 0 {
        return Err(StoreError::Exists { what: "meeting", id: meeting.reference.clone() });
    }
    audit::append(tx, audit)
}

pub(crate) fn meeting_list(tx: &mut Tx<'_>, page: Page) -> Result<Paged<Meeting>> {
    Ok(Paged {
        total: tx.count("SELECT COUNT(*) FROM meeting", &[])?,
        items: tx.list(
            "SELECT document FROM meeting ORDER BY held_at DESC, reference_folded LIMIT $1 OFFSET $2",
            params![page.limit, page.offset],
            |row| row.document("meeting"),
        )?,
    })
}

pub(crate) fn meeting_get(tx: &mut Tx<'_>, reference: &str) -> Result<Option<Meeting>> {
    let folded = params![reference.trim().to_lowercase()];
    tx.one("SELECT document FROM meeting WHERE reference_folded = $1", folded, |row| {
        row.document("meeting")
    })
}
