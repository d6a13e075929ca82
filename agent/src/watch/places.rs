//! The table of watched directories: which entries concern which sections.

use belfort_proto::inventory::v1::SectionKind::{
    self, Accounts, Devices, Network, OperatingSystem, Packages, Protection, Services, System,
    Updates, Workloads,
};

/// Which entries of a directory matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entries {
    /// All of them.
    All,
    /// Those with these names.
    Named(&'static [&'static str]),
    /// A database: those with the first names. Closing or removing the file of the second name says
    /// that whoever changes it is done.
    Database(&'static [&'static str], &'static str),
    /// All of them, and those of the directories inside whose names end so.
    Nested(&'static [&'static str]),
    /// Slices of control groups, and what is inside them.
    Slices,
}

/// A watched directory.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Where it is. A component that ends with `*` stands for every directory that begins so.
    pub path: &'static str,
    /// Which entries matter.
    pub entries: Entries,
    /// The sections that a change concerns.
    pub sections: &'static [SectionKind],
}

const fn all(path: &'static str, sections: &'static [SectionKind]) -> Place {
    Place { path, entries: Entries::All, sections }
}

const fn named(
    path: &'static str,
    names: &'static [&'static str],
    sections: &'static [SectionKind],
) -> Place {
    Place { path, entries: Entries::Named(names), sections }
}

const fn database(path: &'static str, names: &'static [&'static str], lock: &'static str) -> Place {
    Place { path, entries: Entries::Database(names, lock), sections: INSTALLED }
}

const fn nested(
    path: &'static str,
    endings: &'static [&'static str],
    sections: &'static [SectionKind],
) -> Place {
    Place { path, entries: Entries::Nested(endings), sections }
}

const fn slices(path: &'static str) -> Place {
    Place { path, entries: Entries::Slices, sections: &[] }
}

/// What follows from installed packages: what is pending, who owns a service's program, which
/// products protect.
const INSTALLED: &[SectionKind] = &[Updates, Packages, Services, Protection];
const UNITS: &[SectionKind] = &[Services, Protection, Updates];
const UNIT_PARTS: &[&str] = &[".wants", ".requires", ".upholds", ".d"];
/// The log beside `rpmdb.sqlite` also comes and goes with those who only read.
const RPM: &[&str] = &["rpmdb.sqlite", "Packages.db", "Packages"];

