//! Which engine runs the container this is in.

use super::super::text;
use super::virtualization::Traces;

/// The engine of the container, by the identifiers of systemd-detect-virt(1); nothing outside containers.
pub fn engine(traces: &Traces) -> Option<&'static str> {
    // Distributions under WSL are containers in one virtual machine, and name no engine. WSL 1 has no
    // kernel, but says `Microsoft` where its release stands.
    let wsl =
        traces.kernel.contains("WSL") || traces.kernel.to_ascii_lowercase().contains("microsoft");
    let known = ENGINES.into_iter().find(|engine| traces.engine.as_deref() == Some(*engine));
    match (known, &traces.engine) {
        (Some(engine), _) => Some(engine),
        _ if wsl => Some("wsl"),
        (None, Some(_)) => Some("container-other"),
        (None, None) => None,
    }
}

const ENGINES: [&str; 10] = [
    "docker",
    "lxc",
    "lxc-libvirt",
    "openvz",
    "podman",
    "pouch",
    "proot",
    "rkt",
    "systemd-nspawn",
    "wsl",
];

/// The container engine that an environment names: `container=…` in the environment of process 1.
pub fn engine_in_environment(environment: &[u8]) -> Option<String> {
    let value = environment
        .split(|byte| *byte == 0)
        .find_map(|variable| variable.strip_prefix(b"container="))?;
    let name = text::clean(value);
    let known = !name.is_empty()
        && name.len() <= 32
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    known.then(|| name.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::virtualization::virtualization;
    use super::*;

    fn virtual_as(change: impl FnOnce(&mut Traces)) -> String {
        let mut traces = Traces { hypervisor_flag: Some(false), ..Traces::default() };
        change(&mut traces);
        virtualization(&traces)
    }

    #[test]
    fn a_container_wins_over_its_machine() {
        let contained = |engine: &str, kernel: &str| {
            virtual_as(|traces| {
                traces.signature = "KVMKVMKVM".to_owned();
                traces.engine = Some(engine.to_owned());
                traces.kernel = kernel.to_owned();
            })
        };
        for engine in ["docker", "podman", "lxc", "systemd-nspawn"] {
            assert_eq!(contained(engine, "6.1.0-18-amd64"), engine);
        }
        assert_eq!(contained("", "6.1.0-18-amd64"), "container-other");
        assert_eq!(contained("unheard-of", "6.1.0-18-amd64"), "container-other");
    }

    #[test]
    fn windows_subsystem_for_linux() {
        let wsl1 = "4.4.0-19041-Microsoft";
        let wsl2 = "5.15.90.1-microsoft-standard-WSL2";
        for kernel in [wsl1, wsl2, "6.6.36-custom-WSL2+"] {
            assert_eq!(virtual_as(|traces| traces.kernel = kernel.to_owned()), "wsl", "{kernel}");
            // Its distributions have process numbers of their own.
            for (engine, expected) in [("", "wsl"), ("wsl", "wsl"), ("docker", "docker")] {
                let inside = virtual_as(|traces| {
                    traces.engine = Some(engine.to_owned());
                    traces.kernel = kernel.to_owned();
                });
                assert_eq!(inside, expected, "{kernel} {engine}");
            }
        }
    }

    #[test]
    fn engines_in_environments() {
        assert_eq!(engine_in_environment(b"A=1\0container=lxc\0").as_deref(), Some("lxc"));
        assert_eq!(engine_in_environment(b"xcontainer=lxc\0container=\0"), None);
        assert_eq!(engine_in_environment(b"container=a b\0"), None);
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = engine_in_environment(&bytes);
            let _ = engine_in_environment(&[b"container=", bytes.as_slice()].concat());
        }
    }
}
