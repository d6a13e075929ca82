//! `audit`: who did what, and that nobody changed it afterwards.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use belfort_model::time::Timestamp;
use belfort_store::record::AuditFilter;
use clap::{Args, Subcommand};

use super::assets::Paging;
use super::{Context, output};
use crate::app::App;
use crate::app::access::Actor;
use crate::app::audit::moment;
use crate::app::audit_file::{self, Line, Proven};
use crate::failure::{Exit, Failure};
use crate::view::{AuditVerifiedView, AuditView, List};

/// The audit log.
#[derive(Debug, Subcommand)]
pub(super) enum Audit {
    /// List who did what, newest first
    #[command(after_help = "Examples:\n  \
        belfort-collector audit list --actor veiligheid --from 2026-03-01\n  \
        belfort-collector audit list --action view.personal\n  \
        belfort-collector audit list --action login. --limit 20")]
    List(Filter),
    /// Write every record as JSON lines with their hashes: an auditor proves the file without the database
    #[command(after_help = "Example:\n  belfort-collector audit export --output audit-2026.jsonl")]
    Export {
        /// File to write; standard output without it
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Recompute the chain of hashes: proves that no record was changed or taken out
    #[command(after_help = "Examples:\n  \
        belfort-collector audit verify\n  \
        belfort-collector audit verify --file audit-2026.jsonl      (without database)\n  \
        belfort-collector audit verify --against audit-2026.jsonl   (nothing was cut off or rewritten since)")]
    Verify {
        /// Prove an exported file instead of the database; needs no collector
        #[arg(long, value_name = "FILE", conflicts_with = "against")]
        file: Option<PathBuf>,
        /// Also prove that the database still holds what this export holds
        #[arg(long, value_name = "FILE")]
        against: Option<PathBuf>,
    },
}

/// Which records.
#[derive(Debug, Args)]
pub(super) struct Filter {
    /// By this actor
    #[arg(long)]
    actor: Option<String>,
    /// With this action, or with a dot at the end those that begin so, for example `login.`
    #[arg(long)]
    action: Option<String>,
    /// About this subject, for example the id of an asset
    #[arg(long)]
    subject: Option<String>,
    /// From this moment on: a day such as 2026-03-01 or a moment in RFC 3339
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    from: Option<Timestamp>,
    /// Before this moment
    #[arg(long, value_name = "MOMENT", value_parser = moment)]
    to: Option<Timestamp>,
    #[command(flatten)]
    paging: Paging,
}

impl Audit {
    pub(super) fn run(self, context: &Context) -> Result<ExitCode, Failure> {
        match self {
            Self::List(filter) => list(context, filter)?,
            Self::Export { output } => export(context, output.as_deref())?,
            Self::Verify { file: Some(file), .. } => {
                let proven = proven(&file)?;
                said(context, &proven, &format!("{} holds", file.display()))?;
            }
            Self::Verify { file: None, against } => {
                let (app, actor) = context.acting()?;
                verify(context, &app, &actor, against.as_deref())?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn list(context: &Context, filter: Filter) -> Result<(), Failure> {
    let (app, actor) = context.acting()?;
    let page = filter.paging.page();
    let filter = AuditFilter {
        actor: filter.actor,
        action: filter.action,
        subject: filter.subject,
        from: filter.from,
        to: filter.to,
    };
    let records = List::of(app.audit_search(&actor, &filter, page)?, AuditView::from);
    let head = ["NO", "AT", "WHO", "WHAT", "TO WHAT", "HOW"];
    context.output.list(&records, &head, |record| {
        vec![
            record.sequence.to_string(),
            record.at.clone(),
            record.actor.clone(),
            record.action.clone(),
            record.subject.clone(),
            record.detail.to_string(),
        ]
    })
}

fn export(context: &Context, path: Option<&Path>) -> Result<(), Failure> {
    let (app, actor) = context.acting()?;
    let Some(path) = path else {
        return write(&app, &actor, output::bytes).map(drop);
    };
    let wrong = |error: std::io::Error| {
        Failure::bad_input(format!("cannot write {}: {error}", path.display()))
    };
    let mut file = BufWriter::new(File::create(path).map_err(wrong)?);
    let records = write(&app, &actor, |line| file.write_all(line).map_err(wrong))?;
    file.into_inner().map_err(|error| wrong(error.into_error()))?.sync_all().map_err(wrong)?;
    context.output.done(&format!("{records} records are in {}", path.display()))
}

fn write(
    app: &App,
    actor: &Actor,
    mut line: impl FnMut(&[u8]) -> Result<(), Failure>,
) -> Result<u64, Failure> {
    let mut previous = [0; 32];
    app.audit_each(actor, |record| {
        let mut text = serde_json::to_vec(&Line::of(previous, record))
            .map_err(|error| anyhow::anyhow!("a record cannot be written: {error}"))?;
        text.push(b'\n');
        previous = record.hash;
        line(&text)
    })
}

fn proven(path: &Path) -> Result<Proven, Failure> {
    let file = File::open(path)
        .map_err(|error| Failure::bad_input(format!("{}: {error}", path.display())))?;
    audit_file::verify(BufReader::new(file)).map_err(|error| {
        Failure::new(Exit::Damaged, anyhow::anyhow!("{}: {error}", path.display()))
    })
}

fn said(context: &Context, proven: &Proven, what: &str) -> Result<(), Failure> {
    let hash = hex::encode(proven.hash);
    let (first, last) = (proven.first, proven.last);
    if context.output.is_json() {
        let said = serde_json::json!({ "holds": true, "first": first, "last": last, "hash": hash });
        return output::json(&said);
    }
    output::line(&format!("{what}: records {first} to {last}, the last with hash {hash}"))
}

fn verify(
    context: &Context,
    app: &App,
    actor: &Actor,
    against: Option<&Path>,
) -> Result<(), Failure> {
    let earlier = against.map(proven).transpose()?;
    let mut verified = AuditVerifiedView::from(app.audit_verify(actor)?);
    if let (true, Some(earlier), Some(path)) = (verified.holds, earlier, against) {
        let now = app.store.audit_get(earlier.last)?.map(|record| record.hash);
        if now != Some(earlier.hash) {
            verified.holds = false;
            verified.broken_at = Some(earlier.last);
            verified.reason = Some(format!(
                "the database does not hold record {} as it is in {}: records were cut off, or the \
                 log was written anew",
                earlier.last,
                path.display()
            ));
        }
    }
    let records = verified.records;
    context.output.one(&verified, |_| match &verified.reason {
        Some(_) => vec![],
        None => vec![format!("the chain holds over {records} records")],
    })?;
    match verified.reason {
        Some(reason) => Err(Failure::new(Exit::Damaged, anyhow::anyhow!(reason))),
        None => Ok(()),
    }
}
