//! Which assets a list holds, as conditions of a query.
//!
//! What is asked about other tables is asked as a set of ids, which an index answers: the database finds
//! the few that match and looks only at those, or works the set out once for a walk over all assets.

use crate::Result;
use crate::driver::{Conditions, Tx, contains_pattern};
use crate::record::{AssetFilter, ClassIs, OwnerIs, RiskIs, SoftwareWanted, VulnerableBy};
use crate::value::Value;

/// Of what assets whose owner is a unit that has ended are owned by.
const ENDED: &str =
    "a.owner_unit IN (SELECT id FROM unit WHERE active_to IS NOT NULL AND active_to <= ?)";
/// What holds of assets whose owner nobody has confirmed.
const UNCONFIRMED: &str = "(a.owner_unit IS NOT NULL AND a.owner_confirmed = 0)";
const AT_LEAST: &str = "(a.class_b >= ? OR a.class_i >= ? OR a.class_v >= ?)";

/// How it is asked what an asset has elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// As a set of assets: finds the few that match.
    AsSet,
    /// Of each asset by itself: best for a walk in which many match.
    OfEach,
}

/// How it is asked which software an asset holds, and which risks rest on it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ways {
    pub(super) software: Asked,
    pub(super) risk: Asked,
}

impl Ways {
    /// The best ways to find what a filter matches.
    pub(super) fn to_find(tx: &mut Tx<'_>, filter: &AssetFilter) -> Result<Self> {
        let few = filter.risk.is_empty() || !tx.is_more(RESTING, MANY_RESTING)?;
        let risk = if few { Asked::AsSet } else { Asked::OfEach };
        Ok(Self { software: Asked::AsSet, risk })
    }
}

/// Open risks with the assets they rest on.
const RESTING: &str =
    "SELECT 1 FROM risk r JOIN risk_asset ra ON ra.risk = r.id WHERE r.is_open = 1";
/// To put as many into a set takes as long as to ask a hundred thousand assets one by one. Tests see both.
const MANY_RESTING: u64 = if cfg!(test) { 2 } else { 20_000 };

/// A filter as conditions on a table named `a`.
pub(super) fn conditions(filter: &AssetFilter, ways: Ways) -> Result<Conditions> {
    let mut conditions = Conditions::default();
    add(&mut conditions, filter, ways)?;
    Ok(conditions)
}

/// Adds those of a filter.
pub(super) fn add(all: &mut Conditions, filter: &AssetFilter, ways: Ways) -> Result<()> {
    all.any_of("a.kind", filter.kind.iter().copied());
    all.any_of("a.subtype", filter.subtype.iter().copied());
    all.any_of("a.lifecycle", filter.lifecycle.iter().copied());
    all.any_of("a.source", filter.source.iter().copied());
    all.any_of("a.authorised", filter.authorised.iter().copied());
    all.any_of("a.environment", filter.environment.iter().copied());
    all.any_of("a.exposure", filter.exposure.iter().copied());
    all.any_of("a.site", &filter.site);
    all.any_of("a.legal_entity", &filter.legal_entity);
    all.any_of("a.owner_unit", filter.unit.iter().copied());
    all.any_of("a.owner_unit", filter.department.iter().copied());
    if let Some(before) = filter.seen_before {
        all.add("a.last_seen < ?", before.into());
    }
    let mut labels = Vec::new();
    for label in &filter.label {
        // Labels are kept as a JSON array of texts in which nothing has to be escaped.
        let pattern = contains_pattern(&format!("\"{label}\""))?;
        labels.push(one(all, "a.labels LIKE ? ESCAPE '\\'", pattern.into()));
    }
    all.either(&labels);
    if filter.in_service {
        all.add_plain("a.in_service = 1");
    }
    match filter.owned {
        Some(true) => all.add_plain("a.owner_unit IS NOT NULL"),
        Some(false) => all.add_plain("a.owner_unit IS NULL"),
        None => {}
    }
    if let Some(now) = filter.owner_ended_at {
        all.add(ENDED, now.into());
    }
    if filter.owner_unconfirmed {
        all.add_plain(UNCONFIRMED);
    }
    if let Some(now) = filter.verify_overdue_at {
        all.add("a.verify_due <= ?", now.into());
    }
    if let Some(classified) = filter.classified {
        all.add("a.class_assumed = ?", (!classified).into());
    }
    if let Some(level) = filter.class_min {
        all.add(AT_LEAST, level.into());
    }
    let owners: Vec<_> = filter.owner.iter().map(|wanted| owner(all, *wanted)).collect();
    all.either(&owners);
    let classes: Vec<_> = filter.class.iter().map(|wanted| class(all, *wanted)).collect();
    all.either(&classes);
    let risks: Vec<_> = filter.risk.iter().map(|wanted| risk(all, *wanted, ways.risk)).collect();
    all.either(&risks);
    if let Some(wanted) = &filter.software {
        software(all, wanted, ways.software);
    }
    let mut vulnerable = Vec::new();
    for wanted in &filter.cve {
        vulnerability(all, wanted, &mut vulnerable)?;
    }
    all.either(&vulnerable);
    if let Some(text) = &filter.text {
        let pattern = contains_pattern(&text.to_lowercase())?;
        all.add("a.name_folded LIKE ? ESCAPE '\\'", pattern.into());
    }
    all.within("a.owner_unit IN (?)", &filter.scope);
    Ok(())
}

