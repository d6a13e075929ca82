//! Tokens, enrolment, agents and check-ins.

use belfort_model::agent::{AgentStatus, EnrolmentToken};
use belfort_model::evidence::EvidenceKind::{DiskSerial, MacAddress, SmbiosUuid, SystemSerial};
use belfort_model::id::{AgentId, TokenId};

use super::fixture::{
    NOW, add_agent, add_token, add_unit, admitted, audit, enrolment, evidence, hash, id, token,
};
use super::lab::Lab;
use crate::StoreError;
use crate::record::{AssetFilter, CheckIn, Enrolled, Page, TokenRefusal};

fn assets(lab: &Lab) -> u64 {
    let all = lab.store.asset_list(&AssetFilter::default(), Page::ALL);
    all.unwrap().total
}

fn stored(lab: &Lab, id: TokenId) -> EnrolmentToken {
    let tokens = lab.store.token_list().unwrap();
    tokens.into_iter().find(|token| token.id == id).unwrap()
}

pub(super) fn a_new_machine_gets_an_asset(lab: &Lab) {
    let token = token(5);
    let secret = add_token(&*lab.store, &token);
    let wanted = enrolment(secret, "pc-1");
    let (agent, recognised, doubtful) = admitted(lab.store.enrol(&wanted).unwrap());
    assert_eq!((recognised, doubtful), (false, vec![]));
    assert_eq!((agent.id, agent.asset), (wanted.agent.id, wanted.new_asset.id));
    assert_eq!(lab.store.agent_get(agent.id).unwrap(), Some(agent.clone()));
    let detail = lab.store.asset_get(agent.asset).unwrap().unwrap();
    assert_eq!(detail.summary.asset, wanted.new_asset);
    assert_eq!(detail.evidence.len(), 2);
    assert_eq!(detail.agents, vec![agent.clone()]);
    let used = stored(lab, token.id);
    assert_eq!((used.uses, used.last_used_at), (1, Some(NOW)));
    let log = lab.store.audit_list(Page::ALL).unwrap().items;
    assert_eq!(log[0].action, "agent.enrol");
    assert_eq!(log[0].actor, format!("token:{}", token.id));
    assert_eq!(log[0].subject, agent.id.to_string());
}

pub(super) fn the_same_key_again_gives_the_same_agent(lab: &Lab) {
    let token = token(5);
    let secret = add_token(&*lab.store, &token);
    let first = admitted(lab.store.enrol(&enrolment(secret, "pc-1")).unwrap());
    let again = admitted(lab.store.enrol(&enrolment(secret, "pc-1")).unwrap());
    assert_eq!(first, again);
    assert_eq!((stored(lab, token.id).uses, assets(lab)), (1, 1));
    assert_eq!(lab.store.agent_list(Page::ALL).unwrap().total, 1);
}

pub(super) fn a_repeated_call_is_admitted_after_the_last_use(lab: &Lab) {
    let token = token(1);
    let secret = add_token(&*lab.store, &token);
    let mut wanted = enrolment(secret, "pc-1");
    let first = admitted(lab.store.enrol(&wanted).unwrap());
    wanted.now = NOW.plus_days(3);
    assert_eq!(admitted(lab.store.enrol(&wanted).unwrap()), first);
    lab.store.token_revoke(token.id, &audit("token.revoke")).unwrap();
    assert_eq!(lab.store.enrol(&wanted).unwrap(), Enrolled::Refused(TokenRefusal::Revoked));
}

pub(super) fn tokens_that_do_not_admit_say_why(lab: &Lab) {
    let refusal = |secret, days| {
        let mut wanted = enrolment(secret, "pc-1");
        wanted.now = NOW.plus_days(days);
        match lab.store.enrol(&wanted).unwrap() {
            Enrolled::Refused(refusal) => refusal,
            other @ Enrolled::Admitted { .. } => panic!("{other:?}"),
        }
    };
    assert_eq!(refusal(hash("nobody made it"), 0), TokenRefusal::Unknown);
    let none = add_token(&*lab.store, &token(0));
    assert_eq!(refusal(none, 0), TokenRefusal::UsedUp);
    let short = add_token(&*lab.store, &token(5));
    assert_eq!(refusal(short, 2), TokenRefusal::Expired);
    let revoked = token(5);
    let secret = add_token(&*lab.store, &revoked);
    lab.store.token_revoke(revoked.id, &audit("token.revoke")).unwrap();
    assert_eq!(refusal(secret, 0), TokenRefusal::Revoked);
    assert_eq!((assets(lab), stored(lab, revoked.id).uses), (0, 0));
}

