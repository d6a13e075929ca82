//! Finding things by what people know of them.

use belfort_model::access::Scope;
use belfort_model::evidence::EvidenceKind;

use crate::Result;
use crate::driver::{Conditions, Dialect, Tx, contains_pattern};
use crate::record::{CarriedBy, FindingSummary};
use crate::sql::{finding, unit};

/// Behind every text that begins with another, in the order of bytes.
const LAST: char = char::MAX;

pub(crate) fn search_evidence(
    tx: &mut Tx<'_>,
    text: &str,
    scope: &Scope,
    limit: u32,
) -> Result<Vec<CarriedBy>> {
    // The index is by kind first: all kinds are named, so that it is used.
    let kinds: Vec<_> =
        EvidenceKind::ALL.iter().map(|kind| format!("'{}'", kind.as_str())).collect();
    let mut conditions = Conditions::default();
    conditions.add_plain(&format!("e.kind IN ({})", kinds.join(", ")));
    conditions.add("e.value >= ?", text.into());
    conditions.add("e.value < ?", format!("{text}{LAST}").into());
    conditions.within("a.owner_unit IN (?)", scope);
    let clause = conditions.clause().to_owned();
    conditions.params.push(limit.into());
    let sql = format!(
        "SELECT a.id, a.name, e.kind, e.value FROM evidence e JOIN asset a ON a.id = e.asset{clause}
         ORDER BY a.name_folded, a.id, e.kind, e.value LIMIT ${}",
        conditions.params.len()
    );
    tx.list(&sql, &conditions.params, |row| {
        Ok(CarriedBy {
            asset: row.next("asset")?,
            asset_name: row.next("asset")?,
            kind: Some(row.next("evidence")?),
            value: row.next("evidence")?,
        })
    })
}

pub(crate) fn search_address(
    tx: &mut Tx<'_>,
    address: &str,
    scope: &Scope,
    limit: u32,
) -> Result<Vec<CarriedBy>> {
    let mut conditions = Conditions::default();
    // Only what names the address anywhere is taken apart.
    let pattern = contains_pattern(&format!("\"{address}\""))?;
    conditions.add("d.document LIKE ? ESCAPE '\\'", pattern.into());
    let holds = match tx.dialect() {
        Dialect::Sqlite => {
            "EXISTS (SELECT 1 FROM json_each(d.document, '$.addresses') WHERE value = ?)"
        }
        Dialect::Postgres => "d.document::jsonb -> 'addresses' @> to_jsonb(?::text)",
    };
    conditions.add(holds, address.into());
    conditions.within("a.owner_unit IN (?)", scope);
    let clause = conditions.clause().to_owned();
    conditions.params.push(limit.into());
    let sql = format!(
        "SELECT a.id, a.name FROM device_facts d JOIN asset a ON a.id = d.asset{clause}
         ORDER BY a.name_folded, a.id LIMIT ${}",
        conditions.params.len()
    );
    tx.list(&sql, &conditions.params, |row| {
        Ok(CarriedBy {
            asset: row.next("asset")?,
            asset_name: row.next("asset")?,
            kind: None,
            value: address.to_owned(),
        })
    })
}

pub(crate) fn search_findings(
    tx: &mut Tx<'_>,
    text: &str,
    scope: &Scope,
    limit: u32,
) -> Result<Vec<FindingSummary>> {
    let mut conditions = Conditions::default();
    conditions.add_plain("f.is_open = 1");
    conditions.add("f.evidence LIKE ? ESCAPE '\\'", contains_pattern(text)?.into());
    conditions.within("a.owner_unit IN (?)", scope);
    let clause = conditions.clause().to_owned();
    // What only begins with it, as CVE-2024-30 with CVE-2024-3, is left out afterwards.
    conditions.params.push(limit.saturating_mul(4).into());
    let sql = format!(
        "SELECT {}, a.name, {} FROM finding f JOIN asset a ON a.id = f.asset
         LEFT JOIN unit u ON u.id = a.owner_unit{clause}
         ORDER BY f.first_observed DESC, f.id DESC LIMIT ${}",
        finding::COLUMNS,
        unit::COLUMNS,
        conditions.params.len()
    );
    let mut found = tx.list(&sql, &conditions.params, finding::read_summary)?;
    found.retain(|one| {
        let mut evidence = one.finding.evidence.iter();
        evidence.any(|item| names(&item.name, text) || names(&item.value, text))
    });
    found.truncate(limit.try_into().unwrap_or(usize::MAX));
    Ok(found)
}

/// Whether a text stands somewhere in another with no letter or digit around it.
fn names(within: &str, text: &str) -> bool {
    within.match_indices(text).any(|(at, found)| {
        let before = within.get(..at).and_then(|before| before.chars().next_back());
        let after = within.get(at + found.len()..).and_then(|after| after.chars().next());
        ![before, after].into_iter().flatten().any(char::is_alphanumeric)
    })
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn only_whole_names_count() {
        assert!(names("CVE-2024-3094", "CVE-2024-3094"));
        assert!(names("xz 5.6.0: CVE-2024-3094, EPSS 0.9", "CVE-2024-3094"));
        assert!(!names("CVE-2024-30941", "CVE-2024-3094"));
    }
}
