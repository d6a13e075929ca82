//! Whether the drivers of USB mass storage are barred. Source of the formats: modprobe.d(5), the
//! kernel's parameters.

use std::collections::BTreeSet;

use crate::probe::text;

/// Directories of configuration, strongest first: of files of one name the first counts.
pub const DIRECTORIES: &[&str] = &[
    "/etc/modprobe.d",
    "/run/modprobe.d",
    "/usr/local/lib/modprobe.d",
    "/usr/lib/modprobe.d",
    "/lib/modprobe.d",
];

/// What is said of the two drivers.
#[derive(Debug, Default)]
pub struct Bars {
    /// Not loaded for a device that asks for it.
    blacklisted: BTreeSet<Vec<u8>>,
    /// Not loaded at all.
    barred: BTreeSet<Vec<u8>>,
}

const STORAGE: &[u8] = b"usb_storage";
const ATTACHED: &[u8] = b"uas";

impl Bars {
    /// Takes a file of modprobe.d in.
    pub fn configuration(&mut self, content: &[u8]) {
        for line in text::lines(content) {
            let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
            let (Some(command), Some(module)) = (words.next(), words.next()) else { continue };
            let module = plain(module);
            match command {
                b"blacklist" => {
                    self.blacklisted.insert(module);
                }
                b"alias" if words.next() == Some(b"off") => {
                    self.blacklisted.insert(module);
                }
                // Something else is run in the place of loading it.
                b"install" if words.next().is_some_and(does_nothing) => {
                    self.barred.insert(module);
                }
                _ => {}
            }
        }
    }

    /// Takes the kernel's parameters in.
    pub fn command_line(&mut self, content: &[u8]) {
        for word in content.split(u8::is_ascii_whitespace) {
            let Some((name, list)) = text::split_once(word, b'=') else { continue };
            let into = match name {
                b"modprobe.blacklist" => &mut self.blacklisted,
                b"module_blacklist" => &mut self.barred,
                _ => continue,
            };
            into.extend(list.split(|byte| *byte == b',').map(plain));
        }
    }

    /// Whether mass storage does not work. The driver of attached SCSI needs that of storage and brings
    /// it in: when that is only kept from being loaded by itself, it must be kept out, too.
    pub fn storage(&self) -> bool {
        self.barred.contains(STORAGE)
            || (self.blacklisted.contains(STORAGE)
                && (self.blacklisted.contains(ATTACHED) || self.barred.contains(ATTACHED)))
    }
}

/// Names are the same with `-` and `_`.
fn plain(module: &[u8]) -> Vec<u8> {
    module.iter().map(|byte| if *byte == b'-' { b'_' } else { *byte }).collect()
}

fn does_nothing(program: &[u8]) -> bool {
    let name = program.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    matches!(name, b"true" | b"false" | b"nologin" | b":")
}

/// Whether `USBGuard` refuses what no rule names: so it does unless it is told otherwise. Source:
/// usbguard-daemon.conf(5), `ImplicitPolicyTarget`.
pub fn guard_refuses(configuration: &[u8]) -> bool {
    text::shell_value(configuration, "ImplicitPolicyTarget").is_none_or(|target| target != "allow")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn barred_or_not() {
        for (content, expected) in [
            ("install usb-storage /bin/true\n", true),
            ("install usb_storage /usr/bin/false\n", true),
            ("  install\tusb-storage   /bin/false # cis 1.1.10\n", true),
            ("install usb-storage /sbin/modprobe --ignore-install usb-storage\n", false),
            ("blacklist usb-storage\n", false),
            ("blacklist usb-storage\nblacklist uas\n", true),
            ("blacklist usb-storage\ninstall uas /bin/true\n", true),
            ("# blacklist usb-storage\n#blacklist uas\n", false),
            ("blacklist uas\ninstall uas /bin/true\n", false),
            ("alias usb-storage off\nalias uas off\n", true),
            ("", false),
        ] {
            let mut bars = Bars::default();
            bars.configuration(content.as_bytes());
            assert_eq!(bars.storage(), expected, "{content}");
        }
        for (line, expected) in [
            ("quiet module_blacklist=uas,usb-storage", true),
            ("modprobe.blacklist=usb_storage,uas\n", true),
            ("modprobe.blacklist=usb_storage\n", false),
            ("ro quiet", false),
        ] {
            let mut bars = Bars::default();
            bars.command_line(line.as_bytes());
            assert_eq!(bars.storage(), expected, "{line}");
        }
    }

    #[test]
    fn what_the_guard_does_with_the_rest() {
        assert!(guard_refuses(b"# ImplicitPolicyTarget=allow\n"));
        assert!(guard_refuses(b"ImplicitPolicyTarget=block\n"));
        assert!(!guard_refuses(b"ImplicitPolicyTarget=allow\n"));
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut bars = Bars::default();
            bars.configuration(&bytes);
            bars.command_line(&bytes);
            let _ = (bars.storage(), guard_refuses(&bytes));
        }
    }
}
