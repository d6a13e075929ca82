//! Services and listening sockets.

use belfort_proto::inventory::v1::{SectionKind, StartMode};
use belfort_proto::section::Section;

use super::{Host, Probe};

#[cfg(target_os = "linux")]
mod linux;
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

/// How a unit starts. Source: systemctl(1), is-enabled.
pub fn start_mode(masked: bool, linked: bool, installable: bool) -> StartMode {
    match (masked, linked, installable) {
        (true, _, _) => StartMode::Masked,
        (_, true, _) => StartMode::Enabled,
        (_, _, true) => StartMode::Disabled,
        _ => StartMode::Static,
    }
}

/// Installed packages that may own a program, likeliest first: those that share its name or that of
/// its service. Each is then looked up in its list of files; nothing is reported on a guess.
pub fn candidates<'a>(program: &str, service: &str, packages: &[&'a str]) -> Vec<&'a str> {
    const MOST: usize = 8;
    let file = program.rsplit('/').next().unwrap_or_default();
    let stems: Vec<&str> = [file, service]
        .into_iter()
        .flat_map(|name| {
            let first = name.split(['-', '.', '@', '_']).next().unwrap_or_default();
            [name, name.strip_suffix('d').unwrap_or(name), first]
        })
        .filter(|stem| stem.len() > 2)
        .collect();
    let rank = |package: &str| {
        let like = stems.iter().any(|stem| package.contains(stem));
        match () {
            () if package == file || package == service => Some(0),
            () if stems.contains(&package) => Some(1),
            () if like && package.starts_with("lib") => Some(4),
            () if like && package.contains("server") => Some(2),
            () if like => Some(3),
            () => None,
        }
    };
    let mut found: Vec<_> = packages
        .iter()
        .filter_map(|package| Some((rank(package)?, package.len(), *package)))
        .collect();
    found.sort_unstable();
    found.truncate(MOST);
    let like = found.into_iter().map(|(_, _, package)| package);
    // What every system starts and no name tells: agetty, fstrim, e2scrub.
    let base = ["util-linux", "e2fsprogs", "coreutils"].into_iter();
    let base = base.filter_map(|name| packages.iter().copied().find(|package| *package == name));
    like.chain(base).collect()
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
        let installed =
            ["libssh2-1", "openssh-client", "openssh-server", "systemd", "systemd-sysv", "udev"];
        assert_eq!(
            candidates("/usr/sbin/sshd", "ssh", &installed),
            ["openssh-server", "openssh-client", "libssh2-1"]
        );
        let daemon = candidates("/lib/systemd/systemd-udevd", "systemd-udevd", &installed);
        assert_eq!(daemon.first(), Some(&"systemd"));
        assert!(candidates("/x", "y", &installed).is_empty());
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
