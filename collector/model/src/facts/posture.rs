//! How the device is set up: what its settings allow.

use serde::{Deserialize, Serialize};

/// Facts of the SSH server: what holds for everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SshFacts {
    /// `yes`, `no`, `prohibit-password` or `forced-commands-only`; empty when unknown.
    pub root_login: String,
    /// Whether a password lets in, asked for in whatever way.
    pub password_login: Option<bool>,
    /// Whether an empty password does.
    pub empty_passwords: Option<bool>,
    /// Whether some may be excepted from this.
    pub has_exceptions: bool,
}

/// Facts of the rules of sudo.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SudoFacts {
    /// How many there are.
    pub count: u32,
    /// How many ask for no password.
    pub without_password: u32,
    /// How many allow everything.
    pub unlimited: u32,
}

/// Facts of mandatory access control.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AccessControlFacts {
    /// `selinux`, `apparmor` …; empty when there is none.
    pub engine: String,
    /// `enforcing`, `permissive` or `disabled`; empty when unknown.
    pub mode: String,
}

impl AccessControlFacts {
    /// Whether something is forbidden by it.
    pub fn is_enforced(&self) -> Option<bool> {
        match (self.engine.as_str(), self.mode.as_str()) {
            ("", _) => Some(false),
            (_, "") => None,
            (_, mode) => Some(mode == "enforcing"),
        }
    }
}

/// Facts of the containers and virtual machines a device hosts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WorkloadFacts {
    /// How many there are.
    pub count: u32,
    /// How many run, at least; nothing when none is known to and some are not known not to.
    pub running: Option<u32>,
    /// How many may do anything on their host, in the same way.
    pub privileged: Option<u32>,
}
