//! Files that the probes of accounts, protection and workloads read by a fixed name.

pub(crate) const FILES: &[&str] = &[
    "etc/docker/daemon.json",
    "etc/libvirt/qemu/a.xml",
    "etc/systemd/nspawn/a.nspawn",
    "proc/1/cgroup",
    "run/containerd/io.containerd.runtime.v2.task/k8s.io/a/config.json",
    "run/containerd/io.containerd.runtime.v2.task/k8s.io/a/init.pid",
    "run/containers/storage/overlay-containers/a/userdata/pidfile",
    "run/libvirt/qemu/a.xml",
    "run/systemd/machines/a",
    "sys/fs/cgroup/lxc.payload.a/cgroup.events",
    "var/lib/containers/storage/overlay-containers/a/userdata/config.json",
    "var/lib/containers/storage/overlay-containers/containers.json",
    "var/lib/containers/storage/overlay-images/images.json",
    "var/lib/docker/containers/a/config.v2.json",
    "var/lib/docker/containers/a/hostconfig.json",
    "var/lib/docker/image/overlay2/repositories.json",
    "var/lib/incus/containers/a",
    "var/lib/lxc/a/config",
    "var/lib/machines/a.raw",
];
