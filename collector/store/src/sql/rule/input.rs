//! Assets as rules see them, many at a time: a handful of statements for a whole page.

use std::collections::BTreeMap;

use belfort_model::classification::{Classification, ClassificationStatus};
use belfort_model::data_set::DataLink;
use belfort_model::id::AssetId;

use crate::Result;
use crate::driver::{Conditions, Tx};
use crate::record::RuleInput;
use crate::sql::{agent, asset, class, owner};
use crate::value::{Row, params};

pub(crate) fn rule_inputs(
    tx: &mut Tx<'_>,
    after: Option<AssetId>,
    limit: u32,
) -> Result<Vec<RuleInput>> {
    let mut conditions = Conditions::default();
    conditions.add_plain("a.in_service = 1");
    if let Some(after) = after {
        conditions.add("a.id > ?", after.into());
    }
    conditions.params.push(limit.into());
    let part = format!(" ORDER BY a.id LIMIT ${}", conditions.params.len());
    read_all(tx, &conditions, &part)
}

pub(crate) fn rule_input(tx: &mut Tx<'_>, asset: AssetId) -> Result<Option<RuleInput>> {
    let mut conditions = Conditions::default();
    conditions.add("a.id = ?", asset.into());
    Ok(read_all(tx, &conditions, "")?.pop())
}

fn read_all(tx: &mut Tx<'_>, conditions: &Conditions, part: &str) -> Result<Vec<RuleInput>> {
    let sql = format!(
        "SELECT {}, a.version, a.class, f.document, {} FROM asset a
         LEFT JOIN device_facts f ON f.asset = a.id
         LEFT JOIN ownership o ON o.asset = a.id AND o.role = 'owner' AND o.valid_to IS NULL{}{part}",
        asset::COLUMNS,
        owner::COLUMNS,
        conditions.clause(),
    );
    let mut inputs = tx.list(&sql, &conditions.params, read)?;
    let (Some(first), Some(last)) =
        (inputs.first().map(|one| one.asset.id), inputs.last().map(|one| one.asset.id))
    else {
        return Ok(inputs);
    };
    let range = params![first, last];
    let mut classes = grouped(class::between(tx, first, last)?, |class| class.subject);
    let mut agents = grouped(agent::active_between(tx, first, last)?, |agent| agent.asset);
    let what = "data link";
    let links = tx.list(
        "SELECT asset, relation, data_set FROM data_link WHERE asset BETWEEN $1 AND $2
         ORDER BY asset, data_set, relation",
        range,
        |row| {
            Ok(DataLink {
                asset: row.next(what)?,
                relation: row.next(what)?,
                data_set: row.next(what)?,
            })
        },
    )?;
    let mut links = grouped(links, |link| link.asset);
    let by_hand = tx.list(
        "SELECT asset, target FROM asset_by_hand WHERE asset BETWEEN $1 AND $2",
        range,
        |row| Ok((row.next::<AssetId>("asset")?, row.next::<String>("asset")?)),
    )?;
    let mut by_hand = grouped(by_hand, |(asset, _)| *asset);
    for input in &mut inputs {
        let id = input.asset.id;
        let (standing, proposal) = standing(&classes.remove(&id).unwrap_or_default());
        input.classification = standing;
        input.proposal = proposal;
        input.links = links.remove(&id).unwrap_or_default();
        input.agent = agents.remove(&id).unwrap_or_default().pop();
        let targets = by_hand.remove(&id).unwrap_or_default();
        input.by_hand = targets.into_iter().map(|(_, target)| target).collect();
    }
    Ok(inputs)
}

fn read(row: &mut Row) -> Result<RuleInput> {
    Ok(RuleInput {
        asset: asset::read(row)?,
        version: row.next("asset")?,
        class: row.document("class")?,
        facts: row.optional_document("facts")?,
        owner: owner::read_joined(row)?,
        classification: None,
        proposal: None,
        links: Vec::new(),
        agent: None,
        by_hand: std::collections::BTreeSet::new(),
    })
}

fn grouped<T>(items: Vec<T>, asset: impl Fn(&T) -> AssetId) -> BTreeMap<AssetId, Vec<T>> {
    let mut groups: BTreeMap<AssetId, Vec<T>> = BTreeMap::new();
    for item in items {
        groups.entry(asset(&item)).or_default().push(item);
    }
    groups
}

/// What stands of classifications, oldest first: as [`class::standing`] and [`class::proposal`] say.
fn standing(classes: &[Classification]) -> (Option<Classification>, Option<Classification>) {
    let is_proposed = |class: &&Classification| class.status == ClassificationStatus::Proposed;
    let decided = classes.iter().rev().find(|class| !is_proposed(class));
    let newest = classes.last();
    (decided.or(newest).cloned(), newest.filter(is_proposed).cloned())
}
