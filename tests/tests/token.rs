//! Enrolment tokens: who is admitted, how often, and what the others are told.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers of tests stand outside test functions"
)]

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use belfort_collector::{clock, secret};
use belfort_model::agent::EnrolmentToken;
use belfort_model::id::TokenId;
use belfort_store::record::Audit;
use belfort_tests::collector::{Backend, Collector};
use belfort_tests::device::{self, Device};
use tonic::Code;
use uuid::Uuid;

/// Adds a token whose time was over an hour ago; gives its secret.
fn expired(collector: &Collector) -> String {
    let (text, now) = (secret::random_text().unwrap(), clock::now());
    let token = EnrolmentToken {
        id: TokenId(Uuid::now_v7()),
        label: "expired".to_owned(),
        unit: None,
        uses_allowed: 5,
        uses: 0,
        created_at: now.plus_days(-2),
        created_by: "test".to_owned(),
        expires_at: now.plus_seconds(-3600),
        last_used_at: None,
        revoked_at: None,
    };
    let (subject, detail) = (token.id.to_string(), "{}".to_owned());
    let audit =
        Audit { at: now, actor: "test".to_owned(), action: "token.create", subject, detail };
    let hash = secret::sha256(&text);
    collector.stored(|store| store.token_insert(&token, hash, &audit)).unwrap();
    text
}

#[tokio::test]
async fn every_bad_token_is_refused_in_the_same_words() {
    let collector = Collector::start(Backend::Sqlite);
    let used_up = collector.token(1);
    Device::new("first").enrol(&collector, &used_up.secret()).await.unwrap();
    let revoked = collector.token(5);
    collector.say(&["token", "revoke", &revoked.id]);

    let mut said = BTreeSet::new();
    let bad = [
        "wrong".to_owned(),
        String::new(),
        secret::random_text().unwrap(),
        used_up.secret(),
        expired(&collector),
        revoked.secret(),
    ];
    for bad in bad {
        let mut device = Device::new("refused");
        let status = device.enrol(&collector, &bad).await.unwrap_err();
        assert_eq!(status.code(), Code::Unauthenticated, "{bad:?}: {status}");
        said.insert((status.message().to_owned(), status.details().to_vec()));
    }
    assert_eq!(said.len(), 1, "a refusal tells what was wrong: {said:?}");
    assert_eq!(collector.json(&["asset", "list"])["total"], 1);
    assert_eq!(collector.json(&["agent", "list"])["total"], 1);
}

#[tokio::test]
async fn guessing_is_slowed_down_for_the_address_that_guesses() {
    let collector = Collector::start(Backend::Sqlite);
    let good = collector.token(5).secret();
    for attempt in 1..=20 {
        let wrong = secret::random_text().unwrap();
        let status = Device::new("guesser").enrol(&collector, &wrong).await.unwrap_err();
        assert_eq!(status.code(), Code::Unauthenticated, "attempt {attempt}: {status}");
    }
    // From now on not even a good token is looked at.
    let status = Device::new("guesser").enrol(&collector, &good).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
    // Recovery is counted apart: who guesses tokens keeps no old laptop behind that address out.
    let status = Device::new("guesser").recover(&collector).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated, "{status}");

    let elsewhere = Some(Ipv4Addr::new(127, 0, 0, 2));
    let mut client = device::enrolment(&collector, elsewhere).await;
    client.enrol(Device::new("neighbour").enrol_request(&good)).await.unwrap();
    assert_eq!(collector.json(&["agent", "list"])["total"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_use_is_given_once_on_sqlite() {
    the_last_use_is_given_once(Backend::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_use_is_given_once_on_postgres() {
    the_last_use_is_given_once(Backend::Postgres).await;
}

async fn the_last_use_is_given_once(backend: Backend) {
    let collector = Collector::start(backend);
    for _ in 0..5 {
        let token = collector.token(1);
        let mut waiting = Vec::new();
        for number in 0..4 {
            let mut client = device::enrolment(&collector, None).await;
            let request = Device::new(&format!("pc-{number}")).enrol_request(&token.secret());
            waiting.push(async move { client.enrol(request).await.map(drop) });
        }
        let calls: Vec<_> = waiting.into_iter().map(tokio::spawn).collect();
        let mut admitted = 0;
        for call in calls {
            match call.await.unwrap() {
                Ok(()) => admitted += 1,
                Err(status) => assert_eq!(status.code(), Code::Unauthenticated, "{status}"),
            }
        }
        assert_eq!(admitted, 1);
    }
    assert_eq!(collector.json(&["agent", "list"])["total"], 5);
}

#[tokio::test]
async fn asking_again_gives_the_same_agent_and_uses_nothing_up() {
    let collector = Collector::start(Backend::Sqlite);
    let token = collector.token(1);
    let mut device = Device::new("pc-1");
    device.enrol(&collector, &token.secret()).await.unwrap();
    let first = device.agent();
    // The answer got lost: the same key asks again, although the token is used up.
    device.enrol(&collector, &token.secret()).await.unwrap();
    assert_eq!(device.agent(), first);
    let tokens = collector.json(&["token", "list"]);
    assert_eq!((&tokens["items"][0]["uses"], &tokens["total"]), (&1.into(), &1.into()));
    assert_eq!(collector.json(&["agent", "list"])["total"], 1);
    assert_eq!(collector.json(&["asset", "list"])["total"], 1);
    device.connect(&collector).await.report(&device::Inventory::marked("pc-1")).await.unwrap();

    collector.say(&["token", "revoke", &token.id]);
    let status = device.enrol(&collector, &token.secret()).await.unwrap_err();
    assert_eq!(status.code(), Code::Unauthenticated, "{status}");
}
