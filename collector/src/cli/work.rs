//! `action`, `meeting` and `exception`.

use belfort_model::exception::ExceptionStatus;
use belfort_model::id::{ActionId, ExceptionId, FindingId};
use belfort_model::meeting::NewMeeting;
use belfort_model::risk::{ActionStatus, ActionUpdate};
use belfort_model::time::Timestamp;
use belfort_store::record::{ActionFilter, ExceptionFilter};
use clap::Subcommand;

use super::Context;
use super::assets::Paging;
use super::output;
use super::risks::Trial;
use crate::app::access::Right;
use crate::app::risks::{Plan, Write};
use crate::app::triage::{ExceptionChange, ExceptionFor};
use crate::clock;
use crate::failure::Failure;
use crate::view::{ActionView, ExceptionView, List, MeetingView};

/// Actions against risks.
#[derive(Debug, Subcommand)]
pub(super) enum Action {
    /// Plan an action
    #[command(after_help = "Example:\n  belfort-collector action add R-2026-0001 \
        \"schijven versleutelen\" --unit BZ --function \"dienstchef Burgerzaken\" --due 2027-01-31")]
    Add {
        /// Reference of the risk
        risk: String,
        /// What is to be done
        title: String,
        /// Code of the unit that does it
        #[arg(long, value_name = "CODE")]
        unit: String,
        /// Function of who does it
        #[arg(long)]
        function: String,
        /// When it is to be done: a moment or a day
        #[arg(long, value_name = "WHEN", value_parser = clock::until)]
        due: Timestamp,
    },
    /// List actions, what is due first comes first
    #[command(after_help = "Example:\n  belfort-collector action list --late --json")]
    List {
        /// Of the risk with this reference
        #[arg(long, value_name = "REFERENCE")]
        risk: Option<String>,
        /// That the unit with this code does
        #[arg(long, value_name = "CODE")]
        unit: Option<String>,
        /// With this status
        #[arg(long)]
        status: Option<ActionStatus>,
        /// Only those that should have been done by now
        #[arg(long)]
        late: bool,
        #[command(flatten)]
        paging: Paging,
    },
    /// Change an action
    #[command(after_help = "Example:\n  belfort-collector action set ID --status done")]
    Set {
        /// Id
        id: ActionId,
        /// `planned`, `running`, `blocked`, `done` or `verified`; whoever did it does not verify it
        #[arg(long)]
        status: Option<ActionStatus>,
        /// When it is to be done: a moment or a day
        #[arg(long, value_name = "WHEN", value_parser = clock::until)]
        due: Option<Timestamp>,
        /// Code of the unit that does it
        #[arg(long, value_name = "CODE")]
        unit: Option<String>,
        /// Function of who does it
        #[arg(long)]
        function: Option<String>,
        /// What there is to say
        #[arg(long)]
        note: Option<String>,
        /// Only when the action is still at this version
        #[arg(long)]
        version: Option<u64>,
    },
}

impl Action {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let (app, actor) = context.acting()?;
        match self {
            Self::Add { risk, title, unit, function, due } => {
                let plan = Plan { title, unit, function, due };
                let (_, id) =
                    app.action_add(&actor, &risk, &plan, Write::default(), clock::now())?;
                context.output.one(&ActionView::from(app.action(&actor, id)?), action)
            }
            Self::List { risk, unit, status, late, paging } => {
                actor.require(Right::Read).map_err(crate::app::AppError::from)?;
                let unit = unit.map(|code| app.unit(&code)).transpose()?.map(|unit| unit.id);
                let (late_at, scope) = (late.then(clock::now), actor.scope(Right::Read));
                let filter = ActionFilter { risk, unit, status, late_at, scope };
                let found = app.store.action_list(&filter, paging.page())?;
                let head = ["ID", "RISK", "ACTION", "UNIT", "FUNCTION", "DUE", "STATUS"];
                context.output.list(&List::of(found, ActionView::from), &head, |one| {
                    vec![
                        one.id.clone(),
                        one.risk.clone(),
                        one.title.clone(),
                        one.unit.clone().unwrap_or_default(),
                        one.function.clone(),
                        one.due.clone(),
                        one.status.clone(),
                    ]
                })
            }
            Self::Set { id, status, due, unit, function, note, version } => {
                let unit = unit.map(|code| app.unit(&code)).transpose()?.map(|unit| unit.id);
                let update = ActionUpdate { status, due, unit, function, note };
                let done = app.action_set(&actor, id, update, version, clock::now())?;
                context.output.one(&ActionView::from(done), action)
            }
        }
    }
}

