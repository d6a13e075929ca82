//! The running service: its unit, its priority, its memory. Files only. Sources: systemd.unit(5),
//! proc(5).

use belfort_agent_sys::files::Root;
use belfort_agent_sys::process;

use super::Finding;
use crate::cost::Costs;
use crate::probe::outcome::SMALL_BYTES;
use crate::probe::text;
use crate::run::MEMORY_BYTES;

const SERVICE: &str = "service";
const MEMORY: &str = "memory";
const PRIORITY: &str = "priority";
const UNIT: &str = "belfort-agent.service";
const UNIT_DIRECTORIES: &[&str] = &[
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];
const GROUPS: &[&str] = &["/sys/fs/cgroup/systemd/system.slice", "/sys/fs/cgroup/system.slice"];
/// How the kernel names the process.
const PROGRAM: &[u8] = b"belfort-agent";

/// Looks at the service; the account it left helps to find it where there is no systemd.
pub fn look(root: &Root, costs: Option<&Costs>) -> Vec<Finding> {
    let Some(process) = running(root, costs) else {
        return vec![not_running(root)];
    };
    let mut findings = vec![Finding::fine(SERVICE, format!("runs as process {process}"))];
    findings.extend(priority(root, process));
    findings.extend(memory(root, process));
    findings
}

/// The process of the running service.
pub fn running(root: &Root, costs: Option<&Costs>) -> Option<u32> {
    let of_group = GROUPS.iter().find_map(|group| {
        let processes = root.read(&format!("{group}/{UNIT}/cgroup.procs"), SMALL_BYTES).ok()?;
        text::number::<u32>(text::lines(&processes).next()?)
    });
    let is_agent = |process: &u32| {
        let name = root.read(&format!("/proc/{process}/comm"), SMALL_BYTES);
        *process != std::process::id() && name.is_ok_and(|name| name.trim_ascii() == PROGRAM)
    };
    of_group.or_else(|| costs.map(|costs| costs.process).filter(is_agent))
}

fn not_running(root: &Root) -> Finding {
    let there = |path: &str| root.link(path).is_ok() || root.exists(path).unwrap_or(false);
    if !UNIT_DIRECTORIES.iter().any(|directory| there(&format!("{directory}/{UNIT}"))) {
        return Finding::attention(
            SERVICE,
            "it does not run, and there is no unit for it",
            "Install deploy/systemd/belfort-agent.service, or run `belfort-agent run` by what starts \
             services here.",
        );
    }
    if !there(&format!("/etc/systemd/system/multi-user.target.wants/{UNIT}")) {
        let remedy = "Run `systemctl enable --now belfort-agent`.";
        return Finding::attention(SERVICE, "it does not run and is not enabled", remedy);
    }
    Finding::attention(
        SERVICE,
        "it is enabled and does not run",
        "`systemctl status belfort-agent` and `journalctl -u belfort-agent` say why.",
    )
}

fn priority(root: &Root, process: u32) -> Option<Finding> {
    let stat = root.read(&format!("/proc/{process}/stat"), SMALL_BYTES).ok()?;
    let nice = nice(&stat)?;
    Some(if nice >= process::NICE {
        Finding::fine(PRIORITY, format!("nice {nice}: behind what people wait for"))
    } else {
        Finding::note(
            PRIORITY,
            format!("nice {nice}"),
            "The service steps back by itself; it may be \
            forbidden here, and then the agent runs at ordinary priority.",
        )
    })
}

/// The niceness: the 17th field after the name in parentheses.
fn nice(stat: &[u8]) -> Option<i32> {
    let after = stat.rsplit(|byte| *byte == b')').next()?;
    let mut fields = after.split(|byte| *byte == b' ').filter(|field| !field.is_empty());
    std::str::from_utf8(fields.nth(16)?).ok()?.trim().parse().ok()
}

fn memory(root: &Root, process: u32) -> Option<Finding> {
    let limits = root.read(&format!("/proc/{process}/limits"), SMALL_BYTES).ok()?;
    let used = process::peak_bytes(&process.to_string()) >> 20;
    Some(match data_limit(&limits) {
        Some(limit) if limit <= MEMORY_BYTES => {
            let text = format!("at most {used} MB so far, of {} MB it allows itself", limit >> 20);
            Finding::fine(MEMORY, text)
        }
        _ => Finding::note(
            MEMORY,
            format!("at most {used} MB so far, without a limit of its own"),
            "The limit of the service's unit still holds.",
        ),
    })
}

/// The soft limit on data.
fn data_limit(limits: &[u8]) -> Option<u64> {
    let line = text::lines(limits).find_map(|line| line.strip_prefix(b"Max data size"))?;
    let soft = line.split(u8::is_ascii_whitespace).find(|field| !field.is_empty())?;
    text::number(soft)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STAT: &[u8] =
        b"812 (belfort) agent) S 1 812 812 0 -1 4194560 1843 0 0 0 5 2 0 0 30 10 1 0 \
3456 12345 2100 18446744073709551615\n";
    const LIMITS: &[u8] =
        b"Limit                     Soft Limit           Hard Limit           Units\n\
Max cpu time              unlimited            unlimited            seconds\n\
Max data size             50331648             50331648             bytes\n";

    #[test]
    fn numbers_of_a_process() {
        assert_eq!(nice(STAT), Some(10));
        assert_eq!(data_limit(LIMITS), Some(48 << 20));
        assert_eq!(data_limit(b"Max data size             unlimited  unlimited bytes\n"), None);
    }

    #[test]
    fn a_service_that_does_not_run() {
        let dir = tempfile::tempdir().unwrap();
        let root = Root::at(dir.path()).unwrap();
        let text = || look(&root, None)[0].text.clone();
        assert!(text().contains("no unit"));
        let units = dir.path().join("usr/lib/systemd/system");
        std::fs::create_dir_all(&units).unwrap();
        std::fs::write(units.join(UNIT), "").unwrap();
        assert!(text().contains("not enabled"));
        let wants = dir.path().join("etc/systemd/system/multi-user.target.wants");
        std::fs::create_dir_all(&wants).unwrap();
        std::os::unix::fs::symlink("/nonexistent", wants.join(UNIT)).unwrap();
        assert!(text().contains("enabled and does not run"));
        let group = dir.path().join("sys/fs/cgroup/system.slice").join(UNIT);
        std::fs::create_dir_all(&group).unwrap();
        std::fs::write(group.join("cgroup.procs"), "812\n").unwrap();
        assert_eq!(text(), "runs as process 812");
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200), cut in 0..STAT.len()) {
            let _ = (nice(&bytes), data_limit(&bytes));
            let _ = (nice(&STAT[..cut]), data_limit(&[&LIMITS[..cut], &bytes].concat()));
        }
    }
}
