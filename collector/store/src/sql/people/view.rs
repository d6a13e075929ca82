//! Saved views.

use belfort_model::id::{UserId, ViewId};

use crate::driver::Tx;
use crate::record::{Audit, SavedView};
use crate::sql::audit;
use crate::value::{Row, Value, params};
use crate::{Result, StoreError};

const COLUMNS: &str = "id, owner, page, name, query, created_at, created_by";

fn read(row: &mut Row) -> Result<SavedView> {
    let what = "saved view";
    Ok(SavedView {
        id: row.next(what)?,
        owner: row.next(what)?,
        page: row.next(what)?,
        name: row.next(what)?,
        query: row.next(what)?,
        created_at: row.next(what)?,
        created_by: row.next(what)?,
    })
}

pub(crate) fn view_insert(tx: &mut Tx<'_>, view: &SavedView, audit: &Audit) -> Result<()> {
    let added = tx.execute(
        "INSERT INTO saved_view (id, owner, page, name, query, created_at, created_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
        params![
            view.id,
            view.owner,
            &view.page,
            &view.name,
            &view.query,
            view.created_at,
            &view.created_by,
        ],
    )?;
    if added == 0 {
        return Err(StoreError::Exists { what: "saved view", id: view.id.to_string() });
    }
    audit::append(tx, audit)
}

pub(crate) fn view_get(tx: &mut Tx<'_>, id: ViewId) -> Result<Option<SavedView>> {
    tx.one(&format!("SELECT {COLUMNS} FROM saved_view WHERE id = $1"), params![id], read)
}

pub(crate) fn view_list(
    tx: &mut Tx<'_>,
    user: UserId,
    page: Option<&str>,
) -> Result<Vec<SavedView>> {
    let mut sql = format!("SELECT {COLUMNS} FROM saved_view WHERE (owner = $1 OR owner IS NULL)");
    let mut params = vec![Value::from(user)];
    if let Some(page) = page {
        sql.push_str(" AND page = $2");
        params.push(page.into());
    }
    sql.push_str(" ORDER BY page, name, id");
    tx.list(&sql, &params, read)
}

pub(crate) fn view_delete(tx: &mut Tx<'_>, id: ViewId, audit: &Audit) -> Result<()> {
    if tx.execute("DELETE FROM saved_view WHERE id = $1", params![id])? == 0 {
        return Err(StoreError::NotFound { what: "saved view", id: id.to_string() });
    }
    audit::append(tx, audit)
}
