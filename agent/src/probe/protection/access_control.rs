//! Mandatory access control: which engine decides, and whether it enforces. Source of the formats: the
//! kernel's *LSM usage*, selinux(8), apparmor(7), `selinux_config(5)`.

use belfort_proto::inventory::v1::MandatoryAccessControl;

use crate::probe::text;

/// What was read; nothing for what is not there or could not be read.
#[derive(Debug, Default)]
pub struct Read<'a> {
    /// `/sys/kernel/security/lsm`: the modules of the kernel that are on.
    pub modules: Option<&'a [u8]>,
    /// `/sys/fs/selinux/enforce`.
    pub selinux_enforce: Option<&'a [u8]>,
    /// `/sys/module/apparmor/parameters/enabled`.
    pub apparmor_enabled: Option<&'a [u8]>,
    /// The beginning of `/sys/kernel/security/apparmor/profiles`.
    pub apparmor_profiles: Option<&'a [u8]>,
    /// `/etc/selinux/config`.
    pub selinux_config: Option<&'a [u8]>,
}

/// The engine that decides; nothing when it could not be told.
pub fn engine(read: &Read<'_>) -> Option<MandatoryAccessControl> {
    let on = |name: &str| {
        let modules = read.modules.unwrap_or_default().split(|byte| *byte == b',');
        modules.map(<[u8]>::trim_ascii).any(|module| module == name.as_bytes())
    };
    let (engine, mode) = if read.selinux_enforce.is_some() || on("selinux") {
        ("selinux", selinux_mode(read.selinux_enforce))
    } else if on("apparmor")
        || read.apparmor_enabled.is_some_and(|enabled| enabled.starts_with(b"Y"))
    {
        ("apparmor", apparmor_mode(read.apparmor_profiles))
    } else if on("smack") {
        // It knows no other way.
        ("smack", "enforcing")
    } else if on("tomoyo") {
        // By domain, which is not looked into.
        ("tomoyo", "")
    } else if read.selinux_config.is_some() {
        // It is installed and the kernel does not use it.
        ("selinux", "disabled")
    } else if read.apparmor_enabled.is_some() {
        ("apparmor", "disabled")
    } else if read.modules.is_some() {
        ("", "")
    } else {
        return None;
    };
    Some(MandatoryAccessControl { engine: engine.to_owned(), mode: mode.to_owned() })
}

fn selinux_mode(enforce: Option<&[u8]>) -> &'static str {
    match enforce.map(<[u8]>::trim_ascii) {
        Some(b"1") => "enforcing",
        Some(b"0") => "permissive",
        // It is on, but without a policy, or it could not be asked.
        _ => "",
    }
}

/// With one profile that enforces, something is enforced.
fn apparmor_mode(profiles: Option<&[u8]>) -> &'static str {
    match profiles {
        None => "",
        Some(profiles) => {
            let enforces = |line: &[u8]| line.trim_ascii_end().ends_with(b"(enforce)");
            if text::lines(profiles).any(enforces) { "enforcing" } else { "permissive" }
        }
    }
}

/// The chosen one of several words: the one in brackets. Source: `/sys/kernel/security/lockdown`.
pub fn chosen(content: &[u8]) -> String {
    let behind = text::split_once(content, b'[').map(|(_, behind)| behind);
    let word = behind.and_then(|behind| text::split_once(behind, b']'));
    word.map(|(word, _)| text::clean(word)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(read: &Read<'_>) -> String {
        engine(read)
            .map_or("unknown".to_owned(), |found| format!("{} {}", found.engine, found.mode))
    }

    #[test]
    fn engines() {
        let modules: Option<&[u8]> = Some(b"lockdown,capability,landlock,yama,apparmor,tomoyo,bpf");
        let profiles: Option<&[u8]> = Some(b"/usr/sbin/ntpd (complain)\nman_groff (enforce)\n");
        let complain: Option<&[u8]> = Some(b"a (complain)\nb (unconfined)\n");
        let debian = Read { modules, apparmor_enabled: Some(b"Y\n"), ..Read::default() };
        assert_eq!(told(&Read { apparmor_profiles: profiles, ..debian }), "apparmor enforcing");
        let debian = Read { modules, ..Read::default() };
        assert_eq!(told(&Read { apparmor_profiles: complain, ..debian }), "apparmor permissive");
        assert_eq!(told(&Read { modules, ..Read::default() }), "apparmor ");
        let selinux = |enforce| Read {
            modules: Some(b"lockdown,capability,yama,selinux,bpf"),
            selinux_enforce: enforce,
            selinux_config: Some(b"SELINUX=enforcing\n"),
            ..Read::default()
        };
        assert_eq!(told(&selinux(Some(b"1"))), "selinux enforcing");
        assert_eq!(told(&selinux(Some(b"0"))), "selinux permissive");
        assert_eq!(told(&selinux(None)), "selinux ");
        let plain: Option<&[u8]> = Some(b"capability,landlock,bpf");
        assert_eq!(told(&Read { modules: plain, ..Read::default() }), " ");
        let config: Option<&[u8]> = Some(b"SELINUX=disabled\n");
        let off = Read { modules: plain, selinux_config: config, ..Read::default() };
        assert_eq!(told(&off), "selinux disabled");
        let off = Read { modules: plain, apparmor_enabled: Some(b"N\n"), ..Read::default() };
        assert_eq!(told(&off), "apparmor disabled");
        assert_eq!(told(&Read { modules: Some(b"smack"), ..Read::default() }), "smack enforcing");
        assert_eq!(told(&Read::default()), "unknown");
    }

    #[test]
    fn the_chosen_word() {
        assert_eq!(chosen(b"none [integrity] confidentiality\n"), "integrity");
        assert_eq!(chosen(b"none\n"), "");
        assert_eq!(chosen(b"[none"), "");
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let some = Some(bytes.as_slice());
            engine(&Read { modules: some, ..Read::default() });
            engine(&Read { selinux_enforce: some, ..Read::default() });
            engine(&Read { apparmor_enabled: Some(b"Y"), apparmor_profiles: some, ..Read::default() });
            let _ = chosen(&bytes);
        }
    }
}
