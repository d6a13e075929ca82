//! Advisory data.

use belfort_model::advisory::{
    AdvisorySource, Affected, CveDetail, CveFact, CveId, Epss, Record, ReleaseCycle,
};
use belfort_model::id::AssetId;
use belfort_model::time::Timestamp;

use crate::driver::Tx;
use crate::record::{Audit, CveReport, LoadId, StoredSource};
use crate::sql::{audit, evaluation};
use crate::value::{Row, Value, document, params};
use crate::{Result, StoreError};

const WHAT: &str = "advisory data";
/// Rows written by one statement.
const ROWS: usize = 64;
/// Hours after which a load that was not finished is thrown away.
const ABANDONED_HOURS: i64 = 6;
/// Packages shown of one vulnerability.
const SHOWN: u32 = 1_000;

/// Everything that belongs to a load.
const TABLES: [&str; 3] = ["advisory_affected", "advisory_cve", "advisory_cycle"];

impl From<LoadId> for Value {
    fn from(load: LoadId) -> Self {
        load.0.into()
    }
}

pub(crate) fn advisory_version(tx: &mut Tx<'_>) -> Result<u64> {
    let version = tx.one("SELECT version FROM advisory_state", &[], |row| row.next(WHAT))?;
    Ok(version.unwrap_or(0))
}

/// Notes a change, and makes every asset due.
pub(super) fn changed(tx: &mut Tx<'_>) -> Result<()> {
    tx.execute("UPDATE advisory_state SET version = version + 1", &[])?;
    evaluation::evaluation_request_all(tx)
}

/// Notes that other units are below one: what is suppressed for a unit holds for those.
pub(super) fn units_changed(tx: &mut Tx<'_>) -> Result<()> {
    tx.execute(
        "UPDATE advisory_state SET version = version + 1 WHERE EXISTS
             (SELECT 1 FROM suppression WHERE unit IS NOT NULL AND ended_at IS NULL)",
        &[],
    )?;
    Ok(())
}

const SOURCE: &str = "name, load, kind, version, as_of, retrieved_at, imported_at, sha256, licence,
    records, skipped";

fn read_source(row: &mut Row) -> Result<StoredSource> {
    let name = row.next(WHAT)?;
    let load = LoadId(row.next(WHAT)?);
    let source = AdvisorySource {
        name,
        kind: row.next(WHAT)?,
        version: row.next(WHAT)?,
        as_of: row.next(WHAT)?,
        retrieved_at: row.next(WHAT)?,
        imported_at: row.next(WHAT)?,
        sha256: row.next(WHAT)?,
        licence: row.next(WHAT)?,
        records: row.next(WHAT)?,
        skipped: row.next(WHAT)?,
    };
    Ok(StoredSource { source, load })
}

pub(crate) fn advisory_sources(tx: &mut Tx<'_>) -> Result<Vec<StoredSource>> {
    tx.list(&format!("SELECT {SOURCE} FROM advisory_source ORDER BY name"), &[], read_source)
}

pub(crate) fn advisory_begin(tx: &mut Tx<'_>, now: Timestamp) -> Result<LoadId> {
    let abandoned = tx.list(
        "SELECT id FROM advisory_load
         WHERE begun_at < $1 AND id NOT IN (SELECT load FROM advisory_source)",
        params![now.plus_seconds(-ABANDONED_HOURS * 3600)],
        |row| Ok(LoadId(row.next(WHAT)?)),
    )?;
    for load in abandoned {
        advisory_abandon(tx, load)?;
    }
    let load = tx.one(
        "INSERT INTO advisory_load (begun_at) VALUES ($1) RETURNING id",
        params![now],
        |row| Ok(LoadId(row.next(WHAT)?)),
    )?;
    load.ok_or(StoreError::Corrupt { what: WHAT, reason: "a load got no number".to_owned() })
}

pub(crate) fn advisory_abandon(tx: &mut Tx<'_>, load: LoadId) -> Result<()> {
    for table in TABLES {
        tx.execute(&format!("DELETE FROM {table} WHERE load = $1"), params![load])?;
    }
    tx.execute("DELETE FROM advisory_load WHERE id = $1", params![load])?;
    Ok(())
}

/// Rows of one table on their way.
struct Rows {
    table: &'static str,
    columns: usize,
    values: Vec<Value>,
}

