//! Reads the `memory` section on Linux.

use belfort_proto::inventory::v1::MemorySection;

use super::{meminfo_bytes, slots};
use crate::probe::outcome::{SMALL_BYTES, Sources};
use crate::probe::{Host, dmi};

pub(super) fn read(host: &Host) -> MemorySection {
    let mut sources = Sources::new(&host.root);
    let meminfo = sources.needed("/proc/meminfo", SMALL_BYTES).unwrap_or_default();
    let (slots, modules) = match host.smbios() {
        Ok(table) => slots(table),
        Err(error) => {
            sources.outcomes.unread(dmi::TABLE_PATH, error);
            (0, Vec::new())
        }
    };
    MemorySection {
        // Never MemTotal: that is what the kernel has left over.
        installed_bytes: modules
            .iter()
            .fold(0, |sum, module| module.size_bytes.saturating_add(sum)),
        usable_bytes: meminfo_bytes(&meminfo, "MemTotal").unwrap_or(0),
        swap_bytes: meminfo_bytes(&meminfo, "SwapTotal").unwrap_or(0),
        modules,
        slots,
        outcomes: sources.outcomes.into_vec(),
    }
}
