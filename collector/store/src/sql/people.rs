//! People: users, how they get in, their sessions, and who looked at what.

pub(crate) mod account;
pub(crate) mod attempt;
pub(crate) mod credential;
pub(crate) mod identity;
pub(crate) mod log;
pub(crate) mod session;
mod token;
pub(crate) mod view;
