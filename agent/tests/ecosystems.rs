//! Packages of other ecosystems, as their own tools installed and list them: nothing is fetched.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests stand outside test functions"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use belfort_agent::policy::Policy;
use belfort_agent::probe::packages::python;
use belfort_agent::probe::{self, Host};
use belfort_agent_sys::files::Root;
use belfort_agent_sys::host::Names;
use belfort_proto::inventory::v1::{Package, SectionKind};
use belfort_proto::section::Section;
use serde_json::Value;
use tempfile::TempDir;

/// The packages of one ecosystem on a machine; no source may have given trouble.
fn packages(host: &Host, ecosystem: &str) -> Vec<Package> {
    let kind = SectionKind::Packages;
    let probe = probe::all().iter().find(|probe| probe.kind() == kind).unwrap();
    let Section::Packages(section) = probe.read(host) else { panic!("another section") };
    let trouble = section.outcomes.iter().find(|outcome| !outcome.reason.is_empty());
    assert_eq!(trouble, None);
    section.packages.into_iter().filter(|package| package.ecosystem == ecosystem).collect()
}

fn below(root: &Path, ecosystem: &str) -> Vec<Package> {
    packages(&Host::at(Root::at(root).unwrap(), Names::default(), Policy::everything()), ecosystem)
}

fn names_and_versions(packages: &[Package]) -> BTreeSet<String> {
    packages.iter().map(|package| format!("{} {}", package.name, package.version)).collect()
}

/// What a tool prints.
fn run(command: &mut Command) -> String {
    let output = command.env("LC_ALL", "C").output();
    let output = output.unwrap_or_else(|error| {
        panic!("install {} (cargo xtask test does): {error}", command.get_program().display());
    });
    let said = String::from_utf8_lossy(&output.stderr);
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{command:?}: {said}{printed}");
    printed
}

/// Makes a wheel, which is an archive with a record: its name and version are written as tools do.
const WHEEL: &str = r#"
import sys, zipfile
wheel = zipfile.ZipFile(sys.argv[1] + "/Belfort_Test.Pkg-1.0+local.1-py3-none-any.whl", "w")
info = "Belfort_Test.Pkg-1.0+local.1.dist-info/"
wheel.writestr("belfort_test.py", "")
wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\nName: Belfort_Test.Pkg\nVersion: 1.0+local.1\n")
wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
wheel.writestr(info + "RECORD", "".join(name + ",,\n" for name in wheel.namelist()) + info + "RECORD,,\n")
wheel.close()
"#;

#[test]
fn python_packages_as_pip_lists_them() {
    let root = TempDir::new().unwrap();
    let place = root.path().join("opt/tool");
    fs::create_dir_all(root.path().join("opt")).unwrap();
    run(Command::new("python3").args(["-m", "venv"]).arg(&place));
    let pip = || {
        let mut pip = Command::new(place.join("bin/python"));
        pip.args(["-m", "pip", "--disable-pip-version-check"]);
        pip
    };
    run(Command::new("python3").args(["-c", WHEEL]).arg(root.path()));
    let wheel = root.path().join("Belfort_Test.Pkg-1.0+local.1-py3-none-any.whl");
    run(pip().args(["install", "--no-index"]).arg(wheel));
    let listed: Value =
        serde_json::from_str(&run(pip().args(["list", "--format", "json"]))).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let listed = listed.as_array().unwrap().iter();
    let expected: BTreeSet<_> = listed
        .map(|one| format!("{} {}", python::normal(&text(&one["name"])), text(&one["version"])))
        .collect();
    assert!(expected.contains("belfort-test-pkg 1.0+local.1"), "{expected:?}");
    assert_eq!(names_and_versions(&below(root.path(), "pypi")), expected);
}

