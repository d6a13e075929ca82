//! Reports that were kept.

use belfort_model::id::ReportId;

use crate::driver::Tx;
use crate::record::{Audit, FrozenReport, Page, Paged};
use crate::sql::audit;
use crate::value::{Row, params};
use crate::{Result, StoreError};

/// What the audit log calls it.
const ACTION: &str = "report.freeze";

fn read(row: &mut Row) -> Result<FrozenReport> {
    let what = "report";
    Ok(FrozenReport {
        id: row.next(what)?,
        month: row.next(what)?,
        cut_off: row.next(what)?,
        language: row.next(what)?,
        created_at: row.next(what)?,
        created_by: row.next(what)?,
        sha256: row.next(what)?,
        content: row.next(what)?,
    })
}

pub(crate) fn frozen_report_insert(
    tx: &mut Tx<'_>,
    report: &FrozenReport,
    audit: &Audit,
) -> Result<()> {
    let added = tx.execute(
        "INSERT INTO frozen_report
         (id, month, cut_off, language, created_at, created_by, sha256, content)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
        params![
            report.id,
            &report.month,
            report.cut_off,
            &report.language,
            report.created_at,
            &report.created_by,
            report.sha256,
            &report.content,
        ],
    )?;
    if added == 0 {
        return Err(StoreError::Exists { what: "report", id: report.id.to_string() });
    }
    audit::append(tx, audit)
}

pub(crate) fn frozen_report_list(tx: &mut Tx<'_>, page: Page) -> Result<Paged<FrozenReport>> {
    Ok(Paged {
        total: tx.count("SELECT COUNT(*) FROM frozen_report", &[])?,
        items: tx.list(
            "SELECT id, month, cut_off, language, created_at, created_by, sha256, ''
             FROM frozen_report ORDER BY created_at DESC, id DESC LIMIT $1 OFFSET $2",
            params![page.limit, page.offset],
            read,
        )?,
    })
}

pub(crate) fn frozen_report_get(tx: &mut Tx<'_>, id: ReportId) -> Result<Option<FrozenReport>> {
    tx.one(
        "SELECT id, month, cut_off, language, created_at, created_by, sha256, content
         FROM frozen_report WHERE id = $1",
        params![id],
        read,
    )
}

pub(crate) fn frozen_report_audited(tx: &mut Tx<'_>, id: ReportId) -> Result<Option<String>> {
    tx.one(
        "SELECT detail FROM audit WHERE action = $1 AND subject = $2 ORDER BY seq LIMIT 1",
        params![ACTION, id.to_string()],
        |row| row.next("audit"),
    )
}