impl Rows {
    fn new(table: &'static str, columns: usize) -> Self {
        Self { table, columns, values: Vec::new() }
    }

    fn push(&mut self, tx: &mut Tx<'_>, row: impl IntoIterator<Item = Value>) -> Result<()> {
        self.values.extend(row);
        if self.values.len() >= self.columns * ROWS {
            self.write(tx, ROWS)?;
        }
        Ok(())
    }

    fn finish(mut self, tx: &mut Tx<'_>) -> Result<()> {
        // One statement for all that are left would be another for each number of them.
        while !self.values.is_empty() {
            self.write(tx, 1)?;
        }
        Ok(())
    }

    fn write(&mut self, tx: &mut Tx<'_>, rows: usize) -> Result<()> {
        let values: Vec<Value> = self.values.drain(..self.columns * rows).collect();
        let lists: Vec<String> = (0..rows)
            .map(|row| {
                format!("({})", crate::driver::placeholders(row * self.columns, self.columns))
            })
            .collect();
        // What is said twice in one feed counts once.
        let sql = format!(
            "INSERT INTO {} VALUES {} ON CONFLICT DO NOTHING",
            self.table,
            lists.join(", ")
        );
        tx.execute(&sql, &values)?;
        Ok(())
    }
}

pub(crate) fn advisory_add(
    tx: &mut Tx<'_>,
    load: LoadId,
    first: u64,
    records: &[Record],
) -> Result<()> {
    let mut affected = Rows::new("advisory_affected", 7);
    let mut cves = Rows::new("advisory_cve", 5);
    let mut cycles = Rows::new("advisory_cycle", 4);
    for (seq, record) in (first..).zip(records) {
        match record {
            Record::Affected(one) => affected.push(
                tx,
                [
                    load.into(),
                    (seq + 1).into(),
                    (&one.ecosystem).into(),
                    (&one.package).into(),
                    (&one.advisory).into(),
                    between_blanks(&one.detail.cves).into(),
                    document(WHAT, &one.detail)?.into(),
                ],
            )?,
            Record::Cve(fact) => {
                let detail = match &fact.detail {
                    detail if *detail == CveDetail::default() => None,
                    detail => Some(document(WHAT, detail)?),
                };
                cves.push(
                    tx,
                    [
                        load.into(),
                        fact.cve.number().into(),
                        fact.epss.map(|epss| epss.score).into(),
                        fact.epss.map(|epss| epss.percentile).into(),
                        detail.into(),
                    ],
                )?;
            }
            Record::Cycle(cycle) => cycles.push(
                tx,
                [
                    load.into(),
                    (&cycle.product).into(),
                    (&cycle.cycle).into(),
                    document(WHAT, cycle)?.into(),
                ],
            )?,
        }
    }
    affected.finish(tx)?;
    cves.finish(tx)?;
    cycles.finish(tx)
}

fn between_blanks(cves: &[CveId]) -> String {
    cves.iter().fold(" ".to_owned(), |text, cve| format!("{text}{cve} "))
}

pub(crate) fn advisory_finish(
    tx: &mut Tx<'_>,
    load: LoadId,
    source: &AdvisorySource,
    force: bool,
    audit: &Audit,
) -> Result<()> {
    // Two imports of one source are one after the other.
    let lock = format!("SELECT version FROM advisory_state{}", tx.for_update());
    tx.one(&lock, &[], |row| row.next::<u64>(WHAT))?;
    let begun = "SELECT COUNT(*) FROM advisory_load WHERE id = $1";
    if tx.count(begun, params![load])? == 0 {
        return Err(StoreError::NotFound { what: "load", id: load.0.to_string() });
    }
    let sql = format!("SELECT {SOURCE} FROM advisory_source WHERE name = $1");
    let before = tx.one(&sql, params![&source.name], read_source)?;
    if let Some(before) = &before
        && before.source.as_of > source.as_of
        && !force
    {
        return Err(StoreError::Refused(format!(
            "{} is of {}, older than what is there, of {}: --force, or `force` over REST, takes it \
             all the same",
            source.name, source.as_of, before.source.as_of
        )));
    }
    tx.execute(
        &format!(
            "INSERT INTO advisory_source ({SOURCE})
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
             ON CONFLICT (name) DO UPDATE SET load = $2, kind = $3, version = $4, as_of = $5,
                 retrieved_at = $6, imported_at = $7, sha256 = $8, licence = $9, records = $10,
                 skipped = $11"
        ),
        params![
            &source.name,
            load,
            source.kind,
            &source.version,
            source.as_of,
            source.retrieved_at,
            source.imported_at,
            source.sha256,
            &source.licence,
            source.records,
            source.skipped,
        ],
    )?;
    if let Some(before) = before {
        advisory_abandon(tx, before.load)?;
    }
    changed(tx)?;
    audit::append(tx, audit)
}

