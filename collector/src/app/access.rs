//! Who asks. The rules stand in [`belfort_model::access`].

use belfort_model::access::{Denied, Role};

pub use belfort_model::access::{Actor, Right};

use super::AppError;

/// Whoever can run the command line on the collector's machine holds its keys and its database, and
/// so may do everything an administrator may.
pub fn local() -> Actor {
    let account = std::env::var("SUDO_USER").or_else(|_| std::env::var("USER"));
    let account = account.unwrap_or_else(|_| "unknown".to_owned());
    Actor::with_roles(format!("cli:{account}"), &[Role::Admin])
}

/// Checks that somebody administers the whole organisation: users belong to no unit.
pub fn require_administrator(actor: &Actor) -> Result<(), Denied> {
    actor.require_for(Right::Administer, None)
}

impl From<Denied> for AppError {
    fn from(denied: Denied) -> Self {
        Self::Forbidden(denied.to_string())
    }
}
