//! System: names and hardware identity of the machine.

use belfort_proto::inventory::v1::SectionKind;
use belfort_proto::section::Section;

use super::{Host, Probe};

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux::read;

/// Reads the `system` section.
#[derive(Debug)]
pub struct SystemProbe;

impl Probe for SystemProbe {
    fn kind(&self) -> SectionKind {
        SectionKind::System
    }

    fn read(&self, host: &Host) -> Section {
        Section::System(read(host))
    }
}

/// What is known about virtualisation, each from its source; empty where the source says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traces {
    /// Whether this runs in a container.
    pub container: bool,
    /// The engine a container names, for example `docker`.
    pub engine: String,
    /// SMBIOS manufacturer.
    pub manufacturer: String,
    /// SMBIOS product.
    pub model: String,
    /// Signature in the processor.
    pub signature: String,
    /// /sys/hypervisor/type.
    pub hypervisor_type: String,
    /// Release of the kernel.
    pub kernel: String,
    /// Maker of the ACPI tables.
    pub acpi_maker: String,
    /// Whether the processor says it runs under a hypervisor.
    pub hypervisor_flag: bool,
    /// Whether the processor can say so at all: only x86 has the flag.
    pub flag_is_told: bool,
}

/// Whose virtual machine or container this is, by the identifiers of systemd-detect-virt(1).
///
/// A container wins over the virtual machine it runs in. Among the sources for a virtual machine,
/// those the hypervisor's maker writes are asked before the generic ones; a processor under a
/// hypervisor nobody names is still no physical machine.
pub fn virtualization(traces: &Traces) -> String {
    let found = if traces.container {
        if traces.engine.is_empty() { "container-other" } else { &traces.engine }
    } else if traces.kernel.to_ascii_lowercase().contains("microsoft") {
        "wsl"
    } else {
        [
            by_acpi(&traces.acpi_maker),
            by_dmi(&traces.manufacturer, &traces.model),
            by_signature(&traces.signature),
            if traces.hypervisor_type == "xen" { "xen" } else { "" },
        ]
        .into_iter()
        .find(|name| !name.is_empty())
        .unwrap_or(match (traces.hypervisor_flag, traces.flag_is_told) {
            (true, _) => "vm-other",
            (false, true) => "none",
            (false, false) => "",
        })
    };
    found.to_owned()
}

fn by_acpi(maker: &str) -> &'static str {
    if maker == "FIRECK" { "firecracker" } else { "" }
}

fn by_dmi(manufacturer: &str, model: &str) -> &'static str {
    let vendors = [
        ("Amazon EC2", "amazon"),
        ("Apple Virtualization", "apple"),
        ("BHYVE", "bhyve"),
        ("Bochs", "bochs"),
        ("Google Compute Engine", "google"),
        ("KVM", "kvm"),
        ("OpenStack", "kvm"),
        ("Parallels", "parallels"),
        ("QEMU", "qemu"),
        ("VMware", "vmware"),
        ("VMW", "vmware"),
        ("VirtualBox", "oracle"),
        ("innotek GmbH", "oracle"),
        ("Xen", "xen"),
    ];
    // Microsoft makes hardware too: only the product tells.
    if manufacturer == "Microsoft Corporation" && model == "Virtual Machine" {
        return "microsoft";
    }
    // Amazon's bare-metal instances carry its name as well.
    if manufacturer == "Amazon EC2" && model.strip_suffix(".metal").is_some() {
        return "";
    }
    let named = |prefix: &str| manufacturer.starts_with(prefix) || model.starts_with(prefix);
    vendors.iter().find(|(prefix, _)| named(prefix)).map_or("", |(_, name)| name)
}

fn by_signature(signature: &str) -> &'static str {
    match signature {
        "KVMKVMKVM" | "LinuxKVMHv" => "kvm",
        "TCGTCGTCGTCG" => "qemu",
        "VMwareVMware" => "vmware",
        "MicrosoftHv" => "microsoft",
        "XenVMMXenVMM" => "xen",
        "VBoxVBoxVBox" => "oracle",
        "prlhyperv" | "lrpepyhvr" => "parallels",
        "bhyvebhyve" => "bhyve",
        "ACRNACRNACRN" => "acrn",
        _ => "",
    }
}

/// The container engine that an environment names: `container=…` in the environment of process 1.
pub fn engine_in_environment(environment: &[u8]) -> Option<String> {
    let value = environment
        .split(|byte| *byte == 0)
        .find_map(|variable| variable.strip_prefix(b"container="))?;
    let name = super::text::clean(value);
    let known = !name.is_empty()
        && name.len() <= 32
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    known.then(|| name.to_ascii_lowercase())
}

/// The six characters by which the maker of an ACPI table signs. Source: ACPI, 5.2.6.
pub fn acpi_maker(table: &[u8]) -> String {
    table.get(10..16).map(super::text::clean).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traces(change: impl FnOnce(&mut Traces)) -> String {
        let mut traces = Traces { flag_is_told: true, ..Traces::default() };
        change(&mut traces);
        virtualization(&traces)
    }

    #[test]
    fn nothing_virtual_is_physical_only_where_the_processor_can_tell() {
        assert_eq!(traces(|_| {}), "none");
        assert_eq!(traces(|traces| traces.flag_is_told = false), "");
    }

    #[test]
    fn a_virtual_machine_is_never_called_physical() {
        assert_eq!(traces(|traces| traces.hypervisor_flag = true), "vm-other");
        let kvm = |traces: &mut Traces| {
            traces.hypervisor_flag = true;
            traces.signature = "KVMKVMKVM".to_owned();
        };
        assert_eq!(traces(kvm), "kvm");
        let firecracker = |traces: &mut Traces| {
            kvm(traces);
            traces.acpi_maker = "FIRECK".to_owned();
        };
        assert_eq!(traces(firecracker), "firecracker");
        assert_eq!(traces(|traces| traces.hypervisor_type = "xen".to_owned()), "xen");
        assert_eq!(traces(|traces| traces.manufacturer = "VMware, Inc.".to_owned()), "vmware");
        let wsl = "5.15.90.1-microsoft-standard-WSL2";
        assert_eq!(traces(|traces| traces.kernel = wsl.to_owned()), "wsl");
    }

    #[test]
    fn a_maker_of_hardware_is_no_hypervisor() {
        let surface = |traces: &mut Traces| {
            traces.manufacturer = "Microsoft Corporation".to_owned();
            traces.model = "Surface Pro 9".to_owned();
        };
        assert_eq!(traces(surface), "none");
        let metal = |traces: &mut Traces| {
            traces.manufacturer = "Amazon EC2".to_owned();
            traces.model = "m5.metal".to_owned();
        };
        assert_eq!(traces(metal), "none");
    }

    #[test]
    fn a_container_wins_over_its_machine() {
        let docker = |traces: &mut Traces| {
            traces.container = true;
            traces.signature = "KVMKVMKVM".to_owned();
            traces.engine = "docker".to_owned();
        };
        assert_eq!(traces(docker), "docker");
        assert_eq!(traces(|traces| traces.container = true), "container-other");
    }

    #[test]
    fn engines_in_environments() {
        assert_eq!(engine_in_environment(b"A=1\0container=lxc\0").as_deref(), Some("lxc"));
        assert_eq!(engine_in_environment(b"xcontainer=lxc\0container=\0"), None);
        assert_eq!(engine_in_environment(b"container=a b\0"), None);
    }
}
