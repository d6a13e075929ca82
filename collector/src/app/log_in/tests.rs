//! Logging in over a real database, at any moment.

use std::sync::Arc;

use belfort_assess::catalogue::Catalogue;
use belfort_model::access::{Right, Role, RoleGrant};
use belfort_store::record::{Identity, Page};

use super::*;
use crate::app::access::Actor;
use crate::app::callers::{Caller, IDLE_MINUTES};
use crate::app::own::Proof;
use crate::config::login::LoginConfig;
use crate::login::Login;

const PASSWORD: &str = "paard batterij nietje";
const NOW: Timestamp = Timestamp(1_780_000_000_000);

struct Lab {
    app: App,
    _directory: tempfile::TempDir,
}

impl Lab {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", directory.path().join("belfort.db").display());
        let store = belfort_store::create(&url).unwrap();
        let app = App::new(store.into(), Catalogue::shipped().unwrap()).with_login(Login::new(
            &LoginConfig::default(),
            [7; 32],
            None,
        ));
        Self { app, _directory: directory }
    }

    /// A user with a password.
    fn user(&self, name: &str, role: Role) -> User {
        let grants = [RoleGrant { role, unit: None }];
        let user = self.app.user_create(&root(), name, &grants, NOW).unwrap();
        self.app.user_password_set(&root(), user.id, PASSWORD, NOW).unwrap();
        user
    }

    fn log_in(&self, name: &str, password: &str, code: &str, at: Timestamp) -> Option<LoggedIn> {
        self.log_in_from("192.0.2.1", name, password, code, at)
    }

    fn log_in_from(
        &self,
        address: &str,
        name: &str,
        password: &str,
        code: &str,
        at: Timestamp,
    ) -> Option<LoggedIn> {
        let given = Credentials {
            name: name.to_owned(),
            password: password.to_owned(),
            code: code.to_owned(),
        };
        self.app.log_in(&given, &visitor(address), None, at).unwrap()
    }

    fn caller(&self, secret: &str, at: Timestamp) -> Option<Caller> {
        self.app.caller_by_session(secret, at).unwrap()
    }

    /// Sets up a second factor; gives its secret and the recovery codes.
    fn second_factor(&self, name: &str, at: Timestamp) -> (Vec<u8>, Vec<String>) {
        let entered = self.log_in(name, PASSWORD, "", at).unwrap();
        let caller = self.caller(&entered.secret, at).unwrap();
        self.app.own_totp_propose(&caller, &Proof::default(), at).unwrap();
        let kept = self.app.store.credential_get(caller.user.id).unwrap().unwrap();
        let secret = self.app.unseal(caller.user.id, &kept.totp_pending.unwrap()).unwrap();
        assert!(self.app.own_totp_confirm(&caller, "000000", at).unwrap().is_none());
        let code = totp::code(&secret, at).unwrap();
        let codes = self.app.own_totp_confirm(&caller, &code, at).unwrap().unwrap();
        (secret, codes)
    }

    fn actions(&self) -> Vec<String> {
        let list = self.app.store.audit_list(Page::ALL).unwrap();
        list.items.into_iter().rev().map(|record| record.action).collect()
    }
}

fn root() -> Actor {
    Actor::with_roles("test", &[Role::Admin])
}

fn visitor(address: &str) -> Visitor {
    Visitor { address: address.parse().unwrap(), browser: "test\u{7}".to_owned() }
}

#[test]
fn a_password_lets_in_and_nothing_else_does() {
    let lab = Lab::new();
    lab.user("els", Role::Reader);
    let entered = lab.log_in("ELS ", PASSWORD, "", NOW).unwrap();
    let caller = lab.caller(&entered.secret, NOW).unwrap();
    assert!(caller.actor.may(Right::Read) && !caller.second_factor_due);
    assert_eq!(entered.session.browser, "test");
    for (name, password) in [("els", "paard"), ("els", ""), ("eva", PASSWORD), ("", "")] {
        assert!(lab.log_in(name, password, "", NOW).is_none(), "{name} {password}");
    }
    assert!(lab.caller("guess", NOW).is_none());
    assert_ne!(lab.log_in("els", PASSWORD, "", NOW).unwrap().secret, entered.secret);
}