/// A condition whose value the query takes; `?` stands for it.
fn one(all: &mut Conditions, condition: &str, value: Value) -> String {
    condition.replace('?', &all.values([value]))
}

fn owner(all: &mut Conditions, wanted: OwnerIs) -> String {
    match wanted {
        OwnerIs::Known => "a.owner_unit IS NOT NULL".to_owned(),
        OwnerIs::Missing => "a.owner_unit IS NULL".to_owned(),
        OwnerIs::Unconfirmed => UNCONFIRMED.to_owned(),
        OwnerIs::EndedAt(now) => one(all, ENDED, now.into()),
    }
}

fn class(all: &mut Conditions, wanted: ClassIs) -> String {
    match wanted {
        ClassIs::Decided => "a.class_assumed = 0".to_owned(),
        ClassIs::Assumed => "a.class_assumed = 1".to_owned(),
        ClassIs::AtLeast(level) => one(all, AT_LEAST, level.into()),
    }
}

fn risk(all: &mut Conditions, wanted: RiskIs, asked: Asked) -> String {
    let (not, which) = open_risks(all, wanted);
    match asked {
        Asked::AsSet => format!(
            "a.id {not}IN (SELECT ra.asset FROM risk r JOIN risk_asset ra ON ra.risk = r.id
                 WHERE {which})"
        ),
        Asked::OfEach => format!(
            "{not}EXISTS (SELECT 1 FROM risk_asset ra
                 WHERE ra.asset = a.id AND ra.risk IN (SELECT r.id FROM risk r WHERE {which}))"
        ),
    }
}

/// Which risks `r` are meant, and whether one of them rests on an asset or none.
fn open_risks(all: &mut Conditions, wanted: RiskIs) -> (&'static str, String) {
    let open = "r.is_open = 1";
    match wanted {
        RiskIs::Open => ("", open.to_owned()),
        RiskIs::Absent => ("NOT ", open.to_owned()),
        RiskIs::AtLeast(level) => {
            ("", one(all, &format!("{open} AND r.severity >= ?"), level.into()))
        }
    }
}

/// On how many assets such a risk rests, or none does. Every asset once, in the order of the index that
/// holds them.
pub(super) fn at_risk(tx: &mut Tx<'_>, wanted: RiskIs) -> Result<u64> {
    let mut conditions = Conditions::default();
    let (not, which) = open_risks(&mut conditions, wanted);
    let sql = format!(
        "SELECT COUNT(*) FROM
             (SELECT ra.asset FROM risk_asset ra
              WHERE ra.risk IN (SELECT r.id FROM risk r WHERE {which}) GROUP BY ra.asset) AS at_risk"
    );
    let resting = tx.count(&sql, &conditions.params)?;
    if not.is_empty() {
        return Ok(resting);
    }
    Ok(tx.count("SELECT COUNT(*) FROM asset", &[])?.saturating_sub(resting))
}

/// Assets whose last report lists one of these packages.
fn holding(which: &str) -> String {
    format!(
        "a.id IN (SELECT h.asset FROM package p
             JOIN package_list_entry e ON e.package = p.id
             JOIN asset_section h ON h.section = e.list
             WHERE {which})"
    )
}

