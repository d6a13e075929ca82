//! The kernel's announcements of devices. Source of the format: the kernel's documentation of
//! kobjects and `lib/kobject_uevent.c`: `action@path`, then `KEY=value`, each ended by a zero.

use belfort_proto::inventory::v1::SectionKind;

/// The sections that an announcement concerns.
pub fn sections(message: &[u8]) -> &'static [SectionKind] {
    let (mut action, mut subsystem): (&[u8], &[u8]) = (b"", b"");
    // Longer ones do not exist: a message holds at most 64 variables.
    for field in message.split(|byte| *byte == 0).take(66) {
        if let Some(value) = field.strip_prefix(b"ACTION=") {
            action = value;
        } else if let Some(value) = field.strip_prefix(b"SUBSYSTEM=") {
            subsystem = value;
        }
    }
    let comes_or_goes = matches!(action, b"add" | b"remove");
    match subsystem {
        b"block" => &[SectionKind::Storage],
        // A display is announced as a change of its card.
        b"drm" => &[SectionKind::Devices],
        // A battery announces every percent of its charge as a change.
        b"usb" | b"pci" | b"power_supply" | b"video4linux" if comes_or_goes => {
            &[SectionKind::Devices]
        }
        b"net" if comes_or_goes || action == b"move" => &[SectionKind::Network],
        b"cpu" if matches!(action, b"online" | b"offline") => &[SectionKind::Processor],
        b"memory" if matches!(action, b"online" | b"offline") => &[SectionKind::Memory],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DISK: &[u8] = b"add@/devices/virtual/block/loop0\0ACTION=add\0DEVPATH=/devices/virtual/\
block/loop0\0SUBSYSTEM=block\0MAJOR=7\0MINOR=0\0DEVNAME=loop0\0DEVTYPE=disk\0SEQNUM=2301\0";

    #[test]
    fn devices_belong_to_sections() {
        assert_eq!(sections(DISK), [SectionKind::Storage]);
        let of = |action: &str, subsystem: &str| {
            sections(format!("x@/y\0ACTION={action}\0SUBSYSTEM={subsystem}\0").as_bytes())
        };
        assert_eq!(of("add", "usb"), [SectionKind::Devices]);
        assert_eq!(of("bind", "usb"), []);
        assert_eq!(of("change", "power_supply"), []);
        assert_eq!(of("remove", "power_supply"), [SectionKind::Devices]);
        assert_eq!(of("move", "net"), [SectionKind::Network]);
        assert_eq!(of("add", "bdi"), []);
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300), cut in 0..DISK.len()) {
            sections(&bytes);
            sections(&[&DISK[..cut], &bytes].concat());
        }
    }
}
