//! `cargo xtask dist`: one program of the agent for every distribution of Linux, checked.
//!
//! It is linked by zig against the symbols of an old C library, so that it starts wherever that or a
//! newer one is. See ADR 74.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use clap::ValueEnum;

use crate::collector::output;
use crate::{packages, steps};

/// Versions every machine links with, from the index of Python packages.
const TOOLS: &[&str] = &["cargo-zigbuild==0.24.1", "ziglang==0.17.1"];
/// Newest version of the C library whose symbols may be needed: that of the Linux distributions of 2014.
const GLIBC: (u32, u32) = (2, 17);
/// Largest program, bytes.
const SIZE_MAX: u64 = 8_000_000;
/// Releases of Debian to try the program in, the oldest first; archives keep fewer and fewer of them.
const USERLANDS: &[&str] = &["jessie", "stretch", "buster", "bullseye", "bookworm"];

/// What the program is linked with.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Target {
    /// The C library of the system, glibc, from an old version on
    Gnu,
    /// A C library inside the program, musl: for systems without glibc
    Musl,
}

impl Target {
    fn triple(self) -> &'static str {
        match self {
            Self::Gnu => "x86_64-unknown-linux-gnu",
            Self::Musl => "x86_64-unknown-linux-musl",
        }
    }
}

/// Builds, checks and lays out the program; fails when a check does.
pub(crate) fn run(root: &Path, target: Target) -> Result<()> {
    packages::ensure_for_dist()?;
    let built = build(root, target)?;
    let folder = root.join("target/dist");
    fs::create_dir_all(&folder)?;
    let name = format!("belfort-agent-{}", target.triple());
    let program = folder.join(&name);
    fs::copy(&built, &program).with_context(|| format!("copy {}", built.display()))?;
    let size = fs::metadata(&program)?.len();
    println!("size                {size} bytes");
    ensure!(size <= SIZE_MAX, "the program is larger than {SIZE_MAX} bytes");
    let needs = match target {
        Target::Gnu => {
            let (major, minor) = newest_symbol(&program)?;
            println!("newest symbol       GLIBC_{major}.{minor}");
            ensure!((major, minor) <= GLIBC, "the program needs glibc {major}.{minor}");
            format!("Linux 3.2, glibc {}.{}", GLIBC.0, GLIBC.1)
        }
        Target::Musl => {
            let dynamic = output(Command::new("readelf").arg("-d").arg(&program))?;
            ensure!(!dynamic.contains("(NEEDED)"), "the program needs libraries:\n{dynamic}");
            println!("libraries           none");
            "Linux 3.2".to_owned()
        }
    };
    show(&[&program.to_string_lossy()]).context("run it here")?;
    println!("runs here           {}", pretty_name(Path::new("/")));
    in_old_userland(root, &program)?;
    let version = output(Command::new(&program).arg("--version"))?;
    let sums: Vec<String> = fs::read_dir(&folder)?
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|file| file.starts_with("belfort-agent-"))
        .collect();
    let mut sum = Command::new("sha256sum");
    let mut sums = sums;
    sums.sort();
    fs::write(folder.join("SHA256SUMS"), output(sum.args(&sums).current_dir(&folder))?)?;
    let text = format!("{}: {name} runs on {needs} and newer, x86_64.\n", version.trim());
    fs::write(folder.join(format!("{name}.txt")), text)?;
    println!("laid out            {}", program.display());
    Ok(())
}

fn build(root: &Path, target: Target) -> Result<PathBuf> {
    let triple = target.triple();
    let library =
        output(Command::new("rustc").args(["--print", "target-libdir", "--target", triple]))?;
    if !Path::new(library.trim()).exists() {
        bail!(
            "the standard library for {triple} is missing; where it can be fetched: rustup target add {triple}"
        );
    }
    let tools = tools(root)?;
    let mut path = tools.join("bin").into_os_string();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let linked = match target {
        Target::Gnu => format!("{triple}.{}.{}", GLIBC.0, GLIBC.1),
        Target::Musl => triple.to_owned(),
    };
    let status = Command::new(tools.join("bin/cargo-zigbuild"))
        .args([
            "zigbuild",
            "--locked",
            "--profile",
            "dist",
            "--package",
            "belfort-agent",
            "--target",
        ])
        .arg(&linked)
        .current_dir(root)
        .env("PATH", path)
        .status()
        .context("start cargo-zigbuild")?;
    ensure!(status.success(), "the agent does not build for {linked}");
    Ok(root.join("target").join(triple).join("dist/belfort-agent"))
}

