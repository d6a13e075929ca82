//! Containers of systemd-nspawn. Sources: systemd-nspawn(1), systemd.nspawn(5), machinectl(1); the state
//! files are those of systemd-machined.

use crate::probe::text;

/// Machines that are registered with systemd-machined, a file each.
pub const MACHINES_PATH: &str = "/run/systemd/machines";
/// Settings, a file each.
pub const SETTINGS_PATH: &str = "/etc/systemd/nspawn";
/// Images, a folder or file each.
pub const IMAGES_PATH: &str = "/var/lib/machines";

/// What is noted of a machine that runs.
#[derive(Debug, PartialEq)]
pub struct Running {
    /// Its id; empty when it has none.
    pub id: String,
    /// Its first process.
    pub leader: Option<u32>,
}

/// Reads the state of a registered machine; nothing when another runtime registered it.
pub fn running(state: &[u8]) -> Option<Running> {
    if text::shell_value(state, "SERVICE").as_deref() != Some("systemd-nspawn") {
        return None;
    }
    let leader = text::shell_value(state, "LEADER").and_then(|leader| leader.parse().ok());
    Some(Running { id: text::shell_value(state, "ID").unwrap_or_default(), leader })
}

/// The machine that a file of settings is for.
pub fn of_settings(file: &str) -> Option<&str> {
    file.strip_suffix(".nspawn").filter(|name| !name.is_empty())
}

/// The machine in an image; nothing for hidden entries, which are being made or kept as templates.
pub fn of_image(entry: &str, is_folder: bool) -> Option<&str> {
    let name = if is_folder { entry } else { entry.strip_suffix(".raw")? };
    (!name.is_empty() && !name.starts_with('.')).then_some(name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn states() {
        let state = b"# This is private data. Do not parse.\nNAME=build\nCLASS=container\n\
SERVICE=systemd-nspawn\nROOT=/var/lib/machines/build\nID=0123\nLEADER=4242\n";
        assert_eq!(running(state), Some(Running { id: "0123".to_owned(), leader: Some(4242) }));
        assert_eq!(running(b"NAME=qemu-1-x\nSERVICE=libvirt-qemu\nLEADER=1\n"), None);
        assert_eq!(running(b""), None);
    }

    #[test]
    fn names() {
        assert_eq!(of_settings("web.nspawn"), Some("web"));
        assert_eq!((of_settings(".nspawn"), of_settings("web")), (None, None));
        assert_eq!(of_image("web", true), Some("web"));
        assert_eq!(of_image("web.raw", false), Some("web"));
        assert_eq!((of_image("web.txt", false), of_image(".raw", false)), (None, None));
        assert_eq!(of_image(".#web", true), None);
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = running(&bytes);
        }
    }
}
