//! `belfort-agent once`.

use std::sync::Arc;

use belfort_agent_sys::process;
use belfort_proto::section::{self, Section};
use serde_json::{Map, Value, json};

use super::{Context, Exit, Failure, OnceArgs, print_value, runtime};
use crate::exchange::ExchangeError;
use crate::probe::Host;
use crate::report::Report;
use crate::run;
use crate::state::State;

/// Makes one pass and one check-in, or says what would be sent.
pub(super) fn once(context: &Context<'_>, args: &OnceArgs) -> Result<(), Failure> {
    if args.dry_run {
        return dry_run(context, args);
    }
    let state = open(context)?;
    let delivery = runtime()?.block_on(run::once(&state, &context.config))?;
    let sent: Vec<_> = delivery.sent.iter().map(|kind| section::name(*kind)).collect();
    let shown = json!({
        "verdict": if delivery.in_sync { "in_sync" } else { "reported" },
        "sections_sent": sent,
        "bytes_up": delivery.bytes_up,
        "bytes_down": delivery.bytes_down,
        "acknowledged_root": delivery.root.map(|root| root.to_string()),
        "settings_changed": delivery.settings_changed,
        "next_check_in_seconds": delivery.next_check_in.as_secs(),
    });
    print_value(&shown, args.json)
}

/// The state of an enrolled device, locked.
pub(super) fn open(context: &Context<'_>) -> Result<State, Failure> {
    // Asked first, so that nothing is made for a device that was never enrolled.
    let enrolled = match State::open(context.state)? {
        Some(state) => state.identity()?.is_some(),
        None => false,
    };
    if !enrolled {
        return Err(ExchangeError::NotEnrolled.into());
    }
    Ok(State::lock(context.state)?)
}

fn dry_run(context: &Context<'_>, args: &OnceArgs) -> Result<(), Failure> {
    let policy = run::policy(context.state, &context.config)?;
    // Locked if that can be, so that what the pass read is kept for the next one.
    let there = State::open(context.state).ok().flatten().is_some();
    let state = there.then(|| State::lock(context.state).ok()).flatten();
    let kept = run::kept(context.state);
    let report = Report::read(&Host::system(policy).with(Arc::clone(&kept)))?;
    if let Some(state) = state {
        state.save_kept(&kept)?;
    }
    let contents = report.contents(Section::KINDS)?;
    if contents.len() != report.sections.len() {
        return Err(Failure::new(Exit::Unexpected, "not every section could be compressed"));
    }
    let mut sections = Map::new();
    for (encoded, content) in report.sections.iter().zip(&contents) {
        let sizes = json!({
            "hash": encoded.entry.hash.to_string(),
            "bytes": encoded.bytes.len(),
            "compressed_bytes": content.zstd.len(),
        });
        sections.insert(section::name(encoded.entry.kind).to_owned(), sizes);
    }
    let compressed: usize = contents.iter().map(|content| content.zstd.len()).sum();
    let shown = json!({
        "root_hash": report.root().to_string(),
        "compressed_bytes": compressed,
        "cpu_microseconds": u64::try_from(process::cpu_time().as_micros()).unwrap_or(u64::MAX),
        "peak_memory_bytes": process::peak_bytes("self"),
        "sections": Value::Object(sections),
    });
    print_value(&shown, args.json)
}
