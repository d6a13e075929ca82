//! Reads the `system` section on Linux.

use belfort_agent_sys::files::ReadError;
use belfort_proto::inventory::v1::SystemSection;

use super::container::engine_in_environment;
use super::virtualization::{Traces, acpi_maker, control_program, is_first_domain, virtualization};
use super::{cloud, directory};
use crate::probe::cpuinfo::{self, CpuInfo};
use crate::probe::dmi::identity::{self, Identity};
use crate::probe::outcome::{SMALL_BYTES, Sources};
use crate::probe::{Host, text};

const DMI: &str = "/sys/class/dmi/id";
const ACPI: &str = "/sys/firmware/acpi/tables/APIC";
/// Link target of the process namespace that the kernel starts with (`PROC_PID_INIT_INO`).
const FIRST_PROCESS_NAMESPACE: &str = "pid:[4026531836]";
/// Link target of the first control-group namespace (`PROC_CGROUP_INIT_INO`).
const FIRST_CGROUP_NAMESPACE: &str = "cgroup:[4026531835]";
const SSSD: &str = "/etc/sssd/sssd.conf";
const SSSD_MORE: &str = "/etc/sssd/conf.d";
/// More pieces of one configuration than anybody has.
const SSSD_FILES_MAX: usize = 64;
const SAMBA: &str = "/etc/samba/smb.conf";

pub(super) fn read(host: &Host) -> SystemSection {
    let mut sources = Sources::new(&host.root);
    let (host_name, domain) = host.names.node.split_once('.').unwrap_or((&host.names.node, ""));
    let mut section = SystemSection {
        host_name: text::clean(host_name.as_bytes()),
        domain: text::clean(domain.as_bytes()),
        ..SystemSection::default()
    };
    // It is read for the slots of the memory anyway. What is wrong with it is said where it is needed.
    let table = host.smbios();
    let identity = table.map(identity::identity).unwrap_or_default();
    if sources.exists(DMI) {
        dmi(&mut sources, &mut section);
    } else {
        sources.outcomes.absent(DMI);
        from_table(&mut sources, &identity, &mut section);
    }
    if let Some(id) = sources.needed("/etc/machine-id", SMALL_BYTES) {
        section.machine_id = text::clean(&id);
    }
    section.virtualization = virtualization(&traces(host, &mut sources, &section, identity));
    let provider = cloud::provider(&section);
    provider.clone_into(&mut section.cloud_provider);
    let tag = match provider {
        "aws" => sources.attribute(&format!("{DMI}/board_asset_tag")),
        _ => String::new(),
    };
    section.cloud_instance_id = cloud::instance_id(provider, &section, &tag);
    section.directory_domain = directory(&mut sources);
    section.outcomes = sources.outcomes.into_vec();
    section
}

fn dmi(sources: &mut Sources<'_>, section: &mut SystemSection) {
    let mut attribute = |name: &str| sources.attribute(&format!("{DMI}/{name}"));
    section.manufacturer = attribute("sys_vendor");
    section.model = attribute("product_name");
    section.model_version = attribute("product_version");
    section.sku = attribute("product_sku");
    section.serial = attribute("product_serial");
    section.smbios_uuid = attribute("product_uuid").to_ascii_lowercase();
    section.asset_tag = attribute("chassis_asset_tag");
    section.board_manufacturer = attribute("board_vendor");
    section.board_model = attribute("board_name");
    section.board_serial = attribute("board_serial");
    section.chassis_type = attribute("chassis_type").parse().unwrap_or(0);
}

/// The same from the table itself, where the kernel does not spread it over files.
fn from_table(sources: &mut Sources<'_>, identity: &Identity, section: &mut SystemSection) {
    section.manufacturer.clone_from(&identity.manufacturer);
    section.model.clone_from(&identity.model);
    section.model_version.clone_from(&identity.model_version);
    section.sku.clone_from(&identity.sku);
    section.serial.clone_from(&identity.serial);
    if let Some(uuid) = identity.uuid {
        let entry = sources.optional(identity::ENTRY_PATH, SMALL_BYTES).unwrap_or_default();
        section.smbios_uuid = identity::uuid_text(uuid, identity::is_little_endian(&entry));
    }
    section.asset_tag.clone_from(&identity.asset_tag);
    section.board_manufacturer.clone_from(&identity.board_manufacturer);
    section.board_model.clone_from(&identity.board_model);
    section.board_serial.clone_from(&identity.board_serial);
    section.chassis_type = identity.chassis_type.into();
}

