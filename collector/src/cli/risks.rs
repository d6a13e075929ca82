//! `risk`.

use belfort_model::id::UnitId;
use belfort_model::risk::{
    Description, Knowledge, NewAssessment, RiskChange, RiskOwner, RiskState, Treatment,
};
use belfort_model::scale::Level;
use belfort_model::time::Timestamp;
use belfort_store::record::RiskFilter;
use clap::{Args, Subcommand};

use super::Context;
use super::assets::Paging;
use super::output;
use crate::app::App;
use crate::app::access::Actor;
use crate::app::risks::{Decide, Write};
use crate::app::triage::NewIncident;
use crate::clock;
use crate::failure::Failure;
use crate::view::{IncidentView, List, Rating, RiskVersionView, RiskView, SaidView};

/// Which risk, and on which version of it.
#[derive(Debug, Args)]
pub(super) struct Which {
    /// Reference, for example R-2026-0001
    reference: String,
    /// Only when the risk is still at this version
    #[arg(long, value_name = "VERSION")]
    version: Option<u64>,
}

/// A change that is tried first.
#[derive(Debug, Args)]
pub(super) struct Trial {
    /// Show what would come of it, and write nothing
    #[arg(long)]
    pub(super) dry_run: bool,
}

/// The risk register.
#[derive(Debug, Subcommand)]
pub(super) enum Risk {
    /// List risks, highest severity first
    #[command(after_help = "Examples:\n  \
        belfort-collector risk list --open\n  \
        belfort-collector risk list --unit BZ --as-of 2026-06-30 --json")]
    List {
        /// In this state
        #[arg(long)]
        state: Option<RiskState>,
        /// Of the unit with this code
        #[arg(long, value_name = "CODE")]
        unit: Option<String>,
        /// That rest on this asset: name, id, or the beginning of its id
        #[arg(long)]
        asset: Option<String>,
        /// Only those on the agenda
        #[arg(long)]
        open: bool,
        /// As the register was at this moment, or at the end of this day
        #[arg(long, value_name = "WHEN", value_parser = clock::until)]
        as_of: Option<Timestamp>,
        #[command(flatten)]
        paging: Paging,
    },
    /// Show one risk
    Show {
        /// Reference, for example R-2026-0001
        reference: String,
        /// As it was at this moment, or at the end of this day
        #[arg(long, value_name = "WHEN", value_parser = clock::until)]
        as_of: Option<Timestamp>,
    },
    /// Show who changed what on a risk, newest first
    History {
        /// Reference, for example R-2026-0001
        reference: String,
        #[command(flatten)]
        paging: Paging,
    },
    /// Take a risk up: security officer or CISO
    Analyse(Which),
    /// Put words to a risk: title, description, owner, controls, legal references
    #[command(after_help = "Example:\n  belfort-collector risk describe R-2026-0001 \
        --owner DMT --function \"departementshoofd Dienstverlening\" --control \"schijfversleuteling\"")]
    Describe {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        words: Words,
    },
    /// Assess the values of a risk that is being analysed
    #[command(after_help = "Example:\n  belfort-collector risk assess R-2026-0001 \
        --likelihood 3 --citizens 4 --control 2 --knowledge strong --reason \"lokaal is afgesloten\"")]
    Assess {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        values: Box<Values>,
    },
    /// Confirm what was assessed: security officer or risk owner
    Evaluate(Which),
    /// Reject a proposal, until its evidence changes: security officer
    Reject {
        #[command(flatten)]
        which: Which,
        /// Why
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        trial: Trial,
    },
    /// Decide on the treatment: department head, or what a meeting decided
    #[command(after_help = "Examples:\n  \
        belfort-collector --token-file head.token risk decide R-2026-0001 \
        --treatment mitigate --reason \"versleutelen\" --meeting CI-2026-11\n  \
        belfort-collector --token-file head.token risk decide R-2026-0001 \
        --treatment accept --until 2027-03-31 --reason \"vervanging gepland\" --dry-run")]
    Decide {
        #[command(flatten)]
        which: Which,
        /// `mitigate`, `avoid`, `transfer` or `accept`
        #[arg(long)]
        treatment: Treatment,
        /// Why
        #[arg(long)]
        reason: String,
        /// Reference of the meeting; needed from severity 4 up
        #[arg(long, value_name = "REFERENCE")]
        meeting: Option<String>,
        /// Until when it is accepted: a moment or a day
        #[arg(long, value_name = "WHEN", value_parser = clock::until)]
        until: Option<Timestamp>,
        #[command(flatten)]
        trial: Trial,
    },
    /// Agree that a risk is closed; risk owner and security officer both have to
    Close {
        #[command(flatten)]
        which: Which,
        /// Why
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        trial: Trial,
    },
    /// Give advice: data protection officer or CISO
    #[command(after_help = "Example:\n  belfort-collector --token-file dpo.token \
        risk advise R-2026-0001 --text \"eerst een GEB\"")]
    Advise {
        #[command(flatten)]
        which: Which,
        /// The advice
        #[arg(long)]
        text: String,
    },
    /// Link an incident, which has the risk looked at again
    Incident {
        /// Reference of the risk
        reference: String,
        /// Reference of the incident, for example INC-2026-042
        incident: String,
        /// What happened, in one line
        #[arg(long, default_value = "")]
        title: String,
    },
}

