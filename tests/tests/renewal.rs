//! The life of a certificate: renewed in time, recovered when it was not, refused when it must be.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers of tests stand outside test functions"
)]

use std::path::Path;

use belfort_agent::state::{Identity, State};
use belfort_collector::clock;
use belfort_tests::agent::Agent;
use belfort_tests::collector::{Backend, Collector};
use belfort_tests::device::{Device, Inventory};
use rcgen::KeyPair;
use sha2::{Digest as _, Sha256};
use tonic::Code;
use zeroize::Zeroizing;

#[tokio::test]
async fn a_renewed_certificate_can_be_used_on_the_same_or_a_new_key() {
    let collector = Collector::start(Backend::Sqlite);
    let mut device = Device::enrolled(&collector, "pc-1").await;
    let agent = device.agent();
    let mut session = device.connect(&collector).await;
    for new_key in [false, true] {
        if new_key {
            device.key = KeyPair::generate().unwrap();
        }
        let identity = session.renew(device.signing_request()).await.unwrap();
        assert_eq!(identity.report_endpoint, format!("https://{}", collector.report));
        device.identity = Some(identity);
        assert_eq!(device.agent(), agent);
        session = device.connect(&collector).await;
        session.report(&Inventory::marked("pc-1")).await.unwrap();
    }
    // The key that is noted now is the new one.
    device.recover(&collector).await.unwrap();
    assert_eq!(device.agent(), agent);
    assert_eq!(collector.json(&["agent", "list"])["total"], 1);
}

#[tokio::test]
async fn an_expired_certificate_on_a_known_key_is_recovered_for_400_days() {
    let collector = Collector::start(Backend::Sqlite);
    let mut device = Device::enrolled(&collector, "pc-1").await;
    let agent = device.agent();
    let key: [u8; 32] =
        Sha256::digest(rcgen::PublicKeyData::subject_public_key_info(&device.key)).into();
    for (ended_days_ago, recovered) in [(399, true), (402, false), (1, true)] {
        device.reissue(&collector, ended_days_ago + 30, 30);
        let not_after = clock::now().plus_days(-ended_days_ago);
        collector.stored(|store| store.agent_certificate_set(agent, key, "00", not_after)).unwrap();
        match device.recover(&collector).await {
            Ok(()) => {
                assert!(recovered, "recovered after {ended_days_ago} days");
                assert_eq!(device.agent(), agent);
                device.connect(&collector).await.report(&Inventory::marked("pc-1")).await.unwrap();
            }
            Err(status) => {
                assert!(!recovered, "after {ended_days_ago} days: {status}");
                assert_eq!(status.code(), Code::Unauthenticated, "{status}");
            }
        }
    }
}

#[tokio::test]
async fn nobody_recovers_an_unknown_or_a_revoked_key() {
    let collector = Collector::start(Backend::Sqlite);
    let mut device = Device::enrolled(&collector, "pc-1").await;
    let unknown = Device::new("stranger").recover(&collector).await.unwrap_err();
    collector.say(&["agent", "revoke", &device.agent().to_string()]);
    let revoked = device.recover(&collector).await.unwrap_err();
    assert_eq!(revoked.code(), Code::Unauthenticated, "{revoked}");
    assert_eq!(revoked.message(), unknown.message(), "the answer tells which keys are known");
    // Somebody who knows the key's name but does not have the key.
    let other = Device::enrolled(&collector, "pc-2").await;
    let mut request = other.signing_request();
    let last = request.len() - 1;
    request[last] ^= 1;
    let mut client = belfort_tests::device::enrolment(&collector, None).await;
    let request =
        belfort_proto::enrolment::v1::RecoverRequest { certificate_signing_request: request };
    let status = client.recover(request).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
}

/// Gives the agent a certificate made so many days ago for 30 days; answers when it ends.
fn aged(collector: &Collector, agent: &Agent, days_ago: i64) -> i64 {
    let state = open(agent.state());
    let identity = state.identity().unwrap().unwrap();
    let mut device = Device::new("this machine");
    device.key = KeyPair::from_pem(identity.key_pem()).unwrap();
    let mut issued = belfort_proto::enrolment::v1::Identity {
        certificate_chain: vec![identity.certificate_chain().unwrap()[0].to_vec()],
        trust_bundle: identity.trust_bundle().unwrap().iter().map(|it| it.to_vec()).collect(),
        report_endpoint: identity.report_endpoint.clone(),
    };
    device.identity = Some(issued.clone());
    device.reissue(collector, days_ago, 30);
    issued.certificate_chain = device.identity.unwrap().certificate_chain;
    let key = Zeroizing::new(identity.key_pem().to_owned());
    let aged = Identity::new(key, &issued, &identity.enrolment_endpoint).unwrap();
    state.save_identity(&aged).unwrap();
    aged.validity().unwrap().not_after
}

fn open(state: &Path) -> State {
    State::lock(state).unwrap()
}

fn ends(agent: &Agent) -> i64 {
    let state = State::open(agent.state()).unwrap().unwrap();
    state.identity().unwrap().unwrap().validity().unwrap().not_after
}

#[test]
fn the_agent_renews_recovers_and_says_when_it_may_not() {
    let collector = Collector::start(Backend::Sqlite);
    let agent = Agent::enrolled(&collector, "agent", &collector.token(1));
    let day = 86_400;

    let fresh = ends(&agent);
    agent.once();
    assert_eq!(ends(&agent), fresh, "renewed long before it is due");

    let due = aged(&collector, &agent, 25);
    agent.once();
    assert!(ends(&agent) >= due + 24 * day, "not renewed after two thirds of its life");

    let expired = aged(&collector, &agent, 40);
    assert_eq!(agent.status()["certificate_expired"], true);
    agent.once();
    assert!(ends(&agent) >= expired + 39 * day, "not recovered");
    assert_eq!(agent.status()["certificate_expired"], false);
    assert_eq!(collector.json(&["agent", "list"])["total"], 1);

    let id = agent.status()["agent_id"].as_str().unwrap().to_owned();
    collector.say(&["agent", "revoke", &id]);
    let said = agent.fails(&["once"], 7);
    assert!(said.contains("new token"), "{said}");
    aged(&collector, &agent, 40);
    let said = agent.fails(&["once"], 7);
    assert!(said.contains("new token"), "{said}");

    // A new token lets it in again, as the same asset or as one somebody has to look at.
    let token = collector.token(1);
    let address = format!("https://{}", collector.enrolment);
    agent.say(&["enroll", "--again", "--collector", &address, "--token", &token.text]);
    agent.once();
    assert_ne!(agent.status()["agent_id"], id);
}
