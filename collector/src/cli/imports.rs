//! `import`: assets, units and inventories from files, looked at first.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Context;
use super::output;
use crate::app::imports::{BYTES, ImportKind, ImportPreview};
use crate::clock;
use crate::failure::Failure;
use crate::view::{ImportView, List};

/// From what, and how far.
#[derive(Debug, Args)]
pub(super) struct From {
    /// Files to import
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Write it; without this only a preview is shown
    #[arg(long)]
    apply: bool,
    /// Write only what a preview showed, by its token; for one file
    #[arg(long, requires = "apply")]
    token: Option<String>,
    /// Leave out rows that cannot be imported, instead of refusing all
    #[arg(long, requires = "apply")]
    skip_errors: bool,
}

/// Imports.
#[derive(Debug, Subcommand)]
pub(super) enum Import {
    /// Units from CSV or XLSX: code, name, kind, parent
    #[command(after_help = "Examples:\n  \
        belfort-collector import units diensten.csv\n  \
        belfort-collector import units diensten.csv --apply")]
    Units(From),
    /// Assets from CSV or XLSX: name, kind, serial, owner, class, labels, site …
    #[command(after_help = "Examples:\n  \
        belfort-collector import assets toestellen.xlsx\n  \
        belfort-collector import assets toestellen.xlsx --apply --skip-errors")]
    Assets(From),
    /// Device inventories of GLPI agents, from JSON
    #[command(after_help = "Example:\n  belfort-collector import glpi inventaris/*.json --apply")]
    Glpi(From),
}

impl Import {
    pub(super) fn run(self, context: &Context) -> Result<(), Failure> {
        let (kind, from) = match self {
            Self::Units(from) => (ImportKind::Units, from),
            Self::Assets(from) => (ImportKind::Assets, from),
            Self::Glpi(from) => (ImportKind::Glpi, from),
        };
        if from.token.is_some() && from.files.len() != 1 {
            return Err(Failure::bad_input("--token goes with one file"));
        }
        let (app, actor) = context.acting()?;
        let now = clock::now();
        for path in &from.files {
            let read = |error| Failure::bad_input(format!("{}: {error}", path.display()));
            let size = std::fs::metadata(path).map_err(read)?.len();
            if size > BYTES as u64 {
                let reason = format!("{} is larger than {} MiB", path.display(), BYTES >> 20);
                return Err(Failure::bad_input(reason));
            }
            let bytes = std::fs::read(path).map_err(read)?;
            let preview = app.import_preview(&actor, kind, &bytes, now)?;
            if !from.apply {
                print(context, &preview.into(), "would be")?;
                continue;
            }
            let token = from.token.clone().unwrap_or_else(|| preview.token.clone());
            let done = app.import_apply(&actor, kind, &bytes, &token, from.skip_errors, now);
            match done {
                Ok(done) => print(context, &done.into(), "are")?,
                Err(error) => {
                    // What is wrong stands in the preview.
                    print_errors(context, &preview)?;
                    return Err(error.into());
                }
            }
        }
        if from.apply {
            app.evaluate_soon(now);
        }
        Ok(())
    }
}

fn print_errors(context: &Context, preview: &ImportPreview) -> Result<(), Failure> {
    if context.output.is_json() {
        return Ok(());
    }
    for error in preview.errors.iter().take(20) {
        output::line(&format!("row {}: {}", error.row, error.reason))?;
    }
    Ok(())
}

fn print(context: &Context, import: &ImportView, verb: &str) -> Result<(), Failure> {
    if context.output.is_json() {
        return output::json(import);
    }
    let rows: Vec<_> = import.rows.iter().collect();
    if !rows.is_empty() {
        let total = import.new + import.changed;
        let list = List { total, items: rows };
        context.output.list(&list, &["ROW", "WHAT", "KEY", "CHANGES"], |row| {
            let changes = row.changes.iter().map(|one| match one.before.as_str() {
                "" => format!("{}: {}", one.field, one.after),
                before => format!("{}: {before} → {}", one.field, one.after),
            });
            let changes = changes.collect::<Vec<_>>().join("; ");
            vec![row.row.to_string(), row.action.clone(), row.key.clone(), changes]
        })?;
        output::line("")?;
    }
    for column in &import.ignored {
        output::line(&format!("ignored: {column}"))?;
    }
    for error in &import.errors {
        output::line(&format!("row {}: {}", error.row, error.reason))?;
    }
    output::line(&format!(
        "{} {verb} added, {} {verb} changed, {} stay as they are, {} rows cannot be imported",
        import.new,
        import.changed,
        import.same,
        import.errors.len()
    ))?;
    output::line(&format!("token {}", import.token))
}
