//! How the program ends: one code for each kind of failure.

use std::fmt;
use std::process::ExitCode;

use crate::config::ConfigError;
use crate::enrolment::{EnrolmentError, TokenError};
use crate::exchange::ExchangeError;
use crate::report::ReportError;
use crate::run::chain;
use crate::state::StateError;
use crate::transport::{self, AddressError, TransportError};

/// The exit codes, for the help texts.
pub(super) const HELP: &str = "\
Exit codes:
  0  done
  1  unexpected failure
  2  wrong usage
  3  the configuration is not valid
  4  the state is damaged, insecure or in use
  5  the device is not enrolled
  6  the collector cannot be reached, or is not the one that is trusted
  7  the collector refused
  8  a value is not valid
  9  `doctor` found something that needs attention";

/// Exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Ok = 0,
    /// Something nobody expected.
    Unexpected = 1,
    /// Wrong usage.
    Usage = 2,
    /// The configuration is not valid.
    Configuration = 3,
    /// The state is damaged, insecure or in use.
    State = 4,
    /// The device is not enrolled.
    NotEnrolled = 5,
    /// The collector cannot be reached, or is not the one that is trusted.
    Unreachable = 6,
    /// The collector refused.
    Refused = 7,
    /// A value is not valid.
    Input = 8,
    /// `doctor` found something that needs attention.
    Attention = 9,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// A failure with its exit code and the text for the user: what happened, why, what to do.
#[derive(Debug)]
pub struct Failure {
    /// How the program ends.
    pub exit: Exit,
    message: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Failure {
    /// A failure with a text of its own.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into() }
    }

    /// Something that should not fail did.
    pub fn output(error: impl std::error::Error) -> Self {
        Self::new(Exit::Unexpected, chain(&error))
    }

    fn of(exit: Exit, error: &dyn std::error::Error, remedy: &str) -> Self {
        let mut message = chain(error);
        if !remedy.is_empty() {
            message.push_str("\n  ");
            message.push_str(remedy);
        }
        Self { exit, message }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let remedy = "Mend the file, or remove it to collect what the collector asks for.";
        Self::of(Exit::Configuration, &error, remedy)
    }
}

impl From<StateError> for Failure {
    fn from(error: StateError) -> Self {
        Self::of(Exit::State, &error, "")
    }
}

impl From<ReportError> for Failure {
    fn from(error: ReportError) -> Self {
        Self::of(Exit::Unexpected, &error, "")
    }
}

impl From<TokenError> for Failure {
    fn from(error: TokenError) -> Self {
        Self::of(Exit::Input, &error, "")
    }
}

impl From<AddressError> for Failure {
    fn from(error: AddressError) -> Self {
        Self::of(Exit::Input, &error, "")
    }
}

fn of_transport(error: &TransportError, whole: &dyn std::error::Error) -> Failure {
    match error {
        TransportError::Identity(_) | TransportError::Tls(_) => {
            Failure::of(Exit::State, whole, "Enrol the device again with a new token.")
        }
        TransportError::Connect { .. } | TransportError::Timeout { .. } => Failure::of(
            Exit::Unreachable,
            whole,
            "Check the address, the name service and the firewall, and whether the collector runs.",
        ),
        TransportError::Handshake { .. } | TransportError::Http { .. } => Failure::of(
            Exit::Unreachable,
            whole,
            "Check that the address is the collector's and the token is from this collector; a \
             proxy that opens TLS cannot stand in between.",
        ),
    }
}

fn of_status(status: &tonic::Status, whole: &dyn std::error::Error) -> Failure {
    use tonic::Code;
    match status.code() {
        Code::Unauthenticated | Code::PermissionDenied => Failure::of(
            Exit::Refused,
            whole,
            "Ask for a new token and enrol the device with it; the collector's log says why.",
        ),
        Code::InvalidArgument | Code::FailedPrecondition | Code::Unimplemented => {
            Failure::of(Exit::Refused, whole, "The collector's log says why.")
        }
        Code::ResourceExhausted => Failure::of(Exit::Refused, whole, "Try again later."),
        _ if transport::alert(status).is_some() => Failure::of(
            Exit::Refused,
            whole,
            "The collector does not accept this device's certificate: it was revoked or replaced. \
             Enrol the device again with a new token.",
        ),
        _ => Failure::of(Exit::Unreachable, whole, "Try again later."),
    }
}

impl From<EnrolmentError> for Failure {
    fn from(error: EnrolmentError) -> Self {
        of_enrolment(&error, &error)
    }
}

fn of_enrolment(error: &EnrolmentError, whole: &dyn std::error::Error) -> Failure {
    match error {
        EnrolmentError::State(_) => Failure::of(Exit::State, whole, ""),
        EnrolmentError::Transport(inner) => of_transport(inner, whole),
        EnrolmentError::Refused(status) => of_status(status, whole),
        EnrolmentError::Address(_) | EnrolmentError::Empty | EnrolmentError::Identity(_) => {
            Failure::of(
                Exit::Refused,
                whole,
                "Collector and agent may not fit together: update both.",
            )
        }
        EnrolmentError::Key(_) => Failure::of(Exit::Unexpected, whole, ""),
    }
}

impl From<ExchangeError> for Failure {
    fn from(error: ExchangeError) -> Self {
        match &error {
            ExchangeError::NotEnrolled => Self::of(Exit::NotEnrolled, &error, ""),
            ExchangeError::State(_) | ExchangeError::Address(_) => {
                Self::of(Exit::State, &error, "")
            }
            ExchangeError::Transport(inner) => of_transport(inner, &error),
            ExchangeError::Recover(inner) | ExchangeError::Renew(inner) => {
                of_enrolment(inner, &error)
            }
            ExchangeError::Refused(status) => of_status(status, &error),
            ExchangeError::Report(_) | ExchangeError::Watch(_) => {
                Self::of(Exit::Unexpected, &error, "")
            }
            ExchangeError::Identity(_)
            | ExchangeError::Root { .. }
            | ExchangeError::Acknowledgement(_)
            | ExchangeError::Answer(_) => {
                let remedy = "Collector and agent may not fit together: update both.";
                Self::of(Exit::Refused, &error, remedy)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_names_every_code() {
        for exit in [
            Exit::Ok,
            Exit::Unexpected,
            Exit::Usage,
            Exit::Configuration,
            Exit::State,
            Exit::NotEnrolled,
            Exit::Unreachable,
            Exit::Refused,
            Exit::Input,
            Exit::Attention,
        ] {
            assert!(HELP.contains(&format!("\n  {}  ", exit as u8)), "{exit:?}");
        }
    }

    #[test]
    fn answers_of_the_collector_become_codes() {
        let exit = |code| {
            let status = tonic::Status::new(code, "x");
            Failure::from(ExchangeError::from(status)).exit
        };
        assert_eq!(exit(tonic::Code::Unauthenticated), Exit::Refused);
        assert_eq!(exit(tonic::Code::InvalidArgument), Exit::Refused);
        assert_eq!(exit(tonic::Code::Unavailable), Exit::Unreachable);
        assert_eq!(exit(tonic::Code::DeadlineExceeded), Exit::Unreachable);
    }
}
