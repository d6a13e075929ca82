//! `finding`, `risk` and `evaluate`.

use std::path::PathBuf;

use belfort_assess::catalogue::Catalogue;
use belfort_assess::condition::RECORDS;
use belfort_model::finding::FindingStatus;
use belfort_model::risk::RiskState;
use belfort_store::record::{FindingFilter, RiskFilter};
use clap::{Args, Subcommand};
use serde::Serialize;

use super::Context;
use super::assets::Paging;
use crate::app::access::Right;
use crate::failure::{Exit, Failure};
use crate::view::{FindingKindView, FindingView, List, Rating, RiskView};
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
            Self::List { asset, code, status, open, paging } => (asset, code, status, open, paging),
            Self::Kinds => return kinds(context),
            Self::Check { files } => return check(context, &files),
            Self::Fields => return fields(context),
        };
        let (app, actor) = context.acting()?;
        let asset = asset.map(|asset| app.asset(&asset)).transpose()?;
        let asset = asset.map(|asset| asset.summary.asset.id);
        let scope = actor.scope(Right::Read);
        let filter = FindingFilter { asset, code, status, open, scope };
        let found = app.store.finding_list(&filter, paging.page())?;
        let findings = List::of(found, |finding| FindingView::of(finding, &app.catalogue));
        let head = ["CODE", "ASSET", "UNIT", "STATUS", "LIKELIHOOD", "BIV", "SINCE", "EVIDENCE"];
        context.output.list(&findings, &head, |finding| {
            let evidence: Vec<_> = finding.evidence.iter().map(|e| e.value.as_str()).collect();
            vec![
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

/// The risk register.
#[derive(Debug, Subcommand)]
pub(super) enum Risk {
    /// List risks, highest severity first
    #[command(after_help = "Examples:\n  \
        belfort-collector risk list --open\n  \
        belfort-collector risk list --unit BZ --json")]
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
        #[command(flatten)]
        paging: Paging,
    },
    /// Show one risk
    Show {
        /// Reference, for example R-2026-0001
        reference: String,
    },
}

impl Risk {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let (app, actor) = context.acting()?;
        match self {
            Self::List { state, unit, asset, open, paging } => {
                let unit = unit.map(|code| app.unit(&code)).transpose()?.map(|unit| unit.id);
                let asset = asset.map(|asset| app.asset(&asset)).transpose()?;
                let asset = asset.map(|asset| asset.summary.asset.id);
                let scope = actor.scope(Right::Read);
                let filter = RiskFilter { state, unit, asset, open, scope };
                let found = app.store.risk_list(&filter, paging.page())?;
                let risks = List::of(found, |risk| RiskView::of(risk, &app.catalogue));
                let head = [
                    "REF",
                    "TITLE",
                    "STATE",
                    "SEVERITY",
                    "LIKELIHOOD",
                    "IMPACT",
                    "CONTROL",
                    "PRIORITY",
                ];
                context.output.list(&risks, &head, |risk| {
                    vec![
                        risk.reference.clone(),
                        risk.title_nl.clone(),
                        risk.state.clone(),
                        risk.current.severity.to_string(),
                        risk.current.likelihood.to_string(),
                        risk.current.impact.to_string(),
                        risk.control.to_string(),
                        risk.priority.clone(),
                    ]
                })
            }
            Self::Show { reference } => {
                let found = app.store.risk_get(&reference)?;
                let found = found.ok_or_else(|| {
                    Failure::bad_input(format!(
                        "there is no risk `{reference}`: `belfort-collector risk list` shows all"
                    ))
                })?;
                context.output.one(&RiskView::of(found, &app.catalogue), lines)
            }
        }
    }
}

fn lines(risk: &RiskView) -> Vec<String> {
    let rating = |rating: Rating| {
        let Rating { likelihood, impact, severity } = rating;
        format!("likelihood {likelihood} × impact {impact} → severity {severity}")
    };
    let facets: Vec<_> =
        risk.facets.iter().map(|(name, level)| format!("{name} {level}")).collect();
    let biv = risk.biv;
    vec![
        format!("{}  {}", risk.reference, risk.title_nl),
        format!("  {:<12} {}", "what", risk.description_nl),
        format!("  {:<12} {} ({})", "state", risk.state, risk.treatment),
        format!("  {:<12} {}", "inherent", rating(risk.inherent)),
        format!("  {:<12} {}", "current", rating(risk.current)),
        format!(
            "  {:<12} B{} I{} V{}; {} (matrix {})",
            "impact",
            biv.b,
            biv.i,
            biv.v,
            facets.join(", "),
            risk.matrix
        ),
        format!(
            "  {:<12} {} ({} of {} comply)",
            "control", risk.control, risk.compliant, risk.in_scope
        ),
        format!("  {:<12} {}", "priority", risk.priority),
        format!("  {:<12} {}", "findings", risk.codes.join(", ")),
        format!("  {:<12} {}", "assets", risk.assets.join(", ")),
        format!("  {:<12} {}", "next review", risk.next_review),
    ]
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
        let done = app.evaluate_due(clock::now())?;
        let (assets, units) = (done.assets, done.units);
        context.output.done(&format!("evaluated {assets} assets and the risks of {units} units"))
    }
}