pub(super) fn the_last_use_is_given_once(lab: &Lab) {
    let token = token(1);
    let secret = add_token(&*lab.store, &token);
    let other = lab.reopen().unwrap();
    let results: Vec<Enrolled> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..6)
            .map(|number| {
                let store = if number % 2 == 0 { &*lab.store } else { &*other };
                let wanted = enrolment(secret, &format!("pc-{number}"));
                scope.spawn(move || store.enrol(&wanted).unwrap())
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let refused = Enrolled::Refused(TokenRefusal::UsedUp);
    let admitted = results.iter().filter(|result| **result != refused);
    assert_eq!(admitted.count(), 1, "{results:?}");
    assert_eq!((stored(lab, token.id).uses, assets(lab)), (1, 1));
}

pub(super) fn a_known_machine_supersedes_its_agent(lab: &Lab) {
    let secret = add_token(&*lab.store, &token(5));
    let first = admitted(lab.store.enrol(&enrolment(secret, "pc-1")).unwrap()).0;
    // The same hardware with a new key, as after a new installation.
    let mut again = enrolment(secret, "pc-1 reinstalled");
    again.evidence = enrolment(secret, "pc-1").evidence;
    again.now = NOW.plus_days(1);
    again.agent.enrolled_at = again.now;
    let (agent, recognised, doubtful) = admitted(lab.store.enrol(&again).unwrap());
    assert_eq!((recognised, doubtful), (true, vec![]));
    assert_eq!(agent.asset, first.asset);
    assert_eq!(assets(lab), 1);
    let old = lab.store.agent_get(first.id).unwrap().unwrap();
    assert_eq!(old.status, AgentStatus::Superseded);
    assert_eq!(lab.store.agent_revocations().unwrap(), vec![first.id]);
    let detail = lab.store.asset_get(first.asset).unwrap().unwrap();
    assert_eq!(detail.summary.asset.last_seen, again.now);
    assert_eq!(detail.agents[0].id, agent.id);
}

pub(super) fn a_doubtful_machine_is_a_new_asset(lab: &Lab) {
    let secret = add_token(&*lab.store, &token(5));
    let mut first = enrolment(secret, "pc-1");
    first.evidence = evidence(&[(SmbiosUuid, "4c4c4544-0042"), (DiskSerial, "S4EWNX0N")]);
    let first = admitted(lab.store.enrol(&first).unwrap()).0;
    let mut clone = enrolment(secret, "pc-2");
    clone.evidence = evidence(&[(SmbiosUuid, "ffff4544-0042"), (DiskSerial, "S4EWNX0N")]);
    let (second, recognised, doubtful) = admitted(lab.store.enrol(&clone).unwrap());
    assert_eq!((recognised, doubtful), (false, vec![first.asset]));
    assert_ne!(second.asset, first.asset);
    let still = lab.store.agent_get(first.id).unwrap().unwrap();
    assert_eq!(still.status, AgentStatus::Active);
    let shared = lab.store.asset_sharing_evidence(second.asset).unwrap();
    assert_eq!(shared, vec![(first.asset, DiskSerial)]);
    // What two carry already tells nothing about a third.
    let mut third = enrolment(secret, "pc-3");
    third.evidence = evidence(&[
        (DiskSerial, "S4EWNX0N"),
        (MacAddress, "00:1b:21:aa:bb:cc"),
        (SystemSerial, "another"),
    ]);
    let (_, recognised, doubtful) = admitted(lab.store.enrol(&third).unwrap());
    assert_eq!((recognised, doubtful), (false, vec![first.asset, second.asset]));
}

pub(super) fn the_same_machine_at_once_is_one_asset(lab: &Lab) {
    let other = lab.reopen().unwrap();
    let secrets: Vec<_> = (0..4).map(|_| add_token(&*lab.store, &token(1))).collect();
    std::thread::scope(|scope| {
        for (number, secret) in secrets.into_iter().enumerate() {
            let store = if number % 2 == 0 { &*lab.store } else { &*other };
            scope.spawn(move || {
                let mut wanted = enrolment(secret, &format!("key {number}"));
                wanted.evidence = enrolment(secret, "pc-1").evidence;
                store.enrol(&wanted).unwrap();
            });
        }
    });
    assert_eq!(assets(lab), 1);
    let agents = lab.store.agent_list(Page::ALL).unwrap().items;
    let active = agents.iter().filter(|agent| agent.status == AgentStatus::Active);
    assert_eq!((agents.len(), active.count()), (4, 1));
}

pub(super) fn the_token_proposes_the_unit(lab: &Lab) {
    let unit = add_unit(&*lab.store, "BZ");
    let token = EnrolmentToken { unit: Some(unit), ..token(1) };
    let secret = add_token(&*lab.store, &token);
    let agent = admitted(lab.store.enrol(&enrolment(secret, "pc-1")).unwrap()).0;
    let summary = lab.store.asset_get(agent.asset).unwrap().unwrap().summary;
    assert_eq!(summary.asset.proposed_unit, Some(unit));
    assert_eq!(summary.owner, None);
}

pub(super) fn tokens_are_listed_and_revoked(lab: &Lab) {
    let old = token(1);
    let new = EnrolmentToken { created_at: NOW.plus_days(1), ..token(u32::MAX) };
    for token in [&old, &new] {
        add_token(&*lab.store, token);
    }
    let again = lab.store.token_insert(&old, hash("other"), &audit("token.add"));
    assert!(matches!(again, Err(StoreError::Exists { .. })), "{again:?}");
    for _ in 0..2 {
        lab.store.token_revoke(old.id, &audit("token.revoke")).unwrap();
    }
    let revoked = EnrolmentToken { revoked_at: Some(NOW), ..old };
    assert_eq!(lab.store.token_list().unwrap(), vec![new, revoked]);
    let nobody = lab.store.token_revoke(TokenId(id()), &audit("token.revoke"));
    assert!(matches!(nobody, Err(StoreError::NotFound { .. })), "{nobody:?}");
}

pub(super) fn agents_are_found_listed_and_revoked(lab: &Lab) {
    let (first, second) = (add_agent(&*lab.store, "pc-1"), add_agent(&*lab.store, "pc-2"));
    let found = lab.store.agent_by_key(hash("pc-1")).unwrap();
    assert_eq!(found, Some(first.clone()));
    assert_eq!(lab.store.agent_by_key(hash("pc-3")).unwrap(), None);
    let page = Page { limit: 1, offset: 1 };
    let list = lab.store.agent_list(page).unwrap();
    assert_eq!((list.total, list.items), (2, vec![first.clone()]));

    assert_eq!(lab.store.agent_revocations().unwrap(), vec![]);
    for _ in 0..2 {
        lab.store.agent_revoke(second.id, &audit("agent.revoke")).unwrap();
    }
    assert_eq!(lab.store.agent_revocations().unwrap(), vec![second.id]);
    let revoked = lab.store.agent_get(second.id).unwrap().unwrap();
    assert_eq!(revoked.status, AgentStatus::Revoked);
    let log = lab.store.audit_list(Page::ALL).unwrap().items;
    let revocations = log.iter().filter(|record| record.action == "agent.revoke");
    assert_eq!(revocations.count(), 1);
    let nobody = lab.store.agent_revoke(AgentId(id()), &audit("agent.revoke"));
    assert!(matches!(nobody, Err(StoreError::NotFound { .. })), "{nobody:?}");
    assert_eq!(lab.store.agent_get(AgentId(id())).unwrap(), None);
}

pub(super) fn a_certificate_is_renewed_only_for_an_active_agent(lab: &Lab) {
    let agent = add_agent(&*lab.store, "pc-1");
    let renew =
        |id| lab.store.agent_certificate_set(id, hash("new key"), "ff01", NOW.plus_days(60));
    renew(agent.id).unwrap();
    let renewed = lab.store.agent_get(agent.id).unwrap().unwrap();
    assert_eq!(renewed.key_sha256, hash("new key"));
    assert_eq!(renewed.certificate_serial, "ff01");
    assert_eq!(renewed.certificate_not_after, NOW.plus_days(60));
    assert_eq!(lab.store.agent_by_key(hash("pc-1")).unwrap(), None);
    lab.store.agent_revoke(agent.id, &audit("agent.revoke")).unwrap();
    assert!(matches!(renew(agent.id), Err(StoreError::Refused(_))));
    assert!(matches!(renew(AgentId(id())), Err(StoreError::NotFound { .. })));
}

pub(super) fn a_check_in_notes_what_it_says(lab: &Lab) {
    let agent = add_agent(&*lab.store, "pc-1");
    let check_in = |seconds, version: &str, sequence, offset| {
        let check_in = CheckIn {
            now: NOW.plus_seconds(seconds),
            version: version.to_owned(),
            sequence,
            clock_offset_ms: offset,
        };
        lab.store.check_in(agent.id, &check_in)
    };
    assert_eq!(check_in(60, "0.2.0", 7, Some(-1500)).unwrap(), None);
    // An answer that was late does not turn the time back; what is not said stays.
    check_in(30, "", 6, None).unwrap();
    let noted = lab.store.agent_get(agent.id).unwrap().unwrap();
    assert_eq!(noted.last_seen, Some(NOW.plus_seconds(60)));
    assert_eq!((noted.version.as_str(), noted.sequence), ("0.2.0", 7));
    assert_eq!(noted.clock_offset_ms, -1500);
    let asset = lab.store.asset_get(agent.asset).unwrap().unwrap().summary.asset;
    assert_eq!(asset.last_seen, NOW.plus_seconds(60));

    lab.store.agent_revoke(agent.id, &audit("agent.revoke")).unwrap();
    let revoked = check_in(90, "", 8, None);
    assert!(matches!(revoked, Err(StoreError::Refused(_))), "{revoked:?}");
    let late = lab.store.asset_get(agent.asset).unwrap().unwrap();
    assert_eq!(late.summary.asset.last_seen, NOW.plus_seconds(60));
}
