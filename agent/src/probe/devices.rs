//! Devices: buses, displays, batteries, printers, cameras.

use belfort_proto::inventory::v1::SectionKind;
use belfort_proto::section::Section;

use super::{Host, Probe, text};

pub mod battery;
pub mod camera;
pub mod cups;
pub mod edid;
#[cfg(target_os = "linux")]
mod linux;
pub mod pci;
pub mod usb;
#[cfg(target_os = "linux")]
use linux::read;

/// Reads the `devices` section.
#[derive(Debug)]
pub struct DevicesProbe;

impl Probe for DevicesProbe {
    fn kind(&self) -> SectionKind {
        SectionKind::Devices
    }

    fn read(&self, host: &Host) -> Section {
        Section::Devices(read(host))
    }
}

/// Value of one variable of a device's `uevent` file: `KEY=value` lines, without quotes. One such file
/// says what otherwise stands in a file for each value.
pub fn variable<'a>(uevent: &'a [u8], key: &str) -> Option<&'a [u8]> {
    text::lines(uevent)
        .find_map(|line| line.strip_prefix(key.as_bytes())?.strip_prefix(b"="))
        .map(<[u8]>::trim_ascii)
}

/// A number in hexadecimal digits without sign or prefix.
fn hexadecimal(digits: &[u8]) -> Option<u32> {
    let plain = !digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit);
    plain.then(|| u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn variables_by_their_whole_name() {
        let uevent = b"XDRIVER=a\nDRIVERX=b\nDRIVER=i915 \nDRIVER=late\nEMPTY=\n";
        assert_eq!(variable(uevent, "DRIVER"), Some(&b"i915"[..]));
        assert_eq!(variable(uevent, "EMPTY"), Some(&b""[..]));
        assert_eq!(variable(uevent, "GONE"), None);
    }

    #[test]
    fn hexadecimal_digits_only() {
        assert_eq!(hexadecimal(b"8086"), Some(0x8086));
        assert_eq!(hexadecimal(b"ffffffff"), Some(u32::MAX));
        for wrong in [&b""[..], b"+1", b"0x1", b"100000000", b"g", b"\xff"] {
            assert_eq!(hexadecimal(wrong), None, "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = (variable(&bytes, "A"), hexadecimal(&bytes));
        }
    }
}
