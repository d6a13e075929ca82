//! How people get in: credentials, attempts, sessions, identities; and who looked at what.

use belfort_model::access::{Role, RoleGrant};
use belfort_model::id::{ApiTokenId, BatchId, SessionId, UserId};
use belfort_model::lockout;

use super::fixture::{NOW, audit, hash, id};
use super::lab::Lab;
use crate::StoreError;
use crate::record::{
    ApiToken, AttemptKey, Audit, AuditFilter, Identity, LoginMethod, Page, Session, User,
};

fn add(lab: &Lab, name: &str, role: Role) -> User {
    let user = User {
        id: UserId(id()),
        name: name.to_owned(),
        roles: vec![RoleGrant { role, unit: None }],
        created_at: NOW,
        disabled_at: None,
        version: 1,
    };
    lab.store.user_insert(&user, &audit("user.create")).unwrap();
    user
}

fn session(user: &User) -> Session {
    Session {
        id: SessionId(id()),
        user: user.id,
        method: LoginMethod::Password,
        second_factor: true,
        created_at: NOW,
        last_used_at: NOW,
        expires_at: NOW.plus_days(1),
        address: "192.0.2.1".to_owned(),
        browser: "test".to_owned(),
    }
}

fn token(user: &User) -> ApiToken {
    ApiToken {
        id: ApiTokenId(id()),
        user: user.id,
        label: "x".to_owned(),
        created_at: NOW,
        expires_at: NOW.plus_days(1),
        revoked_at: None,
        rights: None,
        last_used_at: None,
    }
}

fn begin(lab: &Lab, session: &Session, secret: &str) {
    lab.store.session_insert(session, hash(secret), None, &audit("login.ok")).unwrap();
}

pub(super) fn a_password_is_set_and_taken_back(lab: &Lab) {
    let user = add(lab, "els", Role::Reader);
    let store = &lab.store;
    assert_eq!(store.credential_get(user.id).unwrap(), None);
    store.password_set(user.id, "phc-1", None, &audit("user.password")).unwrap();
    store.password_upgrade(user.id, "phc-0", "phc-x").unwrap();
    store.password_upgrade(user.id, "phc-1", "phc-2").unwrap();
    let kept = store.credential_get(user.id).unwrap().unwrap();
    assert_eq!(kept.password.as_deref(), Some("phc-2"));

    begin(lab, &session(&user), "s");
    let until = NOW.plus_days(1);
    store.reset_set(user.id, hash("code"), until, &audit("user.reset")).unwrap();
    assert_eq!(store.credential_get(user.id).unwrap().unwrap().password, None);
    assert!(store.session_list(user.id).unwrap().is_empty());
    assert_eq!(store.reset_find(hash("code"), until).unwrap(), None, "it ended");
    assert_eq!(store.reset_find(hash("other"), NOW).unwrap(), None);
    assert_eq!(store.reset_find(hash("code"), NOW).unwrap(), Some(user.clone()));
    let account = store.account_get(user.id).unwrap().unwrap();
    assert_eq!((account.password_at, account.reset_until), (None, Some(until)));
    let used = || store.reset_use(user.id, hash("code"), "phc-3", &audit("user.password"));
    assert!(used().unwrap());
    assert!(!used().unwrap(), "once");
    let account = store.account_list().unwrap().remove(0);
    assert_eq!((account.password_at, account.reset_until), (Some(NOW), None));
    let nobody = store.password_set(UserId(id()), "x", None, &audit("user.password"));
    assert!(matches!(nobody, Err(StoreError::NotFound { .. })), "{nobody:?}");
}

