//! Containers and what is none, by the files each leaves, and one made by the kernel.

use std::process::Command;

use belfort_agent::policy::Policy;
use belfort_agent::probe::system::SystemProbe;
use belfort_agent::probe::{Host, Probe as _};
use belfort_agent_sys::files::Root;
use belfort_agent_sys::host::Names;
use belfort_proto::section::Section;
use serde_json::Value;
use tempfile::TempDir;

use super::root::{file, link};

const OWN_PROCESSES: (&str, &str) = ("proc/self/ns/pid", "pid:[4026532200]");
const FIRST_PROCESSES: (&str, &str) = ("proc/self/ns/pid", "pid:[4026531836]");
const OWN_GROUPS: (&str, &str) = ("proc/self/ns/cgroup", "cgroup:[4026532210]");
const FIRST_GROUPS: (&str, &str) = ("proc/self/ns/cgroup", "cgroup:[4026531835]");
const OVERLAY: (&str, &str) = ("proc/self/mountinfo", "22 1 0:99 / / rw - overlay overlay rw\n");
const DISK: (&str, &str) = ("proc/self/mountinfo", "22 1 254:1 / / rw - ext4 /dev/vda1 rw\n");
const DOCKER: (&str, &str) = (".dockerenv", "");
const PODMAN: (&str, &str) = ("run/.containerenv", "");

fn virtualization(files: &[(&str, &str)], kernel: &str) -> String {
    let dir = TempDir::new().unwrap();
    file(dir.path(), "proc/cpuinfo", "flags\t\t: fpu hypervisor\n");
    for (path, content) in files {
        if path.starts_with("proc/self/ns/") {
            link(dir.path(), path, content);
        } else {
            file(dir.path(), path, content);
        }
    }
    let names =
        Names { machine: "x86_64".to_owned(), release: kernel.to_owned(), ..Names::default() };
    let host = Host::at(Root::at(dir.path()).unwrap(), names, Policy::everything());
    let Section::System(section) = SystemProbe.read(&host) else { panic!("another section") };
    section.virtualization
}

#[test]
fn by_their_files() {
    let environment = |engine: &'static str| ("proc/1/environ", engine);
    for (files, expected) in [
        (&[OWN_PROCESSES, OVERLAY, DOCKER][..], "docker"),
        (&[OWN_PROCESSES, OVERLAY, PODMAN, environment("container=podman\0")], "podman"),
        // `--pid=host`.
        (&[FIRST_PROCESSES, OWN_GROUPS, OVERLAY, DOCKER], "docker"),
        (&[FIRST_PROCESSES, FIRST_GROUPS, OVERLAY, DOCKER], "docker"),
        // Pods of Kubernetes under containerd, one that sees the processes of its node.
        (&[OWN_PROCESSES, OVERLAY], "container-other"),
        (&[FIRST_PROCESSES, OWN_GROUPS, OVERLAY], "container-other"),
        // Whole systems: LXC and its children, systemd-nspawn.
        (&[OWN_PROCESSES, DISK, ("run/systemd/container", "lxc")], "lxc"),
        (&[OWN_PROCESSES, DISK, environment("TERM=x\0container=lxc\0")], "lxc"),
        (
            &[OWN_PROCESSES, DISK, ("run/host/container-manager", "systemd-nspawn\n")],
            "systemd-nspawn",
        ),
        // An image that says what it is, not where.
        (&[OWN_PROCESSES, OVERLAY, PODMAN, ("run/systemd/container", "oci")], "podman"),
        (&[OWN_PROCESSES, OVERLAY, ("run/systemd/container", "oci")], "container-other"),
        (&[OWN_PROCESSES, DISK, ("proc/vz/version", "")], "openvz"),
        // A virtual machine made from an image, a system started from a stick, a service that has
        // control groups of its own.
        (&[FIRST_PROCESSES, FIRST_GROUPS, DISK, DOCKER, PODMAN], "vm-other"),
        (&[FIRST_PROCESSES, FIRST_GROUPS, OVERLAY], "vm-other"),
        (&[FIRST_PROCESSES, OWN_GROUPS, DISK], "vm-other"),
    ] {
        assert_eq!(virtualization(files, "6.1.0-18-amd64"), expected, "{files:?}");
    }
    let wsl2 = "5.15.90.1-microsoft-standard-WSL2";
    assert_eq!(virtualization(&[OWN_PROCESSES, DISK], wsl2), "wsl");
    assert_eq!(virtualization(&[OWN_PROCESSES, OVERLAY, DOCKER], wsl2), "docker");
    assert_eq!(virtualization(&[], "4.4.0-19041-Microsoft"), "wsl");
}

#[test]
fn by_the_kernel() {
    let agent = env!("CARGO_BIN_EXE_belfort-agent");
    let show = ["--state", "/nonexistent/belfort", "show", "--section", "system", "--json"];
    let output = Command::new("unshare")
        .args(["--pid", "--fork", "--mount-proc", "env", "container=lxc", "sh", "-c"])
        // The shell is process 1, whose environment tells.
        .args(["\"$@\"; exit $?", "sh", agent])
        .args(show)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}; run this test as root");
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(shown["sections"]["system"]["content"]["virtualization"], "lxc");
}
