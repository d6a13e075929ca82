//! What the collector does, whoever asks: the functions that REST, the web interface and the command
//! line call. They check rights and values, and leave the rest to the model and the store.
//!
//! Calls block: asynchronous callers use a blocking thread.

pub mod access;
pub mod advisories;
pub mod api_tokens;
mod asset_filter;
pub mod assets;
pub mod audit;
pub mod audit_file;
pub mod callers;
pub mod classes;
pub mod data_sets;
pub mod evaluation;
pub mod external;
pub mod imports;
pub mod kpis;
pub mod lifecycle;
pub mod log_in;
pub mod own;
pub mod owners;
mod packages;
pub mod personal;
pub mod registry;
pub mod reports;
pub mod retention;
pub mod risks;
pub mod rules;
pub mod search;
pub mod software;
pub mod tokens;
pub mod triage;
pub mod undo;
pub mod units;
pub mod users;
pub mod views;
pub mod work;

use std::sync::Arc;

use belfort_assess::catalogue::Catalogue;
use belfort_model::time::Timestamp;
use belfort_store::record::Audit;
use belfort_store::{Store, StoreError};

use crate::branding::Branding;
use crate::login::Login;
use access::{Actor, Right};

/// The application.
#[derive(Clone)]
pub struct App {
    /// Where everything is kept.
    pub store: Arc<dyn Store>,
    /// What evaluations go by.
    pub catalogue: Arc<Catalogue>,
    /// What logging in goes by.
    pub login: Arc<Login>,
    /// How the organisation words its registry.
    pub registry: Arc<registry::Registry>,
    /// The organisation's logo, name and colours.
    pub branding: Arc<Branding>,
    /// What goes on that takes long.
    pub works: Arc<work::Works>,
    /// Package lists that were read lately.
    packages: Arc<packages::Lists>,
    /// Advisory data, kept in memory while it is current.
    pub advisories: Arc<advisories::Loader>,
}

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// A value is wrong: the text says which and what would do.
    #[error("{0}")]
    Invalid(String),
    /// The actor may not do this.
    #[error("{0}")]
    Forbidden(String),
    /// The store failed or refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The operating system gave no random bytes.
    #[error(transparent)]
    Random(#[from] crate::secret::NoRandom),
    /// Too many ask for this at once.
    #[error("too many log in at this moment: try again in a few seconds")]
    Busy,
    /// Something about logging in does not work here; the text says what.
    #[error("{0}")]
    Login(String),
}

/// Result of a call.
pub type Result<T> = std::result::Result<T, AppError>;

impl App {
    /// An application over a store.
    pub fn new(store: Arc<dyn Store>, catalogue: Catalogue) -> Self {
        Self {
            store,
            catalogue: Arc::new(catalogue),
            login: Arc::default(),
            registry: Arc::default(),
            branding: Arc::default(),
            works: Arc::default(),
            packages: Arc::default(),
            advisories: Arc::default(),
        }
    }

    /// The same with what logging in goes by.
    #[must_use]
    pub fn with_login(self, login: Login) -> Self {
        Self { login: Arc::new(login), ..self }
    }

    /// The application, dressed as the organisation wants its pages.
    #[must_use]
    pub fn with_branding(self, branding: Branding) -> Self {
        Self { branding: Arc::new(branding), ..self }
    }

    /// The application, worded as the organisation configured it.
    #[must_use]
    pub fn with_registry(self, registry: registry::Registry) -> Self {
        Self { registry: Arc::new(registry), ..self }
    }
}

/// Checks a right and writes the record of who did what.
fn audit(
    actor: &Actor,
    right: Right,
    action: &'static str,
    subject: &dyn std::fmt::Display,
    detail: &serde_json::Value,
    at: Timestamp,
) -> Result<Audit> {
    actor.require(right)?;
    let mut detail = detail.clone();
    if let Some(members) = detail.as_object_mut() {
        for (name, batch) in [("batch", actor.batch), ("undoes", actor.undoes)] {
            if let Some(batch) = batch {
                members.insert(name.to_owned(), batch.to_string().into());
            }
        }
    }
    let (actor, subject) = (actor.name.clone(), subject.to_string());
    Ok(Audit { at, actor, action, subject, detail: detail.to_string() })
}

/// Checks that a text for people has 1 to `most` characters and no control characters.
fn text(what: &str, value: &str, most: usize) -> Result<String> {
    let value = value.trim();
    let length = value.chars().count();
    if length == 0 || length > most || value.chars().any(char::is_control) {
        return Err(AppError::Invalid(format!(
            "{what} must have 1 to {most} characters and no control characters"
        )));
    }
    Ok(value.to_owned())
}
