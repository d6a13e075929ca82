//! Services and listening sockets.

use std::collections::{BTreeMap, BTreeSet};

use belfort_proto::inventory::v1::{SectionKind, StartMode, Tristate};
use belfort_proto::section::Section;

use super::outcome::Outcomes;
use super::units::Unit;
use super::{Host, Probe};

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
pub(crate) use linux::each_socket;
#[cfg(target_os = "linux")]
pub(super) use linux::manager::units;
#[cfg(target_os = "linux")]
use linux::read;

/// Reads the `services` section.
#[derive(Debug)]
pub struct ServicesProbe;

impl Probe for ServicesProbe {
    fn kind(&self) -> SectionKind {
        SectionKind::Services
    }

    fn read(&self, host: &Host) -> Section {
        Section::Services(read(host))
    }
}

/// A service as its files describe it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Name without `.service`.
    pub name: String,
    /// What its files say.
    pub unit: Unit,
    /// How it starts.
    pub start_mode: StartMode,
    /// Whether it runs.
    pub running: Tristate,
}

/// What the service manager knows.
#[derive(Debug, Default)]
pub struct Units {
    /// Services but templates, in no particular order.
    pub services: Vec<Found>,
    /// Templates of services, without `@.service`.
    pub templates: BTreeSet<String>,
    /// Timers without `.timer`, and whether they start with the system.
    pub timers: BTreeMap<String, bool>,
    /// What was not simply read.
    pub outcomes: Outcomes,
}

/// How a unit starts. Source: systemctl(1), is-enabled.
pub fn start_mode(masked: bool, linked: bool, installable: bool) -> StartMode {
    match (masked, linked, installable) {
        (true, _, _) => StartMode::Masked,
        (_, true, _) => StartMode::Enabled,
        (_, _, true) => StartMode::Disabled,
        _ => StartMode::Static,
    }
}

/// Names of the installed packages, laid out so that all are searched in one go.
#[derive(Debug, Default)]
pub struct PackageNames<'a> {
    names: Vec<&'a str>,
    /// All names, one on each line.
    joined: String,
    /// Where each name starts.
    starts: Vec<usize>,
    /// Those among them that own what no name tells.
    base: Vec<&'a str>,
}

/// Packages of what every system starts and no name tells: agetty, fstrim, e2scrub.
const BASE: [&str; 3] = ["util-linux", "e2fsprogs", "coreutils"];

impl<'a> FromIterator<&'a str> for PackageNames<'a> {
    fn from_iter<I: IntoIterator<Item = &'a str>>(names: I) -> Self {
        let mut all = Self::default();
        for name in names {
            all.starts.push(all.joined.len());
            all.joined.push_str(name);
            all.joined.push('\n');
            all.names.push(name);
        }
        let base = BASE.into_iter();
        all.base =
            base.filter_map(|name| all.names.iter().copied().find(|have| *have == name)).collect();
        all
    }
}

impl<'a> PackageNames<'a> {
    /// The names that contain a word, each once.
    fn containing(&self, word: &str) -> impl Iterator<Item = &'a str> {
        let mut last = None;
        memchr::memmem::find_iter(self.joined.as_bytes(), word).filter_map(move |at| {
            let index = self.starts.partition_point(|start| *start <= at).checked_sub(1)?;
            let again = last.replace(index) == Some(index);
            self.names.get(index).copied().filter(|_| !again)
        })
    }
}

/// Installed packages that may own a program, likeliest first: those that share its name or that of
/// its service. Each is then looked up in its list of files; nothing is reported on a guess.
pub fn candidates<'a>(program: &str, service: &str, packages: &PackageNames<'a>) -> Vec<&'a str> {
    const MOST: usize = 8;
    let file = program.rsplit('/').next().unwrap_or_default();
    let mut stems: Vec<&str> = [file, service]
        .into_iter()
        .flat_map(|name| {
            let first = name.split(['-', '.', '@', '_']).next().unwrap_or_default();
            [name, name.strip_suffix('d').unwrap_or(name), first]
        })
        .filter(|stem| stem.len() > 2)
        .collect();
    stems.sort_unstable();
    stems.dedup();
    let rank = |package: &str| match () {
        () if package == file || package == service => 0,
        () if stems.contains(&package) => 1,
        () if package.starts_with("lib") => 4,
        () if package.contains("server") => 2,
        () => 3,
    };
    let mut found: Vec<_> = stems
        .iter()
        .flat_map(|stem| packages.containing(stem))
        .map(|package| (rank(package), package.len(), package))
        .collect();
    found.sort_unstable();
    found.dedup();
    found.truncate(MOST);
    let like = found.into_iter().map(|(_, _, package)| package);
    like.chain(packages.base.iter().copied()).collect()
}

/// Whether a package's list of files names a program. `/bin` and `/usr/bin` are the same place on
/// today's systems, and lists name either.
pub fn lists(list: &[u8], program: &str) -> bool {
    let has = |path: &str| {
        memchr::memmem::find_iter(list, path.as_bytes()).any(|at| {
            let before = at.checked_sub(1).and_then(|at| list.get(at));
            let after = list.get(at + path.len());
            before.is_none_or(|byte| *byte == b'\n') && after.is_none_or(|byte| *byte == b'\n')
        })
    };
    match program.strip_prefix("/usr/") {
        Some(inside) => has(program) || has(&format!("/{inside}")),
        None => has(program) || has(&format!("/usr{program}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn likeliest_package_first() {
        let installed: PackageNames<'_> =
            ["libssh2-1", "openssh-client", "openssh-server", "systemd", "systemd-sysv", "udev"]
                .into_iter()
                .collect();
        assert_eq!(
            candidates("/usr/sbin/sshd", "ssh", &installed),
            ["openssh-server", "openssh-client", "libssh2-1"]
        );
        let daemon = candidates("/lib/systemd/systemd-udevd", "systemd-udevd", &installed);
        assert_eq!(daemon.first(), Some(&"systemd"));
        assert!(candidates("/x", "y", &installed).is_empty());
        // A name is one candidate, however often it says the word.
        let long = "ssh".repeat(300_000);
        let names = [long.as_str()].into_iter().collect();
        assert_eq!(candidates("/usr/sbin/sshd", "ssh", &names).len(), 1);
    }

    #[test]
    fn lists_name_either_place() {
        let list = b"/.\n/lib/systemd/systemd-udevd\n/usr/bin/udevadm\n";
        assert!(lists(list, "/usr/lib/systemd/systemd-udevd"));
        assert!(lists(list, "/bin/udevadm"));
        assert!(!lists(list, "/usr/bin/udevad"));
        assert!(!lists(list, "/lib/systemd"));
    }

    #[test]
    fn modes() {
        assert_eq!(start_mode(true, true, true), StartMode::Masked);
        assert_eq!(start_mode(false, true, false), StartMode::Enabled);
        assert_eq!(start_mode(false, false, true), StartMode::Disabled);
        assert_eq!(start_mode(false, false, false), StartMode::Static);
    }
}
