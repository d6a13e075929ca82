//! Key figures and monthly reports.

use std::path::PathBuf;
use std::process::ExitCode;

use belfort_model::id::ReportId;
use belfort_store::record::Page;
use clap::{Args, Subcommand};

use super::{Context, output};
use crate::app::App;
use crate::app::access::Actor;
use crate::app::reports::{Asked, Made, Verified};
use crate::calendar::{Day, Month, moment};
use crate::clock;
use crate::failure::{Exit, Failure};
use crate::i18n::{Language, Texts};
use crate::report::document::Kind;
use crate::report::render::{Form, RenderError, render};
use crate::view::{FigureView, KpisView, List, ReportView, VerifiedView};

/// Key figures.
#[derive(Debug, Subcommand)]
pub(super) enum Kpi {
    /// List the key figures K1 to K16, now or as of a day
    #[command(after_help = "Examples:\n  \
        belfort-collector kpi list\n  \
        belfort-collector kpi list --as-of 2026-11-23 --json\n\n\
        A figure that cannot be told is unknown, with the reason. The state of the assets of an earlier day \
        is known when the server kept its figures that day.")]
    List {
        /// As of the end of this day, or of this moment (RFC 3339)
        #[arg(long, value_name = "DAY")]
        as_of: Option<String>,
    },
}

impl Kpi {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let (app, actor) = context.acting()?;
        let Self::List { as_of } = self;
        let as_of = as_of.map(|text| moment(&text)).transpose();
        let as_of = as_of.map_err(|error| Failure::bad_input(format!("--as-of: {error}")))?;
        let kpis = app.kpis(&actor, as_of.unwrap_or_else(clock::now))?;
        let view = KpisView::of(kpis, &app.store.unit_list()?);
        if context.output.is_json() {
            return output::json(&view);
        }
        let texts = Texts::of(Language::En);
        let head = ["KPI", "WHAT", "VALUE", "COLOUR"];
        context.output.list(&List { total: 16, items: view.figures }, &head, |figure| {
            let what = texts.get(&format!("kpi-{}", figure.id));
            vec![figure.id.clone(), what, said(figure), figure.colour.clone()]
        })?;
        for service in &view.services {
            let name = service.name.as_deref().unwrap_or("without an owner");
            let (reporting, expected) = (service.reporting, service.expected);
            output::line(&format!("K5  {name}: {reporting} of {expected} report"))?;
        }
        Ok(())
    }
}

fn said(figure: &FigureView) -> String {
    if let Some(reason) = &figure.unknown {
        return format!("unknown ({reason})");
    }
    let mut parts = Vec::new();
    if let (Some(share), Some(good), Some(of)) = (figure.per_mille, figure.count, figure.of) {
        parts.push(format!("{}.{}% ({good} of {of})", share / 10, share % 10));
    } else if let Some(count) = figure.count {
        parts.push(count.to_string());
    }
    if let Some(unknown) = figure.not_told.filter(|unknown| *unknown > 0) {
        parts.push(format!("{unknown} could not be told"));
    }
    parts.extend(figure.oldest.iter().map(|oldest| format!("oldest since {oldest}")));
    for (priority, median) in figure.days.iter().flatten() {
        parts.push(format!("{priority}: {} days of {}", median.days, median.of));
    }
    for source in figure.sources.iter().flatten() {
        parts.push(format!("{} {} days old", source.name, source.age_days));
    }
    parts.join(", ")
}

/// Monthly reports for the CI meeting.
#[derive(Debug, Subcommand)]
pub(super) enum Report {
    /// Make the report of a month and freeze it as presented
    #[command(after_help = "Examples:\n  \
        belfort-collector report create --month 2026-11\n  \
        belfort-collector report create --month 2026-11 --cut-off 2026-11-23 --lang en")]
    Create {
        #[command(flatten)]
        which: Which,
        /// Language it is presented in
        #[arg(long, value_enum, default_value_t = Language::Nl)]
        lang: Language,
    },
    /// Write a report to a file without freezing it
    #[command(after_help = "Example:\n  \
        belfort-collector report preview --cut-off 2026-11-23 --format pdf -o rapport.pdf")]
    Preview {
        #[command(flatten)]
        which: Which,
        /// Language
        #[arg(long, value_enum, default_value_t = Language::Nl)]
        lang: Language,
        #[command(flatten)]
        target: Target,
    },
    /// List frozen reports
    #[command(after_help = "Example:\n  belfort-collector report list --json")]
    List,
    /// Show one frozen report
    Show {
        /// Its id, or the month: then the newest of that month
        report: String,
    },
    /// Write a frozen report to a file
    #[command(after_help = "Examples:\n  \
        belfort-collector report render 2026-11 --format pdf -o rapport.pdf\n  \
        belfort-collector report render 2026-11 --format html --lang en -o report.html\n  \
        belfort-collector report render 2026-11 --kind cyfun --format pdf -o bewijs.pdf")]
    Render {
        /// Its id, or the month: then the newest of that month
        report: String,
        /// Language; the one it was presented in when left out
        #[arg(long, value_enum)]
        lang: Option<Language>,
        #[command(flatten)]
        target: Target,
    },
    /// Compute the hash of a frozen report again; exit code 4 when it is not what it was
    #[command(after_help = "Example:\n  belfort-collector report verify 2026-11")]
    Verify {
        /// Its id, or the month: then the newest of that month
        report: String,
    },
}

