//! Whether a workload runs, from its process or its control group. What runtimes noted may be older than
//! the last start of the machine.

use belfort_agent_sys::files::ReadError;
use belfort_proto::inventory::v1::Tristate;
use memchr::memmem;

use crate::probe::outcome::{SMALL_BYTES, Sources};
use crate::probe::text;

/// Error "no such process", of a process that ends while it is looked at.
const NO_SUCH_PROCESS: i32 = 3;
/// Tops of hierarchies of control groups: version 2, and what is systemd's in version 1.
const TOPS: &[&str] = &["/sys/fs/cgroup", "/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified"];

/// Whether a process is there and in a control group of this name; unknown when it is in none, since its
/// number may be another's by now. Any group will do when the name is empty.
pub(super) fn process(sources: &Sources<'_>, pid: u32, group: &str) -> Tristate {
    match sources.root.read(&format!("/proc/{pid}/cgroup"), SMALL_BYTES) {
        Ok(groups) if memmem::find(&groups, group.as_bytes()).is_some() => Tristate::Yes,
        Err(ReadError::Os(NO_SUCH_PROCESS)) => Tristate::No,
        // Without a list of processes nothing can be missing from it.
        Err(ReadError::Absent) if sources.root.exists("/proc/self") == Ok(true) => Tristate::No,
        Ok(_) | Err(_) => Tristate::Unspecified,
    }
}

/// Whether one of the control groups has processes.
pub(super) fn control_group(sources: &Sources<'_>, groups: &[String]) -> Tristate {
    for top in TOPS {
        for group in groups {
            let group = format!("{top}/{group}");
            match sources.root.read(&format!("{group}/cgroup.events"), SMALL_BYTES) {
                Ok(events) if text::lines(&events).any(|line| line == b"populated 1") => {
                    return Tristate::Yes;
                }
                Ok(_) => return Tristate::No,
                // Version 1 has no such file; the group is removed when the container ends.
                Err(_) if sources.root.exists(&group) == Ok(true) => return Tristate::Yes,
                Err(_) => {}
            }
        }
    }
    match sources.root.list("/sys/fs/cgroup") {
        Ok(groups) if !groups.is_empty() => Tristate::No,
        _ => Tristate::Unspecified,
    }
}
