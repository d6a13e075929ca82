//! Reads the `firmware` section on Linux.

use belfort_agent_sys::files::ReadError;
use belfort_proto::inventory::v1::{BootMode, FirmwareSection, Tristate};

use super::{release_date, secure_boot, tpm_vendor};
use crate::probe::dmi::{self, identity};
use crate::probe::outcome::{SMALL_BYTES, Sources};
use crate::probe::{Host, text};

const DMI: &str = "/sys/class/dmi/id";
const EFI: &str = "/sys/firmware/efi";
const SECURE_BOOT: &str =
    "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
const TPM: &str = "/sys/class/tpm";

pub(super) fn read(host: &Host) -> FirmwareSection {
    let mut sources = Sources::new(&host.root);
    let mut section = FirmwareSection::default();
    if sources.exists(DMI) {
        section.vendor = sources.attribute(&format!("{DMI}/bios_vendor"));
        section.version = sources.attribute(&format!("{DMI}/bios_version"));
        section.release_date = release_date(&sources.attribute(&format!("{DMI}/bios_date")));
    } else {
        sources.outcomes.absent(DMI);
        // The table itself, where the kernel does not spread it over files.
        let identity = host.smbios().map(identity::identity).unwrap_or_default();
        section.vendor = identity.firmware_vendor;
        section.version = identity.firmware_version;
        section.release_date = release_date(&identity.firmware_date);
    }
    let mut mode = BootMode::Legacy;
    if sources.exists(EFI) {
        mode = BootMode::Uefi;
        let variable = sources.needed(SECURE_BOOT, SMALL_BYTES).unwrap_or_default();
        section.secure_boot = secure_boot(&variable).into();
    }
    section.boot_mode = mode.into();
    tpm(host, &mut sources, &mut section);
    section.outcomes = sources.outcomes.into_vec();
    section
}

fn tpm(host: &Host, sources: &mut Sources<'_>, section: &mut FirmwareSection) {
    let present = match sources.root.list(TPM) {
        Ok(entries) => entries.into_iter().find(|entry| entry.name.starts_with("tpm")),
        Err(error) => {
            // A kernel without TPM support cannot say that there is none.
            sources.outcomes.unread(TPM, error);
            return;
        }
    };
    section.tpm_present = present.as_ref().map_or(Tristate::No, |_| Tristate::Yes).into();
    let Some(device) = present else {
        return;
    };
    let base = format!("{TPM}/{}", device.name);
    let path = format!("{base}/tpm_version_major");
    section.tpm_version = match sources.root.read(&path, SMALL_BYTES) {
        Ok(version) => text::number(&version).unwrap_or(0),
        // Kernels before 5.6 do not tell.
        Err(ReadError::Absent) => 0,
        Err(error) => {
            sources.outcomes.unread(&path, error);
            0
        }
    };
    section.tpm_vendor = match host.smbios() {
        Ok(table) => identity::tpm_vendor(table),
        Err(error) => {
            sources.outcomes.unread(dmi::TABLE_PATH, error);
            String::new()
        }
    };
    // Only those of version 1.2 have the file, which the device itself fills: it is asked last.
    if section.tpm_vendor.is_empty() && section.tpm_version != 2 {
        let capabilities = sources.optional(&format!("{base}/caps"), SMALL_BYTES);
        section.tpm_vendor = tpm_vendor(&capabilities.unwrap_or_default());
    }
}
