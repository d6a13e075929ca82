//! What the tests need from outside: the machine's own tools to compare with, a real PostgreSQL, a real
//! browser, and from npm a certified identity provider and what drives the browser.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// Package, and a file of it that tells whether it is there.
const NEEDED: &[(&str, &str)] = &[
    ("chromium", "chromium"),
    ("createrepo-c", "createrepo_c"),
    ("cryptsetup-bin", "cryptsetup"),
    ("iproute2", "ip"),
    ("iptables", "iptables"),
    ("lshw", "lshw"),
    ("nftables", "nft"),
    ("nodejs", "node"),
    ("npm", "npm"),
    ("openssh-server", "sshd"),
    ("pacman-package-manager", "pacman"),
    ("pciutils", "lspci"),
    ("postgresql-15", "/usr/lib/postgresql/15/bin/postgres"),
    ("python3-venv", "python3"),
    ("rpm", "rpmbuild"),
    ("ruby", "gem"),
    ("strace", "strace"),
    ("sudo", "cvtsudoers"),
    ("util-linux", "lsblk"),
];

/// What `verify-host` needs beyond that: the tools it compares with.
const COMPARED: &[(&str, &str)] = &[
    ("dmidecode", "dmidecode"),
    ("e2fsprogs", "mkfs.ext4"),
    ("fdisk", "sfdisk"),
    ("openssh-client", "ssh-keygen"),
    ("openssh-server", "/usr/sbin/sshd"),
    ("pciutils", "lspci"),
    ("procps", "free"),
    ("rpm", "rpmbuild"),
    ("sudo", "cvtsudoers"),
    ("systemd", "systemctl"),
    ("usbutils", "lsusb"),
];

/// What `dist` needs to check the program.
const DISTRIBUTED: &[(&str, &str)] =
    &[("binutils", "objdump"), ("debootstrap", "debootstrap"), ("python3-venv", "python3")];

/// Installs what `dist` needs.
pub(crate) fn ensure_for_dist() -> Result<()> {
    install(DISTRIBUTED)
}

/// Installs what the tests need.
pub(crate) fn ensure() -> Result<()> {
    install(NEEDED)
}

/// Installs what `verify-host` compares with.
pub(crate) fn ensure_for_comparison() -> Result<()> {
    install(NEEDED)?;
    // Packages must not start a service on this machine because it is to be compared with.
    let policy = Path::new("/usr/sbin/policy-rc.d");
    let own = !policy.exists() && COMPARED.iter().any(|(_, file)| !is_there(file));
    if own {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::write(policy, "#!/bin/sh\nexit 101\n").context("write policy-rc.d")?;
        std::fs::set_permissions(policy, std::fs::Permissions::from_mode(0o755))?;
    }
    let installed = install(COMPARED);
    if own {
        std::fs::remove_file(policy).context("remove policy-rc.d")?;
    }
    installed
}

/// Installs what is missing when that is possible; otherwise says exactly what to install.
fn install(needed: &[(&'static str, &'static str)]) -> Result<()> {
    let missing: Vec<&str> =
        needed.iter().filter(|(_, file)| !is_there(file)).map(|(package, _)| *package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(" ");
    if !is_there("apt-get") {
        bail!("the tests need these Debian packages or what gives the same: {list}");
    }
    let Some(mut prefix) = privilege() else {
        bail!(
            "the tests need packages that only root can install; run:\n  sudo apt-get install {list}"
        );
    };
    println!("installing with apt: {list}");
    prefix.extend(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
    apt(&prefix, &["-q", "update"])?;
    let mut install = vec!["-q", "-y", "--no-install-recommends", "install"];
    install.extend(&missing);
    apt(&prefix, &install)?;
    let still: Vec<&str> =
        needed.iter().filter(|(_, file)| !is_there(file)).map(|(package, _)| *package).collect();
    if !still.is_empty() {
        bail!("apt did not give what the tests need: {}", still.join(" "));
    }
    Ok(())
}

/// Installs what the tests have from npm.
pub(crate) fn modules(root: &Path) -> Result<()> {
    modules_of(root, "tests/oidc")?;
    modules_of(root, "tests/browser")
}

/// Installs packages as their lock file names them and without running any of their scripts; does nothing
/// when they are there.
fn modules_of(root: &Path, name: &str) -> Result<()> {
    let folder = root.join(name);
    let lock = folder.join("package-lock.json");
    let mark = folder.join("node_modules/.belfort-lock.json");
    let wanted = std::fs::read(&lock).with_context(|| format!("read {}", lock.display()))?;
    if std::fs::read(&mark).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    println!("installing the packages of {name} with npm");
    let status = Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"])
        .current_dir(&folder)
        .status()
        .context("start npm")?;
    if !status.success() {
        bail!("`npm ci` in {name} failed ({status})");
    }
    std::fs::write(&mark, wanted).with_context(|| format!("write {}", mark.display()))
}

/// Whether a program is on the path or among the administrator's programs, or a file exists.
fn is_there(file: &str) -> bool {
    if file.starts_with('/') {
        return Path::new(file).exists();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .any(|directory| directory.join(file).is_file())
}

/// What to put before a command so that root runs it: nothing as root, `sudo -n` where that needs no
/// password.
fn privilege() -> Option<Vec<&'static str>> {
    use std::os::unix::fs::MetadataExt as _;
    if std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0) {
        return Some(vec![]);
    }
    let sudo = Command::new("sudo")
        .args(["-n", "true"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    sudo.is_ok_and(|status| status.success()).then(|| vec!["sudo", "-n"])
}

fn apt(prefix: &[&str], arguments: &[&str]) -> Result<()> {
    let [program, rest @ ..] = prefix else { bail!("no program to run") };
    let status = Command::new(program)
        .args(rest)
        .args(arguments)
        .status()
        .with_context(|| format!("start {program}"))?;
    if !status.success() {
        bail!("apt-get {} failed ({status})", arguments.join(" "));
    }
    Ok(())
}