pub(super) fn a_reset_revokes_the_api_tokens(lab: &Lab) {
    let (els, eva) = (add(lab, "els", Role::Reader), add(lab, "eva", Role::Reader));
    let store = &lab.store;
    for (user, secret) in [(&els, "1"), (&els, "2"), (&eva, "3")] {
        let token = token(user);
        store.api_token_insert(&token, hash(secret), &audit("api_token.create")).unwrap();
    }
    let revoked = |secret: &str| {
        store.api_token_find(hash(secret)).unwrap().unwrap().0.revoked_at == Some(NOW)
    };
    store.password_set(els.id, "phc", None, &audit("user.password")).unwrap();
    assert!(!revoked("1"), "a new password keeps them");
    store.reset_set(els.id, hash("code"), NOW.plus_days(1), &audit("user.reset")).unwrap();
    assert_eq!(["1", "2", "3"].map(revoked), [true, true, false]);
    store.reset_set(els.id, hash("next"), NOW.plus_days(1), &audit("user.reset")).unwrap();
    let filter = AuditFilter { action: Some("api_token.revoke".to_owned()), ..Default::default() };
    let records = store.audit_search(&filter, Page::ALL).unwrap();
    assert_eq!(records.total, 2, "each once");
    let first = store.api_token_find(hash("1")).unwrap().unwrap().0.id.to_string();
    assert!(records.items.iter().any(|record| record.subject == first));
}

pub(super) fn a_second_factor_counts_once_it_is_confirmed(lab: &Lab) {
    let user = add(lab, "els", Role::Reader);
    let store = &lab.store;
    store.totp_propose(user.id, b"one").unwrap();
    store.totp_propose(user.id, b"two").unwrap();
    let codes = [hash("a"), hash("b")];
    let confirm = |sealed: &[u8]| {
        store.totp_confirm(user.id, sealed, 100, &codes, None, &audit("user.second_factor"))
    };
    assert!(!confirm(b"one").unwrap(), "it was replaced");
    assert!(confirm(b"two").unwrap());
    assert!(!confirm(b"two").unwrap());
    let kept = store.credential_get(user.id).unwrap().unwrap();
    assert_eq!((kept.totp.as_deref(), kept.totp_pending), (Some(&b"two"[..]), None));
    for (step, good) in [(100, false), (99, false), (101, true), (101, false), (103, true)] {
        assert_eq!(store.totp_use(user.id, step).unwrap(), good, "{step}");
    }
    assert!(store.recovery_use(user.id, hash("a"), &audit("login.recovery_code")).unwrap());
    assert!(!store.recovery_use(user.id, hash("a"), &audit("login.recovery_code")).unwrap());
    assert!(!store.recovery_use(user.id, hash("z"), &audit("login.recovery_code")).unwrap());
    assert_eq!(store.account_get(user.id).unwrap().unwrap().recovery_codes, 1);
    // A step is used up once, also when two ask at once.
    let won: usize = std::thread::scope(|scope| {
        let calls: Vec<_> =
            (0..4).map(|_| scope.spawn(|| store.totp_use(user.id, 200).unwrap())).collect();
        calls.into_iter().map(|call| usize::from(call.join().unwrap())).sum()
    });
    assert_eq!(won, 1);
}

pub(super) fn attempts_are_counted_before_they_are_judged(lab: &Lab) {
    let key = |text: &str| AttemptKey { key: hash(text), free: 3 };
    let (els, office) = (key("els"), AttemptKey { free: 10, ..key("office") });
    let store = &lab.store;
    let began: usize = std::thread::scope(|scope| {
        let calls: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| store.attempt_begin(&[els, office], NOW).unwrap().is_none()))
            .collect();
        calls.into_iter().map(|call| usize::from(call.join().unwrap())).sum()
    });
    assert_eq!(began, 3);
    let until = lockout::until(3, 3, NOW).unwrap();
    assert_eq!(store.attempt_begin(&[els, office], NOW).unwrap(), Some(until));
    assert_eq!(store.attempt_begin(&[els], until).unwrap(), None);
    store.attempt_end(els.key, office.key).unwrap();
    assert_eq!(store.attempt_begin(&[els], until).unwrap(), None, "forgotten");
    // Those that had to wait were not counted for the office: two are left, seven more may be.
    for turn in 0..8 {
        assert_eq!(store.attempt_begin(&[office], NOW).unwrap(), None, "{turn}");
    }
    assert!(store.attempt_begin(&[office], NOW).unwrap().is_some());
    let later = NOW.plus_seconds(lockout::FORGET_SECONDS);
    assert_eq!(store.attempt_begin(&[office], later).unwrap(), None);
}

