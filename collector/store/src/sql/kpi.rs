//! What key figures count, and the figures kept day by day.

use belfort_model::id::AssetId;
use belfort_model::time::Timestamp;
use uuid::Uuid;

use crate::Result;
use crate::driver::Tx;
use crate::record::{KpiAsset, KpiDay};
use crate::sql::asset;
use crate::value::params;

pub(crate) fn kpi_assets(
    tx: &mut Tx<'_>,
    after: Option<AssetId>,
    limit: u32,
) -> Result<Vec<KpiAsset>> {
    let sql = format!(
        "SELECT {}, o.unit, o.confirmed_at, a.class,
             CASE WHEN a.root IS NULL THEN 0 ELSE 1 END,
             (SELECT COUNT(*) FROM agent g WHERE g.asset = a.id AND g.status = 'active'),
             (SELECT MAX(g.last_seen) FROM agent g WHERE g.asset = a.id AND g.status = 'active'),
             COALESCE(c.document, '{{}}')
         FROM asset a
         LEFT JOIN ownership o ON o.asset = a.id AND o.role = 'owner' AND o.valid_to IS NULL
         LEFT JOIN check_results c ON c.asset = a.id
         WHERE a.in_service = 1 AND a.id > $1 ORDER BY a.id LIMIT $2",
        asset::COLUMNS
    );
    tx.list(&sql, params![after.unwrap_or(AssetId(Uuid::nil())), limit], |row| {
        let what = "asset";
        Ok(KpiAsset {
            asset: asset::read(row)?,
            owner: row.next(what)?,
            confirmed_at: row.next(what)?,
            class: row.document("class")?,
            has_inventory: row.next(what)?,
            has_agent: row.next::<u64>(what)? > 0,
            agent_seen: row.next(what)?,
            results: row.document("results")?,
        })
    })
}

pub(crate) fn kpi_state_moment(tx: &mut Tx<'_>) -> Result<Option<Timestamp>> {
    let moment = tx.one(
        "SELECT MAX(t.at) FROM (
             SELECT MAX(last_seen) AS at FROM asset
             UNION ALL SELECT MAX(decided_at) FROM classification
             UNION ALL SELECT MAX(valid_from) FROM ownership
             UNION ALL SELECT MAX(confirmed_at) FROM ownership
             UNION ALL SELECT MAX(last_observed) FROM finding
             UNION ALL SELECT MAX(resolved_at) FROM finding
         ) t",
        &[],
        |row| row.next("moment"),
    )?;
    Ok(moment.flatten())
}

pub(crate) fn kpi_day_keep(tx: &mut Tx<'_>, day: &KpiDay, forget_before: &str) -> Result<()> {
    tx.execute(
        "INSERT INTO kpi_day (day, at, document) VALUES ($1, $2, $3)
         ON CONFLICT (day) DO UPDATE SET at = $2, document = $3 WHERE kpi_day.at <= $2",
        params![&day.day, day.at, &day.document],
    )?;
    tx.execute("DELETE FROM kpi_day WHERE day < $1", params![forget_before])?;
    Ok(())
}

pub(crate) fn kpi_days(tx: &mut Tx<'_>, first: &str, last: &str) -> Result<Vec<KpiDay>> {
    tx.list(
        "SELECT day, at, document FROM kpi_day WHERE day >= $1 AND day <= $2 ORDER BY day",
        params![first, last],
        |row| {
            let what = "key figures";
            Ok(KpiDay { day: row.next(what)?, at: row.next(what)?, document: row.next(what)? })
        },
    )
}
