//! What a report says about a device, in the words the findings use. Unknown is unknown: an empty
//! `Option` is neither yes nor no.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

mod neighbour;
mod posture;
mod update;
pub use neighbour::NeighbourFacts;
pub use posture::{AccessControlFacts, SshFacts, SudoFacts, WorkloadFacts};
pub use update::UpdateFacts;

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
    /// DNS domain; empty when it has none or it is unknown.
    pub domain: String,
    /// Addresses inside the configured prefixes, sorted.
    pub addresses: Vec<String>,
    /// Day of release of the firmware as `YYYY-MM-DD`; empty when unknown.
    pub firmware_date: String,
    /// Whether a TPM is present.
    pub tpm: Option<bool>,
    /// Major version of the TPM; 0 when unknown.
    pub tpm_version: u32,
    /// Processor flaws without mitigation, by the kernel's names; nothing when they could not be read.
    pub processor_flaws: Option<Vec<String>>,
    /// Names of services that run, sorted; nothing when that could not be told.
    pub services: Option<Vec<String>>,
    /// Local accounts; nothing when they could not be read.
    pub accounts: Option<AccountFacts>,
    /// Malware protection that is there: as the system itself lists it, or as the agent found it by
    /// services and files; nothing when that could not be told.
    pub malware_protection: Option<Vec<ProtectionFacts>>,
    /// Security updates that wait to be installed; nothing when that could not be told.
    pub security_updates: Option<Vec<UpdateFacts>>,
    /// Whether there may be more than those: a source was not read, or does not say what is of security.
    pub security_updates_partial: bool,
    /// Security updates that waited before and that nothing could be told of since.
    pub security_updates_unseen: Vec<UpdateFacts>,
    /// How many updates of all kinds wait; nothing when that could not be told.
    pub pending_updates: Option<u32>,
    /// Day of the oldest list of updates, as `YYYY-MM-DD`; empty when unknown.
    pub updates_refreshed_on: String,
    /// Whether updates are installed without anybody.
    pub automatic_updates: Option<bool>,
    /// Installed updates by their number (`KB5031234`), sorted; nothing when they could not be read.
    pub hotfixes: Option<Vec<String>>,
    /// Directory the device is joined to, as a DNS domain; empty when none is known.
    pub directory_domain: String,
    /// Cloud whose instance it is: `aws`, `azure` …; empty when none is known.
    pub cloud_provider: String,
    /// Posture of the SSH server; nothing when there is none or it could not be read.
    pub ssh: Option<SshFacts>,
    /// Mandatory access control; nothing when that could not be told.
    pub access_control: Option<AccessControlFacts>,
    /// Kernel lockdown: `none`, `integrity` or `confidentiality`; empty when unknown.
    pub kernel_lockdown: String,
    /// Whether the kernel's audit is on.
    pub audit: Option<bool>,
    /// Whether log records are forwarded to another machine.
    pub logs_forwarded: Option<bool>,
    /// Whether USB mass storage is barred.
    pub usb_storage_blocked: Option<bool>,
    /// Containers and virtual machines it hosts; nothing when that could not be told.
    pub workloads: Option<WorkloadFacts>,
    /// Capacity of the weakest battery in percent of its design; nothing when there is none or it is
    /// not known.
    pub battery_health_percent: Option<u32>,
    /// Devices beside it, with those of the last months; nothing when they are not collected.
    pub neighbours: Option<Vec<NeighbourFacts>>,
    /// Parts whose replacement matters.
    pub parts: PartFacts,
    /// Parts that were replaced, newest last.
    pub replaced: Vec<Replaced>,
    /// Fields the schema does not know that this device sent and the collector dropped, by section.
    pub dropped_fields: BTreeMap<String, u32>,
    /// What the settings switch off, and this device, which has these settings, sent all the same: number
    /// of fields by section, 0 for a whole section. None of it was kept.
    pub sent_although_off: BTreeMap<String, u32>,
}

/// Most replacements kept.
const REPLACED: usize = 20;

/// Facts of the local accounts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AccountFacts {
    /// How many there are.
    pub count: u32,
    /// How many can log in.
    pub login_count: u32,
    /// How many have an empty password.
    pub without_password: Option<u32>,
    /// How many have a password that never has to be changed.
    pub never_expiring: Option<u32>,
    /// Rules of sudo; nothing when it is not there or could not be read.
    pub sudo: Option<SudoFacts>,
    /// Administrators, sorted by name.
    pub administrators: Vec<AdministratorFacts>,
}