fn directory(sources: &mut Sources<'_>) -> String {
    let mut files = Vec::from_iter(sources.optional(SSSD, SMALL_BYTES));
    for entry in sources.list(SSSD_MORE).into_iter().take(SSSD_FILES_MAX) {
        let name = entry.name.strip_suffix(".conf");
        if name.is_some_and(|name| !name.starts_with('.')) {
            files.extend(sources.optional(&format!("{SSSD_MORE}/{}", entry.name), SMALL_BYTES));
        }
    }
    let domain = directory::sssd_domain(&files);
    if !domain.is_empty() {
        return domain;
    }
    let samba = sources.optional(SAMBA, SMALL_BYTES).unwrap_or_default();
    directory::samba_domain(&samba)
}

fn traces(
    host: &Host,
    sources: &mut Sources<'_>,
    section: &SystemSection,
    identity: Identity,
) -> Traces {
    let cpu = host.processors().cloned().unwrap_or_else(|error| {
        if error != ReadError::Absent {
            sources.outcomes.unread(cpuinfo::PATH, error);
        }
        CpuInfo::default()
    });
    let engine = engine(sources);
    let machine = host.names.machine.as_str();
    let mut traces = Traces {
        engine,
        model: section.model.clone(),
        manufacturer: section.manufacturer.clone(),
        board_manufacturer: section.board_manufacturer.clone(),
        firmware_vendor: identity.firmware_vendor,
        model_version: section.model_version.clone(),
        firmware_virtual: identity.virtual_machine,
        signature: host.hypervisor.clone(),
        hypervisor_type: sources.attribute("/sys/hypervisor/type"),
        kernel: host.names.release.clone(),
        processor_vendor: cpu.vendor,
        hypervisor_flag: matches!(machine, "x86_64" | "i686" | "i586").then_some(cpu.hypervisor),
        ..Traces::default()
    };
    if traces.hypervisor_type == "xen" {
        let features = sources.attribute("/sys/hypervisor/properties/features");
        traces.first_domain = is_first_domain(&features);
    }
    if machine.starts_with("s390") {
        let sysinfo = sources.optional("/proc/sysinfo", SMALL_BYTES).unwrap_or_default();
        traces.control_program = control_program(&sysinfo);
    } else if traces.hypervisor_flag.is_none() {
        traces.device_tree = sources.attribute("/proc/device-tree/hypervisor/compatible");
    }
    // Without SMBIOS the tables of ACPI are the only ones signed by the hypervisor's maker.
    if traces.engine.is_none()
        && traces.hypervisor_flag == Some(true)
        && traces.manufacturer.is_empty()
    {
        let table = sources.optional(ACPI, SMALL_BYTES).unwrap_or_default();
        traces.acpi_maker = acpi_maker(&table);
    }
    traces
}

/// The engine of the container this runs in; empty when it is not known; nothing outside containers.
///
/// Marker files alone prove nothing: images turned into virtual machines keep them. A container has
/// process numbers of its own; or a file system laid over its image, and control groups of its own or
/// such a file.
fn engine(sources: &mut Sources<'_>) -> Option<String> {
    let own_processes = sources
        .link("/proc/self/ns/pid")
        .is_some_and(|namespace| namespace != FIRST_PROCESS_NAMESPACE);
    let overlaid = sources
        .optional("/proc/self/mountinfo", 4 << 20)
        .is_some_and(|mounts| crate::probe::mountinfo::root_is_overlay(&mounts));
    if !own_processes && !overlaid {
        return None;
    }
    let marker = [("/run/.containerenv", "podman"), ("/.dockerenv", "docker")]
        .into_iter()
        .find(|(path, _)| sources.root.exists(path).unwrap_or(false))
        .map(|(_, engine)| engine.to_owned());
    let own_groups = sources
        .link("/proc/self/ns/cgroup")
        .is_some_and(|namespace| namespace != FIRST_CGROUP_NAMESPACE);
    if !own_processes && !own_groups && marker.is_none() {
        return None;
    }
    // `oci` names no engine, only what its image is.
    let engine = named_engine(sources).filter(|engine| engine != "oci");
    Some(engine.or(marker).unwrap_or_default())
}

/// The engine as the container is told.
fn named_engine(sources: &mut Sources<'_>) -> Option<String> {
    let exists = |path| sources.root.exists(path).unwrap_or(false);
    // Outside of its containers the kernel of OpenVZ has both.
    if exists("/proc/vz") && !exists("/proc/bc") {
        return Some("openvz".to_owned());
    }
    for path in ["/run/host/container-manager", "/run/systemd/container"] {
        if let Some(name) = sources.optional(path, SMALL_BYTES) {
            return engine_in_environment(&[b"container=", name.as_slice()].concat());
        }
    }
    match sources.root.read("/proc/1/environ", SMALL_BYTES) {
        Ok(environment) => engine_in_environment(&environment),
        Err(ReadError::Absent) => None,
        Err(error) => {
            sources.outcomes.unread("/proc/1/environ", error);
            None
        }
    }
}
