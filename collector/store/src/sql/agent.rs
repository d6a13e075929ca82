//! Agents and their check-ins.

use belfort_model::agent::{Agent, AgentStatus};
use belfort_model::id::{AgentId, AssetId, TokenId};
use belfort_model::time::Timestamp;

use crate::driver::Tx;
use crate::record::{Audit, CheckIn, Page, Paged};
use crate::sql::{asset, audit};
use crate::value::{Row, Value, params};
use crate::{Result, StoreError};

const COLUMNS: &str = "id, asset, status, key_sha256, certificate_serial, certificate_not_after,
    version, platform, enrolled_at, last_seen, sequence, clock_offset_ms";

/// Newest first. Ids are given in order of creation.
const NEWEST: &str = "ORDER BY enrolled_at DESC, id DESC";

fn read(row: &mut Row) -> Result<Agent> {
    let what = "agent";
    Ok(Agent {
        id: row.next(what)?,
        asset: row.next(what)?,
        status: row.next(what)?,
        key_sha256: row.next(what)?,
        certificate_serial: row.next(what)?,
        certificate_not_after: row.next(what)?,
        version: row.next(what)?,
        platform: row.next(what)?,
        enrolled_at: row.next(what)?,
        last_seen: row.next(what)?,
        sequence: row.next(what)?,
        clock_offset_ms: row.next(what)?,
    })
}

fn unknown(id: AgentId) -> StoreError {
    StoreError::NotFound { what: "agent", id: id.to_string() }
}

pub(super) fn agent_get(tx: &mut Tx<'_>, id: AgentId) -> Result<Option<Agent>> {
    let sql = format!("SELECT {COLUMNS} FROM agent WHERE id = $1");
    tx.one(&sql, params![id], read)
}

pub(super) fn agent_by_key(tx: &mut Tx<'_>, key_sha256: [u8; 32]) -> Result<Option<Agent>> {
    let sql = format!("SELECT {COLUMNS} FROM agent WHERE key_sha256 = $1 {NEWEST} LIMIT 1");
    tx.one(&sql, params![key_sha256], read)
}

pub(super) fn agent_list(tx: &mut Tx<'_>, page: Page) -> Result<Paged<Agent>> {
    let sql = format!("SELECT {COLUMNS} FROM agent {NEWEST} LIMIT $1 OFFSET $2");
    Ok(Paged {
        total: tx.count("SELECT COUNT(*) FROM agent", &[])?,
        items: tx.list(&sql, params![page.limit, page.offset], read)?,
    })
}

pub(super) fn of_asset(tx: &mut Tx<'_>, asset: AssetId) -> Result<Vec<Agent>> {
    let sql = format!("SELECT {COLUMNS} FROM agent WHERE asset = $1 {NEWEST}");
    tx.list(&sql, params![asset], read)
}

/// The active agents of a range of assets.
pub(super) fn active_between(tx: &mut Tx<'_>, first: AssetId, last: AssetId) -> Result<Vec<Agent>> {
    let sql = format!("SELECT {COLUMNS} FROM agent WHERE status = $3 AND asset BETWEEN $1 AND $2");
    tx.list(&sql, params![first, last, AgentStatus::Active], read)
}

pub(super) fn agent_revocations(tx: &mut Tx<'_>) -> Result<Vec<AgentId>> {
    tx.list("SELECT id FROM agent WHERE status <> 'active' ORDER BY id", &[], |row| {
        row.next("agent")
    })
}

pub(super) fn agent_revoke(tx: &mut Tx<'_>, id: AgentId, audit: &Audit) -> Result<()> {
    let revoked = tx.one(
        "UPDATE agent SET status = $2 WHERE id = $1 AND status <> $2 RETURNING asset",
        params![id, AgentStatus::Revoked],
        |row| row.next("agent"),
    )?;
    match revoked {
        Some(asset) => {
            asset::due(tx, asset)?;
            audit::append(tx, audit)
        }
        None => agent_get(tx, id)?.map(drop).ok_or_else(|| unknown(id)),
    }
}