/// How many assets have one of these packages. Each holds one list, so the lists are told apart and not
/// the assets.
pub(super) fn holders(tx: &mut Tx<'_>, wanted: &SoftwareWanted) -> Result<u64> {
    let mut conditions = Conditions::default();
    if wanted.entries.is_empty() {
        return Ok(0);
    }
    let which = packages(&mut conditions, wanted);
    let sql = format!(
        "SELECT COUNT(*) FROM
             (SELECT DISTINCT e.list AS list FROM package p
              JOIN package_list_entry e ON e.package = p.id WHERE {which}) AS held
         JOIN asset_section h ON h.section = held.list"
    );
    tx.count(&sql, &conditions.params)
}

/// Assets one by one whose last report lists one of these packages, in the order of the joins.
fn each_holding(which: &str) -> String {
    format!(
        "EXISTS (SELECT 1 FROM asset_section h CROSS JOIN package_list l CROSS JOIN package p
             CROSS JOIN package_list_entry e
             WHERE h.asset = a.id AND l.section = h.section AND {which}
                 AND e.list = l.section AND e.package = p.id)"
    )
}

fn software(all: &mut Conditions, wanted: &SoftwareWanted, asked: Asked) {
    if wanted.entries.is_empty() {
        return all.add_plain("1 = 0");
    }
    let which = packages(all, wanted);
    all.add_plain(&match asked {
        Asked::AsSet => holding(&which),
        Asked::OfEach => each_holding(&which),
    });
}

/// Which packages are meant; there is at least one entry.
fn packages(all: &mut Conditions, wanted: &SoftwareWanted) -> String {
    let mut either = Vec::new();
    for (entry, versions) in &wanted.entries {
        let entry = one(all, "p.software = ?", (*entry).into());
        either.push(match versions {
            None => entry,
            Some(versions) => {
                let versions = all.values(versions.iter().map(Value::from));
                format!("({entry} AND p.version IN ({versions}))")
            }
        });
    }
    format!("({})", either.join(" OR "))
}

/// Assets with an open finding about the vulnerability alone, or that have an affected package and an
/// open finding about it.
fn vulnerability(
    all: &mut Conditions,
    wanted: &VulnerableBy,
    either: &mut Vec<String>,
) -> Result<()> {
    let texts = |texts: &[String]| texts.iter().map(Value::from).collect::<Vec<_>>();
    let (alone, several) = &wanted.codes;
    // Something to ask, so that one that nobody has is not one that nobody asked for.
    either.push("1 = 0".to_owned());
    if !alone.is_empty() {
        let codes = all.values(texts(alone));
        let key = all.values([Value::from(&wanted.cve)]);
        either.push(format!(
            "a.id IN (SELECT f.asset FROM finding f
                 WHERE f.code IN ({codes}) AND f.is_open = 1 AND f.key = {key})"
        ));
    }
    if several.is_empty() {
        return Ok(());
    }
    let open = |codes: &str, keys: &str, and: &str| {
        format!(
            "EXISTS (SELECT 1 FROM finding f WHERE f.asset = a.id AND f.code IN ({codes})
                 AND f.key IN ({keys}) AND f.is_open = 1{and})"
        )
    };
    let codes = all.values(texts(several));
    if !wanted.packages.is_empty() {
        let ids = all.values(wanted.packages.iter().map(|(package, _)| Value::from(package.0)));
        let mut keys: Vec<_> = wanted.packages.iter().map(|(_, key)| key.clone()).collect();
        keys.sort_unstable();
        keys.dedup();
        let keys = all.values(texts(&keys));
        let holding = holding(&format!("p.id IN ({ids})"));
        either.push(format!("({holding} AND {})", open(&codes, &keys, "")));
    }
    if !wanted.systems.is_empty() {
        let keys = all.values(texts(&wanted.systems));
        // In quotes, so that CVE-2024-3 is not found in CVE-2024-30.
        let named = contains_pattern(&format!("\"{}\"", wanted.cve))?;
        let named = one(all, " AND f.evidence LIKE ? ESCAPE '\\'", named.into());
        either.push(format!("(a.os_name LIKE 'Windows%' AND {})", open(&codes, &keys, &named)));
    }
    Ok(())
}
