//! The state directory, the device's identity, its clock and its last check-in.

use std::path::Path;

use super::Finding;
use crate::run::chain;
use crate::state::{Identity, LastCheckIn, Progress, State, Validity};

const STATE: &str = "state directory";
const ENROLMENT: &str = "enrolment";
const CERTIFICATE: &str = "certificate";
const CLOCK: &str = "clock";
const CHECK_IN: &str = "last check-in";
const DAY: i64 = 86_400;
/// A device that has said nothing for so long is noticed by the collector, too.
const SILENT: i64 = DAY;
/// A clock this far from what was seen before was set.
const CLOCK_LEAP: i64 = 300;

/// Looks at the state; the time is that of the device, seconds since 1970-01-01 UTC.
pub fn look(dir: &Path, now: i64) -> Vec<Finding> {
    let state = match State::open(dir) {
        Ok(Some(state)) => state,
        Ok(None) => return vec![not_enrolled()],
        // The error says itself how to mend it.
        Err(error) => return vec![Finding::attention(STATE, chain(&error), "")],
    };
    let shown = format!("{} is private and in order", dir.display());
    let mut findings = vec![Finding::fine(STATE, shown)];
    match state.identity() {
        Ok(Some(identity)) => findings.extend(of_identity(&identity, now)),
        Ok(None) => findings.push(not_enrolled()),
        Err(error) => findings.push(Finding::attention(STATE, chain(&error), "")),
    }
    match state.progress() {
        Ok(Progress { last_check_in: Some(last), .. }) => findings.extend(of_check_in(&last, now)),
        Ok(_) => findings.push(Finding::note(CHECK_IN, "there was none yet", "")),
        Err(error) => findings.push(Finding::attention(STATE, chain(&error), "")),
    }
    findings
}

fn not_enrolled() -> Finding {
    let remedy = "Ask for a token and run `belfort-agent enroll`.";
    Finding::attention(ENROLMENT, "this device is not enrolled", remedy)
}

fn of_identity(identity: &Identity, now: i64) -> Vec<Finding> {
    let mut findings = Vec::new();
    match identity.agent() {
        Ok(agent) => {
            let text = format!("enrolled as {} at {}", agent.agent_id, identity.report_endpoint);
            findings.push(Finding::fine(ENROLMENT, text));
        }
        Err(error) => findings.push(Finding::attention(ENROLMENT, chain(&error), "")),
    }
    match identity.validity() {
        Ok(validity) => findings.extend(of_validity(validity, now)),
        Err(error) => findings.push(Finding::attention(CERTIFICATE, chain(&error), "")),
    }
    findings
}

fn of_validity(validity: Validity, now: i64) -> Vec<Finding> {
    if now < validity.not_before {
        let behind = (validity.not_before - now) / DAY + 1;
        let text = format!("it is at least {behind} days behind: the certificate is not valid yet");
        return vec![clock(text)];
    }
    let left = (validity.not_after - now) / DAY;
    let life = validity.not_after - validity.not_before;
    let certificate = if validity.expired(now) {
        Finding::attention(
            CERTIFICATE,
            "it has expired by this device's clock",
            "Check the clock. If it is right, the next check-in gets a new certificate within 400 \
             days; later only a new token helps.",
        )
    } else if validity.not_after - now < life / 6 {
        Finding::attention(
            CERTIFICATE,
            format!("it ends in {left} days and was not renewed"),
            "It is renewed at a check-in when a third of its life is left: look why check-ins fail.",
        )
    } else {
        Finding::fine(CERTIFICATE, format!("valid for {left} more days"))
    };
    vec![certificate]
}

fn clock(text: String) -> Finding {
    Finding::attention(CLOCK, text, "Set the clock; reports are accepted meanwhile.")
}

fn of_check_in(last: &LastCheckIn, now: i64) -> Vec<Finding> {
    let at = i64::try_from(last.unix_ms / 1000).unwrap_or(i64::MAX);
    let age = now.saturating_sub(at);
    if age < -CLOCK_LEAP {
        let hours = -age / 3600;
        let text = format!("it was set back by {hours} hours or more since the last check-in");
        return vec![clock(text)];
    }
    let known = ["in_sync", "reported", "settings"].contains(&last.result.as_str());
    let minutes = age.max(0) / 60;
    let mut findings = vec![Finding::fine(CLOCK, "it fits the certificate and the last check-in")];
    findings.push(if !known {
        let text = format!("it failed {minutes} minutes ago: {}", last.result);
        Finding::attention(CHECK_IN, text, "`belfort-agent once` says more about the reason.")
    } else if age > SILENT {
        let text = format!("it was {minutes} minutes ago");
        Finding::attention(CHECK_IN, text, "Look whether the service runs.")
    } else {
        Finding::fine(CHECK_IN, format!("{minutes} minutes ago: {}", last.result))
    });
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn the_life_of_a_certificate() {
        let validity = Validity { not_before: 0, not_after: 30 * DAY };
        let verdict = |day: i64| of_validity(validity, day * DAY)[0].verdict;
        assert_eq!(verdict(1), Verdict::Fine);
        assert_eq!(verdict(21), Verdict::Fine);
        assert_eq!(verdict(26), Verdict::Attention);
        assert_eq!(verdict(40), Verdict::Attention);
        let early = of_validity(validity, -2 * DAY);
        assert_eq!((early[0].subject.as_str(), early[0].verdict), (CLOCK, Verdict::Attention));
    }

    #[test]
    fn check_ins() {
        let last = |result: &str| LastCheckIn { unix_ms: 1_000_000, result: result.to_owned() };
        let verdicts = |result: &str, now: i64| -> Vec<_> {
            of_check_in(&last(result), now).iter().map(|finding| finding.verdict).collect()
        };
        assert_eq!(verdicts("in_sync", 1_060), [Verdict::Fine, Verdict::Fine]);
        assert_eq!(verdicts("no route", 1_060), [Verdict::Fine, Verdict::Attention]);
        assert_eq!(verdicts("in_sync", 1_000 + 2 * DAY), [Verdict::Fine, Verdict::Attention]);
        assert_eq!(verdicts("in_sync", 0), [Verdict::Attention]);
    }

    #[test]
    fn without_a_state_it_says_how_to_enrol() {
        let findings = look(Path::new("/nonexistent/belfort"), 0);
        assert!(findings[0].remedy.contains("enroll"), "{findings:?}");
    }
}
