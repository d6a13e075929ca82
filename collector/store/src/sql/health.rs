//! The state of the database, and the figures of the overview.

use std::collections::BTreeMap;

use belfort_model::access::Scope;
use belfort_model::time::Timestamp;

use crate::driver::{Conditions, Dialect, Tx};
use crate::record::{DeviceFigures, Health, Overview};
use crate::sql::risk;
use crate::sql::tally::unit_tallies;
use crate::value::Row;
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

pub(super) fn overview(tx: &mut Tx<'_>, scope: &Scope, now: Timestamp) -> Result<Overview> {
    let DeviceFigures { devices, seen_7d, last_report, .. } = device_figures(tx, scope, now, now)?;
    let mut overview = Overview {
        devices,
        seen_7d,
        last_report,
        findings: findings(tx, scope)?,
        risks: risks(tx, scope)?,
        sections: sections(tx, scope)?,
        ..Overview::default()
    };
    for tally in unit_tallies(tx, scope)? {
        overview.assets += tally.assets;
        overview.classified += tally.classified;
        overview.owned += if tally.unit.is_some() { tally.assets } else { 0 };
    }
    Ok(overview)
}

pub(super) fn device_figures(
    tx: &mut Tx<'_>,
    scope: &Scope,
    now: Timestamp,
    unseen_before: Timestamp,
) -> Result<DeviceFigures> {
    let mut conditions = in_service(scope);
    // Read from one index alone; see it before adding a column. That all were seen some time says which.
    conditions.add_plain("a.kind = 'device' AND a.last_seen >= 0");
    let since = conditions.values([now.plus_days(-7).into()]);
    let before = conditions.values([unseen_before.into()]);
    let sum = |condition: &str| {
        format!("CAST(COALESCE(SUM(CASE WHEN {condition} THEN 1 ELSE 0 END), 0) AS BIGINT)")
    };
    let sql = format!(
        "SELECT COUNT(*), {}, {}, MAX(a.reported_at) FROM asset a{}",
        sum(&format!("a.last_seen >= {since}")),
        sum(&format!("a.last_seen < {before} AND a.source = 'agent'")),
        conditions.clause(),
    );
    let found = tx.one(&sql, &conditions.params, |row| {
        let what = "device";
        Ok(DeviceFigures {
            devices: row.next(what)?,
            seen_7d: row.next(what)?,
            unseen: row.next(what)?,
            last_report: row.next(what)?,
        })
    })?;
    Ok(found.unwrap_or_default())
}

/// Assets in service within a scope.
fn in_service(scope: &Scope) -> Conditions {
    let mut conditions = Conditions::default();
    conditions.add_plain("a.in_service = 1");
    conditions.within("a.owner_unit IN (?)", scope);
    conditions
}

/// Open findings of assets in service, by code.
fn findings(tx: &mut Tx<'_>, scope: &Scope) -> Result<Vec<(String, u64)>> {
    if *scope == Scope::All {
        // All of them are counted in an index; the few of what is out of service are taken away.
        let all =
            "SELECT code, COUNT(*) FROM finding WHERE is_open = 1 GROUP BY code ORDER BY code";
        let out = "SELECT f.code, COUNT(*) FROM asset a CROSS JOIN finding f
             WHERE f.asset = a.id AND a.in_service = 0 AND a.open_findings > 0 AND f.is_open = 1
             GROUP BY f.code";
        let read =
            |row: &mut Row| Ok((row.next::<String>("finding")?, row.next::<u64>("finding")?));
        let out: BTreeMap<_, _> = tx.list(out, &[], read)?.into_iter().collect();
        let mut found = tx.list(all, &[], read)?;
        for (code, count) in &mut found {
            *count = count.saturating_sub(out.get(code).copied().unwrap_or(0));
        }
        found.retain(|(_, count)| *count > 0);
        return Ok(found);
    }
    let mut conditions = in_service(scope);
    conditions.add_plain("f.is_open = 1");
    let sql = format!(
        "SELECT f.code, COUNT(*) FROM finding f JOIN asset a ON a.id = f.asset{}
         GROUP BY f.code ORDER BY f.code",
        conditions.clause()
    );
    tx.list(&sql, &conditions.params, |row| Ok((row.next("finding")?, row.next("finding")?)))
}

/// Distinct sections: all that are stored, or for some units those their assets have now.
fn sections(tx: &mut Tx<'_>, scope: &Scope) -> Result<u64> {
    if *scope == Scope::All {
        return tx.count("SELECT COUNT(*) FROM section", &[]);
    }
    let conditions = in_service(scope);
    let sql = format!(
        "SELECT COUNT(DISTINCT s.section) FROM asset_section s JOIN asset a ON a.id = s.asset{}",
        conditions.clause()
    );
    tx.count(&sql, &conditions.params)
}

/// Open risks, by current severity.
fn risks(tx: &mut Tx<'_>, scope: &Scope) -> Result<[u64; 5]> {
    let mut risks = [0; 5];
    let mut conditions = Conditions::default();
    conditions.add_plain("r.is_open = 1");
    conditions.within(risk::SEEN, scope);
    let sql = format!(
        "SELECT r.severity, COUNT(*) FROM risk r LEFT JOIN asset a ON a.id = r.asset{}
         GROUP BY r.severity",
        conditions.clause()
    );
    let counts = tx.list(&sql, &conditions.params, |row| {
        Ok((row.next::<u64>("risk")?, row.next::<u64>("risk")?))
    })?;
    for (severity, count) in counts {
        let index = usize::try_from(severity.saturating_sub(1)).unwrap_or(0);
        if let Some(place) = risks.get_mut(index) {
            *place = count;
        }
    }
    Ok(risks)
}
