//! `advisories`: imported data about vulnerabilities and the end of support.

use std::cell::RefCell;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::time::Duration;

use belfort_model::advisory::FeedKind;
use belfort_model::id::SuppressionId;
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Context;
use crate::app::advisories::{Import, NewSuppression, Where};
use crate::clock;
use crate::failure::Failure;
use crate::view::{AdvisorySourceView, ImportedView, List, SuppressionView, VulnerabilityView};

/// Advisory data.
#[derive(Debug, Subcommand)]
pub(super) enum Advisories {
    /// Import files as their publishers ship them, or folders of them
    #[command(
        after_help = "Feeds: kev, eu_kev, epss, endoflife, osv, debian, msrc, vulnrichment; \
        packed by gzip, or for OSV, MSRC and Vulnrichment as a zip archive.\n\n\
        Examples:\n  \
        belfort-collector advisories import known_exploited_vulnerabilities.json epss_scores-current.csv.gz\n  \
        belfort-collector advisories import --dry-run /mnt/usb/advisories\n  \
        belfort-collector advisories import --kind osv Debian/all.zip"
    )]
    Import(ImportArgs),
    /// List what was imported: from where, of when, and whether it is recent enough
    #[command(after_help = "Example:\n  belfort-collector advisories list --json")]
    List,
    /// Show everything known about a vulnerability
    #[command(after_help = "Example:\n  belfort-collector advisories show CVE-2024-3094")]
    Show {
        /// The vulnerability, for example CVE-2024-3094
        cve: String,
    },
    /// Pass over a vulnerability, for a reason and for a time
    #[command(
        after_help = "It takes a role that judges findings: use --token-file.\n\nExamples:\n  \
        belfort-collector advisories suppress CVE-2024-3094 --package xz-utils --days 90 --reason \"sshd does not load it\"\n  \
        belfort-collector advisories suppress CVE-2024-3094 --unit BZ --days 30 --reason \"segment is closed\""
    )]
    Suppress(SuppressArgs),
    /// End a suppression before its time
    Unsuppress {
        /// Id of the suppression
        id: SuppressionId,
    },
    /// List what is passed over
    #[command(after_help = "Example:\n  belfort-collector advisories suppressions --all --json")]
    Suppressions {
        /// Also those that are over
        #[arg(long)]
        all: bool,
    },
}

/// What to import.
#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// Files and folders
    #[arg(required = true, value_name = "FILE|DIRECTORY")]
    paths: Vec<PathBuf>,
    /// Which feed the files are, where that does not show
    #[arg(long)]
    kind: Option<FeedKind>,
    /// Take data that is older than what is there, or the same
    #[arg(long)]
    force: bool,
    /// Read everything and change nothing
    #[arg(long)]
    dry_run: bool,
}

/// What to pass over.
#[derive(Debug, Args)]
pub(super) struct SuppressArgs {
    /// The vulnerability, for example CVE-2024-3094
    cve: String,
    /// Only in this source package
    #[arg(long)]
    package: Option<String>,
    /// Only on the assets of the unit with this code and of those below it
    #[arg(long, value_name = "CODE", conflicts_with = "asset")]
    unit: Option<String>,
    /// Only on this asset: name, id, or the beginning of its id
    #[arg(long)]
    asset: Option<String>,
    /// Why it does not matter here
    #[arg(long)]
    reason: String,
    /// For how many days, 1 to 365
    #[arg(long, default_value_t = 90)]
    days: i64,
}

impl Advisories {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        match self {
            Self::Import(arguments) => import(context, arguments),
            Self::List => list(context),
            Self::Show { cve } => show(context, &cve),
            Self::Suppress(arguments) => suppress(context, arguments),
            Self::Unsuppress { id } => {
                let (app, actor) = context.acting()?;
                app.unsuppress(&actor, id, clock::now())?;
                context.output.done(&format!("suppression {id} has ended"))
            }
            Self::Suppressions { all } => suppressions(context, all),
        }
    }
}

fn import(context: &Context, arguments: ImportArgs) -> Result<(), Failure> {
    let (app, actor) = context.acting()?;
    let ImportArgs { paths, kind, force, dry_run } = arguments;
    let import = Import { kind, force, dry_run };
    let bar = progress_bar();
    let last = RefCell::new(String::new());
    let progress = |file: &str, records: u64| {
        // One line of a folder with many files is redrawn by the bar's own clock.
        if *last.borrow() != file {
            bar.set_message(format!("{file} ({records} records so far)"));
            file.clone_into(&mut last.borrow_mut());
        }
    };
    let result = app.advisories_import(&actor, &paths, import, &progress, clock::now());
    bar.finish_and_clear();
    let (imported, unknown) = result?;
    let imported = List::all(imported, ImportedView::from);
    let head = ["SOURCE", "OUTCOME", "VERSION", "AS OF", "RECORDS", "IGNORED", "SKIPPED"];
    context.output.list(&imported, &head, |one| {
        vec![
            one.name.clone(),
            one.outcome.clone(),
            one.version.clone(),
            one.as_of.clone(),
            one.records.to_string(),
            one.ignored.to_string(),
            one.skipped.to_string(),
        ]
    })?;
    if context.output.is_json() {
        return Ok(());
    }
    for one in &imported.items {
        for named in &one.named {
            super::output::line(&format!("{}: not used: {named}", one.name))?;
        }
    }
    for path in &unknown {
        super::output::line(&format!("{}: none of the feeds, passed over", path.display()))?;
    }
    Ok(())
}