/// Facts of one administrator.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AdministratorFacts {
    /// Name of a built-in account, or a pseudonym.
    pub name: String,
    /// Through what: `uid0`, `sudo` …
    pub through: Vec<String>,
}

/// Facts of one product against malware.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProtectionFacts {
    /// Its name.
    pub name: String,
    /// Whether it is active.
    pub active: Option<bool>,
    /// When its signatures were made.
    pub signatures_at: Option<Timestamp>,
}

/// Parts whose replacement matters; empty when unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PartFacts {
    /// Serial number of the board.
    pub board: String,
    /// Serial number of the disk the system is on.
    pub system_disk: String,
    /// Hash of the endorsement key of the TPM.
    pub tpm: String,
}

/// One replaced part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replaced {
    /// Which part: `board`, `system_disk` or `tpm`.
    pub part: String,
    /// What it was.
    pub before: String,
    /// What it is.
    pub after: String,
    /// When a report first said so.
    pub at: Timestamp,
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
        if let Some(previous) = previous {
            self.replaced.clone_from(&previous.replaced);
            self.note_replaced(&previous.parts, now);
            // A part that cannot be read this time is not gone.
            for (part, before) in self.parts.each_mut().into_iter().zip(previous.parts.each()) {
                if part.is_empty() {
                    before.clone_into(part);
                }
            }
        }
        self.keep_waiting(previous, now);
        self.keep_neighbours(previous, now);
        self
    }

    fn note_replaced(&mut self, previous: &PartFacts, now: Timestamp) {
        let parts = PartFacts::NAMES.into_iter().zip(previous.each()).zip(self.parts.each());
        let replaced: Vec<_> = parts
            .filter(|((_, before), after)| {
                !before.is_empty() && !after.is_empty() && before != after
            })
            .map(|((part, before), after)| Replaced {
                part: part.to_owned(),
                before: before.to_owned(),
                after: after.to_owned(),
                at: now,
            })
            .collect();
        self.replaced.extend(replaced);
        let most = self.replaced.len().saturating_sub(REPLACED);
        self.replaced.drain(..most);
    }
}

impl PartFacts {
    const NAMES: [&str; 3] = ["board", "system_disk", "tpm"];

    fn each(&self) -> [&str; 3] {
        [&self.board, &self.system_disk, &self.tpm]
    }

    fn each_mut(&mut self) -> [&mut String; 3] {
        [&mut self.board, &mut self.system_disk, &mut self.tpm]
    }

    /// Whether any part is known.
    pub fn is_known(&self) -> bool {
        self.each().iter().any(|part| !part.is_empty())
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
    fn a_replaced_part_is_noted_once_and_an_unread_one_is_not_gone() {
        let with = |board: &str, disk: &str| DeviceFacts {
            parts: PartFacts {
                board: board.to_owned(),
                system_disk: disk.to_owned(),
                ..PartFacts::default()
            },
            ..DeviceFacts::default()
        };
        let first = with("b1", "d1").following(None, Timestamp(1));
        assert!(first.replaced.is_empty());
        let unread = with("b1", "").following(Some(&first), Timestamp(2));
        assert_eq!((unread.replaced.len(), unread.parts.system_disk.as_str()), (0, "d1"));
        let second = with("b1", "d2").following(Some(&unread), Timestamp(3));
        let third = with("b1", "d2").following(Some(&second), Timestamp(4));
        let noted: Vec<_> = third.replaced.iter().map(|r| (r.part.as_str(), r.at)).collect();
        assert_eq!(noted, [("system_disk", Timestamp(3))]);
        let many = (0..50).fold(third, |facts, n| {
            with("b1", &format!("x{n}")).following(Some(&facts), Timestamp(n))
        });
        assert_eq!(many.replaced.len(), REPLACED);
    }

    #[test]
    fn facts_of_an_older_version_are_read() {
        let facts: DeviceFacts = serde_json::from_str(r#"{"host_name":"pc-1"}"#).unwrap();
        assert_eq!(facts.host_name, "pc-1");
        assert_eq!(facts.secure_boot, None);
    }
}
