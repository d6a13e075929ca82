//! `check`: whether configuration, keys and database are in order.

use std::process::ExitCode;

use serde::Serialize;

use super::Context;
use crate::ca::{self, Authority};
use crate::data_directory;
use crate::failure::{Exit, Failure};

#[derive(Serialize)]
struct Checked {
    ok: bool,
    checks: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    check: &'static str,
    ok: bool,
    detail: String,
}

/// Runs every check and says what each found; the exit code is that of the first that failed.
pub(super) fn run(context: &Context) -> Result<ExitCode, Failure> {
    let mut checks = Vec::new();
    let mut exit = None;
    let mut note = |check, result: Result<String, Failure>| {
        let (ok, detail) = match result {
            Ok(detail) => (true, detail),
            Err(failure) => {
                exit.get_or_insert(failure.exit);
                (false, format!("{:#}", failure.error))
            }
        };
        checks.push(Line { check, ok, detail });
    };

    let config = context.config();
    let usable = config.as_ref().ok().cloned();
    note(
        "configuration",
        config.map(|_| context.data.join("collector.toml").display().to_string()),
    );
    if let Some(config) = usable {
        let authority = Authority::open(&context.data, &config.trust_domain);
        let certificate = authority.map_err(Failure::from).map(|authority| {
            let server = authority.issue_server(&config.names, crate::clock::now());
            (authority, server)
        });
        match certificate {
            Ok((authority, server)) => {
                note(
                    "authority",
                    Ok(format!("fingerprint {}", hex::encode(authority.fingerprint()))),
                );
                note("names", server.map(|_| config.names.join(", ")).map_err(Failure::from));
            }
            Err(failure) => note("authority", Err(failure)),
        }
        let key = ca::read_private(&context.data.join("pseudonym.key"));
        note(
            "pseudonym key",
            key.map(|_| "readable by its owner alone".to_owned()).map_err(Into::into),
        );
        note(
            "catalogue",
            data_directory::catalogue(&context.data, &config).map(|catalogue| {
                let (findings, scenarios) = (catalogue.findings.len(), catalogue.scenarios.len());
                format!("{}: {findings} findings, {scenarios} scenarios", catalogue.version)
            }),
        );
        if config.branding.is_some() {
            let branding = data_directory::branding(&context.data, &config);
            note(
                "branding",
                branding.map(|found| {
                    let (logos, colours) = (found.logos.len(), found.colours.len());
                    format!("{logos} logos, {colours} colours")
                }),
            );
        }
        note(
            "database",
            context.app().and_then(|app| {
                let health = app.store.health()?;
                Ok(format!(
                    "{} {}, schema {}, {} KiB",
                    health.engine,
                    health.engine_version,
                    health.schema_version,
                    health.size_bytes / 1024
                ))
            }),
        );
    }
    let ok = exit.is_none();
    context.output.one(&Checked { ok, checks }, |checked| {
        let lines = checked.checks.iter().map(|line| {
            let mark = if line.ok { "ok    " } else { "FAILED" };
            format!("{mark}  {:<14} {}", line.check, line.detail)
        });
        lines.collect()
    })?;
    Ok(exit.map_or(ExitCode::SUCCESS, |exit: Exit| ExitCode::from(exit as u8)))
}
