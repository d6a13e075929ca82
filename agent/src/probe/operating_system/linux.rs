//! Reads the `operating_system` section on Linux.

use belfort_agent_sys::files::ReadError;
use belfort_proto::inventory::v1::{OperatingSystemSection, Tristate};

use super::{day, os_release, zone_of_link};
use crate::probe::outcome::{SMALL_BYTES, Sources};
use crate::probe::{Host, text};

const OS_RELEASE: &str = "/etc/os-release";
const REBOOT: &str = "/run/reboot-required";
/// What puts the file above there; without any of them its absence says nothing.
const REBOOT_KEEPERS: &[&str] = &[
    "/usr/share/update-notifier/notify-reboot-required",
    "/etc/kernel/postinst.d/unattended-upgrades",
    "/etc/kernel/postinst.d/update-notifier",
];
/// Directories that installers leave behind.
const INSTALLERS: &[&str] = &["/var/log/installer", "/var/log/anaconda"];

pub(super) fn read(host: &Host) -> OperatingSystemSection {
    let mut sources = Sources::new(&host.root);
    let mut section = OperatingSystemSection {
        family: "linux".to_owned(),
        architecture: text::clean(host.names.machine.as_bytes()),
        kernel_running: text::clean(host.names.release.as_bytes()),
        ..OperatingSystemSection::default()
    };
    // The second place is the original when the first is missing: os-release(5).
    let release = sources
        .optional(OS_RELEASE, SMALL_BYTES)
        .or_else(|| sources.optional("/usr/lib/os-release", SMALL_BYTES));
    match release {
        Some(content) => os_release(&content, &mut section),
        None => sources.outcomes.absent(OS_RELEASE),
    }
    if section.build.is_empty() && section.id == "debian" {
        let point = sources.optional("/etc/debian_version", SMALL_BYTES).unwrap_or_default();
        section.build = text::clean(&point);
    }
    section.kernels_installed = kernels(&mut sources);
    section.installed_on = installed_on(&mut sources);
    section.locale = ["/etc/locale.conf", "/etc/default/locale"]
        .into_iter()
        .find_map(|path| text::shell_value(&sources.optional(path, SMALL_BYTES)?, "LANG"))
        .unwrap_or_default();
    section.time_zone = time_zone(&mut sources);
    reboot(&mut sources, &mut section);
    section.outcomes = sources.outcomes.into_vec();
    section
}

fn kernels(sources: &mut Sources<'_>) -> Vec<String> {
    let mut kernels: Vec<String> = sources
        .list("/boot")
        .into_iter()
        .filter_map(|entry| entry.name.strip_prefix("vmlinuz-").map(str::to_owned))
        .filter(|version| !version.contains("rescue"))
        .collect();
    // Fedora and Arch keep the kernel beside its modules.
    for entry in sources.list("/usr/lib/modules").into_iter().take(64) {
        if sources.exists(&format!("/usr/lib/modules/{}/vmlinuz", entry.name)) {
            kernels.push(entry.name);
        }
    }
    let mut kernels: Vec<_> = kernels.iter().map(|name| text::clean(name.as_bytes())).collect();
    kernels.sort();
    kernels.dedup();
    kernels
}

fn installed_on(sources: &mut Sources<'_>) -> String {
    for path in INSTALLERS {
        match sources.root.modified_seconds(path) {
            Ok(seconds) => return day(seconds),
            Err(ReadError::Absent) => {}
            Err(error) => sources.outcomes.unread(path, error),
        }
    }
    String::new()
}

fn time_zone(sources: &mut Sources<'_>) -> String {
    let link = sources.link("/etc/localtime").unwrap_or_default();
    if let Some(zone) = zone_of_link(&link) {
        return text::clean(zone.as_bytes());
    }
    text::clean(&sources.optional("/etc/timezone", SMALL_BYTES).unwrap_or_default())
}

fn reboot(sources: &mut Sources<'_>, section: &mut OperatingSystemSection) {
    let pending = if sources.exists(REBOOT) {
        Tristate::Yes
    } else if REBOOT_KEEPERS.iter().any(|path| sources.exists(path)) {
        Tristate::No
    } else {
        sources.outcomes.absent(REBOOT);
        Tristate::Unspecified
    };
    section.reboot_pending = pending.into();
    if pending == Tristate::Yes {
        let list = sources.optional("/run/reboot-required.pkgs", SMALL_BYTES).unwrap_or_default();
        let names = text::lines(&list).map(text::clean).filter(|name| !name.is_empty());
        section.reboot_packages = names.collect();
        section.reboot_packages.sort();
        section.reboot_packages.dedup();
    }
}
