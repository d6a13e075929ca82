//! The facts of an asset in groups, in words.

use belfort_model::facts::DeviceFacts;

use crate::view::Asset;
use crate::web::frame::Frame;

/// Facts under one heading.
pub(super) struct Group {
    pub(super) heading: String,
    pub(super) facts: Vec<(String, String)>,
}

/// A group in the making: what is not known is left out.
struct Making<'a> {
    frame: &'a Frame,
    group: Group,
}

impl<'a> Making<'a> {
    fn new(frame: &'a Frame, heading: &str) -> Self {
        Self { frame, group: Group { heading: frame.t(heading), facts: Vec::new() } }
    }

    fn text(mut self, key: &str, value: impl Into<String>) -> Self {
        let value = value.into();
        if !value.is_empty() {
            self.group.facts.push((self.frame.t(key), value));
        }
        self
    }

    fn count(self, key: &str, number: u64) -> Self {
        let text = if number == 0 { String::new() } else { self.frame.n(number) };
        self.text(key, text)
    }

    fn yes(self, key: &str, value: Option<bool>) -> Self {
        let text = value.map(|yes| self.frame.t(if yes { "filter-yes" } else { "filter-no" }));
        self.text(key, text.unwrap_or_default())
    }
}

/// A size in GiB, rounded.
fn gib(bytes: u64) -> String {
    let gib = (bytes + (1 << 29)) >> 30;
    if gib == 0 { String::new() } else { format!("{gib} GiB") }
}

/// All that is known, by group; a group without facts is left out.
pub(super) fn groups(frame: &Frame, asset: &Asset, facts: Option<&DeviceFacts>) -> Vec<Group> {
    let mut groups = vec![identity(frame, asset, facts)];
    if let Some(facts) = facts {
        groups.extend([hardware(frame, facts), system(frame, facts), security(frame, facts)]);
    }
    groups.retain(|group| !group.facts.is_empty());
    groups
}

fn identity(frame: &Frame, asset: &Asset, facts: Option<&DeviceFacts>) -> Group {
    let due = asset.verify_due.as_deref().map(|due| frame.day(due));
    let verified = asset.verified_at.as_deref().map(|at| frame.day(at));
    let mut making = Making::new(frame, "asset-group-identity")
        .text("col-type", frame.code("subtype", &asset.subtype));
    if let Some(facts) = facts {
        making = making
            .text("asset-fact-host", host(facts))
            .text("asset-fact-addresses", facts.addresses.join(", "))
            .text("asset-fact-manufacturer", facts.manufacturer.clone())
            .text("col-model", facts.model.clone())
            .text("col-serial", facts.serial.clone())
            .text("asset-fact-directory", facts.directory_domain.clone());
    }
    making
        .text("col-status", frame.code("lifecycle", &asset.lifecycle))
        .text("asset-field-authorised", frame.code("authorised", &asset.authorised))
        .text("asset-field-legal-entity", asset.legal_entity.clone())
        .text("asset-field-site", asset.site.clone())
        .text("asset-field-environment", frame.code("environment", &asset.environment))
        .text("asset-field-exposure", frame.code("exposure", &asset.exposure))
        .text("col-source", frame.code("source", &asset.source))
        .text("col-first-seen", frame.moment(&asset.first_seen))
        .text("col-last-seen", frame.moment(&asset.last_seen))
        .text("asset-field-verified", verified.unwrap_or_default())
        .text("asset-fact-verify-due", due.unwrap_or_default())
        .text("asset-id", asset.id.clone())
        .group
}

fn host(facts: &DeviceFacts) -> String {
    if facts.host_name.is_empty() || facts.domain.is_empty() {
        return facts.host_name.clone();
    }
    format!("{}.{}", facts.host_name, facts.domain)
}

fn hardware(frame: &Frame, facts: &DeviceFacts) -> Group {
    let virtual_on = match facts.virtualization.as_str() {
        "none" => String::new(),
        other => other.to_owned(),
    };
    let tpm = match (facts.tpm, facts.tpm_version) {
        (Some(true), version) if version > 0 => format!("{version}"),
        (Some(true), _) => frame.t("filter-yes"),
        (Some(false), _) => frame.t("filter-no"),
        (None, _) => String::new(),
    };
    let battery = facts.battery_health_percent.map(|percent| format!("{percent}%"));
    Making::new(frame, "asset-group-hardware")
        .text("asset-fact-processor", facts.processor.clone())
        .count("asset-fact-threads", facts.threads.into())
        .text("asset-fact-memory", gib(facts.memory_bytes))
        .text("asset-fact-virtualization", virtual_on)
        .text("asset-fact-cloud", facts.cloud_provider.clone())
        .text("asset-fact-firmware", frame.day(&facts.firmware_date))
        .text("asset-fact-tpm", tpm)
        .text("asset-fact-battery", battery.unwrap_or_default())
        .group
}

fn system(frame: &Frame, facts: &DeviceFacts) -> Group {
    let security = facts.security_updates.as_ref().map(|updates| frame.n(updates.len()));
    let all = facts.pending_updates.map(|updates| frame.n(updates));
    Making::new(frame, "asset-group-system")
        .text("col-os", facts.os.name.clone())
        .text("col-version", facts.os.version.clone())
        .text("asset-fact-architecture", facts.os.architecture.clone())
        .text("asset-fact-kernel", facts.os.kernel_running.clone())
        .count("asset-fact-packages", facts.package_count.into())
        .text("asset-fact-security-updates", security.unwrap_or_default())
        .text("asset-fact-updates", all.unwrap_or_default())
        .yes("asset-fact-automatic-updates", facts.automatic_updates)
        .yes("asset-fact-reboot", facts.reboot_pending)
        .group
}

fn security(frame: &Frame, facts: &DeviceFacts) -> Group {
    let volumes: Vec<_> = facts
        .volumes
        .iter()
        .map(|volume| {
            let state = match volume.encrypted {
                Some(true) => frame.t("asset-encrypted"),
                Some(false) => frame.t("asset-not-encrypted"),
                None => frame.t("authorised-unknown"),
            };
            format!("{} {} ({state})", volume.mount_point, gib(volume.size_bytes))
        })
        .collect();
    let firewall = (!facts.firewall.is_empty())
        .then(|| facts.firewall.iter().all(|profile| profile.on == Some(true)));
    let protection = facts.malware_protection.as_ref().map(|products| {
        let names: Vec<_> = products.iter().map(|product| product.name.as_str()).collect();
        if names.is_empty() { frame.t("none") } else { names.join(", ") }
    });
    let open = facts.listeners.as_ref().map(|all| {
        let mut ports: Vec<_> = all
            .iter()
            .filter(|one| one.remote)
            .map(|one| format!("{}/{}", one.port, one.protocol))
            .collect();
        ports.dedup();
        if ports.is_empty() { frame.t("none") } else { ports.join(", ") }
    });
    Making::new(frame, "asset-group-security")
        .text("asset-fact-volumes", volumes.join(", "))
        .yes("asset-fact-uefi", facts.uefi)
        .yes("asset-fact-secure-boot", facts.secure_boot)
        .yes("asset-fact-firewall", firewall)
        .text("asset-fact-protection", protection.unwrap_or_default())
        .text("asset-fact-listeners", open.unwrap_or_default())
        .text("asset-fact-lockdown", facts.kernel_lockdown.clone())
        .yes("asset-fact-logs-forwarded", facts.logs_forwarded)
        .yes("asset-fact-usb-blocked", facts.usb_storage_blocked)
        .group
}