#[test]
fn nobody_is_called_what_the_audit_log_calls_something_else() {
    let lab = Lab::new();
    for name in ["system", "Unknown", "identity-provider", "cli:root", ""] {
        assert!(lab.app.user_create(&root(), name, &[], NOW).is_err(), "{name}");
    }
}

#[test]
fn a_session_ends_without_use_and_after_half_a_day() {
    let lab = Lab::new();
    lab.user("els", Role::Reader);
    let secret = lab.log_in("els", PASSWORD, "", NOW).unwrap().secret;
    let minutes = |count: i64| NOW.plus_seconds(count * 60);
    assert!(lab.caller(&secret, minutes(IDLE_MINUTES)).is_none(), "not used");
    // Used every twenty minutes it lasts until its end, and no longer.
    for turn in 1..36 {
        assert!(lab.caller(&secret, minutes(turn * 20)).is_some(), "{turn}");
    }
    assert!(lab.caller(&secret, minutes(36 * 20)).is_none());
}

#[test]
fn a_disabled_user_is_out_at_once() {
    let lab = Lab::new();
    let user = lab.user("els", Role::Reader);
    let secret = lab.log_in("els", PASSWORD, "", NOW).unwrap().secret;
    let token = lab.app.api_token_create(&root(), "els", "x", 1, NOW).unwrap().1;
    lab.app.user_disable(&root(), user.id, NOW).unwrap();
    assert!(lab.caller(&secret, NOW).is_none());
    assert!(lab.app.actor_by_api_token(&token, NOW).unwrap().is_none());
    assert!(lab.log_in("els", PASSWORD, "", NOW).is_none());
    lab.app.user_enable(&root(), user.id, NOW).unwrap();
    assert!(lab.log_in("els", PASSWORD, "", NOW).is_some());
    assert!(lab.caller(&secret, NOW).is_none(), "an ended session stays ended");
    assert!(lab.app.actor_by_api_token(&token, NOW).unwrap().is_none());
}

#[test]
fn whoever_can_change_something_needs_a_second_factor_first() {
    let lab = Lab::new();
    lab.user("veiligheid", Role::SecurityOfficer);
    let entered = lab.log_in("veiligheid", PASSWORD, "", NOW).unwrap();
    assert!(lab.caller(&entered.secret, NOW).unwrap().second_factor_due);

    let (secret, codes) = lab.second_factor("veiligheid", NOW);
    assert!(lab.caller(&entered.secret, NOW).is_none(), "a session of before");
    // The code that confirmed it is used up, as is any other once it was shown.
    let code = |at| totp::code(&secret, at).unwrap();
    assert!(lab.log_in("veiligheid", PASSWORD, &code(NOW), NOW).is_none(), "replayed");
    let later = NOW.plus_seconds(60);
    assert!(lab.log_in("veiligheid", PASSWORD, "", later).is_none(), "without");
    let entered = lab.log_in("veiligheid", PASSWORD, &code(later), later).unwrap();
    assert!(!lab.caller(&entered.secret, later).unwrap().second_factor_due);
    assert!(lab.log_in("veiligheid", PASSWORD, &code(later), later).is_none(), "replayed");
    assert!(lab.log_in("veiligheid", PASSWORD, &code(NOW), later).is_none(), "an older one");
    // A recovery code is good for once.
    assert!(lab.log_in("veiligheid", PASSWORD, &codes[0], later).is_some());
    assert!(lab.log_in("veiligheid", PASSWORD, &codes[0], later).is_none());
    assert!(lab.log_in("veiligheid", "wrong wrong wrong", &codes[1], later).is_none());
    assert!(lab.log_in("veiligheid", PASSWORD, &codes[1], later).is_some(), "it was not used up");
}

