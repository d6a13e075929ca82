//! `classify` and `class`: how much damage a loss does, in the words of a scheme.

use belfort_model::scale::Level;
use clap::{Args, Subcommand};

use super::Context;
use crate::app::classes::WordedClass;
use crate::clock;
use crate::failure::Failure;
use crate::view::{GivenClass, List, SchemeView};

/// Classify an asset or a data set.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    belfort-collector classify \"Bevolkingsregister\" --b 3 --i 4 --v 4 --basis \"collegebesluit 2026/12\"\n  \
    belfort-collector classify \"Bevolkingsregister\" --b high --i high --v middle --scheme low-middle-high/1 \
    --basis \"BIA\" --propose")]
pub(super) struct Classify {
    /// Name, id, or the beginning of the id of the asset or data set
    subject: String,
    /// Availability, 1 to 5 or as the scheme says it
    #[arg(long, value_parser = value)]
    b: String,
    /// Integrity
    #[arg(long, value_parser = value)]
    i: String,
    /// Confidentiality
    #[arg(long, value_parser = value)]
    v: String,
    /// Scheme and version; the configured one when left out
    #[arg(long, default_value = "")]
    scheme: String,
    /// Why
    #[arg(long)]
    basis: String,
    /// Function of who decided
    #[arg(long, value_name = "FUNCTION", default_value = "")]
    decided_by: String,
    /// Only propose it: the owner confirms
    #[arg(long)]
    propose: bool,
}

impl Classify {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let (app, actor) = context.acting()?;
        let subject = app.asset_in_sight(&actor, &self.subject)?.summary.asset;
        let now = clock::now();
        let new = WordedClass {
            scheme: self.scheme,
            b: self.b,
            i: self.i,
            v: self.v,
            basis: self.basis,
            decided_by: self.decided_by,
            proposed: self.propose,
        };
        let given = app.class_set(&actor, subject.id, &new, None, now)?;
        app.evaluate_soon(now);
        let (biv, status) = (given.biv, given.status);
        context.output.one(&GivenClass::from(given), |_| {
            vec![match status {
                belfort_model::classification::ClassificationStatus::Proposed => {
                    format!("{} is proposed as {biv}", subject.name)
                }
                _ => format!("{} is classified {biv}", subject.name),
            }]
        })
    }
}

/// Classifications and their schemes.
#[derive(Debug, Subcommand)]
pub(super) enum Class {
    /// Confirm the newest proposal, or that the class still holds: that is its review
    #[command(after_help = "Example:\n  \
        belfort-collector --token-file dienstchef.token class confirm \"Bevolkingsregister\"")]
    Confirm {
        /// Name, id, or the beginning of the id of the asset or data set
        subject: String,
        /// Why; as it was when left out
        #[arg(long, default_value = "")]
        basis: String,
    },
    /// Show all classes an asset has had, newest first
    History {
        /// Name, id, or the beginning of the id of the asset or data set
        subject: String,
    },
    /// List the schemes one can classify in
    Schemes,
}

impl Class {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let (app, actor) = context.acting()?;
        match self {
            Self::Confirm { subject, basis } => {
                let asset = app.asset_in_sight(&actor, &subject)?.summary.asset;
                let now = clock::now();
                let given = app.class_confirm(&actor, asset.id, &basis, None, now)?;
                app.evaluate_soon(now);
                context.output.one(&GivenClass::from(given), |given| {
                    vec![format!("{} is confirmed; review by {}", asset.name, given.review_due)]
                })
            }
            Self::History { subject } => {
                let id = app.asset_in_sight(&actor, &subject)?.summary.asset.id;
                let history = List::all(app.class_history(&actor, id)?, GivenClass::from);
                let head = [
                    "AT",
                    "B",
                    "I",
                    "V",
                    "STATUS",
                    "METHOD",
                    "SCHEME",
                    "DECIDED BY",
                    "BASIS",
                    "REVIEW",
                ];
                context.output.list(&history, &head, |one| {
                    vec![
                        one.decided_at.clone(),
                        one.biv.b.to_string(),
                        one.biv.i.to_string(),
                        one.biv.v.to_string(),
                        one.status.clone(),
                        one.method.clone(),
                        one.scheme.clone(),
                        one.decided_by.clone(),
                        one.basis.clone(),
                        one.review_due.clone(),
                    ]
                })
            }
            Self::Schemes => {
                let registry = &app.registry;
                let show = |scheme| SchemeView::of(scheme, &registry.scheme);
                let schemes = List::all(registry.all_schemes(), show);
                context.output.list(&schemes, &["SCHEME", "DEFAULT", "LEVELS"], |scheme| {
                    let levels = scheme.levels.iter();
                    let levels: Vec<_> = levels
                        .map(|one| format!("{}={} ({})", one.code, one.level, one.title_nl))
                        .collect();
                    let default = if scheme.default { "yes" } else { "" };
                    vec![scheme.name.clone(), default.to_owned(), levels.join(", ")]
                })
            }
        }
    }
}

/// A value of a scheme: a code, or a level from 1 to 5.
fn value(text: &str) -> Result<String, String> {
    if text.parse::<i64>().is_ok() {
        level(text)?;
    }
    Ok(text.to_owned())
}

/// A level from 1 to 5 on the command line.
pub(super) fn level(text: &str) -> Result<Level, String> {
    let number: i64 = text.parse().map_err(|_| "not a level from 1 to 5".to_owned())?;
    Level::try_from(number).map_err(|error| error.to_string())
}