/// Words put to a risk.
#[derive(Debug, Args)]
pub(super) struct Words {
    /// Title instead of the scenario's; an empty one takes it away
    #[arg(long)]
    title: Option<String>,
    /// Description instead of the scenario's; an empty one takes it away
    #[arg(long)]
    description: Option<String>,
    /// Code of the department that answers for it
    #[arg(long, value_name = "CODE", requires = "function")]
    owner: Option<String>,
    /// Function of who answers for it
    #[arg(long, requires = "owner")]
    function: Option<String>,
    /// A control in place; can be repeated
    #[arg(long)]
    control: Option<Vec<String>>,
    /// A law or article it touches; can be repeated
    #[arg(long)]
    legal: Option<Vec<String>>,
}

/// Assessed values, 1 to 5. What is left out stays as it was assessed, or suggested.
#[derive(Debug, Args)]
pub(super) struct Values {
    /// Likelihood without controls
    #[arg(long, value_parser = level)]
    likelihood: Option<Level>,
    /// Likelihood with the controls in place
    #[arg(long, value_parser = level)]
    current_likelihood: Option<Level>,
    /// Likelihood after the treatment
    #[arg(long, value_parser = level)]
    target_likelihood: Option<Level>,
    /// Impact after the treatment
    #[arg(long, value_parser = level)]
    target_impact: Option<Level>,
    /// Impact on availability
    #[arg(long, value_parser = level)]
    b: Option<Level>,
    /// Impact on integrity
    #[arg(long, value_parser = level)]
    i: Option<Level>,
    /// Impact on confidentiality
    #[arg(long, value_parser = level)]
    v: Option<Level>,
    /// Impact on operations
    #[arg(long, value_parser = level)]
    operations: Option<Level>,
    /// Impact on citizens
    #[arg(long, value_parser = level)]
    citizens: Option<Level>,
    /// Impact in law
    #[arg(long, value_parser = level)]
    legal: Option<Level>,
    /// Impact on reputation
    #[arg(long, value_parser = level)]
    reputation: Option<Level>,
    /// Degree of control
    #[arg(long, value_parser = level)]
    control: Option<Level>,
    /// Strength of knowledge: `weak`, `moderate` or `strong`
    #[arg(long)]
    knowledge: Option<Knowledge>,
    /// Why
    #[arg(long)]
    reason: String,
}

fn level(text: &str) -> Result<Level, String> {
    let number: i64 = text.parse().map_err(|_| format!("`{text}` is not a level from 1 to 5"))?;
    Level::try_from(number).map_err(|error| error.to_string())
}

