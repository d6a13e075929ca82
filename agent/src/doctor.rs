//! What is missing, denied or slow on this device, in plain words, and what to do about it.
//!
//! It only looks: at files, at the probes' own outcomes, and at what can be watched. The rooms:
//! [`probes`] explains outcomes, [`state`] looks at identity and clock, [`service`] at the running
//! service, [`watching`] at what can be watched.

use serde::Serialize;

pub mod probes;
pub mod service;
pub mod state;
#[cfg(target_os = "linux")]
pub mod watching;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should be.
    Fine,
    /// Worth knowing; nothing is wrong.
    Note,
    /// Something should be done.
    Attention,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub subject: String,
    /// How much it matters.
    pub verdict: Verdict,
    /// What was found, in words.
    pub text: String,
    /// What to do; empty when there is nothing to do.
    pub remedy: String,
}

impl Finding {
    /// As it should be.
    pub fn fine(subject: &str, text: impl Into<String>) -> Self {
        Self::new(subject, Verdict::Fine, text, "")
    }

    /// Worth knowing.
    pub fn note(subject: &str, text: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(subject, Verdict::Note, text, remedy)
    }

    /// Something should be done.
    pub fn attention(subject: &str, text: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(subject, Verdict::Attention, text, remedy)
    }

    fn new(
        subject: &str,
        verdict: Verdict,
        text: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        let subject = subject.to_owned();
        Self { subject, verdict, text: text.into(), remedy: remedy.into() }
    }
}
