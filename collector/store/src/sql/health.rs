//! The state of the database, and the figures of the overview.

use belfort_model::time::Timestamp;

use crate::driver::{Dialect, Tx};
use crate::record::{Health, Overview};
use crate::value::{Row, params};
use crate::{Result, migration};

pub(super) fn health(tx: &mut Tx<'_>) -> Result<Health> {
    // Only a write tells whether it can be written.
    tx.execute("UPDATE heartbeat SET beats = beats + 1 WHERE id = 1", &[])?;
    let (engine, about) = match tx.dialect() {
        Dialect::Sqlite => (
            "sqlite",
            "SELECT sqlite_version(), page_count * page_size
             FROM pragma_page_count(), pragma_page_size()",
        ),
        Dialect::Postgres => (
            "postgresql",
            "SELECT current_setting('server_version'), pg_database_size(current_database())",
        ),
    };
    let about =
        tx.one(about, &[], |row| Ok((row.next::<String>("version")?, row.next::<u64>("size")?)))?;
    let (engine_version, size_bytes) = about.unwrap_or_default();
    Ok(Health {
        engine,
        engine_version,
        schema_version: migration::found(tx)?.unwrap_or(0),
        size_bytes,
    })
}

pub(super) fn overview(tx: &mut Tx<'_>, now: Timestamp) -> Result<Overview> {
    let sum = |condition: &str| {
        format!("CAST(COALESCE(SUM(CASE WHEN {condition} THEN 1 ELSE 0 END), 0) AS BIGINT)")
    };
    let sql = format!(
        "SELECT COUNT(*), {}, {}, {}, {}, MAX(reported_at) FROM asset WHERE in_service = 1",
        sum("kind = 'device'"),
        sum("owner_unit IS NOT NULL"),
        sum("class_assumed = 0"),
        sum("kind = 'device' AND last_seen >= $1"),
    );
    let read = |row: &mut Row| {
        let what = "overview";
        Ok(Overview {
            assets: row.next(what)?,
            devices: row.next(what)?,
            owned: row.next(what)?,
            classified: row.next(what)?,
            seen_7d: row.next(what)?,
            last_report: row.next(what)?,
            ..Overview::default()
        })
    };
    let found = tx.one(&sql, params![now.plus_days(-7)], read)?;
    Ok(Overview {
        findings: findings(tx)?,
        risks: risks(tx)?,
        sections: tx.count("SELECT COUNT(*) FROM section", &[])?,
        ..found.unwrap_or_default()
    })
}

/// Open findings of assets in service, by code.
fn findings(tx: &mut Tx<'_>) -> Result<Vec<(String, u64)>> {
    tx.list(
        "SELECT f.code, COUNT(*) FROM finding f JOIN asset a ON a.id = f.asset
         WHERE f.is_open = 1 AND a.in_service = 1 GROUP BY f.code ORDER BY f.code",
        &[],
        |row| Ok((row.next("finding")?, row.next("finding")?)),
    )
}

/// Open risks, by current severity.
fn risks(tx: &mut Tx<'_>) -> Result<[u64; 5]> {
    let mut risks = [0; 5];
    let counts = tx.list(
        "SELECT severity, COUNT(*) FROM risk WHERE is_open = 1 GROUP BY severity",
        &[],
        |row| Ok((row.next::<u64>("risk")?, row.next::<u64>("risk")?)),
    )?;
    for (severity, count) in counts {
        let index = usize::try_from(severity.saturating_sub(1)).unwrap_or(0);
        if let Some(place) = risks.get_mut(index) {
            *place = count;
        }
    }
    Ok(risks)
}