fn progress_bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {wide_msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

fn list(context: &Context) -> Result<(), Failure> {
    let (app, actor) = context.acting()?;
    let now = clock::now();
    let sources = app.advisory_sources(&actor)?;
    let sources = List::all(sources, |source| AdvisorySourceView::of(source, now));
    let head = ["SOURCE", "VERSION", "AS OF", "FRESH", "RECORDS", "SKIPPED", "IMPORTED", "LICENCE"];
    context.output.list(&sources, &head, |one| {
        vec![
            one.name.clone(),
            one.version.clone(),
            one.as_of.clone(),
            if one.fresh { "yes" } else { "no" }.to_owned(),
            one.records.to_string(),
            one.skipped.to_string(),
            one.imported_at.clone(),
            one.licence.clone(),
        ]
    })
}

fn show(context: &Context, cve: &str) -> Result<(), Failure> {
    let (app, actor) = context.acting()?;
    let (cve, report) = app.advisory_of_cve(&actor, cve)?;
    if report.facts.is_empty() && report.affected.is_empty() {
        return Err(Failure::bad_input(format!(
            "no imported advisory data names {cve}: `belfort-collector advisories list` shows what there is"
        )));
    }
    context.output.one(&VulnerabilityView::of(cve, report), lines)
}

fn lines(view: &VulnerabilityView) -> Vec<String> {
    let mut lines = vec![view.cve.clone()];
    for one in &view.exploited {
        let ransomware = if one.ransomware { ", used by ransomware" } else { "" };
        lines.push(format!(
            "exploited   {} since {}{ransomware}: {}",
            one.source, one.listed, one.name
        ));
        lines.extend(one.due.iter().map(|due| format!("            due {due} for US agencies")));
    }
    let epss = view.epss.map_or_else(|| "unknown".to_owned(), |epss| format!("{epss:.4}"));
    lines.push(format!("EPSS        {epss}"));
    lines.extend(view.cvss.iter().map(|vector| format!("CVSS        {vector}")));
    if !view.ssvc.is_empty() {
        lines.push(format!("SSVC        {}", view.ssvc.join(", ")));
    }
    for one in &view.affected {
        let severity = one.severity.as_deref().unwrap_or("-");
        lines.push(format!(
            "affected    {} {}: {} ({}, {severity}{})",
            one.ecosystem,
            one.package,
            one.affected.join("; "),
            one.advisory,
            if one.informational { ", informational" } else { "" }
        ));
    }
    lines.push(format!("sources     {}", view.sources.join(", ")));
    lines
}

fn suppress(context: &Context, arguments: SuppressArgs) -> Result<(), Failure> {
    let (app, actor) = context.acting()?;
    let SuppressArgs { cve, package, unit, asset, reason, days } = arguments;
    let holds = match (unit, asset) {
        (Some(unit), _) => Where::Unit(unit),
        (None, Some(asset)) => Where::Asset(app.asset_in_sight(&actor, &asset)?.summary.asset.id),
        (None, None) => Where::Everywhere,
    };
    let new = NewSuppression { cve, package, holds, reason, days };
    let made = app.suppress(&actor, &new, clock::now())?;
    context.output.one(&SuppressionView::from(made), |one| {
        vec![format!(
            "{} is passed over until {} (suppression {})",
            one.cve, one.expires_at, one.id
        )]
    })
}

fn suppressions(context: &Context, all: bool) -> Result<(), Failure> {
    let (app, actor) = context.acting()?;
    let list = List::all(app.suppressions(&actor, !all, clock::now())?, SuppressionView::from);
    let head = ["ID", "CVE", "PACKAGE", "WHERE", "UNTIL", "BY", "REASON"];
    context.output.list(&list, &head, |one| {
        let place = one.scope_id.as_ref().map(|id| format!("{} {id}", one.scope));
        vec![
            one.id.clone(),
            one.cve.clone(),
            one.package.clone().unwrap_or_default(),
            place.unwrap_or_else(|| one.scope.clone()),
            one.ended_at.as_ref().unwrap_or(&one.expires_at).clone(),
            one.author.clone(),
            one.reason.clone(),
        ]
    })
}