fn read_affected(row: &mut Row) -> Result<Affected> {
    Ok(Affected {
        ecosystem: row.next(WHAT)?,
        package: row.next(WHAT)?,
        advisory: row.next(WHAT)?,
        detail: row.document(WHAT)?,
    })
}

pub(crate) fn advisory_affected(
    tx: &mut Tx<'_>,
    load: LoadId,
    after: u64,
    limit: u32,
) -> Result<Vec<(u64, Affected)>> {
    tx.list(
        "SELECT seq, ecosystem, package, advisory, detail FROM advisory_affected
         WHERE load = $1 AND seq > $2 ORDER BY seq LIMIT $3",
        params![load, after, limit],
        |row| Ok((row.next(WHAT)?, read_affected(row)?)),
    )
}

fn read_fact(row: &mut Row) -> Result<CveFact> {
    let number = row.next::<i64>(WHAT)?;
    let cve = CveId::from_number(number)
        .ok_or_else(|| StoreError::Corrupt { what: WHAT, reason: format!("{number} is no CVE") })?;
    let (score, percentile) = (row.next::<Option<u32>>(WHAT)?, row.next::<Option<u32>>(WHAT)?);
    let epss = score.zip(percentile).map(|(score, percentile)| Epss { score, percentile });
    let detail = match row.next::<Option<String>>(WHAT)? {
        None => CveDetail::default(),
        Some(text) => serde_json::from_str(&text)
            .map_err(|error| StoreError::Corrupt { what: WHAT, reason: error.to_string() })?,
    };
    Ok(CveFact { cve, epss, detail })
}

pub(crate) fn advisory_facts(
    tx: &mut Tx<'_>,
    load: LoadId,
    after: i64,
    limit: u32,
) -> Result<Vec<CveFact>> {
    tx.list(
        "SELECT cve, epss, percentile, detail FROM advisory_cve
         WHERE load = $1 AND cve > $2 ORDER BY cve LIMIT $3",
        params![load, after, limit],
        read_fact,
    )
}

pub(crate) fn advisory_cycles(tx: &mut Tx<'_>, load: LoadId) -> Result<Vec<ReleaseCycle>> {
    let mut cycles: Vec<ReleaseCycle> = tx.list(
        "SELECT detail FROM advisory_cycle WHERE load = $1 ORDER BY product, cycle",
        params![load],
        |row| row.document(WHAT),
    )?;
    cycles.sort_by(|a, b| (&a.product, a.position).cmp(&(&b.product, b.position)));
    Ok(cycles)
}

pub(crate) fn advisory_of_cve(tx: &mut Tx<'_>, cve: CveId) -> Result<CveReport> {
    let facts = tx.list(
        "SELECT s.name, c.cve, c.epss, c.percentile, c.detail
         FROM advisory_source s JOIN advisory_cve c ON c.load = s.load
         WHERE c.cve = $1 ORDER BY s.name",
        params![cve.number()],
        |row| Ok((row.next(WHAT)?, read_fact(row)?)),
    )?;
    let affected = tx.list(
        "SELECT s.name, a.ecosystem, a.package, a.advisory, a.detail
         FROM advisory_source s JOIN advisory_affected a ON a.load = s.load
         WHERE a.cves LIKE $1 ORDER BY s.name, a.seq LIMIT $2",
        params![format!("% {cve} %"), SHOWN],
        |row| Ok((row.next(WHAT)?, read_affected(row)?)),
    )?;
    Ok(CveReport { facts, affected })
}

pub(crate) fn asset_section_of(
    tx: &mut Tx<'_>,
    asset: AssetId,
    kind: i32,
) -> Result<Option<[u8; 32]>> {
    tx.one(
        "SELECT s.hash FROM asset_section a JOIN section s ON s.id = a.section
         WHERE a.asset = $1 AND a.kind = $2",
        params![asset, kind],
        |row| row.next("section"),
    )
}
