//! `finding` and `evaluate`.

use std::path::PathBuf;

use belfort_assess::catalogue::Catalogue;
use belfort_assess::condition::RECORDS;
use belfort_model::finding::{FindingStatus, TriageChange};
use belfort_model::id::FindingId;
use belfort_store::record::FindingFilter;
use clap::{Args, Subcommand};
use serde::Serialize;

use super::Context;
use super::assets::Paging;
use super::output;
use super::risks::Trial;
use crate::app::risks::Write;
use crate::failure::{Exit, Failure};
use crate::view::{FindingKindView, FindingView, List};
use crate::{clock, data_directory};

/// Findings.
#[derive(Debug, Subcommand)]
pub(super) enum Finding {
    /// List findings, open ones first
    #[command(after_help = "Examples:\n  \
        belfort-collector finding list --open\n  \
        belfort-collector finding list --code disk.unencrypted --json")]
    List {
        /// Of this asset: name, id, or the beginning of its id
        #[arg(long)]
        asset: Option<String>,
        /// With this code
        #[arg(long)]
        code: Option<String>,
        /// With this status
        #[arg(long)]
        status: Option<FindingStatus>,
        /// Only those that count for a risk
        #[arg(long)]
        open: bool,
        #[command(flatten)]
        paging: Paging,
    },
    /// Show one finding with its evidence, remedy and what people made of it
    Show {
        /// Id
        id: FindingId,
    },
    /// Agree with a finding
    Confirm {
        /// Id
        id: FindingId,
        /// Why
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Say that a finding is none, until its evidence changes
    FalsePositive {
        /// Id
        id: FindingId,
        /// Why
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        trial: Trial,
    },
    /// Take a judgement back
    Reopen {
        /// Id
        id: FindingId,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Give a finding to a unit to solve
    Assign {
        /// Id
        id: FindingId,
        /// Code of the unit; the owner of the asset when left out
        #[arg(long, value_name = "CODE")]
        unit: Option<String>,
    },
    /// List what can be found: the catalogue, with controls and remedies
    #[command(after_help = "Example:\n  belfort-collector finding kinds --json")]
    Kinds,
    /// Check files with findings of your own, without using them
    #[command(after_help = "Examples:\n  \
        belfort-collector finding check own.toml\n\n\
        docs/guides/add-a-finding.md says what stands in such a file; `catalogue = [\"own.toml\"]` in \
        collector.toml uses it.")]
    Check {
        /// The files, in the order in which collector.toml names them
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// List what a condition can name: records, fields and their kinds of value
    Fields,
}

impl Finding {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let (asset, code, status, open, paging) = match self {
            Self::Kinds => return kinds(context),
            Self::List { asset, code, status, open, paging } => (asset, code, status, open, paging),
            Self::Check { files } => return check(context, &files),
            Self::Fields => return fields(context),
            other => return other.one(context),
        };
        let (app, actor) = context.acting()?;
        let asset = asset.map(|asset| app.asset_in_sight(&actor, &asset)).transpose()?;
        let asset = asset.map(|asset| asset.summary.asset.id);
        let filter = FindingFilter { asset, code, status, open, ..FindingFilter::default() };
        let found = app.finding_list(&actor, filter, paging.page(), clock::now())?;
        let findings = List::of(found, |finding| FindingView::of(finding, &app.catalogue));
        let head =
            ["ID", "CODE", "ASSET", "UNIT", "STATUS", "LIKELIHOOD", "BIV", "SINCE", "EVIDENCE"];
        context.output.list(&findings, &head, |finding| {
            let evidence: Vec<_> = finding.evidence.iter().map(|e| e.value.as_str()).collect();
            vec![
                finding.id.clone(),
                finding.code.clone(),
                finding.asset_name.clone(),
                finding.unit.clone().unwrap_or_default(),
                finding.status.clone(),
                finding.likelihood.to_string(),
                finding.dimensions.clone(),
                finding.first_observed.clone(),
                evidence.join("; "),
            ]
        })
    }
}

impl Finding {
    /// Shows or judges one finding.
    fn one(self, context: &Context) -> Result<(), Failure> {
        let (app, actor) = context.acting()?;
        let (id, change, dry_run) = match self {
            Self::Confirm { id, reason } => (id, TriageChange::Confirm { reason }, false),
            Self::FalsePositive { id, reason, trial } => {
                (id, TriageChange::FalsePositive { reason }, trial.dry_run)
            }
            Self::Reopen { id, reason } => (id, TriageChange::Reopen { reason }, false),
            Self::Assign { id, unit } => {
                let unit = unit.map(|code| app.unit(&code)).transpose()?.map(|unit| unit.id);
                (id, TriageChange::Assign { unit }, false)
            }
            Self::Show { id } => {
                let found = app.finding_shown(&actor, id, clock::now())?;
                return context.output.one(&FindingView::of(found, &app.catalogue), lines);
            }
            // These do not come here.
            Self::List { .. } | Self::Kinds | Self::Check { .. } | Self::Fields => return Ok(()),
        };
        let write = Write { version: None, dry_run };
        let done = app.finding_triage(&actor, id, &change, write, clock::now())?;
        if !dry_run {
            app.evaluate_soon(clock::now());
        } else if !context.output.is_json() {
            output::line("nothing is written; the finding would be:")?;
        }
        context.output.one(&FindingView::of(done, &app.catalogue), lines)
    }
}

fn lines(finding: &FindingView) -> Vec<String> {
    let mut lines = vec![format!("{}  {}", finding.code, finding.title_nl)];
    let mut say = |what: &str, text: String| {
        if !text.is_empty() {
            lines.push(format!("  {what:<12} {text}"));
        }
    };
    say("id", finding.id.clone());
    say("asset", format!("{} ({})", finding.asset_name, finding.asset));
    say("status", format!("{}, version {}", finding.status, finding.version));
    say("likelihood", format!("{} on {}", finding.likelihood, finding.dimensions));
    for item in &finding.evidence {
        say("evidence", format!("{}: {}", item.name, item.value));
    }
    if let Some(judged) = &finding.judged {
        let who = format!("{}, {}: {}", judged.by, judged.at, judged.status);
        say("judged", format!("{who} {}", judged.reason).trim_end().to_owned());
    }
    say("assigned to", finding.assigned_unit_id.clone().unwrap_or_default());
    say("exception", finding.exception.clone().unwrap_or_default());
    say("since", finding.first_observed.clone());
    say("due", finding.due.clone().unwrap_or_default());
    say("remedy", finding.remedy_nl.clone());
    say("controls", [finding.cyfun_2025.clone(), finding.iso_27001.clone()].concat().join(", "));
    lines
}

/// Lists the catalogue: the configured one, or the shipped one where nothing is set up.
fn kinds(context: &Context) -> Result<(), Failure> {
    let catalogue = match context.config() {
        Ok(config) => data_directory::catalogue(&context.data, &config)?,
        Err(failure) if failure.exit == Exit::NotInitialised => Catalogue::shipped()?,
        Err(failure) => return Err(failure),
    };
    let kinds = catalogue.findings.into_values().collect();
    let kinds = List::all(kinds, FindingKindView::from);
    let head = ["CODE", "TITLE", "LIKELIHOOD", "BIV", "SCENARIO", "CYFUN 2025", "ISO 27001"];
    context.output.list(&kinds, &head, |kind| {
        vec![
            kind.code.clone(),
            kind.title_nl.clone(),
            kind.likelihood.to_string(),
            kind.dimensions.clone(),
            kind.scenario.clone(),
            kind.cyfun_2025.join(", "),
            kind.iso_27001.join(", "),
        ]
    })
}

#[derive(Serialize)]
struct CheckedFiles {
    version: String,
    findings: usize,
    scenarios: usize,
}

/// Reads files as `serve` would.
fn check(context: &Context, files: &[PathBuf]) -> Result<(), Failure> {
    let texts = files.iter().map(|path| {
        let text = std::fs::read_to_string(path);
        let text = text.map_err(|error| {
            Failure::bad_input(format!("cannot read {}: {error}", path.display()))
        })?;
        Ok((path.display().to_string(), text))
    });
    let texts: Vec<_> = texts.collect::<Result<_, Failure>>()?;
    let texts: Vec<_> = texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let catalogue = Catalogue::with(&texts)?;
    let checked = CheckedFiles {
        version: catalogue.version,
        findings: catalogue.findings.len(),
        scenarios: catalogue.scenarios.len(),
    };
    context.output.one(&checked, |checked| {
        let CheckedFiles { version, findings, scenarios } = checked;
        vec![format!("in order: catalogue {version}, {findings} findings, {scenarios} scenarios")]
    })
}

#[derive(Serialize)]
struct FieldLine {
    field: String,
    sort: &'static str,
    about: &'static str,
}

/// What a condition can name.
fn fields(context: &Context) -> Result<(), Failure> {
    let all = RECORDS.iter().flat_map(|(record, fields)| {
        fields.iter().map(move |field| FieldLine {
            field: format!("{record}.{}", field.name),
            sort: field.sort.name(),
            about: field.about,
        })
    });
    let all = List::all(all.collect(), |line| line);
    context.output.list(&all, &["FIELD", "VALUE", "WHAT"], |line| {
        vec![line.field.clone(), line.sort.to_owned(), line.about.to_owned()]
    })
}

/// Evaluate what is due.
#[derive(Debug, Args)]
pub(super) struct Evaluate {
    /// Evaluate every asset, due or not
    #[arg(long)]
    all: bool,
}

impl Evaluate {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let app = context.app()?;
        if self.all {
            app.store.evaluation_request_all()?;
            app.store.risk_request_all()?;
        }
        let now = clock::now();
        app.pass_time(now)?;
        let done = app.evaluate_due(now)?;
        let (assets, units) = (done.assets, done.units);
        context.output.done(&format!("evaluated {assets} assets and the risks of {units} units"))
    }
}
