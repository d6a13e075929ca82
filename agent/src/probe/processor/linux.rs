//! Reads the `processor` section on Linux.

use std::collections::BTreeSet;

use belfort_proto::inventory::v1::{ProcessorFlaw, ProcessorSection};

use crate::probe::cpuinfo::{self, CpuInfo};
use crate::probe::dmi::identity;
use crate::probe::outcome::Sources;
use crate::probe::{Host, text};

const CPU: &str = "/sys/devices/system/cpu";
const FLAWS: &str = "/sys/devices/system/cpu/vulnerabilities";
/// More processors than any Linux kernel supports.
const PROCESSORS_MAX: usize = 8192;

pub(super) fn read(host: &Host) -> ProcessorSection {
    let mut sources = Sources::new(&host.root);
    let info = host.processors().cloned().unwrap_or_else(|error| {
        sources.outcomes.unread(cpuinfo::PATH, error);
        CpuInfo::default()
    });
    let (packages, cores) = match (info.packages, info.cores) {
        (0, _) | (_, 0) => topology(&mut sources),
        known => known,
    };
    let frequency = sources.attribute(&format!("{CPU}/cpu0/cpufreq/cpuinfo_max_freq"));
    let base_mhz = base_mhz(host, &mut sources, info.hypervisor);
    ProcessorSection {
        packages,
        cores,
        threads: info.threads,
        model: info.model,
        vendor: info.vendor,
        max_mhz: frequency.parse::<u32>().unwrap_or(0) / 1000,
        microcode: info.microcode,
        architecture: text::clean(host.names.machine.as_bytes()),
        virtualization: info.virtualization.to_owned(),
        flaws: flaws(&mut sources),
        base_mhz,
        outcomes: sources.outcomes.into_vec(),
    }
}

/// Frequency without boost, from the first source that tells it. What hypervisors write into the SMBIOS
/// table is made up. That the table cannot be read is said by the section of the memory.
fn base_mhz(host: &Host, sources: &mut Sources<'_>, virtual_machine: bool) -> u32 {
    let mut number = |file: &str| {
        sources.attribute(&format!("{CPU}/cpu0/{file}")).parse::<u32>().ok().filter(|mhz| *mhz > 0)
    };
    number("cpufreq/base_frequency")
        .map(|kilohertz| kilohertz / 1000)
        .or_else(|| number("acpi_cppc/nominal_freq"))
        .or_else(|| {
            let table = (!virtual_machine).then(|| host.smbios().ok()).flatten()?;
            identity::processor_mhz(table)
        })
        .unwrap_or(0)
}

/// Packages and cores where /proc/cpuinfo does not tell, as on Arm.
fn topology(sources: &mut Sources<'_>) -> (u32, u32) {
    let mut packages = BTreeSet::new();
    let mut cores = BTreeSet::new();
    for entry in sources.list(CPU).into_iter().take(PROCESSORS_MAX) {
        let number = entry.name.strip_prefix("cpu").unwrap_or_default();
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            continue;
        }
        let topology = format!("{CPU}/{}/topology", entry.name);
        let package = sources.attribute(&format!("{topology}/physical_package_id"));
        let core = sources.attribute(&format!("{topology}/core_id"));
        if package.is_empty() || core.is_empty() {
            continue;
        }
        cores.insert((package.clone(), core));
        packages.insert(package);
    }
    let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    (count(packages.len()), count(cores.len()))
}

fn flaws(sources: &mut Sources<'_>) -> Vec<ProcessorFlaw> {
    let names = sources.list(FLAWS).into_iter().map(|entry| entry.name);
    names
        .map(|name| {
            let state = sources.attribute(&format!("{FLAWS}/{name}"));
            ProcessorFlaw { name: text::clean(name.as_bytes()), state }
        })
        .filter(|flaw| !flaw.state.is_empty())
        .collect()
}
