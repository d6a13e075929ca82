//! Whose virtual machine or container this is. Source of the rules: systemd-detect-virt(1), and what the
//! makers of hypervisors document.

use super::super::text;
use super::container;

/// What is known about virtualisation, each from its source; empty where the source says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traces {
    /// The engine of the container this runs in, for example `docker`; empty when it is not known, nothing
    /// outside containers.
    pub engine: Option<String>,
    /// SMBIOS product.
    pub model: String,
    /// SMBIOS manufacturer.
    pub manufacturer: String,
    /// SMBIOS manufacturer of the board.
    pub board_manufacturer: String,
    /// SMBIOS vendor of the firmware.
    pub firmware_vendor: String,
    /// SMBIOS version of the product.
    pub model_version: String,
    /// Whether the firmware says that the machine is virtual; nothing when that is not known.
    pub firmware_virtual: Option<bool>,
    /// Signature in the processor.
    pub signature: String,
    /// /sys/hypervisor/type.
    pub hypervisor_type: String,
    /// Whether Xen runs below, but the machine is its first domain, which has the hardware.
    pub first_domain: bool,
    /// Release of the kernel.
    pub kernel: String,
    /// Maker of the ACPI tables.
    pub acpi_maker: String,
    /// Vendor of the processor.
    pub processor_vendor: String,
    /// The hypervisor that the device tree names, for example `linux,kvm`.
    pub device_tree: String,
    /// What runs this machine on a mainframe, for example `z/VM 7.2.0` or `KVM/Linux`.
    pub control_program: String,
    /// Whether the processor says it runs under a hypervisor; nothing where it cannot: only x86 has the
    /// flag.
    pub hypervisor_flag: Option<bool>,
}

/// Whose virtual machine or container this is, by the identifiers of systemd-detect-virt(1), and
/// `firecracker`.
///
/// A container wins over the virtual machine it runs in. Among the sources for a virtual machine,
/// those the hypervisor's maker writes are asked before the generic ones; a processor under a
/// hypervisor nobody names is still no physical machine.
pub fn virtualization(traces: &Traces) -> String {
    let name = match container::engine(traces) {
        Some(engine) => engine,
        None => machine(traces),
    };
    name.to_owned()
}

/// The hypervisor; `none` for a physical machine, empty when nobody can say.
fn machine(traces: &Traces) -> &'static str {
    let by_dmi = by_dmi(traces);
    let by_signature = by_signature(&traces.signature);
    if traces.first_domain && ["", "xen"].contains(&by_signature) {
        return "none";
    }
    let found = [
        if traces.acpi_maker == "FIRECK" { "firecracker" } else { "" },
        // These use the hypervisors of others, whose signature the processor then has.
        if OVER_OTHERS.contains(&by_dmi) { by_dmi } else { "" },
        if traces.processor_vendor == "User Mode Linux" { "uml" } else { "" },
        if traces.hypervisor_type == "xen" { "xen" } else { "" },
        // Other hypervisors take this one for the sake of Windows guests.
        if by_signature == "microsoft" { "" } else { by_signature },
        by_dmi,
        by_device_tree(&traces.device_tree),
        match traces.control_program.as_str() {
            "" => "",
            program if program.starts_with("z/VM") => "zvm",
            _ => "kvm",
        },
        by_signature,
    ];
    let named = found.into_iter().find(|name| !name.is_empty());
    named.unwrap_or(match (traces.hypervisor_flag, traces.firmware_virtual) {
        (Some(true), _) | (_, Some(true)) => "vm-other",
        (Some(false), _) => "none",
        (None, _) => "",
    })
}

const OVER_OTHERS: [&str; 5] = ["amazon", "google", "oracle", "parallels", "xen"];

const VENDORS: [(&str, &str); 18] = [
    ("Amazon EC2", "amazon"),
    ("Apple Virtualization", "apple"),
    ("BHYVE", "bhyve"),
    ("Bochs", "bochs"),
    ("Google Compute Engine", "google"),
    ("Hyper-V", "microsoft"),
    ("KVM", "kvm"),
    ("KubeVirt", "kvm"),
    ("OpenStack", "kvm"),
    ("Oracle Corporation", "oracle"),
    ("Parallels", "parallels"),
    ("QEMU", "qemu"),
    ("VMW", "vmware"),
    ("VMware", "vmware"),
    ("VirtualBox", "oracle"),
    ("Xen", "xen"),
    ("innotek GmbH", "oracle"),
    ("Firecracker", "firecracker"),
];