impl Risk {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let (app, actor) = context.acting()?;
        match self {
            Self::List { state, unit, asset, open, as_of, paging } => {
                let unit = unit.map(|code| app.unit(&code)).transpose()?.map(|unit| unit.id);
                let asset = asset.map(|asset| app.asset_in_sight(&actor, &asset)).transpose()?;
                let asset = asset.map(|asset| asset.summary.asset.id);
                let filter = RiskFilter { state, unit, asset, open, ..RiskFilter::default() };
                let found = app.risk_list(&actor, &filter, as_of, paging.page())?;
                list(context, &List::of(found, |risk| RiskView::of(risk, &app.catalogue)))
            }
            Self::Show { reference, as_of } => {
                let found = app.risk(&actor, &reference, as_of)?;
                context.output.one(&RiskView::of(found, &app.catalogue), lines)
            }
            Self::History { reference, paging } => {
                let found = app.risk_history(&actor, &reference, paging.page())?;
                history(context, &List::of(found, RiskVersionView::from))
            }
            Self::Decide { which, treatment, reason, meeting, until, trial } => {
                let write = Write { version: which.version, dry_run: trial.dry_run };
                let new = Decide { treatment, reason, meeting, accept_until: until };
                let done = app.risk_decide(&actor, &which.reference, new, write, clock::now())?;
                show(context, &RiskView::of(done, &app.catalogue), trial.dry_run)
            }
            Self::Incident { reference, incident, title } => {
                let risks = vec![reference];
                let new = NewIncident { reference: incident, title, risks, ..Default::default() };
                let done = app.incident_add(&actor, &new, None, clock::now())?;
                context.output.one(&IncidentView::from(done), |one| {
                    vec![format!("incident {} concerns {}", one.reference, one.risks.join(", "))]
                })
            }
            other => other.change(context, &app, &actor),
        }
    }

    fn change(self, context: &Context, app: &App, actor: &Actor) -> Result<(), Failure> {
        let (which, change, dry_run) = match self {
            Self::Analyse(which) => (which, RiskChange::Analyse, false),
            Self::Evaluate(which) => (which, RiskChange::Evaluate, false),
            Self::Describe { which, words } => {
                let unit = words.owner.as_deref().map(|code| app.unit(code)).transpose()?;
                let new = words.read(unit.map(|unit| unit.id));
                (which, RiskChange::Describe(new), false)
            }
            Self::Assess { which, values } => {
                (which, RiskChange::Assess(Box::new(values.read())), false)
            }
            Self::Reject { which, reason, trial } => {
                (which, RiskChange::Reject { reason }, trial.dry_run)
            }
            Self::Close { which, reason, trial } => {
                (which, RiskChange::Close { reason }, trial.dry_run)
            }
            Self::Advise { which, text } => (which, RiskChange::Advise { text }, false),
            // The others do not come here.
            Self::List { .. }
            | Self::Show { .. }
            | Self::History { .. }
            | Self::Decide { .. }
            | Self::Incident { .. } => return Ok(()),
        };
        let write = Write { version: which.version, dry_run };
        let done = app.risk_change(actor, &which.reference, &change, write, clock::now())?;
        show(context, &RiskView::of(done, &app.catalogue), dry_run)
    }
}

impl Words {
    fn read(self, unit: Option<UnitId>) -> Description {
        let owner = unit.zip(self.function).map(|(unit, function)| RiskOwner { unit, function });
        Description {
            title: self.title,
            description: self.description,
            owner,
            existing_controls: self.control,
            legal: self.legal,
        }
    }
}

impl Values {
    fn read(self) -> NewAssessment {
        NewAssessment {
            likelihood: self.likelihood,
            current_likelihood: self.current_likelihood,
            target_likelihood: self.target_likelihood,
            target_impact: self.target_impact,
            b: self.b,
            i: self.i,
            v: self.v,
            operations: self.operations,
            citizens: self.citizens,
            legal: self.legal,
            reputation: self.reputation,
            control: self.control,
            knowledge: self.knowledge,
            reason: self.reason,
        }
    }
}

fn show(context: &Context, risk: &RiskView, dry_run: bool) -> Result<(), Failure> {
    if dry_run && !context.output.is_json() {
        output::line("nothing is written; the risk would be:")?;
    }
    context.output.one(risk, lines)
}

fn list(context: &Context, risks: &List<RiskView>) -> Result<(), Failure> {
    let head = ["REF", "TITLE", "UNIT", "STATE", "TREATMENT", "SEVERITY", "PRIORITY", "REVIEW"];
    context.output.list(risks, &head, |risk| {
        let assessed = if risk.assessed.is_some() { " (assessed)" } else { "" };
        vec![
            risk.reference.clone(),
            risk.title_nl.clone(),
            risk.unit.clone().unwrap_or_default(),
            risk.state.clone(),
            risk.treatment.clone(),
            format!("{}{assessed}", risk.severity),
            risk.priority.clone(),
            risk.next_review.chars().take(10).collect(),
        ]
    })
}

