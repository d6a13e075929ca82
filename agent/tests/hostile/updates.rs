//! Files that the probes of caches of package managers read by a fixed name.

pub(crate) const FILES: &[&str] = &[
    "etc/apt/apt.conf",
    "etc/apt/apt.conf.d/50a",
    "etc/apt/preferences",
    "etc/apt/preferences.d/a.pref",
    "etc/apt/sources.list",
    "etc/apt/sources.list.d/a.sources",
    "var/lib/apt/lists/deb.example_dists_a_InRelease",
    "var/lib/apt/lists/deb.example_dists_a_main_binary-amd64_Packages.lz4",
    "var/lib/apt/periodic/update-success-stamp",
    "var/lib/dpkg/arch",
];