#[test]
fn a_second_factor_is_replaced_only_with_the_present_one() {
    let lab = Lab::new();
    lab.user("veiligheid", Role::SecurityOfficer);
    let (secret, codes) = lab.second_factor("veiligheid", NOW);
    let later = NOW.plus_seconds(90);
    let code = totp::code(&secret, later).unwrap();
    let entered = lab.log_in("veiligheid", PASSWORD, &code, later).unwrap();
    let caller = lab.caller(&entered.secret, later).unwrap();
    let propose = |password: &str, code: &str, at| {
        let proof = Proof { password: password.to_owned(), code: code.to_owned() };
        lab.app.own_totp_propose(&caller, &proof, at).is_ok()
    };
    assert!(!propose("", "", later));
    assert!(!propose("", "123456", later));
    let stale = later.plus_seconds(11 * 60);
    assert!(!propose("", &codes[0], stale), "the password is asked again after ten minutes");
    assert!(propose(PASSWORD, &codes[1], stale));
}

#[test]
fn guessing_has_to_wait_longer_and_longer() {
    let lab = Lab::new();
    lab.user("els", Role::Reader);
    lab.user("eva", Role::Reader);
    for _ in 0..lockout::FREE_FOR_ACCOUNT {
        assert!(lab.log_in("els", "wrong wrong wrong", "", NOW).is_none());
    }
    assert!(lab.log_in("els", PASSWORD, "", NOW).is_none(), "even the right one has to wait");
    assert!(lab.log_in_from("198.51.100.9", "els", PASSWORD, "", NOW).is_none(), "everywhere");
    assert!(lab.log_in("eva", PASSWORD, "", NOW).is_some(), "another account does not");
    assert!(lab.log_in("els", PASSWORD, "", NOW.plus_seconds(29)).is_none());
    // Half a minute later one more may be tried; wrong again, a minute.
    let again = NOW.plus_seconds(30);
    assert!(lab.log_in("els", "wrong wrong wrong", "", again).is_none());
    assert!(lab.log_in("els", PASSWORD, "", again.plus_seconds(59)).is_none());
    assert!(lab.log_in("els", PASSWORD, "", again.plus_seconds(60)).is_some());
    assert!(lab.log_in("els", PASSWORD, "", again.plus_seconds(60)).is_some(), "forgiven");
    // The administrator can let somebody in at once.
    for _ in 0..lockout::FREE_FOR_ACCOUNT {
        lab.log_in("els", "wrong wrong wrong", "", again);
    }
    let user = lab.app.store.user_by_name("els").unwrap().unwrap();
    lab.app.user_password_set(&root(), user.id, PASSWORD, again).unwrap();
    assert!(lab.log_in("els", PASSWORD, "", again).is_some());
    let locked = lab.actions().iter().filter(|action| *action == "login.locked").count();
    assert_eq!(locked, 1, "one record, however often it is tried");
}

#[test]
fn an_address_that_tries_many_names_has_to_wait_too() {
    let lab = Lab::new();
    lab.user("els", Role::Reader);
    for number in 0..lockout::FREE_FOR_ADDRESS {
        assert!(lab.log_in(&format!("name-{number}"), "wrong wrong wrong", "", NOW).is_none());
    }
    assert!(lab.log_in("els", PASSWORD, "", NOW).is_none());
    assert!(lab.log_in_from("192.0.2.2", "els", PASSWORD, "", NOW).is_some());
}

#[test]
fn guesses_at_once_all_count() {
    let lab = Lab::new();
    lab.user("els", Role::Reader);
    let lab = Arc::new(lab);
    std::thread::scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| lab.log_in("els", "wrong wrong wrong", "", NOW));
        }
    });
    let failed = lab.actions().iter().filter(|action| *action == "login.failed").count();
    assert_eq!(failed, lockout::FREE_FOR_ACCOUNT as usize);
}

