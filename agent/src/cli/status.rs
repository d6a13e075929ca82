//! `belfort-agent status`.

use serde_json::{Value, json};

use super::{Context, Failure, StatusArgs, print_value};
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
    let shown = json!({
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
    print_value(&shown, args.json)
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
