//! Reads the `system` section on Linux.

use belfort_agent_sys::files::ReadError;
use belfort_proto::inventory::v1::SystemSection;

use super::{Traces, acpi_maker, engine_in_environment, virtualization};
use crate::probe::outcome::{SMALL_BYTES, Sources};
use crate::probe::{Host, cpuinfo, text};

const DMI: &str = "/sys/class/dmi/id";
const ACPI: &str = "/sys/firmware/acpi/tables/APIC";
/// Link target of the process namespace that the kernel starts with (`PROC_PID_INIT_INO`).
const FIRST_PROCESS_NAMESPACE: &str = "pid:[4026531836]";

pub(super) fn read(host: &Host) -> SystemSection {
    let mut sources = Sources::new(&host.root);
    let (host_name, domain) = host.names.node.split_once('.').unwrap_or((&host.names.node, ""));
    let mut section = SystemSection {
        host_name: text::clean(host_name.as_bytes()),
        domain: text::clean(domain.as_bytes()),
        ..SystemSection::default()
    };
    if sources.exists(DMI) {
        dmi(&mut sources, &mut section);
    } else {
        sources.outcomes.absent(DMI);
    }
    if let Some(id) = sources.needed("/etc/machine-id", SMALL_BYTES) {
        section.machine_id = text::clean(&id);
    }
    section.virtualization = virtualization(&traces(host, &mut sources, &section));
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

fn traces(host: &Host, sources: &mut Sources<'_>, section: &SystemSection) -> Traces {
    let cpu = sources.optional("/proc/cpuinfo", cpuinfo_bytes_max()).unwrap_or_default();
    let cpu = cpuinfo::parse(&cpu);
    let container = container(sources);
    let mut traces = Traces {
        container: container.is_some(),
        engine: container.unwrap_or_default(),
        manufacturer: section.manufacturer.clone(),
        model: section.model.clone(),
        signature: host.hypervisor.clone(),
        hypervisor_type: sources.attribute("/sys/hypervisor/type"),
        kernel: host.names.release.clone(),
        acpi_maker: String::new(),
        hypervisor_flag: cpu.hypervisor,
        flag_is_told: matches!(host.names.machine.as_str(), "x86_64" | "i686" | "i586"),
    };
    // Without SMBIOS the tables of ACPI are the only ones signed by the hypervisor's maker.
    if !traces.container && traces.hypervisor_flag && traces.manufacturer.is_empty() {
        let table = sources.optional(ACPI, SMALL_BYTES).unwrap_or_default();
        traces.acpi_maker = acpi_maker(&table);
    }
    traces
}

fn cpuinfo_bytes_max() -> usize {
    // About 1.5 kB per logical processor.
    8 << 20
}

/// The engine of the container this runs in; empty when it is not known; nothing outside containers.
///
/// Marker files alone prove nothing: images turned into virtual machines keep them. A container has
/// process numbers of its own, or a file system laid over its image.
fn container(sources: &mut Sources<'_>) -> Option<String> {
    let own_processes = sources
        .link("/proc/self/ns/pid")
        .is_some_and(|namespace| namespace != FIRST_PROCESS_NAMESPACE);
    let overlaid = sources
        .optional("/proc/self/mountinfo", 4 << 20)
        .is_some_and(|mounts| crate::probe::mountinfo::root_is_overlay(&mounts));
    let marker = [("/run/.containerenv", "podman"), ("/.dockerenv", "docker")]
        .into_iter()
        .find(|(path, _)| sources.root.exists(path).unwrap_or(false));
    let contained = own_processes || (overlaid && marker.is_some());
    if !contained {
        return None;
    }
    if let Some(name) = sources.optional("/run/systemd/container", SMALL_BYTES) {
        return engine_in_environment(&[b"container=", name.as_slice()].concat());
    }
    if let Some((_, engine)) = marker {
        return Some(engine.to_owned());
    }
    match sources.root.read("/proc/1/environ", SMALL_BYTES) {
        Ok(environment) => engine_in_environment(&environment).or(Some(String::new())),
        Err(ReadError::Absent) => Some(String::new()),
        Err(error) => {
            sources.outcomes.unread("/proc/1/environ", error);
            Some(String::new())
        }
    }
}