pub(super) fn sessions_begin_and_end(lab: &Lab) {
    let (els, eva) = (add(lab, "els", Role::Reader), add(lab, "eva", Role::Reader));
    let store = &lab.store;
    let [one, two, other] = [session(&els), session(&els), session(&eva)];
    begin(lab, &one, "one");
    begin(lab, &two, "two");
    begin(lab, &other, "other");
    assert_eq!(store.session_find(hash("one")).unwrap(), Some((one.clone(), els.clone())));
    assert_eq!(store.session_find(hash("guess")).unwrap(), None);
    store.session_touch(one.id, NOW.plus_seconds(90)).unwrap();
    store.session_touch(one.id, NOW).unwrap();
    let used = store.session_find(hash("one")).unwrap().unwrap().0.last_used_at;
    assert_eq!(used, NOW.plus_seconds(90), "never back in time");
    let stranger = store.session_end(eva.id, one.id, &audit("session.end"));
    assert!(matches!(stranger, Err(StoreError::NotFound { .. })), "{stranger:?}");
    store.session_end(els.id, one.id, &audit("session.end")).unwrap();
    let left: Vec<_> = store.session_list(els.id).unwrap().into_iter().map(|s| s.id).collect();
    assert_eq!(left, [two.id]);
    // A new one replaces, and what is over is forgotten.
    let next = Session { created_at: NOW.plus_days(1), ..session(&eva) };
    store.session_insert(&next, hash("next"), Some(other.id), &audit("login.ok")).unwrap();
    assert_eq!(store.session_find(hash("two")).unwrap(), None);
    assert_eq!(store.session_list(eva.id).unwrap().len(), 1);

    store.user_disable(eva.id, &audit("user.disable")).unwrap();
    assert_eq!(store.session_find(hash("next")).unwrap(), None);
    let refused = store.session_insert(&session(&eva), hash("x"), None, &audit("login.ok"));
    assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
}

pub(super) fn the_last_administrator_stays(lab: &Lab) {
    let store = &lab.store;
    let (one, two) = (add(lab, "one", Role::Admin), add(lab, "two", Role::Admin));
    let reader = [RoleGrant { role: Role::Reader, unit: None }];
    let stale = store.user_roles_set(one.id, Some(7), &reader, false, &audit("user.roles"));
    assert!(matches!(stale, Err(StoreError::Conflict { .. })), "{stale:?}");
    // Each takes the other's role away at the same moment: one of them must fail.
    let done: usize = std::thread::scope(|scope| {
        let calls = [one.id, two.id].map(|id| {
            scope.spawn(move || {
                let store = lab.reopen().unwrap();
                store.user_roles_set(id, None, &reader, false, &audit("user.roles")).is_ok()
            })
        });
        calls.into_iter().map(|call| usize::from(call.join().unwrap())).sum()
    });
    assert_eq!(done, 1);
    let left = store.user_list().unwrap();
    let left = left.iter().find(|user| user.roles != reader).unwrap();
    let refused = store.user_disable(left.id, &audit("user.disable"));
    assert!(matches!(refused, Err(StoreError::Refused(_))), "{refused:?}");
    // What an identity provider says counts all the same.
    store.user_roles_set(left.id, Some(1), &[], true, &audit("user.roles")).unwrap();
    assert_eq!(store.user_get(left.id).unwrap().unwrap().version, 2);
}

pub(super) fn an_identity_is_one_user(lab: &Lab) {
    let store = &lab.store;
    let user = |name: &str| User {
        id: UserId(id()),
        name: name.to_owned(),
        roles: vec![],
        created_at: NOW,
        disabled_at: None,
        version: 1,
    };
    let identity = |subject: &str| Identity {
        issuer: "https://login.example".to_owned(),
        subject: subject.to_owned(),
    };
    let els = user("els");
    store.identity_insert(&identity("1"), &els, &audit("user.create")).unwrap();
    assert_eq!(store.identity_find(&identity("1")).unwrap(), Some(els.clone()));
    assert_eq!(store.identity_find(&identity("2")).unwrap(), None);
    let again = store.identity_insert(&identity("1"), &user("x"), &audit("user.create"));
    assert!(matches!(again, Err(StoreError::Exists { what: "identity", .. })), "{again:?}");
    let taken = store.identity_insert(&identity("2"), &user("ELS"), &audit("user.create"));
    assert!(matches!(taken, Err(StoreError::Exists { what: "user", .. })), "{taken:?}");
    assert_eq!(store.user_list().unwrap().len(), 1, "no half user");
    let account = store.account_get(els.id).unwrap().unwrap();
    assert_eq!(account.identity, Some(identity("1")));
    assert_eq!(store.user_by_name("Els").unwrap(), Some(els));
}

