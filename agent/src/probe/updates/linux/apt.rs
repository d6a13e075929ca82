//! Pending updates of apt on Linux.
//!
//! When the lists were refreshed is told by a stamp that Ubuntu's apt leaves after each success; where
//! there is none, by the Release file that was touched longest ago: apt touches it whenever it has made
//! sure that the archive has no newer one. Times of content are no help, they are the archive's.

use belfort_agent_sys::files::ReadError;
use belfort_proto::inventory::v1::Tristate;
use belfort_proto::limits;

use super::Found;
use crate::probe::outcome::{SMALL_BYTES, Sources};
use crate::probe::updates::apt::conf::{Conf, is_part};
use crate::probe::updates::apt::installed;
use crate::probe::updates::apt::pins::{self, Pin};
use crate::probe::updates::apt::policy::Policy;
use crate::probe::updates::apt::scan::{Offer, offers};
use crate::probe::updates::apt::sources::{self, Source};
use crate::probe::{Host, dpkg, text};

mod archives;

const CONF_BYTES_MAX: usize = 256 << 10;
/// Most files of a directory of parts.
const PARTS_MAX: usize = 500;
const STAMP: &str = "/var/lib/apt/periodic/update-success-stamp";
const TIMER: &str = "apt-daily-upgrade.timer";

/// Settings that move apt's files to places that are not looked at.
const PLACES: &[&str] = &["dir::state", "dir::etc", "dir::rootdir"];

pub(super) fn read(host: &Host, sources: &mut Sources<'_>) -> Option<Found> {
    let database = match host.dpkg() {
        Ok(database) => database,
        Err(ReadError::Absent) => return None,
        Err(error) => {
            sources.outcomes.unread(dpkg::STATUS_PATH, error);
            return None;
        }
    };
    if database.is_cut() {
        sources.outcomes.failed(dpkg::STATUS_PATH, "more packages than are looked at");
    }
    let installed = installed::installed(database);
    let conf = conf(sources);
    let native = match conf.get("apt::architecture") {
        Some(set) if !set.is_empty() => set,
        _ => installed::native(&installed),
    };
    let machine = architectures(sources, &conf, native);
    let configured = configured(sources, native);
    let read = archives::read(host, sources, &configured, &machine, &installed)?;
    let pins = preferences(sources, &conf);
    if conf.switch("apt::get::phase-policy", false) {
        sources.outcomes.failed("apt.conf", "phased updates are counted as if for this machine");
    }
    let policy = Policy { lists: &read.lists, pins: &pins, native };
    let offers = read
        .contents
        .iter()
        .enumerate()
        .flat_map(|(list, content)| offers(content).map(move |offer| (offer, list)));
    let mut pending = policy.pending(&installed, offers);
    if pending.len() > limits::ELEMENTS {
        sources.outcomes.failed(archives::LISTS, "more updates than can be reported");
        pending.truncate(limits::ELEMENTS);
    }
    let stamp = sources.root.modified_seconds(STAMP).ok();
    Some(Found {
        pending,
        refreshed_seconds: stamp.or(read.checked_seconds),
        automatic: automatic(sources, &conf, &installed),
    })
}

/// Files of a directory of parts that apt reads, in its order.
fn parts(sources: &mut Sources<'_>, path: &str, endings: &[&str], bare: bool) -> Vec<String> {
    let entries = sources.list(path).into_iter();
    entries
        .filter(|entry| is_part(&entry.name, endings, bare))
        .map(|entry| format!("{path}/{}", entry.name))
        .take(PARTS_MAX)
        .collect()
}

fn conf(sources: &mut Sources<'_>) -> Conf {
    let mut conf = Conf::default();
    let mut files = parts(sources, "/etc/apt/apt.conf.d", &["conf"], true);
    files.push("/etc/apt/apt.conf".to_owned());
    for file in files {
        if let Some(content) = sources.optional(&file, CONF_BYTES_MAX) {
            conf.add(&content);
        }
    }
    if PLACES.iter().any(|place| conf.has_below(place)) {
        sources.outcomes.failed("apt.conf", "files in other places than usual are not read");
    }
    conf
}

/// Architectures whose packages the machine may have.
fn architectures(sources: &mut Sources<'_>, conf: &Conf, native: &str) -> Vec<String> {
    let mut all = vec![native.to_owned()];
    let set = conf.list("apt::architectures");
    if set.is_empty() {
        let foreign = sources.optional("/var/lib/dpkg/arch", SMALL_BYTES).unwrap_or_default();
        all.extend(text::lines(&foreign).map(text::clean));
    } else {
        all.extend(set.iter().cloned());
    }
    all
}

fn configured(sources: &mut Sources<'_>, native: &str) -> Vec<Source> {
    let mut files = vec!["/etc/apt/sources.list".to_owned()];
    files.extend(parts(sources, "/etc/apt/sources.list.d", &["list", "sources"], false));
    let mut all = Vec::new();
    for file in files {
        let Some(content) = sources.optional(&file, CONF_BYTES_MAX) else { continue };
        let errors = if file.ends_with(".sources") {
            sources::deb822(&content, native, &mut all)
        } else {
            sources::one_line(&content, native, &mut all)
        };
        if let Some(error) = errors.first() {
            sources.outcomes.failed(&file, &error.to_string());
        }
    }
    all
}

fn preferences(sources: &mut Sources<'_>, conf: &Conf) -> Vec<Pin> {
    let mut all = Vec::new();
    if let Some(target) = conf.get("apt::default-release").filter(|target| !target.is_empty()) {
        match pins::default_release(target) {
            Ok(pin) => all.push(pin),
            Err(error) => sources.outcomes.failed("apt.conf", &error.to_string()),
        }
    }
    let mut files = parts(sources, "/etc/apt/preferences.d", &["pref"], true);
    files.insert(0, "/etc/apt/preferences".to_owned());
    for file in files {
        let Some(content) = sources.optional(&file, CONF_BYTES_MAX) else { continue };
        let errors = pins::preferences(&content, &mut all);
        if let Some(error) = errors.first() {
            sources.outcomes.failed(&file, &error.to_string());
        }
    }
    all
}

/// Whether updates are installed without anybody: unattended-upgrades is there, apt's daily job is told
/// to start it, and the job is started, by systemd or where there is none by cron. Source:
/// apt.systemd.daily, which is apt's daily job.
fn automatic(sources: &mut Sources<'_>, conf: &Conf, installed: &[Offer<'_>]) -> Tristate {
    let there = installed.iter().any(|offer| offer.name == "unattended-upgrades");
    let wanted = conf.switch("apt::periodic::enable", true)
        && conf.is_periodic("apt::periodic::unattended-upgrade");
    if there && wanted && is_started(sources) { Tristate::Yes } else { Tristate::No }
}

fn is_started(sources: &mut Sources<'_>) -> bool {
    let own = sources.link(&format!("/etc/systemd/system/{TIMER}"));
    if own.is_some_and(|target| target == "/dev/null") {
        return false;
    }
    let places = ["/etc", "/run", "/usr/lib", "/lib"];
    let mut links =
        places.iter().map(|top| format!("{top}/systemd/system/timers.target.wants/{TIMER}"));
    // A link may lead out of a foreign root: its being there is what counts.
    let wanted = links.any(|link| sources.link(&link).is_some() || sources.exists(&link));
    wanted
        || (!sources.exists("/lib/systemd/systemd") && sources.exists("/etc/cron.daily/apt-compat"))
}