/// The linker, installed here once in the versions above.
fn tools(root: &Path) -> Result<PathBuf> {
    let home = root.join("target/tools/zig");
    let pip = home.join("bin/pip");
    let have = Command::new(&pip).args(["freeze", "--disable-pip-version-check"]).output();
    let have = have.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let have = have.unwrap_or_default();
    if TOOLS.iter().all(|tool| have.lines().any(|line| line == *tool)) {
        return Ok(home);
    }
    println!("installing {}, once", TOOLS.join(" and "));
    steps::run(root, "python3", &["-m", "venv", &home.to_string_lossy()])?;
    let arguments = [&["install", "--quiet", "--disable-pip-version-check"], TOOLS].concat();
    steps::run(root, &pip.to_string_lossy(), &arguments)?;
    Ok(home)
}

/// The newest version of glibc among the symbols that a program asks for.
fn newest_symbol(program: &Path) -> Result<(u32, u32)> {
    let symbols = output(Command::new("objdump").arg("-T").arg(program))?;
    let newest = symbols.split("GLIBC_").skip(1).filter_map(version).max();
    newest.context("the program asks glibc for nothing")
}

fn version(text: &str) -> Option<(u32, u32)> {
    let end = text.find(|one: char| !one.is_ascii_digit() && one != '.').unwrap_or(text.len());
    let mut numbers = text.get(..end)?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// Runs `show --json` and checks that it shows sections.
fn show(program: &[&str]) -> Result<()> {
    let [first, rest @ ..] = program else { bail!("no program to run") };
    let mut command = Command::new(first);
    command.args(rest).args(["--state", "/nonexistent/belfort", "show", "--json"]);
    let shown: serde_json::Value = serde_json::from_str(&output(&mut command)?)?;
    let sections =
        shown.get("sections").and_then(|all| all.as_object()).map_or(0, serde_json::Map::len);
    ensure!(sections > 10, "only {sections} sections");
    Ok(())
}

fn pretty_name(root: &Path) -> String {
    let release = fs::read_to_string(root.join("etc/os-release")).unwrap_or_default();
    let line = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    line.unwrap_or_default().trim_matches('"').to_owned()
}

/// Runs the program in the oldest userland that the archive of Debian still gives.
fn in_old_userland(root: &Path, program: &Path) -> Result<()> {
    for release in USERLANDS {
        let userland = root.join("target/tools/userlands").join(release);
        if !userland.join("etc/os-release").exists() {
            let _ = fs::remove_dir_all(&userland);
            fs::create_dir_all(&userland)?;
            // Archives of old releases are signed with keys that new systems no longer have; nothing of
            // the userland is run but its C library.
            let made = Command::new("debootstrap")
                .args(["--variant=minbase", "--no-check-gpg", release])
                .arg(&userland)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .context("start debootstrap")?;
            if !made.success() {
                println!("not tried           Debian {release}: the archive does not give it");
                let _ = fs::remove_dir_all(&userland);
                continue;
            }
        }
        let inside = userland.join("belfort-agent");
        fs::copy(program, &inside)?;
        let ran = show(&["chroot", &userland.to_string_lossy(), "/belfort-agent"]);
        fs::remove_file(&inside)?;
        ran.with_context(|| format!("run it in {}", pretty_name(&userland)))?;
        println!("runs in             {}", pretty_name(&userland));
        return Ok(());
    }
    println!("NOT CHECKED: an old userland; no release of Debian could be fetched");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_symbols() {
        assert_eq!(version("2.17) memcpy"), Some((2, 17)));
        assert_eq!(version("2.3.4 x"), Some((2, 3)));
        assert_eq!(version("PRIVATE"), None);
        assert!((2, 3) < GLIBC && (2, 28) > GLIBC);
    }
}
