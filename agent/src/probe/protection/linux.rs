//! Reads the `protection` section on Linux.

mod firewall;
mod logs;

use std::collections::BTreeSet;

use belfort_agent_sys::files::{EntryKind, ReadError};
use belfort_proto::inventory::v1::{
    MandatoryAccessControl, ProtectionSection, SecurityCategory, Tristate,
};

use super::products::{self, CLAMAV, Products, USBGUARD};
use super::{access_control, clamav, usb_storage};
use crate::probe::Host;
use crate::probe::outcome::{SMALL_BYTES, Sources};
use crate::probe::services::Units;

const MODULES: &str = "/sys/kernel/security/lsm";
const LOCKDOWN: &str = "/sys/kernel/security/lockdown";
const PROFILES: &str = "/sys/kernel/security/apparmor/profiles";

pub(super) fn read(host: &Host) -> ProtectionSection {
    let mut sources = Sources::new(&host.root);
    let firewall = vec![firewall::input(host, &mut sources)];
    let units = host.units();
    let mut products = products(&mut sources, units);
    // What is not seen is only not there when everything was seen, and it is known what runs.
    let complete = !units.services.is_empty() && units.outcomes.is_empty();
    sources.outcomes.extend(&units.outcomes);
    signatures(&mut sources, &mut products);
    ProtectionSection {
        firewall,
        mandatory_access_control: access_control(&mut sources),
        audit: products.any_active(SecurityCategory::Audit, complete).into(),
        logs_forwarded: logs::forwarded(&mut sources, &products, complete).into(),
        usb_storage_blocked: usb_storage(&mut sources, &products).into(),
        kernel_lockdown: lockdown(&mut sources),
        products: products.found,
        outcomes: sources.outcomes.into_vec(),
    }
}

fn products(sources: &mut Sources<'_>, units: &Units) -> Products {
    let mut vendors: Option<BTreeSet<String>> = None;
    products::products(units, |folder| {
        if folder.starts_with('/') {
            return sources.exists(folder);
        }
        let first = folder.split('/').next().unwrap_or_default();
        let vendors = vendors.get_or_insert_with(|| {
            let entries = sources.list("/opt").into_iter();
            entries.map(|entry| entry.name).collect()
        });
        // Deeper down is looked only where the vendor has something.
        vendors.contains(first) && (first == folder || sources.exists(&format!("/opt/{folder}")))
    })
}

/// Fills in the days of signatures that a plain file tells.
fn signatures(sources: &mut Sources<'_>, products: &mut Products) {
    for product in products.found.iter_mut().filter(|product| product.name == CLAMAV) {
        let made = clamav::DATABASES.iter().filter_map(|path| {
            match sources.root.read_start(path, clamav::HEADER_BYTES) {
                Ok(header) => {
                    let made = clamav::made(&header);
                    if made.is_none() {
                        sources.outcomes.failed(path, "not understood");
                    }
                    made
                }
                Err(ReadError::Absent) => None,
                Err(error) => {
                    sources.outcomes.unread(path, error);
                    None
                }
            }
        });
        product.signatures_on = made.max().map(clamav::day).unwrap_or_default();
    }
}

fn access_control(sources: &mut Sources<'_>) -> Option<MandatoryAccessControl> {
    let modules = sources.needed(MODULES, SMALL_BYTES);
    let selinux_enforce = sources.optional("/sys/fs/selinux/enforce", SMALL_BYTES);
    let mut read = access_control::Read {
        modules: modules.as_deref(),
        selinux_enforce: selinux_enforce.as_deref(),
        ..access_control::Read::default()
    };
    if selinux_enforce.is_some() {
        return access_control::engine(&read);
    }
    let enabled = sources.optional("/sys/module/apparmor/parameters/enabled", SMALL_BYTES);
    read.apparmor_enabled = enabled.as_deref();
    let mut found = access_control::engine(&read);
    if found.as_ref().is_some_and(|found| found.engine == "apparmor" && found.mode.is_empty()) {
        match sources.root.read_start(PROFILES, SMALL_BYTES) {
            Ok(profiles) => {
                read.apparmor_profiles = Some(&profiles);
                found = access_control::engine(&read);
            }
            Err(error) => sources.outcomes.unread(PROFILES, error),
        }
        return found;
    }
    if found.as_ref().is_none_or(|found| found.engine.is_empty()) {
        let config = sources.optional("/etc/selinux/config", SMALL_BYTES);
        read.selinux_config = config.as_deref();
        found = access_control::engine(&read);
    }
    found
}

fn lockdown(sources: &mut Sources<'_>) -> String {
    let content = sources.optional(LOCKDOWN, SMALL_BYTES);
    access_control::chosen(&content.unwrap_or_default())
}

/// Whether USB mass storage is barred; unknown when something that might say so could not be read.
fn usb_storage(sources: &mut Sources<'_>, products: &Products) -> Tristate {
    const FILES_MAX: usize = 1024;
    let mut unknown = false;
    // The guard works by itself, whatever drivers there are.
    match products.active(USBGUARD) {
        Some(Tristate::Yes) => {
            let path = "/etc/usbguard/usbguard-daemon.conf";
            match sources.root.read(path, SMALL_BYTES) {
                Ok(content) if usb_storage::guard_refuses(&content) => return Tristate::Yes,
                Ok(_) => {}
                Err(error) => {
                    sources.outcomes.unread(path, error);
                    unknown = true;
                }
            }
        }
        Some(Tristate::Unspecified) => unknown = true,
        Some(Tristate::No) | None => {}
    }
    // What is loaded already, or part of the kernel, no configuration bars.
    match sources.root.exists("/sys/module/usb_storage") {
        Ok(false) => {}
        Ok(true) if unknown => return Tristate::Unspecified,
        Ok(true) => return Tristate::No,
        Err(error) => {
            sources.outcomes.unread("/sys/module/usb_storage", error);
            unknown = true;
        }
    }
    let mut bars = usb_storage::Bars::default();
    if let Some(parameters) = sources.needed("/proc/cmdline", SMALL_BYTES) {
        bars.command_line(&parameters);
    }
    let merged = sources.link("/lib").is_some();
    let mut names = BTreeSet::new();
    for directory in usb_storage::DIRECTORIES {
        if merged && directory.starts_with("/lib/") {
            continue;
        }
        let entries = match sources.root.list(directory) {
            Ok(entries) => entries,
            Err(ReadError::Absent) => continue,
            Err(error) => {
                sources.outcomes.unread(directory, error);
                unknown = true;
                continue;
            }
        };
        for entry in entries {
            let is_one =
                entry.name.strip_suffix(".conf").is_some() && entry.kind != EntryKind::Directory;
            if !is_one || names.len() >= FILES_MAX || !names.insert(entry.name.clone()) {
                continue;
            }
            let path = format!("{directory}/{}", entry.name);
            match sources.root.read(&path, SMALL_BYTES) {
                Ok(content) => bars.configuration(&content),
                Err(ReadError::Absent) => {}
                Err(error) => {
                    sources.outcomes.unread(&path, error);
                    unknown = true;
                }
            }
        }
    }
    match (bars.storage(), unknown) {
        (true, _) => Tristate::Yes,
        (false, true) => Tristate::Unspecified,
        (false, false) => Tristate::No,
    }
}
