//! Classifications, and the class that counts.

use belfort_model::classification::{Classification, ClassificationStatus, EffectiveClass};
use belfort_model::id::AssetId;
use belfort_model::scale::Biv;

use crate::driver::Tx;
use crate::record::Audit;
use crate::sql::{asset, audit, link, owner, risk};
use crate::value::{Row, document, params};
use crate::{Result, StoreError};

const COLUMNS: &str = "subject, scheme, b, i, v, basis, decided_by, decided_at, review_due, status,
    method";

fn read(row: &mut Row) -> Result<Classification> {
    let what = "classification";
    Ok(Classification {
        subject: row.next(what)?,
        scheme: row.next(what)?,
        biv: Biv { b: row.next(what)?, i: row.next(what)?, v: row.next(what)? },
        basis: row.next(what)?,
        decided_by: row.next(what)?,
        decided_at: row.next(what)?,
        review_due: row.next(what)?,
        status: row.next(what)?,
        method: row.next(what)?,
    })
}

/// The classification that stands: the newest one. A proposal takes the place of a decision only when
/// it is confirmed, otherwise proposing a class would lower the one that holds.
pub(super) fn standing(tx: &mut Tx<'_>, subject: AssetId) -> Result<Option<Classification>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM classification WHERE subject = $1
         ORDER BY CASE WHEN status = 'proposed' THEN 1 ELSE 0 END, seq DESC LIMIT 1"
    );
    tx.one(&sql, params![subject], read)
}

/// The classifications of a range of subjects, oldest first.
pub(super) fn between(
    tx: &mut Tx<'_>,
    first: AssetId,
    last: AssetId,
) -> Result<Vec<Classification>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM classification WHERE subject BETWEEN $1 AND $2
         ORDER BY subject, seq"
    );
    tx.list(&sql, params![first, last], read)
}

/// The newest confirmed levels.
pub(super) fn confirmed(tx: &mut Tx<'_>, subject: AssetId) -> Result<Option<Biv>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM classification WHERE subject = $1 AND status = $2
         ORDER BY seq DESC LIMIT 1"
    );
    let found = tx.one(&sql, params![subject, ClassificationStatus::Confirmed], read)?;
    Ok(found.map(|classification| classification.biv))
}

/// The newest proposal, when it came after everything that was decided.
pub(super) fn proposal(tx: &mut Tx<'_>, subject: AssetId) -> Result<Option<Classification>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM classification WHERE subject = $1 ORDER BY seq DESC LIMIT 1"
    );
    let newest = tx.one(&sql, params![subject], read)?;
    Ok(newest.filter(|class| class.status == ClassificationStatus::Proposed))
}

pub(super) fn classification_set(
    tx: &mut Tx<'_>,
    classification: &Classification,
    audit: &Audit,
) -> Result<()> {
    classification_change(tx, classification, None, audit)
}

/// As [`classification_set`], for an asset at the version the caller saw.
pub(crate) fn classification_change(
    tx: &mut Tx<'_>,
    classification: &Classification,
    expected: Option<u64>,
    audit: &Audit,
) -> Result<()> {
    asset::hold_version(tx, classification.subject, expected)?;
    set(tx, classification)?;
    audit::append(tx, audit)
}

/// Adds a classification. The asset is held.
pub(super) fn set(tx: &mut Tx<'_>, classification: &Classification) -> Result<()> {
    let subject = classification.subject;
    tx.execute(
        "INSERT INTO classification
         (subject, scheme, b, i, v, basis, decided_by, decided_at, review_due, status, method, seq)
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, COALESCE(MAX(seq), 0) + 1
         FROM classification WHERE subject = $1",
        params![
            subject,
            &classification.scheme,
            classification.biv.b,
            classification.biv.i,
            classification.biv.v,
            &classification.basis,
            &classification.decided_by,
            classification.decided_at,
            classification.review_due,
            classification.status,
            classification.method,
        ],
    )?;
    follow(tx, subject)
}

/// What follows from another classification.
fn follow(tx: &mut Tx<'_>, subject: AssetId) -> Result<()> {
    link::dependents_due(tx, subject)?;
    derive(tx, subject)
}

/// Takes back the proposal of a rule, when it is the newest classification; answers whether it was.
pub(super) fn withdraw(tx: &mut Tx<'_>, subject: AssetId) -> Result<bool> {
    let withdrawn = tx.execute(
        "DELETE FROM classification WHERE subject = $1 AND status = 'proposed' AND method = 'rule'
         AND seq = (SELECT MAX(seq) FROM classification WHERE subject = $1)",
        params![subject],
    )?;
    follow(tx, subject)?;
    Ok(withdrawn > 0)
}

/// Takes back a decision, when it is still the newest classification. What the audit record says of it is
/// what remains of it; the classification before is the newest again.
pub(crate) fn classification_withdraw(
    tx: &mut Tx<'_>,
    seen: &Classification,
    expected: Option<u64>,
    audit: &Audit,
) -> Result<()> {
    asset::hold_version(tx, seen.subject, expected)?;
    let withdrawn = tx.execute(
        "DELETE FROM classification WHERE subject = $1 AND decided_at = $2 AND status = $3
         AND seq = (SELECT MAX(seq) FROM classification WHERE subject = $1)",
        params![seen.subject, seen.decided_at, seen.status],
    )?;
    if withdrawn == 0 {
        let id = seen.subject.to_string();
        return Err(StoreError::Conflict { what: "classification of asset", id });
    }
    follow(tx, seen.subject)?;
    audit::append(tx, audit)
}

pub(crate) fn classification_history(
    tx: &mut Tx<'_>,
    subject: AssetId,
) -> Result<Vec<Classification>> {
    let sql = format!("SELECT {COLUMNS} FROM classification WHERE subject = $1 ORDER BY seq DESC");
    tx.list(&sql, params![subject], read)
}

/// Derives the class of an asset anew, so that whoever changed it sees the result at once; what
/// depends on the asset follows with its next evaluation.
pub(super) fn derive(tx: &mut Tx<'_>, asset: AssetId) -> Result<()> {
    let own = standing(tx, asset)?;
    let links = link::inherited(tx, asset)?;
    if store(tx, asset, &EffectiveClass::of(own.as_ref(), &links))? {
        let unit = owner::unit_of(tx, asset)?;
        risk::due(tx, unit)?;
    }
    Ok(())
}

/// Keeps the class of an asset; answers whether it is another one.
pub(super) fn store(tx: &mut Tx<'_>, asset: AssetId, class: &EffectiveClass) -> Result<bool> {
    let changed = tx.execute(
        "UPDATE asset SET class = $2, class_assumed = $3, class_b = $4, class_i = $5, class_v = $6
         WHERE id = $1 AND class <> $2",
        params![
            asset,
            document("class", class)?,
            class.is_assumed(),
            class.biv.b,
            class.biv.i,
            class.biv.v,
        ],
    )?;
    Ok(changed > 0)
}