fn history(context: &Context, versions: &List<RiskVersionView>) -> Result<(), Failure> {
    let head = ["VERSION", "AT", "BY", "WHAT", "STATE", "TREATMENT", "SEVERITY", "NOTE"];
    context.output.list(versions, &head, |one| {
        vec![
            one.version.to_string(),
            one.at.clone(),
            one.by.clone(),
            one.event.clone(),
            one.state.clone(),
            one.treatment.clone(),
            one.assessed.unwrap_or(one.suggested).severity.to_string(),
            one.note.clone(),
        ]
    })
}

fn rating(rating: Rating) -> String {
    let Rating { likelihood, impact, severity } = rating;
    format!("likelihood {likelihood} × impact {impact} → severity {severity}")
}

fn said(one: &SaidView) -> String {
    let role = one.role.as_deref().map(|role| format!(" ({role})")).unwrap_or_default();
    format!("{}{role}, {}: {}", one.by, one.at, one.text)
}

fn lines(risk: &RiskView) -> Vec<String> {
    let mut lines = vec![format!("{}  {}", risk.reference, risk.title_nl)];
    let mut say = |what: &str, text: String| {
        if !text.is_empty() {
            lines.push(format!("  {what:<18} {text}"));
        }
    };
    let facets: Vec<_> =
        risk.facets.iter().map(|(name, level)| format!("{name} {level}")).collect();
    let biv = risk.biv;
    say("what", risk.description_nl.clone());
    say("state", format!("{} ({}), version {}", risk.state, risk.treatment, risk.version));
    say("priority", format!("{} (severity {})", risk.priority, risk.severity));
    say("suggested, inherent", rating(risk.inherent));
    say("suggested, current", rating(risk.current));
    let impact = format!("B{} I{} V{}; {}", biv.b, biv.i, biv.v, facets.join(", "));
    say("suggested, impact", format!("{impact} (matrix {})", risk.matrix));
    let control = format!("{} ({} of {} comply)", risk.control, risk.compliant, risk.in_scope);
    say("suggested, control", control);
    if let Some(assessed) = &risk.assessed {
        say("assessed, inherent", rating(assessed.inherent));
        say("assessed, current", rating(assessed.current));
        say("assessed, target", assessed.target.map(rating).unwrap_or_default());
        say("assessed, control", assessed.control.to_string());
        let who = format!("{}, {}: {}", assessed.by, assessed.at, assessed.reason);
        say("assessed by", format!("{who} (knowledge {})", assessed.knowledge));
    }
    say("owner", risk.owner_function.clone().unwrap_or_default());
    say("controls in place", risk.existing_controls.join(", "));
    say("legal", risk.legal.join(", "));
    if let Some(decision) = &risk.decision {
        let meeting = decision.meeting.as_deref().map(|one| format!(", {one}")).unwrap_or_default();
        let who = format!("{} ({}){meeting}, {}", decision.by, decision.role, decision.at);
        say("decided by", format!("{who}: {} — {}", decision.treatment, decision.reason));
    }
    say("accepted until", risk.accept_until.clone().unwrap_or_default());
    say("rejected by", risk.rejection.as_ref().map(said).unwrap_or_default());
    for action in &risk.actions {
        let (due, status) = (&action.due, &action.status);
        let text = format!("{} — {}, by {due}: {status}", action.title, action.function);
        say("action", format!("{text} ({})", action.id));
    }
    for advice in &risk.advice {
        say("advice", said(advice));
    }
    for one in &risk.reassess {
        say("look again", format!("{} {}", one.cause, one.note).trim_end().to_owned());
    }
    say("agreed to close", risk.closing.as_ref().map(said).unwrap_or_default());
    say("closing proposed", risk.closure_proposed_at.clone().unwrap_or_default());
    say("incidents", risk.incidents.join(", "));
    say("findings", risk.codes.join(", "));
    say("assets", risk.assets.join(", "));
    say("next review", risk.next_review.clone());
    lines
}