fn by_dmi(traces: &Traces) -> &'static str {
    // Microsoft makes hardware too: only the product tells.
    if traces.manufacturer == "Microsoft Corporation" && traces.model == "Virtual Machine" {
        return "microsoft";
    }
    // The product first: it tells KVM where the manufacturer is QEMU.
    let values = [
        &traces.model,
        &traces.manufacturer,
        &traces.board_manufacturer,
        &traces.firmware_vendor,
        &traces.model_version,
    ];
    let named = values.into_iter().find_map(|value| {
        let found = VENDORS.iter().find(|(prefix, _)| value.starts_with(prefix));
        found.map(|(prefix, name)| (*prefix, *name))
    });
    match named {
        // Bare metal of a cloud carries its name as well.
        Some((_, "amazon")) if !traces.firmware_virtual.unwrap_or(!is_metal(&traces.model)) => "",
        Some((_, "google")) if traces.hypervisor_flag == Some(false) => "",
        // Oracle makes servers, too.
        Some(("Oracle Corporation", _)) if traces.hypervisor_flag != Some(true) => "",
        Some((_, name)) => name,
        None => "",
    }
}

/// Whether an instance type is one without hypervisor: `m5.metal`, `c7g.metal-48xl`.
fn is_metal(model: &str) -> bool {
    model.split_once(".metal").is_some_and(|(_, rest)| rest.is_empty() || rest.starts_with('-'))
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
        "QNXQVMBSQG" => "qnx",
        "SRESRESRESRE" => "sre",
        "AppleVZ" => "apple",
        _ => "",
    }
}

fn by_device_tree(compatible: &str) -> &'static str {
    match compatible {
        "" => "",
        "linux,kvm" => "kvm",
        other if other.contains("xen") => "xen",
        other if other.contains("vmware") => "vmware",
        _ => "vm-other",
    }
}

/// The six characters by which the maker of an ACPI table signs. Source: ACPI, 5.2.6.
pub fn acpi_maker(table: &[u8]) -> String {
    table.get(10..16).map(text::clean).unwrap_or_default()
}

/// Whether the features that Xen tells are those of its first domain: bit 11 of a hexadecimal number.
/// Source: Xen, public/features.h.
pub fn is_first_domain(features: &str) -> bool {
    u64::from_str_radix(features, 16).is_ok_and(|features| features & (1 << 11) != 0)
}