fn action(one: &ActionView) -> Vec<String> {
    vec![format!(
        "action {} against {}: {} — {}, by {}: {}",
        one.id, one.risk, one.title, one.function, one.due, one.status
    )]
}

/// Meetings that take decisions.
#[derive(Debug, Subcommand)]
pub(super) enum Meeting {
    /// Enter a meeting: security officer
    #[command(after_help = "Example:\n  belfort-collector --token-file ivv.token meeting add \
        CI-2026-11 --held 2026-11-24 --attended voorzitter --attended departementshoofd")]
    Add {
        /// What decisions refer to
        reference: String,
        /// When it takes, or took, place: a moment or a day
        #[arg(long, value_name = "WHEN", value_parser = clock::since)]
        held: Timestamp,
        /// What it is called
        #[arg(long, default_value = "")]
        title: String,
        /// A function that took part; can be repeated
        #[arg(long)]
        attended: Vec<String>,
        /// Where the minutes are, or what they say
        #[arg(long, default_value = "")]
        minutes: String,
    },
    /// List meetings, newest first
    List {
        #[command(flatten)]
        paging: Paging,
    },
}

impl Meeting {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let (app, actor) = context.acting()?;
        match self {
            Self::Add { reference, held, title, attended, minutes } => {
                let new = NewMeeting { reference, title, attended, minutes };
                let done = app.meeting_add(&actor, &new, held, clock::now())?;
                context.output.one(&MeetingView::from(done), |one| {
                    vec![format!("meeting {} of {} is entered", one.reference, one.held_at)]
                })
            }
            Self::List { paging } => {
                actor.require(Right::Read).map_err(crate::app::AppError::from)?;
                let found = List::of(app.store.meeting_list(paging.page())?, MeetingView::from);
                context.output.list(&found, &["REF", "TITLE", "HELD", "ATTENDED"], |one| {
                    let attended = one.attended.join(", ");
                    vec![one.reference.clone(), one.title.clone(), one.held_at.clone(), attended]
                })
            }
        }
    }
}

/// Exceptions.
#[derive(Debug, Subcommand)]
pub(super) enum Exception {
    /// Ask for an exception
    #[command(after_help = "Examples:\n  \
        belfort-collector exception request --asset pc-1 --code tpm.absent --reason \"vervanging\"\n  \
        belfort-collector exception request --unit BZ --code disk.unencrypted \
        --until 2027-03-31 --reason \"project loopt\" --compensating \"lokaal is afgesloten\"")]
    Request {
        /// For this finding
        #[arg(long, value_name = "ID", conflicts_with_all = ["asset", "unit", "code"])]
        finding: Option<FindingId>,
        /// For this asset: name, id, or the beginning of its id
        #[arg(long, conflicts_with = "unit")]
        asset: Option<String>,
        /// For everything the unit with this code owns
        #[arg(long, value_name = "CODE", requires = "code")]
        unit: Option<String>,
        /// For findings with this code
        #[arg(long)]
        code: Option<String>,
        /// Why
        #[arg(long)]
        reason: String,
        /// What is done instead
        #[arg(long, default_value = "")]
        compensating: String,
        /// When it ends: a moment or a day; within 365 days, 90 when left out
        #[arg(long, value_name = "WHEN", value_parser = clock::until)]
        until: Option<Timestamp>,
    },
    /// Approve one: department head, or what a meeting approved; never who asked for it
    Approve {
        /// Id
        id: ExceptionId,
        /// Reference of the meeting that approved it
        #[arg(long, value_name = "REFERENCE")]
        meeting: Option<String>,
        #[command(flatten)]
        trial: Trial,
    },
    /// Reject a request
    Reject {
        /// Id
        id: ExceptionId,
        /// Why
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        trial: Trial,
    },
    /// End one before its time: what it was for counts again
    Close {
        /// Id
        id: ExceptionId,
        /// Why
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        trial: Trial,
    },
    /// List exceptions, what ends first comes first
    List {
        /// With this status
        #[arg(long)]
        status: Option<ExceptionStatus>,
        /// Of this asset: name, id, or the beginning of its id
        #[arg(long)]
        asset: Option<String>,
        /// That end by this moment or day
        #[arg(long, value_name = "WHEN", value_parser = clock::until)]
        ends_before: Option<Timestamp>,
        #[command(flatten)]
        paging: Paging,
    },
}