pub(super) fn the_last_login_at_a_provider_is_known(lab: &Lab) {
    let store = &lab.store;
    let own = add(lab, "eva", Role::Reader);
    begin(lab, &session(&own), "own");
    assert_eq!(store.identity_last_login(own.id).unwrap(), None, "she has a password here");
    let els = User { id: UserId(id()), name: "els".to_owned(), ..own };
    let issuer = "https://login.example".to_owned();
    let identity = Identity { issuer, subject: "1".to_owned() };
    store.identity_insert(&identity, &els, &audit("user.create")).unwrap();
    assert_eq!(store.identity_last_login(els.id).unwrap(), Some(NOW), "as she was added");
    for days in [3, 5] {
        let at = NOW.plus_days(days);
        let began = Session { created_at: at, expires_at: at.plus_days(1), ..session(&els) };
        let record = Audit { at, subject: els.id.to_string(), ..audit("login.ok") };
        store.session_insert(&began, hash(&days.to_string()), None, &record).unwrap();
        store.session_end(els.id, began.id, &audit("logout")).unwrap();
    }
    assert_eq!(store.identity_last_login(els.id).unwrap(), Some(NOW.plus_days(5)));
}

pub(super) fn an_api_token_keeps_its_rights_and_its_use(lab: &Lab) {
    let user = add(lab, "els", Role::Reader);
    let token =
        ApiToken { rights: Some([belfort_model::access::Right::Read].into()), ..token(&user) };
    lab.store.api_token_insert(&token, hash("x"), &audit("api_token.create")).unwrap();
    assert_eq!(lab.store.api_token_list_of(user.id).unwrap(), vec![token.clone()]);
    assert!(lab.store.api_token_list_of(UserId(id())).unwrap().is_empty());
    for (seconds, noted) in [(0, 0), (59, 0), (60, 60)] {
        lab.store.api_token_touch(token.id, NOW.plus_seconds(seconds)).unwrap();
        let found = lab.store.api_token_find(hash("x")).unwrap().unwrap().0;
        assert_eq!(found.last_used_at, Some(NOW.plus_seconds(noted)), "{seconds}");
    }
}

pub(super) fn a_view_is_recorded_once_in_a_while(lab: &Lab) {
    let hour = NOW.plus_seconds(-3600);
    let view = |subject: &str| Audit { subject: subject.to_owned(), ..audit("view.personal") };
    let added: usize = std::thread::scope(|scope| {
        let add = || {
            let store = lab.reopen().unwrap();
            usize::from(store.audit_add_once(&view("a"), hour).unwrap())
        };
        let calls: Vec<_> = (0..4).map(|_| scope.spawn(add)).collect();
        calls.into_iter().map(|call| call.join().unwrap()).sum()
    });
    assert_eq!(added, 1);
    let store = &lab.store;
    assert!(store.audit_add_once(&view("b"), hour).unwrap());
    let other = Audit { actor: "eva".to_owned(), ..view("a") };
    assert!(store.audit_add_once(&other, hour).unwrap());
    assert!(store.audit_add_once(&view("a"), NOW).unwrap(), "an hour later");
    assert_eq!(store.audit_verify().unwrap(), Ok(4));
}

