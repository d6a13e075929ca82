//! Files that the probes of package databases read by a fixed name.

pub(crate) const FILES: &[&str] = &[
    "home/linuxbrew/.linuxbrew/Cellar/a/1.0/INSTALL_RECEIPT.json",
    "lib/apk/db/installed",
    "opt/a/lib/python3.12/site-packages/c-1.dist-info/INSTALLER",
    "root/.cargo/.crates.toml",
    "usr/lib/apk/db/installed",
    "usr/lib/node_modules/a/package.json",
    "usr/lib/python3.12/site-packages/a-1.dist-info/INSTALLER",
    "usr/lib/python3.12/site-packages/b.egg-info/installed-files.txt",
    "usr/local/.crates.toml",
    "usr/local/bundle/specifications/a-1-2.gemspec",
    "usr/local/cargo/.crates.toml",
    "usr/local/lib/node_modules/@a/b/package.json",
    "usr/local/lib/python3.12/dist-packages/a.egg-info",
    "usr/local/lib/python3.12/site-packages/d.egg-info/PKG-INFO",
    "var/lib/flatpak/app/a/x86_64/stable/active/deploy",
    "var/lib/gems/3.1.0/specifications/a-1-2.gemspec",
    "var/lib/pacman/local/a-1-1/desc",
    "var/lib/snapd/snaps/a_1.snap",
];
