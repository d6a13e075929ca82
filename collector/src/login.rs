//! Ways in: passwords, second factors, one-time codes and identity providers. What is here knows no
//! store; [`crate::app`] puts it together.

pub mod code;
pub mod network;
pub mod oidc;
pub mod password;
pub mod seal;
pub mod totp;

use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use belfort_model::access::{Role, RoleGrant};

use crate::config::Web;
use crate::config::login::{LoginConfig, SecondFactor, default_token_days};

/// What logging in goes by.
#[derive(Default)]
pub struct Login {
    second_factor: SecondFactor,
    key: Option<[u8; 32]>,
    token_days: Option<u16>,
    /// The identity provider, where there is one.
    pub oidc: Option<oidc::Provider>,
    /// Reverse proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// Where people reach the collector, without a slash at the end; nothing when that is not known.
    pub url: Option<String>,
    hashing: Turns,
}

impl Login {
    /// Logging in as configured; `key` seals the secrets of second factors.
    pub fn new(config: &LoginConfig, key: [u8; 32], oidc: Option<oidc::Provider>) -> Self {
        let token_days = config.oidc.as_ref().map(|oidc| oidc.token_days);
        Self { second_factor: config.totp, key: Some(key), token_days, oidc, ..Self::default() }
    }

    /// The same behind these proxies, at this address.
    #[must_use]
    pub fn at(self, web: &Web) -> Self {
        Self { trusted_proxies: web.trusted_proxies.clone(), url: Some(web.address()), ..self }
    }

    /// The key that seals secrets; nothing in a process that was given none.
    pub fn key(&self) -> Option<&[u8; 32]> {
        self.key.as_ref()
    }

    /// Days after the last login at an identity provider in which a person's API tokens are let in; also
    /// when there is no provider any more.
    pub fn token_days(&self) -> i64 {
        i64::from(self.token_days.unwrap_or_else(default_token_days))
    }

    /// Whether somebody with these roles must show a second factor: whoever can change something.
    pub fn needs_second_factor(&self, roles: &[RoleGrant]) -> bool {
        let changes = |role: Role| role.rights().iter().any(|right| right.decides());
        self.second_factor == SecondFactor::Required && roles.iter().any(|one| changes(one.role))
    }

    /// Runs work on a password when it is its turn; nothing when too many wait.
    pub fn in_turn<T>(&self, work: impl FnOnce() -> T) -> Option<T> {
        self.hashing.run(work)
    }
}

/// Hashing a password takes 19 MiB and a core for a while: so few at a time, so few waiting.
const LANES: usize = 2;
const WAITING: usize = 32;

#[derive(Default)]
struct Turns {
    waiting: AtomicUsize,
    lanes: [Mutex<()>; LANES],
}

impl Turns {
    fn run<T>(&self, work: impl FnOnce() -> T) -> Option<T> {
        let place = self.waiting.fetch_add(1, Ordering::Relaxed);
        let done = (place < WAITING + LANES).then(|| {
            let lane = self.lanes.get(place % LANES);
            let _turn = lane.map(|lane| lane.lock().unwrap_or_else(PoisonError::into_inner));
            work()
        });
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_can_change_something_needs_a_second_factor() {
        let login = Login::default();
        for (role, needs) in [
            (Role::Admin, true),
            (Role::SecurityOfficer, true),
            (Role::Ciso, true),
            (Role::DepartmentHead, true),
            (Role::HeadOfService, true),
            (Role::Dpo, false),
            (Role::Auditor, false),
            (Role::Reader, false),
        ] {
            let grants = [RoleGrant { role, unit: None }];
            assert_eq!(login.needs_second_factor(&grants), needs, "{role}");
        }
        let optional = LoginConfig { totp: SecondFactor::Optional, ..LoginConfig::default() };
        let login = Login::new(&optional, [0; 32], None);
        assert!(!login.needs_second_factor(&[RoleGrant { role: Role::Admin, unit: None }]));
    }

    #[test]
    fn too_many_at_once_are_sent_away() {
        let turns = Turns::default();
        turns.waiting.store(WAITING + LANES, Ordering::Relaxed);
        assert!(turns.run(|| ()).is_none());
        turns.waiting.store(0, Ordering::Relaxed);
        assert!(turns.run(|| ()).is_some());
        assert_eq!(turns.waiting.load(Ordering::Relaxed), 0);
    }
}