/// Every watched directory.
pub const PLACES: &[Place] = &[
    // Packages. Locks: dpkg(1), apt(8); rpm and dnf; pacman(8) removes its lock; apk(8).
    database("/var/lib/dpkg", &["status"], "lock-frontend"),
    database("/var/lib/rpm", RPM, ".rpm.lock"),
    database("/usr/lib/sysimage/rpm", RPM, ".rpm.lock"),
    database("/lib/apk/db", &["installed"], "lock"),
    database("/usr/lib/apk/db", &["installed"], "lock"),
    database("/var/lib/pacman", &[], "db.lck"),
    all("/var/lib/pacman/local", INSTALLED),
    all("/var/lib/snapd/snaps", &[Packages, Updates]),
    nested("/snap", &[""], &[Packages]),
    named("/var/lib/flatpak", &[".changed"], &[Packages, Updates]),
    nested("/home/linuxbrew/.linuxbrew/Cellar", &[""], &[Packages]),
    all("/usr/local/lib/python3*/dist-packages", &[Packages]),
    all("/usr/local/lib/python3*/site-packages", &[Packages]),
    all("/usr/lib/python3*/site-packages", &[Packages]),
    all("/usr/lib/node_modules", &[Packages]),
    all("/usr/local/lib/node_modules", &[Packages]),
    all("/var/lib/gems/*/specifications", &[Packages]),
    all("/usr/local/lib/ruby/gems/*/specifications", &[Packages]),
    // Beside the list of what was installed lie locks that every build takes.
    all("/usr/local/cargo/bin", &[Packages]),
    all("/root/.cargo/bin", &[Packages]),
    // Pending updates.
    all("/var/lib/apt/lists", &[Updates]),
    named("/var/lib/apt/periodic", &["update-success-stamp"], &[Updates]),
    named("/etc/apt", &["apt.conf", "preferences", "sources.list"], &[Updates]),
    all("/etc/apt/apt.conf.d", &[Updates]),
    all("/etc/apt/preferences.d", &[Updates]),
    all("/etc/apt/sources.list.d", &[Updates]),
    nested("/var/cache/dnf", &[""], &[Updates]),
    nested("/var/cache/libdnf5", &[""], &[Updates]),
    named("/etc/dnf", &["dnf.conf", "automatic.conf"], &[Updates]),
    all("/etc/yum.repos.d", &[Updates]),
    // Accounts.
    named("/etc", &["passwd", "group", "shadow"], &[Accounts, Services]),
    named("/etc", &["sudoers"], &[Accounts]),
    all("/etc/sudoers.d", &[Accounts]),
    named("/etc/ssh", &["sshd_config"], &[Accounts]),
    all("/etc/ssh/sshd_config.d", &[Accounts]),
    // Services.
    nested("/etc/systemd/system", UNIT_PARTS, UNITS),
    nested("/run/systemd/system", UNIT_PARTS, UNITS),
    nested("/usr/local/lib/systemd/system", UNIT_PARTS, UNITS),
    nested("/usr/lib/systemd/system", UNIT_PARTS, UNITS),
    nested("/lib/systemd/system", UNIT_PARTS, UNITS),
    all("/run/systemd/generator", &[Services]),
    all("/run/systemd/generator.late", &[Services]),
    slices("/sys/fs/cgroup/systemd"),
    slices("/sys/fs/cgroup"),
    // System and operating system.
    named("/etc", &["hostname", "machine-id"], &[System]),
    named("/etc/sssd", &["sssd.conf"], &[System]),
    named("/etc/samba", &["smb.conf"], &[System]),
    named(
        "/etc",
        &["os-release", "debian_version", "localtime", "timezone", "locale.conf"],
        &[OperatingSystem],
    ),
    named("/etc/default", &["locale"], &[OperatingSystem]),
    named("/usr/lib", &["os-release"], &[OperatingSystem]),
    named("/run", &["reboot-required", "reboot-required.pkgs"], &[OperatingSystem]),
    all("/boot", &[OperatingSystem]),
    all("/usr/lib/modules", &[OperatingSystem]),
    // Network: only names; what the kernel does it announces itself.
    named("/etc", &["resolv.conf"], &[Network]),
    named("/run/systemd/resolve", &["resolv.conf", "stub-resolv.conf"], &[Network]),
    named("/run/NetworkManager", &["resolv.conf"], &[Network]),
    named("/run/resolvconf", &["resolv.conf"], &[Network]),
    // Protection.
    all("/var/lib/clamav", &[Protection]),
    all("/etc/apparmor.d", &[Protection]),
    named("/etc/selinux", &["config"], &[Protection]),
    all("/etc/audit", &[Protection]),
    all("/etc/audit/rules.d", &[Protection]),
    all("/etc/modprobe.d", &[Protection]),
    all("/etc/udev/rules.d", &[Protection]),
    all("/etc/usbguard", &[Protection]),
    all("/etc/chrony", &[Protection]),
    all("/etc/rsyslog.d", &[Protection]),
    named("/etc", &["rsyslog.conf", "chrony.conf", "ntp.conf", "auto.master"], &[Protection]),
    named("/run/systemd/timesync", &["synchronized"], &[Protection]),
    // Workloads: containers that start and stop show in control groups and run-time directories.
    // The files inside a container's directory are rewritten at every check of its health.
    all("/var/lib/docker/containers", &[Workloads]),
    named("/var/lib/docker/image/overlay2", &["repositories.json"], &[Workloads]),
    named("/var/lib/containers/storage/overlay-containers", &["containers.json"], &[Workloads]),
    all("/run/containerd/io.containerd.runtime.v2.task", &[Workloads]),
    all("/run/containerd/io.containerd.runtime.v2.task/*", &[Workloads]),
    all("/etc/libvirt/qemu", &[Workloads]),
    all("/run/libvirt/qemu", &[Workloads]),
    nested("/var/lib/lxc", &[""], &[Workloads]),
    all("/var/lib/machines", &[Workloads]),
    all("/run/systemd/machines", &[Workloads]),
    all("/etc/systemd/nspawn", &[Workloads]),
    // Devices.
    named("/etc/cups", &["printers.conf"], &[Devices]),
    named("/etc", &["printcap"], &[Devices]),
];

/// What a change of an entry means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Nothing.
    Nothing,
    /// The sections changed.
    Changed,
    /// Whoever changed them is done.
    Complete,
}

