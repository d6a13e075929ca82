//! Reads where the loggers send records.

use std::collections::{BTreeSet, VecDeque};

use belfort_agent_sys::files::ReadError;
use belfort_proto::inventory::v1::Tristate;

use crate::probe::outcome::Sources;
use crate::probe::protection::log_forwarding::{self, SyslogNg};
use crate::probe::protection::products::{Products, RSYSLOG, SYSLOG_NG};
use crate::probe::wildcard;

const FILE_BYTES: usize = 256 << 10;
const FILES_MAX: usize = 256;

/// Whether records go to another machine: unknown when they may. `complete` says whether what was not
/// seen is not there.
pub(super) fn forwarded(
    sources: &mut Sources<'_>,
    products: &Products,
    complete: bool,
) -> Tristate {
    if products.forwarder == Tristate::Yes {
        return Tristate::Yes;
    }
    let mut may = products.forwarder == Tristate::Unspecified || !complete;
    for (name, configured) in
        [(RSYSLOG, rsyslog as fn(&mut Sources<'_>) -> Option<bool>), (SYSLOG_NG, syslog_ng)]
    {
        let Some(active) = products.active(name).filter(|active| *active != Tristate::No) else {
            continue;
        };
        match configured(sources) {
            Some(true) if active == Tristate::Yes => return Tristate::Yes,
            Some(false) => {}
            Some(true) | None => may = true,
        }
    }
    if may { Tristate::Unspecified } else { Tristate::No }
}

fn rsyslog(sources: &mut Sources<'_>) -> Option<bool> {
    let mut forwards = false;
    let whole = files(sources, "/etc/rsyslog.conf", "/etc", |content| {
        let found = log_forwarding::rsyslog(content);
        forwards |= found.forwards;
        (found.includes, forwards)
    });
    (whole || forwards).then_some(forwards)
}

fn syslog_ng(sources: &mut Sources<'_>) -> Option<bool> {
    let mut found = SyslogNg::default();
    let whole = files(sources, "/etc/syslog-ng/syslog-ng.conf", "/etc/syslog-ng", |content| {
        found.file(content);
        (std::mem::take(&mut found.includes), found.forwards())
    });
    (whole || found.forwards()).then(|| found.forwards())
}

/// Hands a file and all it includes to `each`, which gives the patterns of what a file includes and
/// whether that is enough. Whether all files could be read; one that is named and not there can come
/// from the program's own directory, which holds nothing of this machine.
fn files(
    sources: &mut Sources<'_>,
    main: &str,
    directory: &str,
    mut each: impl FnMut(&[u8]) -> (Vec<String>, bool),
) -> bool {
    let mut seen = BTreeSet::from([main.to_owned()]);
    let mut next = VecDeque::from([main.to_owned()]);
    let mut whole = true;
    while let Some(path) = next.pop_front() {
        let content = match sources.root.read(&path, FILE_BYTES) {
            Ok(content) => content,
            Err(ReadError::Absent) if path != main => continue,
            Err(error) => {
                sources.outcomes.unread(&path, error);
                whole = false;
                continue;
            }
        };
        let (includes, enough) = each(&content);
        if enough {
            return whole;
        }
        for pattern in includes {
            let pattern =
                if pattern.starts_with('/') { pattern } else { format!("{directory}/{pattern}") };
            let Some(paths) = wildcard::paths(sources, &pattern) else {
                whole = false;
                continue;
            };
            for path in paths {
                if seen.len() >= FILES_MAX {
                    sources.outcomes.failed(main, "includes too many files");
                    return false;
                }
                if seen.insert(path.clone()) {
                    next.push_back(path);
                }
            }
        }
    }
    whole
}
