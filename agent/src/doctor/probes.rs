//! Runs every probe once and explains what it could not read.

use std::time::Duration;

use belfort_proto::inventory::v1::{Outcome, OutcomeStatus};
use belfort_proto::section::{self, Section};

use super::Finding;
use crate::cost::Costs;
use crate::probe::{self, Host};
use crate::report::Encoded;

/// A probe that takes longer is slow; the slowest takes some milliseconds on an ordinary machine.
const SLOW: Duration = Duration::from_millis(500);

/// Runs the probes; gives what there is to say, and what each cost.
pub fn look(host: &Host) -> (Vec<Finding>, Costs) {
    let mut findings = Vec::new();
    let mut costs = Costs::new();
    for probe in probe::all().iter().filter(|probe| host.policy.collects(probe.kind())) {
        let kind = probe.kind();
        let name = section::name(kind);
        let (encoded, measure) = Encoded::measured(*probe, host);
        costs.add(kind, &measure);
        if measure.wall > SLOW {
            let text = format!("reading it took {} ms", measure.wall.as_millis());
            let remedy = "Look whether the machine is short of processor time or its disk is slow; \
                          the agent waits for neither, so only the report is late.";
            findings.push(Finding::note(name, text, remedy));
        }
        // What was just encoded can be decoded.
        let Ok(section) = Section::decode(kind, &encoded.bytes) else { continue };
        findings.extend(section.outcomes().iter().map(|outcome| explain(name, outcome)));
    }
    (findings, costs)
}

/// One outcome in plain words.
fn explain(section: &str, outcome: &Outcome) -> Finding {
    let Outcome { source, reason, .. } = outcome;
    let subject = format!("{section}: {source}");
    match outcome.status() {
        OutcomeStatus::Absent => {
            let (text, remedy) = absent(source);
            Finding::note(&subject, text, remedy)
        }
        OutcomeStatus::Denied => {
            let text = "the agent has no right to read it".to_owned();
            Finding::attention(&subject, text, denied(source))
        }
        OutcomeStatus::Off => Finding::note(
            &subject,
            "it is switched off",
            "Nothing to do: the organisation or this device's own configuration does not want it.",
        ),
        OutcomeStatus::Failed | OutcomeStatus::Unspecified => {
            Finding::attention(&subject, format!("it could not be read: {reason}"), failed(reason))
        }
    }
}

fn absent(source: &str) -> (&'static str, &'static str) {
    match source {
        "pseudonym key" => (
            "there is no key yet to make pseudonyms of account names with",
            "The collector gives one at the first check-in: enrol the device.",
        ),
        "/var/lib/dpkg/status" => (
            "no package database was found",
            "Normal on a system that is built without a package manager; otherwise the inventory \
             has no packages.",
        ),
        "/run/systemd/private" => (
            "systemd does not run here, so whether services run is not known",
            "Normal in a container or with another init system.",
        ),
        source if source.starts_with("netlink:") => {
            ("this kernel does not offer it", "Normal on small kernels and in some containers.")
        }
        source if source.starts_with("/sys/") => (
            "this machine does not have it",
            "Normal on virtual machines and in containers, which have little firmware.",
        ),
        _ => ("this machine does not have it", "Normal, unless you know that it should be there."),
    }
}

fn denied(source: &str) -> String {
    let capability = match source {
        "netlink:nftables" => "CAP_NET_ADMIN",
        "/proc/*/fd" => "CAP_SYS_PTRACE",
        "pseudonym key" => {
            return "Run as root: the state directory is private to the service.".to_owned();
        }
        _ => "CAP_DAC_READ_SEARCH",
    };
    format!(
        "Run as root, or give the service the capability {capability} (its unit does); inside a \
         container or under SELinux or AppArmor also look at their logs."
    )
}

fn failed(reason: &str) -> &'static str {
    if reason.starts_with("larger than") {
        "Look what fills it: it is far larger than on any ordinary machine, and is left out."
    } else if reason == "time limit reached" {
        "Look whether the disk or a network file system hangs; it is read again the next time."
    } else if reason == "not a regular file" || reason == "too many symbolic links" {
        "Somebody put something else in its place: look what it is."
    } else if reason == "not enough memory" {
        "The machine or the service's control group is short of memory."
    } else {
        "Tell the developers if it stays so; everything else is reported."
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn outcomes_in_words() {
        let of = |source: &str, status: OutcomeStatus, reason: &str| {
            let outcome = Outcome {
                source: source.to_owned(),
                status: status.into(),
                reason: reason.to_owned(),
            };
            explain("accounts", &outcome)
        };
        let shadow = of("/etc/shadow", OutcomeStatus::Denied, "");
        assert_eq!(shadow.verdict, Verdict::Attention);
        assert_eq!(shadow.subject, "accounts: /etc/shadow");
        assert!(shadow.remedy.contains("CAP_DAC_READ_SEARCH"), "{shadow:?}");
        assert!(of("/proc/*/fd", OutcomeStatus::Denied, "").remedy.contains("CAP_SYS_PTRACE"));
        assert_eq!(of("/var/lib/dpkg/status", OutcomeStatus::Absent, "").verdict, Verdict::Note);
        let huge = of("/etc/passwd", OutcomeStatus::Failed, "larger than 4194304 bytes");
        assert!(huge.text.contains("larger than") && huge.remedy.contains("fills"), "{huge:?}");
    }
}