pub(super) fn the_audit_log_is_searched(lab: &Lab) {
    let store = &lab.store;
    let records = [
        ("els", "login.ok", "1", 0),
        ("els", "login.failed", "1", 1),
        ("eva", "loginx", "2", 2),
        ("eva", "owner.set", "1", 3),
    ];
    for (actor, action, subject, at) in records {
        let (actor, subject) = (actor.to_owned(), subject.to_owned());
        let at = NOW.plus_seconds(at);
        store.audit_add(&Audit { at, actor, subject, ..audit(action) }).unwrap();
    }
    let found = |filter: AuditFilter| {
        let all = store.audit_search(&filter, Page::ALL).unwrap();
        assert_eq!(all.total, all.items.len() as u64);
        all.items.iter().map(|record| record.sequence).collect::<Vec<_>>()
    };
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(found(AuditFilter::default()), [4, 3, 2, 1]);
    assert_eq!(found(AuditFilter { actor: text("els"), ..Default::default() }), [2, 1]);
    assert_eq!(found(AuditFilter { action: text("login."), ..Default::default() }), [2, 1]);
    assert_eq!(found(AuditFilter { action: text("login.ok"), ..Default::default() }), [1]);
    assert_eq!(found(AuditFilter { subject: text("2"), ..Default::default() }), [3]);
    let (from, to) = (Some(NOW.plus_seconds(1)), Some(NOW.plus_seconds(3)));
    assert_eq!(found(AuditFilter { from, to, ..Default::default() }), [3, 2]);
    let page = Page { limit: 1, offset: 1 };
    let part = store.audit_search(&AuditFilter::default(), page).unwrap();
    assert_eq!((part.total, part.items[0].sequence), (4, 3));
    let after: Vec<_> =
        store.audit_after(1, 2).unwrap().into_iter().map(|record| record.sequence).collect();
    assert_eq!(after, [2, 3]);
    assert_eq!(store.audit_get(3).unwrap().unwrap().action, "loginx");
    assert!(store.audit_get(9).unwrap().is_none());
}

pub(super) fn records_of_a_batch_are_found(lab: &Lab) {
    let store = &lab.store;
    let (batch, other) = (BatchId(id()), BatchId(id()));
    let details = [
        format!("{{\"batch\":\"{batch}\",\"unit\":\"BZ\"}}"),
        format!("{{\"batch\":\"{other}\",\"undoes\":\"{batch}\"}}"),
        // Somebody wrote this as the function of an owner.
        format!("{{\"function\":\"\\\"batch\\\":\\\"{batch}\\\"\"}}"),
        format!("{{\"batch\":\"{batch}\"}}"),
        format!("{{\"batch\":\"{batch}\"}}"),
    ];
    for (detail, seconds) in details.into_iter().zip([0, 1, 2, 3, 9]) {
        let at = NOW.plus_seconds(seconds);
        store.audit_add(&Audit { at, detail, ..audit("owner.set") }).unwrap();
    }
    let found = store.audit_of_batch(batch, NOW, NOW.plus_seconds(9)).unwrap();
    assert_eq!(found.iter().map(|record| record.sequence).collect::<Vec<_>>(), [1, 4]);
    assert!(store.audit_of_batch(BatchId(id()), NOW, NOW.plus_days(1)).unwrap().is_empty());
}

pub(super) fn records_that_were_swapped_or_forged_are_found(lab: &Lab) {
    for number in 0..5 {
        let record = Audit { subject: number.to_string(), ..audit("test.run") };
        lab.store.audit_add(&record).unwrap();
    }
    lab.unprotect_audit();
    lab.raw(
        "INSERT INTO audit (seq, at, actor, action, subject, detail, hash)
         SELECT 6, at, 'eva', action, subject, detail, hash FROM audit WHERE seq = 5",
    )
    .unwrap();
    assert_eq!(lab.store.audit_verify().unwrap(), Err(6), "an appended record");
    lab.raw("DELETE FROM audit WHERE seq = 6").unwrap();
    assert_eq!(lab.store.audit_verify().unwrap(), Ok(5));
    lab.raw(
        "UPDATE audit SET seq = 100 WHERE seq = 2; UPDATE audit SET seq = 2 WHERE seq = 3;
         UPDATE audit SET seq = 3 WHERE seq = 100",
    )
    .unwrap();
    assert_eq!(lab.store.audit_verify().unwrap(), Err(2), "two swapped records");
}
