//! What can go wrong for a user of the command line, each kind with its own exit code.

use std::fmt;

use belfort_assess::catalogue::CatalogueError;
use belfort_store::StoreError;

use crate::app::AppError;
use crate::ca::CaError;
use crate::config::ConfigError;

/// Exit codes; the agent uses the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Something nobody foresaw.
    Unexpected = 1,
    /// A wrong command line; given by the command-line parser.
    Usage = 2,
    /// A wrong configuration.
    Configuration = 3,
    /// Keys or data are damaged, or can be read by others.
    Damaged = 4,
    /// Nothing was set up here yet.
    NotInitialised = 5,
    /// The database cannot be reached or written.
    Unreachable = 6,
    /// A rule does not allow it.
    Refused = 7,
    /// A value is wrong, or names nothing.
    BadInput = 8,
}

/// A failure with its exit code.
#[derive(Debug)]
pub struct Failure {
    /// The code.
    pub exit: Exit,
    /// What happened, why and what to do.
    pub error: anyhow::Error,
}

impl Failure {
    /// A failure of a kind.
    pub fn new(exit: Exit, error: impl Into<anyhow::Error>) -> Self {
        Self { exit, error: error.into() }
    }

    /// A wrong value.
    pub fn bad_input(message: impl fmt::Display) -> Self {
        Self::new(Exit::BadInput, anyhow::anyhow!("{message}"))
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self { exit: Exit::Unexpected, error }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let exit = match error {
            ConfigError::Missing { .. } => Exit::NotInitialised,
            _ => Exit::Configuration,
        };
        Self::new(exit, error)
    }
}

impl From<CatalogueError> for Failure {
    fn from(error: CatalogueError) -> Self {
        Self::new(Exit::Configuration, error)
    }
}

impl From<CaError> for Failure {
    fn from(error: CaError) -> Self {
        let exit = match error {
            CaError::Name(_) => Exit::Configuration,
            _ => Exit::Damaged,
        };
        Self::new(exit, error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let exit = match error {
            StoreError::Unavailable(_) | StoreError::NotWritable(_) => Exit::Unreachable,
            StoreError::NotFound { .. } | StoreError::Exists { .. } => Exit::BadInput,
            StoreError::Conflict { .. } | StoreError::Refused(_) => Exit::Refused,
            StoreError::Newer { .. } | StoreError::Corrupt { .. } => Exit::Damaged,
            StoreError::Database { .. } => Exit::Unexpected,
        };
        Self::new(exit, error)
    }
}

impl From<AppError> for Failure {
    fn from(error: AppError) -> Self {
        match error {
            AppError::Store(error) => error.into(),
            AppError::Invalid(_) => Self::new(Exit::BadInput, error),
            AppError::Forbidden(_) => Self::new(Exit::Refused, error),
            AppError::Random(_) | AppError::Login(_) => Self::new(Exit::Unexpected, error),
            AppError::Busy => Self::new(Exit::Refused, error),
        }
    }
}
