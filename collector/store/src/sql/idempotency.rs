//! Calls that carried an idempotency key.

use belfort_model::time::Timestamp;

use crate::Result;
use crate::driver::Tx;
use crate::idempotency::{IdempotencyState, IdempotentCall, KeptAnswer};
use crate::value::{Value, params};

pub(crate) fn idempotent_begin(
    tx: &mut Tx<'_>,
    call: &IdempotentCall,
    stale: Timestamp,
) -> Result<IdempotencyState> {
    tx.execute(
        "DELETE FROM idempotent_call
         WHERE caller = $1 AND key = $2 AND status IS NULL AND at < $3",
        params![call.caller, &call.key, stale],
    )?;
    let added = tx.execute(
        "INSERT INTO idempotent_call (caller, key, request, at, status, content_type, body)
         VALUES ($1, $2, $3, $4, NULL, NULL, NULL) ON CONFLICT DO NOTHING",
        params![call.caller, &call.key, call.request, call.at],
    )?;
    if added > 0 {
        return Ok(IdempotencyState::New);
    }
    let known = tx.one(
        "SELECT request, status, content_type, body FROM idempotent_call
         WHERE caller = $1 AND key = $2",
        params![call.caller, &call.key],
        |row| {
            let what = "idempotent call";
            let request: [u8; 32] = row.next(what)?;
            let status: Option<u32> = row.next(what)?;
            let (content_type, body) = (row.next(what)?, row.next(what)?);
            let status = status.and_then(|status| u16::try_from(status).ok());
            Ok((request, status.map(|status| KeptAnswer { status, content_type, body })))
        },
    )?;
    Ok(match known {
        Some((request, _)) if request != call.request => IdempotencyState::Different,
        Some((_, Some(answer))) => IdempotencyState::Done(answer),
        Some((_, None)) | None => IdempotencyState::Running,
    })
}

pub(crate) fn idempotent_renew(
    tx: &mut Tx<'_>,
    call: &IdempotentCall,
    now: Timestamp,
) -> Result<()> {
    tx.execute(
        "UPDATE idempotent_call SET at = $4
         WHERE caller = $1 AND key = $2 AND request = $3 AND status IS NULL",
        params![call.caller, &call.key, call.request, now],
    )?;
    Ok(())
}

pub(crate) fn idempotent_end(
    tx: &mut Tx<'_>,
    call: &IdempotentCall,
    answer: &KeptAnswer,
) -> Result<()> {
    let body = answer.body.as_ref().map_or(Value::Null, |body| Value::Blob(body.clone()));
    tx.execute(
        "UPDATE idempotent_call SET status = $3, content_type = $4, body = $5
         WHERE caller = $1 AND key = $2",
        params![
            call.caller,
            &call.key,
            u32::from(answer.status),
            answer.content_type.as_deref(),
            body,
        ],
    )?;
    Ok(())
}

pub(crate) fn idempotent_forget(tx: &mut Tx<'_>, call: &IdempotentCall) -> Result<()> {
    tx.execute(
        "DELETE FROM idempotent_call WHERE caller = $1 AND key = $2",
        params![call.caller, &call.key],
    )?;
    Ok(())
}

pub(crate) fn idempotent_purge(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64> {
    tx.execute("DELETE FROM idempotent_call WHERE at < $1", params![before])
}