#[test]
fn a_one_time_code_sets_a_password_once() {
    let lab = Lab::new();
    let user = lab.user("els", Role::Reader);
    let secret = lab.log_in("els", PASSWORD, "", NOW).unwrap().secret;
    let code = lab.app.user_reset(&root(), user.id, NOW).unwrap().code;
    assert!(lab.caller(&secret, NOW).is_none(), "a reset ends sessions");
    assert!(lab.log_in("els", PASSWORD, "", NOW).is_none(), "and takes the password back");
    let new = "vier woorden zonder verband";
    let set = |code: &str, at| lab.app.password_reset(code, new, &visitor("192.0.2.1"), at);
    assert!(!set("bfr1.guess", NOW).unwrap());
    assert!(!set(&code, NOW.plus_seconds(24 * 3600)).unwrap(), "it lasts a day");
    let weak = lab.app.password_reset(&code, "els", &visitor("192.0.2.1"), NOW);
    assert!(matches!(weak, Err(AppError::Invalid(_))), "a weak password does not use it up");
    assert!(set(&code, NOW).unwrap());
    assert!(!set(&code, NOW).unwrap(), "once");
    assert!(lab.log_in("els", new, "", NOW).is_some());
}

#[test]
fn changing_the_password_ends_the_other_sessions() {
    let lab = Lab::new();
    lab.user("els", Role::Reader);
    let [own, other] = [(); 2].map(|()| lab.log_in("els", PASSWORD, "", NOW).unwrap().secret);
    let caller = lab.caller(&own, NOW).unwrap();
    let new = "vier woorden zonder verband";
    assert!(lab.app.own_password_set(&caller, "wrong wrong wrong", new, NOW).is_err());
    assert!(lab.app.own_password_set(&caller, PASSWORD, "els", NOW).is_err());
    lab.app.own_password_set(&caller, PASSWORD, new, NOW).unwrap();
    assert!(lab.caller(&own, NOW).is_some());
    assert!(lab.caller(&other, NOW).is_none());
}

#[test]
fn no_secret_reaches_the_audit_log() {
    let lab = Lab::new();
    lab.user("veiligheid", Role::SecurityOfficer);
    let (secret, codes) = lab.second_factor("veiligheid", NOW);
    let typed = "a password typed as a name";
    lab.log_in(typed, "x", "", NOW);
    let user = lab.app.store.user_by_name("veiligheid").unwrap().unwrap();
    let reset = lab.app.user_reset(&root(), user.id, NOW).unwrap().code;
    let log = format!("{:?}", lab.app.store.audit_list(Page::ALL).unwrap().items);
    let base32 = totp::proposal(&secret, "x").unwrap().secret;
    for never in [PASSWORD, typed, codes[0].as_str(), &reset, &base32, "192.0.2.1", "argon2"] {
        assert!(!log.contains(never), "{never}");
    }
    assert_eq!(lab.app.store.audit_verify().unwrap(), Ok(lab.actions().len() as u64));
}

#[test]
fn a_token_of_a_providers_user_lasts_as_long_as_the_person_comes() {
    let lab = Lab::new();
    let identity = Identity { issuer: "https://login.example".to_owned(), subject: "1".to_owned() };
    let user = User {
        id: UserId(Uuid::now_v7()),
        name: "els".to_owned(),
        roles: vec![RoleGrant { role: Role::Reader, unit: None }],
        created_at: NOW,
        disabled_at: None,
        version: 1,
    };
    let record = attempt(Some(&user), "user.create", &json!({}), NOW);
    lab.app.store.identity_insert(&identity, &user, &record).unwrap();
    let secret = lab.app.api_token_create(&root(), "els", "x", 365, NOW).unwrap().1;
    lab.user("eva", Role::Reader);
    let own = lab.app.api_token_create(&root(), "eva", "x", 365, NOW).unwrap().1;
    let may = |secret: &str, days| {
        lab.app.actor_by_api_token(secret, NOW.plus_days(days)).unwrap().is_some()
    };
    assert!(may(&secret, 30));
    assert!(!may(&secret, 31), "groups give roles at a login alone");
    assert!(may(&own, 31), "her roles are kept here");
    let from = Visitor { address: [192, 0, 2, 1].into(), browser: String::new() };
    let at = NOW.plus_days(40);
    lab.app.begin_session(user, LoginMethod::Oidc, true, &from, None, at).unwrap();
    assert!(may(&secret, 70));
    assert!(!may(&secret, 71));
}
