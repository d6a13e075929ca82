//! Files that the probes of package databases read by a fixed name.

pub(crate) const FILES: &[&str] = &[
    "etc/dnf/automatic.conf",
    "etc/dnf/dnf.conf",
    "etc/dnf/repos.override.d/a.repo",
    "etc/yum.repos.d/a.repo",
    "usr/lib/sysimage/rpm/Packages.db",
    "usr/lib/sysimage/rpm/rpmdb.sqlite",
    "usr/lib/sysimage/rpm/rpmdb.sqlite-wal",
    "var/cache/dnf/a-0123456789abcdef/repodata/repomd.xml",
    "var/cache/libdnf5/a-0123456789abcdef/repodata/repomd.xml",
    "var/lib/rpm/Packages",
];
