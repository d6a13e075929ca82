//! `belfort-agent status`.

use belfort_agent_sys::files::Root;
use serde_json::{Value, json};

use super::{Context, Failure, StatusArgs, print_value};
use crate::cost::{Costs, SectionCosts};
use crate::doctor::service;
use crate::exchange::unix_ms;
use crate::policy::Policy;
use crate::probe::operating_system::day;
use crate::state::State;

/// Says where the agent stands.
pub(super) fn status(context: &Context<'_>, args: &StatusArgs) -> Result<(), Failure> {
    let state = State::open(context.state)?;
    let identity = match &state {
        Some(state) => state.identity()?,
        None => None,
    };
    let (Some(state), Some(identity)) = (state, identity) else {
        if args.json {
            return print_value(&json!({"enrolled": false}), true);
        }
        return super::print(b"enrolled: false\n");
    };
    let progress = state.progress()?;
    let validity = identity.validity().map_err(Failure::output)?;
    let agent = identity.agent().map_err(Failure::output)?;
    let settings = state.settings()?;
    let unknown = Policy::new(settings.as_ref(), &context.config).fields_unknown;
    let now = i64::try_from(unix_ms() / 1000).unwrap_or(i64::MAX);
    let last = progress.last_check_in.map_or(Value::Null, |last| {
        let seconds = i64::try_from(last.unix_ms / 1000).unwrap_or(i64::MAX);
        json!({"at": timestamp(seconds), "result": last.result})
    });
    let costs = state.costs();
    let mut shown = json!({
        "enrolled": true,
        "agent_id": agent.agent_id.to_string(),
        "trust_domain": agent.trust_domain,
        "certificate_expires": timestamp(validity.not_after),
        "certificate_expired": validity.expired(now),
        "report_endpoint": identity.report_endpoint,
        "last_check_in": last,
        "acknowledged_root": progress.acknowledged_root,
        "sequence": progress.sequence,
        "settings_version": settings.map(|settings| settings.version),
        // Fields that a newer collector wants off; this agent has none of them.
        "unknown_fields_off": unknown,
    });
    if let (Some(costs), Value::Object(shown)) = (&costs, &mut shown) {
        shown.insert("service".to_owned(), service_json(costs));
        if args.json {
            shown.insert("sections".to_owned(), sections_json(costs));
        }
    }
    print_value(&shown, args.json)?;
    match &costs {
        Some(costs) if !args.json => super::print(format!("\n{}", table(costs)).as_bytes()),
        _ => Ok(()),
    }
}

fn service_json(costs: &Costs) -> Value {
    json!({
        "running": service::running(&Root::system(), Some(costs)).is_some(),
        "started": millis(costs.started_unix_ms),
        "account_as_of": millis(costs.written_unix_ms),
        "cpu_ms": costs.cpu_ms,
        "cpu_ms_per_day": costs.day_cpu_ms(),
        "peak_memory_bytes": costs.peak_bytes,
        "full_passes": costs.full_passes,
        "directories_watched": costs.directories,
        "not_watched": costs.unwatched,
    })
}

/// What each section cost at its last reading.
pub(super) fn sections_json(costs: &Costs) -> Value {
    let section = |costs: &SectionCosts| {
        json!({
            "last": millis(costs.last_unix_ms),
            "runs": costs.runs,
            "cpu_us": costs.cpu_us,
            "wall_us": costs.wall_us,
            "bytes": costs.bytes,
            "opens": costs.opens,
            "outcomes": costs.outcomes,
        })
    };
    let each = costs.sections.iter();
    Value::Object(each.map(|(name, costs)| (name.clone(), section(costs))).collect())
}

/// The same as a table for people.
pub(super) fn table(costs: &Costs) -> String {
    let mut text = format!(
        "{:<17} {:<20} {:>9} {:>9} {:>10} {:>6} {:>8} {:>5}\n",
        "section", "last run", "CPU ms", "wall ms", "bytes", "opens", "outcomes", "runs"
    );
    let row = |text: &mut String, name: &str, last: &str, costs: &SectionCosts| {
        let (cpu, wall) = (milliseconds(costs.cpu_us), milliseconds(costs.wall_us));
        let SectionCosts { bytes, opens, outcomes, runs, .. } = costs;
        let line = format!(
            "{name:<17} {last:<20} {cpu:>9} {wall:>9} {bytes:>10} {opens:>6} {outcomes:>8} {runs:>5}\n"
        );
        text.push_str(&line);
    };
    let mut all = SectionCosts::default();
    for (name, costs) in &costs.sections {
        row(&mut text, name, &millis(costs.last_unix_ms), costs);
        all.cpu_us += costs.cpu_us;
        all.wall_us += costs.wall_us;
        all.bytes += costs.bytes;
        all.opens += costs.opens;
        all.outcomes += costs.outcomes;
        all.runs += costs.runs;
    }
    row(&mut text, "all", "", &all);
    text
}

fn milliseconds(micros: u64) -> String {
    format!("{}.{:03}", micros / 1000, micros % 1000)
}

fn millis(unix_ms: u64) -> String {
    timestamp(i64::try_from(unix_ms / 1000).unwrap_or(i64::MAX))
}

/// Seconds since 1970-01-01 UTC in the form of RFC 3339.
fn timestamp(seconds: i64) -> String {
    let time = seconds.rem_euclid(86_400);
    format!("{}T{:02}:{:02}:{:02}Z", day(seconds), time / 3600, time / 60 % 60, time % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps() {
        assert_eq!(timestamp(1_735_689_599), "2024-12-31T23:59:59Z");
    }
}