/// The control program in /proc/sysinfo of a mainframe, with its blanks taken together.
pub fn control_program(sysinfo: &[u8]) -> String {
    let program = text::lines(sysinfo).find_map(|line| {
        let (key, value) = text::split_once(line, b':')?;
        (key.trim_ascii() == b"VM00 Control Program").then(|| text::clean(value))
    });
    program.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn traces(change: impl FnOnce(&mut Traces)) -> String {
        let mut traces = Traces { hypervisor_flag: Some(false), ..Traces::default() };
        change(&mut traces);
        virtualization(&traces)
    }

    #[test]
    fn nothing_virtual_is_physical_only_where_the_processor_can_tell() {
        assert_eq!(traces(|_| {}), "none");
        assert_eq!(traces(|traces| traces.hypervisor_flag = None), "");
    }

    #[test]
    fn a_virtual_machine_is_never_called_physical() {
        assert_eq!(traces(|traces| traces.hypervisor_flag = Some(true)), "vm-other");
        assert_eq!(traces(|traces| traces.firmware_virtual = Some(true)), "vm-other");
        let kvm = |traces: &mut Traces| {
            traces.hypervisor_flag = Some(true);
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
        assert_eq!(traces(|traces| traces.processor_vendor = "User Mode Linux".to_owned()), "uml");
        // Without the flag of x86.
        for (tree, program, expected) in [
            ("linux,kvm", "", "kvm"),
            ("xen,xen-4.17", "", "xen"),
            ("acme,hypervisor", "", "vm-other"),
            ("", "z/VM 7.2.0", "zvm"),
            ("", "KVM/Linux", "kvm"),
        ] {
            let other = |traces: &mut Traces| {
                traces.hypervisor_flag = None;
                traces.device_tree = tree.to_owned();
                traces.control_program = program.to_owned();
            };
            assert_eq!(traces(other), expected, "{tree} {program}");
        }
    }

    /// What real machines say: product, manufacturer, signature, and what systemd-detect-virt calls them.
    #[test]
    fn as_others_call_them() {
        for (model, manufacturer, signature, expected) in [
            ("Standard PC (Q35 + ICH9, 2009)", "QEMU", "KVMKVMKVM", "kvm"),
            ("Standard PC (Q35 + ICH9, 2009)", "QEMU", "TCGTCGTCGTCG", "qemu"),
            ("Standard PC (i440FX + PIIX, 1996)", "QEMU", "MicrosoftHv", "qemu"),
            ("KVM Virtual Machine", "QEMU", "", "kvm"),
            ("OpenStack Nova", "OpenStack Foundation", "KVMKVMKVM", "kvm"),
            ("t3.micro", "Amazon EC2", "KVMKVMKVM", "amazon"),
            ("Google Compute Engine", "Google", "KVMKVMKVM", "google"),
            ("HVM domU", "Xen", "MicrosoftHv", "xen"),
            ("VirtualBox", "innotek GmbH", "KVMKVMKVM", "oracle"),
            ("Virtual Machine", "Microsoft Corporation", "MicrosoftHv", "microsoft"),
            ("VMware20,1", "VMware, Inc.", "VMwareVMware", "vmware"),
            ("Unheard of", "Acme", "MicrosoftHv", "microsoft"),
            ("Unheard of", "Acme", "Unheard of", "vm-other"),
        ] {
            let found = traces(|traces| {
                traces.hypervisor_flag = Some(true);
                traces.model = model.to_owned();
                traces.manufacturer = manufacturer.to_owned();
                traces.signature = signature.to_owned();
            });
            assert_eq!(found, expected, "{model}, {manufacturer}, {signature}");
        }
    }

    #[test]
    fn a_maker_of_hardware_is_no_hypervisor() {
        for (model, manufacturer) in [
            ("Surface Pro 9", "Microsoft Corporation"),
            ("m5.metal", "Amazon EC2"),
            ("c7i.metal-48xl", "Amazon EC2"),
            ("SUN SERVER X4-2", "Oracle Corporation"),
            ("Google Compute Engine", "Google"),
        ] {
            let found = traces(|traces| {
                traces.model = model.to_owned();
                traces.manufacturer = manufacturer.to_owned();
            });
            assert_eq!(found, "none", "{model}, {manufacturer}");
        }
        let told = traces(|traces| {
            traces.manufacturer = "Amazon EC2".to_owned();
            traces.firmware_virtual = Some(false);
        });
        assert_eq!(told, "none");
    }

    #[test]
    fn the_first_domain_of_xen_has_the_hardware() {
        let first = |signature: &str| {
            traces(|traces| {
                traces.hypervisor_type = "xen".to_owned();
                traces.first_domain = true;
                traces.signature = signature.to_owned();
            })
        };
        assert_eq!(first(""), "none");
        assert_eq!(first("XenVMMXenVMM"), "none");
        assert_eq!(first("VMwareVMware"), "xen");
        assert!(is_first_domain("00000a00") && !is_first_domain("000002f5"));
        assert!(!is_first_domain("") && !is_first_domain("x"));
    }

    #[test]
    fn control_programs() {
        let content = b"Manufacturer: IBM\nVM00 Name:            LINUX1\n\
            VM00 Control Program: z/VM    7.2.0           \n";
        assert_eq!(control_program(content), "z/VM 7.2.0");
        assert_eq!(control_program(b"LPAR Number: 1\n"), "");
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200), name in ".{0,20}") {
            let _ = (acpi_maker(&bytes), control_program(&bytes));
            let _ = (is_first_domain(&name), is_metal(&name));
        }
    }
}
