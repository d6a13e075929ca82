//! What a report says about a device, in the words the findings use. Unknown is unknown: an empty
//! `Option` is neither yes nor no.

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// Facts of one device, from the sections of its last report.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeviceFacts {
    /// Host name.
    pub host_name: String,
    /// Manufacturer.
    pub manufacturer: String,
    /// Model.
    pub model: String,
    /// Serial number.
    pub serial: String,
    /// SMBIOS chassis type; 0 when unknown.
    pub chassis_type: u32,
    /// Virtualisation, as `systemd-detect-virt` names it; `none` on hardware, empty when unknown.
    pub virtualization: String,
    /// Processor model.
    pub processor: String,
    /// Logical processors.
    pub threads: u32,
    /// Memory the kernel manages, bytes.
    pub memory_bytes: u64,
    /// Operating system.
    pub os: OsFacts,
    /// Whether it was started through UEFI.
    pub uefi: Option<bool>,
    /// Whether secure boot is on.
    pub secure_boot: Option<bool>,
    /// Volumes with data.
    pub volumes: Vec<VolumeFacts>,
    /// Whether a restart is needed to finish an update.
    pub reboot_pending: Option<bool>,
    /// Since when a restart has been needed: the first report that said so.
    pub reboot_pending_since: Option<Timestamp>,
    /// Firewall profiles.
    pub firewall: Vec<FirewallFacts>,
    /// Listening sockets; nothing when they could not be read.
    pub listeners: Option<Vec<ListenerFacts>>,
    /// Number of installed packages.
    pub package_count: u32,
}

/// Facts of the operating system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OsFacts {
    /// Family: `linux`, `windows` or `macos`.
    pub family: String,
    /// Distribution or product, for example `debian`.
    pub id: String,
    /// Version, for example `12`.
    pub version: String,
    /// Name for people.
    pub name: String,
    /// Architecture.
    pub architecture: String,
    /// Running kernel.
    pub kernel_running: String,
    /// Installed kernels.
    pub kernels_installed: Vec<String>,
}

/// Facts of one volume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeFacts {
    /// Where it is mounted.
    pub mount_point: String,
    /// Block device.
    pub device: String,
    /// Size, bytes.
    pub size_bytes: u64,
    /// Whether all its data is encrypted at rest.
    pub encrypted: Option<bool>,
}

/// Facts of one firewall profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirewallFacts {
    /// Name of the profile.
    pub profile: String,
    /// Whether it is on.
    pub on: Option<bool>,
}

/// Facts of one listening socket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListenerFacts {
    /// `tcp` or `udp`.
    pub protocol: String,
    /// Port.
    pub port: u16,
    /// Whether it can be reached from another machine.
    pub remote: bool,
    /// Program; empty when unknown.
    pub program: String,
    /// Package of the program; empty when unknown.
    pub package: String,
}

impl DeviceFacts {
    /// Takes over from the previous report what only time can tell.
    #[must_use]
    pub fn following(mut self, previous: Option<&Self>, now: Timestamp) -> Self {
        self.reboot_pending_since = match self.reboot_pending {
            Some(true) => {
                Some(previous.and_then(|facts| facts.reboot_pending_since).unwrap_or(now))
            }
            Some(false) => None,
            // Not known this time: what was known before still holds.
            None => previous.and_then(|facts| facts.reboot_pending_since),
        };
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pending_restart_keeps_its_first_moment() {
        let pending = DeviceFacts { reboot_pending: Some(true), ..DeviceFacts::default() };
        let first = pending.clone().following(None, Timestamp(1));
        let second = pending.following(Some(&first), Timestamp(2));
        assert_eq!(second.reboot_pending_since, Some(Timestamp(1)));
        let unknown = DeviceFacts::default().following(Some(&second), Timestamp(3));
        assert_eq!(unknown.reboot_pending_since, Some(Timestamp(1)));
        let done = DeviceFacts { reboot_pending: Some(false), ..DeviceFacts::default() };
        assert_eq!(done.following(Some(&unknown), Timestamp(4)).reboot_pending_since, None);
    }

    #[test]
    fn facts_of_an_older_version_are_read() {
        let facts: DeviceFacts = serde_json::from_str(r#"{"host_name":"pc-1"}"#).unwrap();
        assert_eq!(facts.host_name, "pc-1");
        assert_eq!(facts.secure_boot, None);
    }
}
