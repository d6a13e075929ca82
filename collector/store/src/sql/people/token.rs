//! API tokens of a user who loses the ways in.

use belfort_model::id::{ApiTokenId, UserId};

use crate::Result;
use crate::driver::Tx;
use crate::record::Audit;
use crate::sql::audit;
use crate::value::params;

/// Revokes every API token of a user. Each is a record of its own: whoever looks for a token finds why it
/// ended.
pub(super) fn revoke_all(tx: &mut Tx<'_>, user: UserId, because: &Audit) -> Result<()> {
    let live = tx.list(
        "SELECT id FROM api_token WHERE user_id = $1 AND revoked_at IS NULL ORDER BY id",
        params![user],
        |row| row.next::<ApiTokenId>("API token"),
    )?;
    for id in live {
        tx.execute("UPDATE api_token SET revoked_at = $2 WHERE id = $1", params![id, because.at])?;
        let record = Audit {
            action: "api_token.revoke",
            subject: id.to_string(),
            detail: serde_json::json!({ "by": because.action, "user": user }).to_string(),
            ..because.clone()
        };
        audit::append(tx, &record)?;
    }
    Ok(())
}