#[derive(Debug, Args)]
pub(super) struct Which {
    /// The month it is about, for example 2026-11; that of the cut-off when left out
    #[arg(long, value_name = "YYYY-MM")]
    month: Option<Month>,
    /// The day at whose end the state is shown; the last of the month, or today, when left out
    #[arg(long, value_name = "YYYY-MM-DD")]
    cut_off: Option<Day>,
}

#[derive(Debug, Args)]
pub(super) struct Target {
    /// How it is written down
    #[arg(long, value_enum)]
    format: Form,
    /// What of it: the monthly report, or the evidence for an assessment by CyFun 2025
    #[arg(long, value_enum, default_value_t = Kind::Monthly)]
    kind: Kind,
    /// File to write to, made anew; standard output when left out
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Report {
    pub(super) fn run(self, context: &Context) -> Result<ExitCode, Failure> {
        let (app, actor) = context.acting()?;
        match self {
            Self::Create { which, lang } => {
                let asked = Asked::new(which.month, which.cut_off, clock::now())?;
                let frozen = app.report_freeze(&actor, asked, lang, clock::now())?;
                context.output.one(&ReportView::from(frozen.record), lines)?;
            }
            Self::Preview { which, lang, target } => {
                let asked = Asked::new(which.month, which.cut_off, clock::now())?;
                write(context, &app.report_preview(&actor, asked)?, lang, target)?;
            }
            Self::List => {
                let reports = app.report_list(&actor, Page::ALL)?;
                let reports = List::of(reports, ReportView::from);
                let head = ["ID", "MONTH", "CUT-OFF", "LANG", "FROZEN", "BY", "SHA-256"];
                context.output.list(&reports, &head, |report| {
                    vec![
                        report.id.clone(),
                        report.month.clone(),
                        report.cut_off.clone(),
                        report.language.clone(),
                        report.created_at.clone(),
                        report.created_by.clone(),
                        report.sha256.chars().take(16).collect(),
                    ]
                })?;
            }
            Self::Show { report } => {
                let frozen = app.report_get(&actor, find(&app, &actor, &report)?)?;
                context.output.one(&ReportView::from(frozen.record), lines)?;
            }
            Self::Render { report, lang, target } => {
                let frozen = app.report_get(&actor, find(&app, &actor, &report)?)?;
                let presented = frozen.record.language.parse().unwrap_or(Language::Nl);
                write(context, &frozen.made, lang.unwrap_or(presented), target)?;
            }
            Self::Verify { report } => {
                let verified = app.report_verify(&actor, find(&app, &actor, &report)?)?;
                return show_verified(context, verified);
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// A report by its id, or the newest of a month.
fn find(app: &App, actor: &Actor, text: &str) -> Result<ReportId, Failure> {
    if let Ok(id) = text.parse() {
        return Ok(id);
    }
    let month: Month = text.parse().map_err(|_| {
        Failure::bad_input(format!("`{text}` is neither the id of a report nor a month"))
    })?;
    let month = month.to_string();
    let reports = app.report_list(actor, Page::ALL)?.items;
    let found = reports.into_iter().find(|report| report.month == month);
    found.map(|report| report.id).ok_or_else(|| {
        Failure::bad_input(format!(
            "no report of {month} was frozen: `belfort-collector report create --month {month}` makes one"
        ))
    })
}

fn write(context: &Context, made: &Made, lang: Language, target: Target) -> Result<(), Failure> {
    let bytes = render(made, target.kind, target.format, lang)?;
    let Some(path) = target.output else { return output::bytes(&bytes) };
    let failed = |error: std::io::Error| {
        Failure::bad_input(format!("cannot write {}: {error}", path.display()))
    };
    // A half-written report never stands under its name.
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let temporary = path.with_file_name(format!(".{name}.partial"));
    let result =
        std::fs::write(&temporary, &bytes).and_then(|()| std::fs::rename(&temporary, &path));
    if result.is_err() {
        let _ = std::fs::remove_file(&temporary);
    }
    result.map_err(failed)?;
    context.output.done(&format!("written to {}", path.display()))
}

fn show_verified(context: &Context, verified: Verified) -> Result<ExitCode, Failure> {
    let view = VerifiedView::from(verified);
    let holds = view.holds;
    context.output.one(&view, |view| {
        let verdict = if view.holds { "holds" } else { "DOES NOT HOLD" };
        vec![
            format!("the report {verdict}"),
            format!("  {:<10} {}", "frozen", view.stored),
            format!("  {:<10} {}", "computed", view.computed),
            format!("  {:<10} {}", "audit log", view.audited.as_deref().unwrap_or("no record")),
        ]
    })?;
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::from(Exit::Damaged as u8) })
}

fn lines(report: &ReportView) -> Vec<String> {
    vec![
        format!("report of {}  {}", report.month, report.id),
        format!("  {:<10} {}", "cut-off", report.cut_off),
        format!("  {:<10} {}", "language", report.language),
        format!("  {:<10} {} by {}", "frozen", report.created_at, report.created_by),
        format!("  {:<10} {}", "sha-256", report.sha256),
    ]
}

impl From<RenderError> for Failure {
    fn from(error: RenderError) -> Self {
        Self::new(Exit::Unexpected, error)
    }
}
