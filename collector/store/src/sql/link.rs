//! Data sets, where they live, and who inherits from whom.

use std::collections::{BTreeMap, BTreeSet};

use belfort_model::asset::{Asset, AssetKind};
use belfort_model::classification::Inherited;
use belfort_model::data_set::{DataLink, DataSet, PersonalData, Relation};
use belfort_model::id::AssetId;
use belfort_model::ownership::Method;
use belfort_model::rule::link_target;

use crate::driver::{Lock, Tx};
use crate::record::Audit;
use crate::sql::{asset, asset_edit, audit, class};
use crate::value::{Row, document, params};
use crate::{Result, StoreError};

pub(super) fn data_set_insert(
    tx: &mut Tx<'_>,
    asset: &Asset,
    data_set: &DataSet,
    audit: &Audit,
) -> Result<()> {
    if asset.id != data_set.asset || asset.kind != AssetKind::DataSet {
        let message = format!("asset `{}` is not the data set `{}`", asset.id, data_set.asset);
        return Err(StoreError::Refused(message));
    }
    asset::insert(tx, asset)?;
    data_set_row(tx, data_set)?;
    audit::append(tx, audit)
}

/// Adds what a data set has beside its asset.
pub(super) fn data_set_row(tx: &mut Tx<'_>, data_set: &DataSet) -> Result<()> {
    tx.execute(
        "INSERT INTO data_set (asset, personal_data, records, register_ids, retention)
         VALUES ($1, $2, $3, $4, $5)",
        params![
            data_set.asset,
            data_set.personal_data,
            data_set.records,
            document("register ids", &data_set.register_ids)?,
            &data_set.retention,
        ],
    )?;
    Ok(())
}

pub(crate) fn data_set_update(
    tx: &mut Tx<'_>,
    data_set: &DataSet,
    expected: Option<u64>,
    audit: &Audit,
) -> Result<()> {
    asset::hold_version(tx, data_set.asset, expected)?;
    let changed = tx.execute(
        "UPDATE data_set SET personal_data = $2, records = $3, register_ids = $4, retention = $5
         WHERE asset = $1",
        params![
            data_set.asset,
            data_set.personal_data,
            data_set.records,
            document("register ids", &data_set.register_ids)?,
            &data_set.retention,
        ],
    )?;
    if changed == 0 {
        return Err(StoreError::NotFound { what: "data set", id: data_set.asset.to_string() });
    }
    dependents_due(tx, data_set.asset)?;
    class::derive(tx, data_set.asset)?;
    audit::append(tx, audit)
}

/// What a data set has beside; nothing for other assets.
pub(super) fn data_set(tx: &mut Tx<'_>, asset: AssetId) -> Result<Option<DataSet>> {
    let what = "data set";
    tx.one(
        "SELECT asset, personal_data, records, register_ids, retention FROM data_set
         WHERE asset = $1",
        params![asset],
        |row| {
            Ok(DataSet {
                asset: row.next(what)?,
                personal_data: row.next(what)?,
                records: row.next(what)?,
                register_ids: row.document(what)?,
                retention: row.next(what)?,
            })
        },
    )
}

pub(super) fn data_link_insert(tx: &mut Tx<'_>, link: &DataLink, audit: &Audit) -> Result<()> {
    if insert(tx, link, Method::Manual)? {
        asset::hold_version(tx, link.asset, None)?;
        audit::append(tx, audit)?;
    }
    Ok(())
}

pub(crate) fn data_link_remove(
    tx: &mut Tx<'_>,
    link: &DataLink,
    expected: Option<u64>,
    audit: &Audit,
) -> Result<()> {
    asset::hold_version(tx, link.asset, expected)?;
    if !remove(tx, link)? {
        let id = format!("{} {} {}", link.asset, link.relation, link.data_set);
        return Err(StoreError::NotFound { what: "data link", id });
    }
    // Otherwise a rule would add it again.
    asset_edit::by_hand(tx, link.asset, &link_target(link.relation, link.data_set))?;
    audit::append(tx, audit)
}

/// Removes a link; answers whether it was there. The asset is held.
pub(super) fn remove(tx: &mut Tx<'_>, link: &DataLink) -> Result<bool> {
    let removed = tx.execute(
        "DELETE FROM data_link WHERE asset = $1 AND relation = $2 AND data_set = $3",
        params![link.asset, link.relation, link.data_set],
    )?;
    dependents_due(tx, link.asset)?;
    class::derive(tx, link.asset)?;
    Ok(removed > 0)
}

/// Adds a link; answers whether it is new.
pub(super) fn insert(tx: &mut Tx<'_>, link: &DataLink, method: Method) -> Result<bool> {
    tx.lock(Lock::Links)?;
    asset::hold(tx, link.asset)?;
    let kind = tx.one("SELECT kind FROM asset WHERE id = $1", params![link.data_set], |row| {
        row.next::<AssetKind>("asset")
    })?;
    match kind {
        Some(AssetKind::DataSet | AssetKind::Application) => {}
        Some(kind) => {
            let message = format!(
                "asset `{}` is a {kind}: link to a data set or an application",
                link.data_set
            );
            return Err(StoreError::Refused(message));
        }
        None => return Err(asset::unknown(link.data_set)),
    }
    let circle = tx.count(
        "WITH RECURSIVE below (id) AS (
             SELECT id FROM asset WHERE id = $1
             UNION SELECT l.data_set FROM data_link l JOIN below ON l.asset = below.id)
         SELECT COUNT(*) FROM below WHERE id = $2",
        params![link.data_set, link.asset],
    )?;
    if circle > 0 {
        let message =
            format!("a link from `{}` to `{}` closes a circle", link.asset, link.data_set);
        return Err(StoreError::Refused(message));
    }
    let added = tx.execute(
        "INSERT INTO data_link (asset, relation, data_set, method) VALUES ($1, $2, $3, $4)
         ON CONFLICT DO NOTHING",
        params![link.asset, link.relation, link.data_set, method],
    )?;
    if added > 0 {
        dependents_due(tx, link.asset)?;
        class::derive(tx, link.asset)?;
    }
    Ok(added > 0)
}

