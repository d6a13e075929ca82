//! Calls that may be repeated without being carried out twice.

use super::fixture::{NOW, hash};
use super::lab::Lab;
use crate::idempotency::{IdempotencyState, IdempotentCall, KeptAnswer};

fn call(key: &str, request: &str) -> IdempotentCall {
    IdempotentCall { caller: hash("caller"), key: key.to_owned(), request: hash(request), at: NOW }
}

pub(super) fn a_repeated_call_gets_the_first_answer(lab: &Lab) {
    let store = &lab.store;
    let (stale, first) = (NOW.plus_seconds(-60), call("k", "POST /x"));
    let begin = |call: &IdempotentCall| store.idempotent_begin(call, stale).unwrap();
    assert_eq!(begin(&first), IdempotencyState::New);
    assert_eq!(begin(&first), IdempotencyState::Running);
    assert_eq!(begin(&call("k", "POST /y")), IdempotencyState::Different);
    let answer = KeptAnswer {
        status: 201,
        content_type: Some("application/json".to_owned()),
        body: Some(b"{}".to_vec()),
    };
    store.idempotent_end(&first, &answer).unwrap();
    assert_eq!(begin(&first), IdempotencyState::Done(answer));
    // Another caller's key is another key.
    let other = IdempotentCall { caller: hash("other"), ..first };
    assert_eq!(begin(&other), IdempotencyState::New);
}

pub(super) fn an_interrupted_or_failed_call_can_be_repeated(lab: &Lab) {
    let store = &lab.store;
    let first = call("k", "POST /x");
    let begin = |stale| store.idempotent_begin(&first, stale).unwrap();
    assert_eq!(begin(NOW.plus_seconds(-60)), IdempotencyState::New);
    assert_eq!(begin(NOW.plus_seconds(1)), IdempotencyState::New, "interrupted");
    store.idempotent_forget(&first).unwrap();
    assert_eq!(begin(NOW.plus_seconds(-60)), IdempotencyState::New, "failed");
    assert_eq!(store.idempotent_purge(NOW).unwrap(), 0);
    assert_eq!(store.idempotent_purge(NOW.plus_seconds(1)).unwrap(), 1);
}

pub(super) fn a_call_that_takes_long_is_not_interrupted(lab: &Lab) {
    let store = &lab.store;
    let slow = call("k", "POST /x");
    let begin = |seconds| store.idempotent_begin(&slow, NOW.plus_seconds(seconds)).unwrap();
    assert_eq!(begin(-120), IdempotencyState::New);
    store.idempotent_renew(&slow, NOW.plus_seconds(100)).unwrap();
    assert_eq!(begin(60), IdempotencyState::Running);
    let answer = KeptAnswer { status: 201, content_type: None, body: None };
    store.idempotent_end(&slow, &answer).unwrap();
    store.idempotent_renew(&slow, NOW.plus_seconds(200)).unwrap();
    assert_eq!(begin(60), IdempotencyState::Done(answer));
    assert_eq!(store.idempotent_purge(NOW.plus_seconds(101)).unwrap(), 1, "an answer ages");
}