#[test]
fn global_packages_as_npm_lists_them() {
    let root = TempDir::new().unwrap();
    let prefix = root.path().join("usr/local");
    let npm = |arguments: &[&str]| {
        let mut npm = Command::new("npm");
        npm.args(["--offline", "--no-audit", "--no-fund", "--ignore-scripts", "--global"]);
        npm.arg("--prefix").arg(&prefix).args(arguments);
        npm.env("npm_config_cache", root.path().join("cache")).env("HOME", root.path());
        run(&mut npm)
    };
    fs::create_dir_all(&prefix).unwrap();
    for (folder, name) in [("one", "belfort-test"), ("two", "@belfort/test-cli")] {
        let folder = root.path().join(folder);
        fs::create_dir(&folder).unwrap();
        let manifest = format!(r#"{{"name": "{name}", "version": "1.2.3-rc.1"}}"#);
        fs::write(folder.join("package.json"), manifest).unwrap();
        let mut pack = Command::new("npm");
        pack.args(["pack", "--offline", "--silent"]).current_dir(&folder);
        pack.env("npm_config_cache", root.path().join("cache")).env("HOME", root.path());
        let archive = folder.join(run(&mut pack).trim());
        npm(&["install", archive.to_str().unwrap()]);
    }
    let listed: Value = serde_json::from_str(&npm(&["ls", "--json", "--depth=0"])).unwrap();
    let listed = listed["dependencies"].as_object().unwrap().iter();
    let expected: BTreeSet<_> =
        listed.map(|(name, one)| format!("{name} {}", one["version"].as_str().unwrap())).collect();
    assert_eq!(expected.len(), 2, "{expected:?}");
    assert_eq!(names_and_versions(&below(root.path(), "npm")), expected);
}

#[test]
fn gems_as_gem_lists_them() {
    let root = TempDir::new().unwrap();
    let home = root.path().join("var/lib/gems/3.1.0");
    let gem = || {
        let mut gem = Command::new("gem");
        gem.env("GEM_HOME", &home).env("GEM_PATH", &home).env("HOME", root.path());
        gem.current_dir(root.path());
        gem
    };
    for (name, version, platform) in [
        ("belfort-test", "1.0.0.rc1", "Gem::Platform::RUBY"),
        ("belfort-3d", "2.1", "Gem::Platform::RUBY"),
        ("belfort-native", "0.3.0", "Gem::Platform.local"),
    ] {
        let specification = format!(
            "Gem::Specification.new do |s|\n  s.name = '{name}'\n  s.version = '{version}'\n  \
             s.platform = {platform}\n  s.summary = 'x'\n  s.authors = ['x']\n  s.files = []\nend\n"
        );
        fs::write(root.path().join("x.gemspec"), specification).unwrap();
        run(gem().args(["build", "--silent", "--force", "--output", "x.gem", "x.gemspec"]));
        run(gem()
            .args(["install", "--local", "--no-document", "--install-dir"])
            .arg(&home)
            .arg("x.gem"));
    }
    let listed = run(gem().args(["list", "--local"]));
    // `name (version platform)`; those that come with Ruby are marked `default: `.
    let expected: BTreeSet<String> = listed
        .lines()
        .filter_map(|line| line.strip_suffix(')')?.split_once(" ("))
        .filter(|(_, version)| !version.starts_with("default: "))
        .map(|(name, version)| format!("{name} {version}"))
        .collect();
    let found: BTreeSet<_> = below(root.path(), "gem")
        .iter()
        .map(|p| format!("{} {} {}", p.name, p.version, p.architecture).trim_end().to_owned())
        .collect();
    assert_eq!(found.len(), 3, "{found:?}");
    assert_eq!(found, expected);
}

#[test]
fn packages_as_pacman_lists_them() {
    let root = TempDir::new().unwrap();
    let database = root.path().join("var/lib/pacman");
    fs::create_dir_all(&database).unwrap();
    let configuration = root.path().join("pacman.conf");
    fs::write(&configuration, "[options]\nArchitecture = auto\nSigLevel = Never\n").unwrap();
    let pacman = |arguments: &[&str]| {
        let mut pacman = Command::new("pacman");
        pacman.args(["--noconfirm", "--config"]).arg(&configuration);
        pacman.arg("--root").arg(root.path()).arg("--dbpath").arg(&database);
        pacman.arg("--cachedir").arg(root.path().join("cache"));
        pacman.arg("--logfile").arg(root.path().join("log"));
        run(pacman.args(arguments))
    };
    for (name, base, version) in [
        ("belfort-test", "belfort", "2:1.0+r3-1"),
        ("belfort-2-libs", "belfort-2-libs", "1.5_b-2.1"),
    ] {
        let folder = root.path().join(name);
        fs::create_dir(&folder).unwrap();
        let information = format!(
            "pkgname = {name}\npkgbase = {base}\npkgver = {version}\npkgdesc = x\narch = any\n\
             builddate = 1717243200\npackager = Somebody <somebody@example.org>\nsize = 0\n"
        );
        fs::write(folder.join(".PKGINFO"), information).unwrap();
        let archive = root.path().join(format!("{name}.pkg.tar.gz"));
        run(Command::new("tar").arg("-czf").arg(&archive).arg("-C").arg(&folder).arg(".PKGINFO"));
        pacman(&["-U", archive.to_str().unwrap()]);
    }
    let expected: BTreeSet<String> = pacman(&["-Q"]).lines().map(str::to_owned).collect();
    let found = below(root.path(), "alpm");
    assert_eq!(expected.len(), 2, "{expected:?}");
    assert_eq!(names_and_versions(&found), expected);
    for package in &found {
        let base = if package.name == "belfort-test" { "belfort" } else { "" };
        assert_eq!((package.architecture.as_str(), package.source_name.as_str()), ("any", base));
        assert_eq!(package.installed_on.len(), "2026-01-01".len());
        assert_eq!(package.publisher, "");
    }
}

#[test]
fn what_dpkg_installed_is_listed_once() {
    let host = Host::system(Policy::everything());
    let folders = ["/usr/lib/node_modules/", "/usr/share/nodejs/"];
    for package in packages(&host, "npm") {
        for folder in folders {
            let path = format!("{folder}{}", package.name);
            let owned = Command::new("dpkg").args(["-S", &path]).output().unwrap().status.success();
            assert!(!owned, "{path}");
        }
    }
}
