//! How far units are with what they own.

use std::collections::BTreeMap;

use belfort_model::access::Scope;
use belfort_model::id::UnitId;

use crate::Result;
use crate::driver::{Conditions, Tx};
use crate::record::UnitTally;

pub(super) fn unit_tallies(tx: &mut Tx<'_>, scope: &Scope) -> Result<Vec<UnitTally>> {
    let mut conditions = Conditions::default();
    conditions.add_plain("a.in_service = 1");
    conditions.within("a.owner_unit IN (?)", scope);
    let sum = |what: &str| format!("CAST(SUM({what}) AS BIGINT)");
    // Read from one index alone; see it before adding a column.
    let sql = format!(
        "SELECT a.owner_unit, COUNT(*), {}, {}, {} FROM asset a{}
         GROUP BY a.owner_unit ORDER BY a.owner_unit",
        sum("CASE WHEN a.class_assumed = 0 THEN 1 ELSE 0 END"),
        sum("CASE WHEN a.owner_unit IS NOT NULL AND a.owner_confirmed = 0 THEN 1 ELSE 0 END"),
        sum("a.open_findings"),
        conditions.clause(),
    );
    tx.list(&sql, &conditions.params, |row| {
        let what = "asset";
        Ok(UnitTally {
            unit: row.next(what)?,
            assets: row.next(what)?,
            classified: row.next(what)?,
            to_confirm: row.next(what)?,
            findings: row.next(what)?,
        })
    })
}

/// The function that most active ownerships of a unit name; of equals the first by name.
pub(super) fn unit_contacts(tx: &mut Tx<'_>, scope: &Scope) -> Result<BTreeMap<UnitId, String>> {
    let mut conditions = Conditions::default();
    conditions.add_plain("o.role = 'owner' AND o.valid_to IS NULL AND o.function <> ''");
    conditions.within("o.unit IN (?)", scope);
    let sql = format!(
        "SELECT o.unit, o.function FROM ownership o{}
         GROUP BY o.unit, o.function ORDER BY o.unit, COUNT(*) DESC, o.function",
        conditions.clause()
    );
    let what = "ownership";
    let rows = tx.list(&sql, &conditions.params, |row| Ok((row.next(what)?, row.next(what)?)))?;
    let mut contacts = BTreeMap::new();
    for (unit, function) in rows {
        contacts.entry(unit).or_insert(function);
    }
    Ok(contacts)
}
