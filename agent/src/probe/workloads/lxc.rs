//! Containers of LXC, and of Incus and LXD, which run theirs with it. Sources: linuxcontainers.org,
//! lxc.container.conf(5) and "Security".

use belfort_proto::inventory::v1::Tristate;

use crate::probe::text;

/// Containers of LXC, a folder each.
pub const CONTAINERS_PATH: &str = "/var/lib/lxc";
/// Where Incus and LXD keep theirs: the name of the runtime and its folder, in which `containers` and
/// `virtual-machines` have a folder for each. Whatever else they know is in a database that only they read.
pub const MANAGERS: &[(&str, &str)] =
    &[("incus", "/var/lib/incus"), ("lxd", "/var/lib/lxd"), ("lxd", "/var/snap/lxd/common/lxd")];

/// Whether root inside a container is root of the host, from its configuration: LXC calls those privileged
/// whose users are not mapped. Unknown when it includes files of somebody else's, in which they may be.
pub fn privileged(config: &[u8]) -> Tristate {
    let mut mapped = false;
    let mut included = false;
    for line in text::lines(config) {
        let Some((key, value)) = text::split_once(line, b'=') else { continue };
        let value = value.trim_ascii();
        match key.trim_ascii() {
            // An empty value takes back what was said before.
            b"lxc.idmap" | b"lxc.id_map" => mapped = !value.is_empty(),
            b"lxc.include" => included |= !value.starts_with(b"/usr/share/lxc/config/"),
            _ => {}
        }
    }
    match (mapped, included) {
        (true, _) => Tristate::No,
        (false, true) => Tristate::Unspecified,
        (false, false) => Tristate::Yes,
    }
}

/// Control groups that the processes of a running container may be in, below the top of a hierarchy: those
/// of LXC since version 4, and before.
pub fn control_groups(name: &str) -> [String; 3] {
    [format!("lxc.payload.{name}"), format!("lxc.payload/{name}"), format!("lxc/{name}")]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn privileged_is_who_maps_no_users() {
        let common = "lxc.include = /usr/share/lxc/config/common.conf\nlxc.uts.name = web\n";
        let with = |more: &str| privileged(format!("{common}{more}").as_bytes());
        assert_eq!(with(""), Tristate::Yes);
        assert_eq!(with("lxc.idmap = u 0 100000 65536\n"), Tristate::No);
        assert_eq!(with("lxc.idmap = u 0 100000 65536\nlxc.idmap =\n"), Tristate::Yes);
        assert_eq!(with("#lxc.idmap = u 0 100000 65536\n"), Tristate::Yes);
        assert_eq!(with("lxc.include = /etc/lxc/own.conf\n"), Tristate::Unspecified);
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = privileged(&bytes);
        }
    }
}