pub(super) fn agent_certificate_set(
    tx: &mut Tx<'_>,
    id: AgentId,
    key_sha256: [u8; 32],
    serial: &str,
    not_after: Timestamp,
) -> Result<()> {
    let changed = tx.execute(
        "UPDATE agent SET key_sha256 = $2, certificate_serial = $3, certificate_not_after = $4
         WHERE id = $1 AND status = 'active'",
        params![id, key_sha256, serial, not_after],
    )?;
    if changed > 0 {
        return Ok(());
    }
    Err(not_active(tx, id)?)
}

/// Why nothing was done for an agent.
fn not_active(tx: &mut Tx<'_>, id: AgentId) -> Result<StoreError> {
    Ok(match agent_get(tx, id)? {
        Some(agent) => StoreError::Refused(format!("agent `{id}` is {}", agent.status)),
        None => unknown(id),
    })
}

pub(super) fn check_in(
    tx: &mut Tx<'_>,
    agent: AgentId,
    check_in: &CheckIn,
) -> Result<Option<[u8; 32]>> {
    let Some(asset) = seen(tx, agent, check_in)? else {
        return Err(not_active(tx, agent)?);
    };
    let root = tx.one(
        "UPDATE asset SET last_seen = CASE WHEN last_seen < $2 THEN $2 ELSE last_seen END
         WHERE id = $1 RETURNING root",
        params![asset, check_in.now],
        |row| row.next("asset"),
    )?;
    Ok(root.flatten())
}

/// Notes what an active agent says of itself; answers its asset.
pub(super) fn seen(tx: &mut Tx<'_>, agent: AgentId, check_in: &CheckIn) -> Result<Option<AssetId>> {
    tx.one(
        "UPDATE agent SET
             last_seen = CASE WHEN COALESCE(last_seen, $2) <= $2 THEN $2 ELSE last_seen END,
             version = CASE WHEN $3 = '' THEN version ELSE $3 END,
             sequence = CASE WHEN sequence < $4 THEN $4 ELSE sequence END,
             clock_offset_ms = COALESCE($5, clock_offset_ms)
         WHERE id = $1 AND status = 'active' RETURNING asset",
        params![
            agent,
            check_in.now,
            &check_in.version,
            check_in.sequence,
            check_in.clock_offset_ms,
        ],
        |row| row.next("agent"),
    )
}

/// The active agent that this token admitted with this key, and whether its machine was known.
pub(super) fn admitted(
    tx: &mut Tx<'_>,
    token: TokenId,
    key_sha256: &[u8],
) -> Result<Option<(Agent, bool)>> {
    tx.one(
        &format!(
            "SELECT {COLUMNS}, recognised FROM agent
             WHERE key_sha256 = $2 AND token = $1 AND status = 'active' {NEWEST} LIMIT 1"
        ),
        params![token, key_sha256],
        |row| Ok((read(row)?, row.next("agent")?)),
    )
}

/// Adds an agent, and supersedes the other active ones of its asset.
pub(super) fn insert(
    tx: &mut Tx<'_>,
    agent: &Agent,
    token: TokenId,
    recognised: bool,
) -> Result<()> {
    tx.execute(
        "UPDATE agent SET status = 'superseded' WHERE asset = $1 AND status = 'active'",
        params![agent.asset],
    )?;
    let added = tx.execute(
        &format!(
            "INSERT INTO agent ({COLUMNS}, token, recognised)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
             ON CONFLICT DO NOTHING"
        ),
        params![
            agent.id,
            agent.asset,
            agent.status,
            Value::Blob(agent.key_sha256.clone()),
            &agent.certificate_serial,
            agent.certificate_not_after,
            &agent.version,
            &agent.platform,
            agent.enrolled_at,
            agent.last_seen,
            agent.sequence,
            agent.clock_offset_ms,
            token,
            recognised,
        ],
    )?;
    match added {
        0 => Err(StoreError::Exists { what: "agent", id: agent.id.to_string() }),
        _ => Ok(()),
    }
}