impl Exception {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let (app, actor) = context.acting()?;
        let now = clock::now();
        let (id, change, dry_run) = match self {
            Self::Request { finding, asset, unit, code, reason, compensating, until } => {
                let asset = asset.map(|asset| app.asset_in_sight(&actor, &asset)).transpose()?;
                let asset = asset.map(|asset| asset.summary.asset.id);
                let what = ExceptionFor { finding, asset, unit, code };
                let made =
                    app.exception_request(&actor, &what, reason, compensating, until, now)?;
                return context.output.one(&ExceptionView::from(made), exception);
            }
            Self::List { status, asset, ends_before, paging } => {
                actor.require(Right::Read).map_err(crate::app::AppError::from)?;
                let asset = asset.map(|asset| app.asset_in_sight(&actor, &asset)).transpose()?;
                let asset = asset.map(|asset| asset.summary.asset.id);
                let scope = actor.scope(Right::Read);
                let filter = ExceptionFilter { status, asset, ends_before, scope };
                let found = app.store.exception_list(&filter, paging.page())?;
                let head = ["ID", "FOR", "CODE", "UNIT", "STATUS", "ENDS", "REASON"];
                return context.output.list(&List::of(found, ExceptionView::from), &head, |one| {
                    vec![
                        one.id.clone(),
                        one.asset_name.clone().unwrap_or_else(|| one.scope.clone()),
                        one.code.clone().unwrap_or_default(),
                        one.unit.clone().unwrap_or_default(),
                        one.status.clone(),
                        one.expires_at.clone(),
                        one.reason.clone(),
                    ]
                });
            }
            Self::Approve { id, meeting, trial } => {
                (id, ExceptionChange::Approve { meeting }, trial.dry_run)
            }
            Self::Reject { id, reason, trial } => {
                (id, ExceptionChange::Reject { reason }, trial.dry_run)
            }
            Self::Close { id, reason, trial } => {
                (id, ExceptionChange::Close { reason }, trial.dry_run)
            }
        };
        let write = Write { version: None, dry_run };
        let done = app.exception_change(&actor, id, &change, write, now)?;
        if dry_run && !context.output.is_json() {
            output::line("nothing is written; the exception would be:")?;
        }
        context.output.one(&ExceptionView::from(done), exception)
    }
}

fn exception(one: &ExceptionView) -> Vec<String> {
    let (on, code) = (one.asset_name.as_deref(), one.code.as_deref());
    let what = on.or(one.unit.as_deref()).unwrap_or(&one.scope);
    vec![
        format!("exception {} for {what} {}", one.id, code.unwrap_or_default()),
        format!("  status  {}, until {}", one.status, one.expires_at),
        format!("  reason  {}", one.reason),
    ]
}
