//! What can be watched, and the system's limits on it.

use belfort_agent_sys::files::Root;
use belfort_agent_sys::watch::watch_limits;

use super::Finding;
use crate::watch::Watcher;

const WATCHING: &str = "watching";
const LIMITS: &str = "inotify limits";

/// Watches once, as the service does, and looks what could not be. Needs an event loop.
pub fn look() -> Vec<Finding> {
    let watcher = Watcher::new(Root::system(), true);
    let directories = watcher.directories();
    let text = format!("{directories} directories and the kernel's announcements");
    let mut findings = vec![Finding::fine(WATCHING, text)];
    for one in watcher.unwatched() {
        let sections = one.sections.join(", ");
        let text = format!("{} cannot be watched: {}", one.what, one.reason);
        findings.push(Finding::attention(
            &format!("{WATCHING}: {}", one.what),
            text,
            format!("{} Until then {sections}: read at every check-in.", remedy(&one.reason)),
        ));
    }
    findings.push(limits(directories, watch_limits()));
    findings
}

fn remedy(reason: &str) -> &'static str {
    if reason.contains("max_user_watches") {
        "Raise fs.inotify.max_user_watches by sysctl, or stop what watches so much."
    } else if reason.contains("max_user_instances") {
        "Raise fs.inotify.max_user_instances by sysctl, or stop what watches so much."
    } else if reason.contains("denied") {
        "Run as root, or give the service CAP_NET_ADMIN and CAP_DAC_READ_SEARCH (its unit does)."
    } else {
        "This kernel does not offer it."
    }
}

fn limits(needed: usize, (watches, instances): (Option<u64>, Option<u64>)) -> Finding {
    let (Some(watches), Some(instances)) = (watches, instances) else {
        return Finding::note(LIMITS, "they cannot be read", "");
    };
    let text =
        format!("{watches} directories by {instances} watchers for each user; {needed} needed");
    // The user is shared with everything else that runs as root.
    if watches < needed as u64 * 2 || instances < 16 {
        let remedy = "Raise fs.inotify.max_user_watches and max_user_instances by sysctl.";
        return Finding::attention(LIMITS, text, remedy);
    }
    Finding::fine(LIMITS, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn limits_in_words() {
        let verdict = |watches, instances| limits(100, (watches, instances)).verdict;
        assert_eq!(verdict(Some(8192), Some(128)), Verdict::Fine);
        assert_eq!(verdict(Some(150), Some(128)), Verdict::Attention);
        assert_eq!(verdict(None, Some(128)), Verdict::Note);
    }
}