/// Makes an asset due, and every asset that is linked to it, directly or through others.
pub(super) fn dependents_due(tx: &mut Tx<'_>, asset: AssetId) -> Result<()> {
    tx.execute(
        "WITH RECURSIVE above (id) AS (
             SELECT id FROM asset WHERE id = $1
             UNION SELECT l.asset FROM data_link l JOIN above ON l.data_set = above.id)
         UPDATE asset SET generation = generation + 1, evaluate_at = 0
         WHERE id IN (SELECT id FROM above)",
        params![asset],
    )?;
    Ok(())
}

fn read_named(row: &mut Row) -> Result<(DataLink, String)> {
    let what = "data link";
    let link =
        DataLink { asset: row.next(what)?, relation: row.next(what)?, data_set: row.next(what)? };
    Ok((link, row.next(what)?))
}

/// Links from an asset, with the names of their targets.
pub(super) fn from(tx: &mut Tx<'_>, asset: AssetId) -> Result<Vec<(DataLink, String)>> {
    tx.list(
        "SELECT l.asset, l.relation, l.data_set, a.name FROM data_link l
         JOIN asset a ON a.id = l.data_set
         WHERE l.asset = $1 ORDER BY a.name_folded, a.id, l.relation",
        params![asset],
        read_named,
    )
}

/// Links to an asset, with the names of their origins.
pub(super) fn to(tx: &mut Tx<'_>, asset: AssetId) -> Result<Vec<(DataLink, String)>> {
    tx.list(
        "SELECT l.asset, l.relation, l.data_set, a.name FROM data_link l
         JOIN asset a ON a.id = l.asset
         WHERE l.data_set = $1 ORDER BY a.name_folded, a.id, l.relation",
        params![asset],
        read_named,
    )
}

/// One step from an asset.
struct Step {
    target: AssetId,
    name: String,
    kind: AssetKind,
    relation: Relation,
    personal_data: PersonalData,
}

fn steps(tx: &mut Tx<'_>, asset: AssetId) -> Result<Vec<Step>> {
    let what = "data link";
    tx.list(
        "SELECT l.data_set, a.name, a.kind, l.relation, d.personal_data FROM data_link l
         JOIN asset a ON a.id = l.data_set
         LEFT JOIN data_set d ON d.asset = l.data_set
         WHERE l.asset = $1",
        params![asset],
        |row| {
            Ok(Step {
                target: row.next(what)?,
                name: row.next(what)?,
                kind: row.next(what)?,
                relation: row.next(what)?,
                personal_data: row.next::<Option<_>>(what)?.unwrap_or(PersonalData::None),
            })
        },
    )
}

/// What an asset is linked to, directly and through applications, by name.
///
/// What counts over several steps is what the asset does itself, unless a step on the way only passes
/// the data on or looks at it: then it is no more than that. An application is named when it has a
/// confirmed class of its own.
pub(super) fn inherited(tx: &mut Tx<'_>, asset: AssetId) -> Result<Vec<Inherited>> {
    let mut seen = BTreeSet::new();
    let mut open: Vec<(AssetId, Option<Relation>)> = vec![(asset, None)];
    let mut best: BTreeMap<AssetId, (Relation, Step)> = BTreeMap::new();
    while let Some((from, so_far)) = open.pop() {
        for step in steps(tx, from)? {
            let relation = match so_far {
                Some(relation) if !relation.inherits_class() => relation,
                Some(_) if !step.relation.inherits_class() => step.relation,
                Some(relation) => relation,
                None => step.relation,
            };
            // Each target once per relation, whatever the way: that also ends every circle.
            if !seen.insert((step.target, relation)) {
                continue;
            }
            open.push((step.target, Some(relation)));
            match best.get(&step.target) {
                Some((known, _)) if *known <= relation => {}
                _ => drop(best.insert(step.target, (relation, step))),
            }
        }
    }
    let mut links = Vec::with_capacity(best.len());
    for (from, (relation, step)) in best {
        let biv = class::confirmed(tx, from)?;
        if biv.is_none() && step.kind != AssetKind::DataSet {
            continue;
        }
        links.push(Inherited {
            from,
            from_name: step.name,
            relation,
            biv,
            personal_data: step.personal_data,
        });
    }
    // A data set lends itself no class, but the personal data it holds counts for it too.
    links.extend(tx.one(
        "SELECT a.name, d.personal_data FROM data_set d JOIN asset a ON a.id = d.asset
         WHERE d.asset = $1",
        params![asset],
        |row| {
            Ok(Inherited {
                from: asset,
                from_name: row.next("asset")?,
                relation: Relation::Stores,
                biv: None,
                personal_data: row.next("data set")?,
            })
        },
    )?);
    links.sort_by(|a, b| (&a.from_name, a.from).cmp(&(&b.from_name, b.from)));
    Ok(links)
}
