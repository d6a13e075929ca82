//! `belfort-agent doctor`.

use belfort_agent_sys::files::Root;
use belfort_agent_sys::process;
use serde_json::json;

use super::{Context, DoctorArgs, Exit, Failure, print_value, runtime, status};
use crate::doctor::{self, Finding, Verdict};
use crate::exchange::unix_ms;
use crate::probe::Host;
use crate::run;
use crate::state::State;

/// Looks at everything and says what is missing, denied or slow.
pub(super) fn doctor(context: &Context<'_>, args: &DoctorArgs) -> Result<(), Failure> {
    // A state that cannot be used is a finding and no reason to stop.
    let policy = run::policy(context.state, &context.config)
        .unwrap_or_else(|_| crate::policy::Policy::new(None, &context.config));
    let mut findings = Vec::new();
    if process::effective_user() != 0 {
        let remedy = "Run it as root to see what the service sees.";
        findings.push(Finding::note("rights", "this runs without root's rights", remedy));
    }
    let now = i64::try_from(unix_ms() / 1000).unwrap_or(i64::MAX);
    findings.extend(doctor::state::look(context.state, now));
    let account = State::open(context.state).ok().flatten().and_then(|state| state.costs());
    findings.extend(doctor::service::look(&Root::system(), account.as_ref()));
    findings.extend({
        let runtime = runtime()?;
        let _inside = runtime.enter();
        doctor::watching::look()
    });
    let (of_probes, costs) = doctor::probes::look(&Host::system(policy));
    findings.extend(of_probes);
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.verdict));
    if args.json {
        let verdict = findings.iter().map(|finding| finding.verdict).max();
        let shown = json!({
            "verdict": verdict.unwrap_or(Verdict::Fine),
            "findings": findings,
            "sections": status::sections_json(&costs),
        });
        print_value(&shown, true)?;
    } else {
        super::print(render(&findings).as_bytes())?;
        super::print(status::table(&costs).as_bytes())?;
    }
    match findings.iter().filter(|finding| finding.verdict == Verdict::Attention).count() {
        0 => Ok(()),
        1 => Err(Failure::new(Exit::Attention, "one finding needs attention")),
        more => Err(Failure::new(Exit::Attention, format!("{more} findings need attention"))),
    }
}

fn render(findings: &[Finding]) -> String {
    let mut text = String::new();
    for Finding { subject, verdict, text: found, remedy } in findings {
        let mark = match verdict {
            Verdict::Attention => "!",
            Verdict::Note => "-",
            Verdict::Fine => "+",
        };
        text.extend([mark, " ", subject, ": ", found, "\n"]);
        if !remedy.is_empty() {
            text.extend(["    ", remedy, "\n"]);
        }
    }
    text.push('\n');
    text
}
