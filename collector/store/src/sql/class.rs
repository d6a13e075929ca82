//! Classifications, and the class that counts.

use belfort_model::classification::{Classification, ClassificationStatus, EffectiveClass};
use belfort_model::id::AssetId;
use belfort_model::scale::Biv;

use crate::Result;
use crate::driver::Tx;
use crate::record::Audit;
use crate::sql::{asset, audit, link, owner, risk};
use crate::value::{Row, document, params};

const COLUMNS: &str = "subject, scheme, b, i, v, basis, decided_by, decided_at, review_due, status";

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

/// The newest confirmed levels.
pub(super) fn confirmed(tx: &mut Tx<'_>, subject: AssetId) -> Result<Option<Biv>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM classification WHERE subject = $1 AND status = $2
         ORDER BY seq DESC LIMIT 1"
    );
    let found = tx.one(&sql, params![subject, ClassificationStatus::Confirmed], read)?;
    Ok(found.map(|classification| classification.biv))
}

pub(super) fn classification_set(
    tx: &mut Tx<'_>,
    classification: &Classification,
    audit: &Audit,
) -> Result<()> {
    let subject = classification.subject;
    asset::hold(tx, subject)?;
    tx.execute(
        "INSERT INTO classification
         (subject, scheme, b, i, v, basis, decided_by, decided_at, review_due, status, seq)
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, COALESCE(MAX(seq), 0) + 1
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
        ],
    )?;
    link::dependents_due(tx, subject)?;
    derive(tx, subject)?;
    audit::append(tx, audit)
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
        "UPDATE asset SET class = $2, class_assumed = $3 WHERE id = $1 AND class <> $2",
        params![asset, document("class", class)?, class.is_assumed()],
    )?;
    Ok(changed > 0)
}
