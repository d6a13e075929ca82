//! Firmware, secure boot and TPM.

use belfort_proto::inventory::v1::{SectionKind, Tristate};
use belfort_proto::section::Section;

use super::dmi::identity;
use super::{Host, Probe, text};

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux::read;

/// Reads the `firmware` section.
#[derive(Debug)]
pub struct FirmwareProbe;

impl Probe for FirmwareProbe {
    fn kind(&self) -> SectionKind {
        SectionKind::Firmware
    }

    fn read(&self, host: &Host) -> Section {
        Section::Firmware(read(host))
    }
}

/// `MM/DD/YYYY` as `YYYY-MM-DD`; empty for anything else. Source: SMBIOS type 0.
pub fn release_date(text: &str) -> String {
    let mut parts = text.split('/').map(str::parse::<u16>);
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(Ok(month @ 1..=12)), Some(Ok(day @ 1..=31)), Some(Ok(year @ 1980..=2999)), None) => {
            format!("{year:04}-{month:02}-{day:02}")
        }
        _ => String::new(),
    }
}

/// State of secure boot from the UEFI variable: four bytes of attributes, then the value.
pub fn secure_boot(variable: &[u8]) -> Tristate {
    match variable.get(4..) {
        Some([0]) => Tristate::No,
        Some([1]) => Tristate::Yes,
        _ => Tristate::Unspecified,
    }
}

/// Vendor of a TPM 1.2: the line `Manufacturer: 0x…` of its capabilities, eight hexadecimal digits for four
/// characters. Source: the kernel's ABI description, sysfs-class-tpm.
pub fn tpm_vendor(capabilities: &[u8]) -> String {
    let digits = text::lines(capabilities)
        .find_map(|line| line.strip_prefix(b"Manufacturer: 0x"))
        .map(<[u8]>::trim_ascii);
    let number = digits
        .filter(|digits| digits.len() == 8 && digits.iter().all(u8::is_ascii_hexdigit))
        .and_then(|digits| u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
    number.map(|number| identity::vendor_text(number.to_be_bytes())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        assert_eq!(release_date("03/07/2024"), "2024-03-07");
        for wrong in ["2024-03-07", "13/01/2024", "03/07/24", "", "a/b/c", "03/07/2024/1"] {
            assert_eq!(release_date(wrong), "", "{wrong}");
        }
    }

    #[test]
    fn vendor_of_an_old_tpm() {
        let capabilities = b"Manufacturer: 0x49465800\nTCG version: 1.2\nFirmware version: 3.19\n";
        assert_eq!(tpm_vendor(capabilities), "IFX");
        for wrong in ["", "Manufacturer: 0x4946580", "Manufacturer: 0x+9465800", "Manufacturer: "] {
            assert_eq!(tpm_vendor(wrong.as_bytes()), "", "{wrong}");
        }
    }

    #[test]
    fn secure_boot_needs_five_bytes() {
        assert_eq!(secure_boot(&[6, 0, 0, 0, 1]), Tristate::Yes);
        assert_eq!(secure_boot(&[6, 0, 0, 0, 0]), Tristate::No);
        assert_eq!(secure_boot(&[1]), Tristate::Unspecified);
        assert_eq!(secure_boot(&[6, 0, 0, 0, 7]), Tristate::Unspecified);
    }
}