impl Place {
    /// What it means when an entry appears, goes or was written.
    pub fn meaning(&self, name: &[u8]) -> Meaning {
        let is = |wanted: &[&str]| wanted.iter().any(|wanted| wanted.as_bytes() == name);
        match self.entries {
            Entries::All | Entries::Nested(_) if is_passing(name) => Meaning::Nothing,
            Entries::All | Entries::Nested(_) => Meaning::Changed,
            Entries::Named(names) if is(names) => Meaning::Changed,
            Entries::Database(names, _) if is(names) => Meaning::Changed,
            Entries::Database(_, lock) if is(&[lock]) => Meaning::Complete,
            Entries::Named(_) | Entries::Database(..) | Entries::Slices => Meaning::Nothing,
        }
    }
}

/// Whether a directory inside another one is a place, or on the way to one.
pub fn lead_through(parent: &str, name: &str) -> bool {
    let fits = |wanted: &str, found: &str| match wanted.strip_suffix('*') {
        Some(start) => found.starts_with(start),
        None => wanted == found,
    };
    PLACES.iter().any(|place| {
        let mut wanted = place.path.split('/');
        let above = parent.split('/').all(|found| wanted.next().is_some_and(|wanted| fits(wanted, found)));
        above
            && match wanted.next() {
                Some(wanted) => fits(wanted, name),
                None => matches!(place.entries, Entries::Nested(endings) if endings.iter().any(|end| name.ends_with(end))),
            }
    })
}

/// Whether an entry is one that its writer renames when it is complete, or the lock beside it.
fn is_passing(name: &[u8]) -> bool {
    const ENDINGS: &[&[u8]] = &[b"~", b".swp", b".tmp", b".dpkg-new", b".dpkg-tmp"];
    name.starts_with(b".") || name == b"lock" || ENDINGS.iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use belfort_proto::section::Section;

    use super::*;

    fn at(path: &str) -> &'static Place {
        PLACES.iter().find(|place| place.path == path).unwrap()
    }

    #[test]
    fn every_place_is_absolute_and_concerns_a_section() {
        for place in PLACES {
            assert!(place.path.starts_with('/') && !place.path.ends_with('/'), "{}", place.path);
            assert!(!place.sections.is_empty() || place.entries == Entries::Slices);
            assert!(place.sections.iter().all(|kind| Section::KINDS.contains(kind)));
        }
    }

    #[test]
    fn a_run_of_apt() {
        let dpkg = at("/var/lib/dpkg");
        assert_eq!(dpkg.meaning(b"status-new"), Meaning::Nothing);
        assert_eq!(dpkg.meaning(b"status"), Meaning::Changed);
        assert_eq!(dpkg.meaning(b"lock-frontend"), Meaning::Complete);
        assert_eq!(dpkg.meaning(b"lock"), Meaning::Nothing);
        assert_eq!(at("/var/lib/apt/lists").meaning(b"lock"), Meaning::Nothing);
    }

    #[test]
    fn new_directories_that_matter() {
        for (parent, name) in [
            ("/etc", "sudoers.d"),
            ("/etc", "ssh"),
            ("/run", "systemd"),
            ("/usr/local/lib", "python3.13"),
            ("/run/containerd/io.containerd.runtime.v2.task", "moby"),
            ("/etc/systemd/system", "multi-user.target.wants"),
        ] {
            assert!(lead_through(parent, name), "{parent} {name}");
        }
        for (parent, name) in [
            ("/etc", "ssl"),
            ("/var/lib/docker/containers", "0123abcd"),
            ("/run/containerd/io.containerd.runtime.v2.task/moby", "0123abcd"),
            ("/etc/systemd/system", "x"),
        ] {
            assert!(!lead_through(parent, name), "{parent} {name}");
        }
    }

    #[test]
    fn what_passes_means_nothing() {
        let sudoers = at("/etc/sudoers.d");
        assert_eq!(sudoers.meaning(b"operators"), Meaning::Changed);
        assert_eq!(sudoers.meaning(b".operators.swp"), Meaning::Nothing);
        assert_eq!(sudoers.meaning(b"operators~"), Meaning::Nothing);
        let flatpak = at("/var/lib/flatpak");
        assert_eq!(flatpak.meaning(b".changed"), Meaning::Changed);
    }
}
