//! The probes over a system that rpm installed, against rpm itself; and over caches of repositories that
//! createrepo made.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests stand outside test functions"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use belfort_agent::policy::Policy;
use belfort_agent::probe::kept::Kept;
use belfort_agent::probe::{self, Host};
use belfort_agent_sys::files::Root;
use belfort_agent_sys::host::Names;
use belfort_proto::inventory::v1::{
    OutcomeStatus, PackageState, PackagesSection, SectionKind, ServicesSection, Tristate,
    UpdatesSection,
};
use belfort_proto::section::Section;
use tempfile::TempDir;

/// Runs a program and gives back what it prints.
fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).env("LC_ALL", "C").env("TZ", "UTC").output();
    let output = output.unwrap_or_else(|error| {
        panic!("install {program} (cargo xtask test does): {error}");
    });
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {said}; run this test as root");
    String::from_utf8(output.stdout).unwrap()
}

/// A directory with packages, and a root with a database.
struct System {
    dir: TempDir,
}

impl System {
    /// Builds the packages and installs them.
    fn new() -> Self {
        let system = Self { dir: TempDir::new().unwrap() };
        fs::create_dir(system.root()).unwrap();
        let mut packages = system.build("now", "belfort", "3");
        packages.extend(system.build("now", "plain", "1"));
        let files: Vec<_> = packages.iter().map(|path| path.to_str().unwrap()).collect();
        system.rpm(&[&["-i", "--nodeps", "--nosignature"], &files[..]].concat());
        system
    }

    fn root(&self) -> PathBuf {
        self.dir.path().join("root")
    }

    /// Builds a package; the `.rpm` files.
    fn build(&self, folder: &str, spec: &str, release: &str) -> Vec<PathBuf> {
        let top = self.dir.path().join(folder).join(spec);
        let spec = format!("{}/tests/fixtures/rpm/{spec}.spec", env!("CARGO_MANIFEST_DIR"));
        let top_macro = format!("_topdir {}", top.display());
        let release = format!("later {release}");
        let defines = [top_macro.as_str(), &release, "_build_id_links none"];
        let mut arguments = vec!["-bb"];
        arguments.extend(defines.iter().flat_map(|define| ["--define", define]));
        arguments.push(&spec);
        run("rpmbuild", &arguments);
        let built = fs::read_dir(top.join("RPMS/noarch")).unwrap();
        built.map(|entry| entry.unwrap().path()).collect()
    }

    fn rpm(&self, arguments: &[&str]) -> String {
        let root = self.root();
        let place = ["--root", root.to_str().unwrap(), "--dbpath", "/var/lib/rpm"];
        run("rpm", &[&place, arguments].concat())
    }

    fn file(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn read(&self, kind: SectionKind) -> Section {
        let names = Names { machine: "x86_64".to_owned(), ..Names::default() };
        let host = Host::at(Root::at(&self.root()).unwrap(), names, Policy::everything());
        let probe = probe::all().iter().find(|probe| probe.kind() == kind).unwrap();
        probe.read(&host)
    }

    fn packages(&self) -> PackagesSection {
        let Section::Packages(section) = self.read(SectionKind::Packages) else {
            panic!("another section")
        };
        section
    }

    fn services(&self) -> ServicesSection {
        let Section::Services(section) = self.read(SectionKind::Services) else {
            panic!("another section")
        };
        section
    }

    fn updates(&self) -> UpdatesSection {
        let Section::Updates(section) = self.read(SectionKind::Updates) else {
            panic!("another section")
        };
        section
    }
}

#[test]
fn packages_as_rpm_sees_them() {
    let system = System::new();
    let format = "%{NAME}\t%|EPOCH?{%{EPOCH}:}:{}|\t%{VERSION}-%{RELEASE}\t%{ARCH}\t%{SOURCERPM}\t\
                  %{INSTALLTIME}\t%{VENDOR}\n";
    let listed = system.rpm(&["-qa", "--qf", format]);
    let expected: BTreeMap<String, Vec<&str>> = listed
        .lines()
        .map(|line| line.split('\t').collect::<Vec<_>>())
        .map(|fields| (fields[0].to_owned(), fields))
        .collect();
    let section = system.packages();
    assert_eq!(section.outcomes, []);
    assert_eq!(section.packages.len(), expected.len());
    for package in &section.packages {
        let fields = &expected[&package.name];
        let epoch = if fields[1] == "0:" { "" } else { fields[1] };
        assert_eq!(package.version, format!("{epoch}{}", fields[2]));
        assert_eq!(package.architecture, fields[3]);
        let named =
            |value: &str, same: &str| if value.is_empty() { same } else { value }.to_owned();
        let source = named(&package.source_name, &package.name);
        let version = named(&package.source_version, &package.version);
        let version = version.rsplit(':').next().unwrap();
        assert_eq!(format!("{source}-{version}.src.rpm"), fields[4]);
        let day = run("date", &["-d", &format!("@{}", fields[5]), "+%F"]);
        assert_eq!(package.installed_on, day.trim());
        let vendor = fields[6].split(" <").next().unwrap();
        assert_eq!(package.publisher, if vendor == "(none)" { "" } else { vendor });
        assert_eq!(package.state(), PackageState::Installed);
    }
    // The library has no epoch of its own, its source has.
    let library = section.packages.iter().find(|package| package.name == "libbelfort").unwrap();
    assert_eq!(library.source_version, "2:1.4~rc1-3.el9");
}

#[test]
fn two_names_of_one_database_are_not_two() {
    let system = System::new();
    let before = system.packages();
    fs::create_dir_all(system.root().join("usr/lib/sysimage")).unwrap();
    fs::rename(system.root().join("var/lib/rpm"), system.root().join("usr/lib/sysimage/rpm"))
        .unwrap();
    assert_eq!(system.packages(), before);
    let link = system.root().join("var/lib/rpm");
    std::os::unix::fs::symlink("../../usr/lib/sysimage/rpm", link).unwrap();
    assert_eq!(system.packages(), before);
}

#[test]
fn owners_as_rpm_sees_them() {
    let system = System::new();
    for (unit, program) in [
        ("belfortd", "/usr/sbin/belfortd"),
        ("worker", "/usr/libexec/many/worker"),
        ("config", "/etc/pam.d/belfortd"),
    ] {
        let path = format!("usr/lib/systemd/system/{unit}.service");
        system.file(&path, format!("[Service]\nExecStart={program}\n"));
        let owner = system.rpm(&["-qf", "--qf", "%{NAME}", program]);
        let section = system.services();
        let service = section.services.iter().find(|service| service.name == unit).unwrap();
        assert_eq!(service.package, owner, "{program}");
    }
    system.file("usr/lib/systemd/system/nobody.service", "[Service]\nExecStart=/opt/belfortd\n");
    let section = system.services();
    let service = section.services.iter().find(|service| service.name == "nobody").unwrap();
    assert_eq!(service.package, "");
}

/// Makes the cache of a repository with later packages and an advisory; its directory.
fn cache(system: &System, directory: &str, arguments: &[&str]) -> PathBuf {
    let repository = system.dir.path().join("later");
    if !repository.exists() {
        system.build("later", "belfort", "4");
        fs::write(
            system.dir.path().join("updateinfo.xml"),
            r#"<updates><update type="security"><id>EX-1</id><pkglist><collection>
            <package name="belfort-server" version="1.4~rc1" release="4.el9" epoch="2" arch="noarch"/>
            </collection></pkglist></update></updates>"#,
        )
        .unwrap();
    }
    let metadata = repository.join("repodata");
    if metadata.exists() {
        fs::remove_dir_all(&metadata).unwrap();
    }
    run("createrepo_c", &[arguments, &["--quiet", repository.to_str().unwrap()]].concat());
    let advisories = system.dir.path().join("updateinfo.xml");
    run("modifyrepo_c", &[advisories.to_str().unwrap(), metadata.to_str().unwrap()]);
    let cache = system.root().join(directory);
    fs::create_dir_all(&cache).unwrap();
    for file in fs::read_dir(&metadata).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), cache.join(file.file_name())).unwrap();
    }
    cache
}

/// Name, installed and available version, whether of security.
fn pending(section: &UpdatesSection) -> Vec<(&str, &str, &str, Tristate, &str)> {
    let pending = section.pending.iter().map(|one| {
        let (name, origin) = (one.name.as_str(), one.origin.as_str());
        let versions = (one.installed_version.as_str(), one.available_version.as_str());
        (name, versions.0, versions.1, one.security(), origin)
    });
    pending.collect()
}

const EXPECTED: [(&str, &str, &str, Tristate, &str); 3] = [
    ("belfort-server", "2:1.4~rc1-3.el9", "2:1.4~rc1-4.el9", Tristate::Yes, "updates"),
    ("belfort-server-many", "2:1.4~rc1-3.el9", "2:1.4~rc1-4.el9", Tristate::No, "updates"),
    ("libbelfort", "7.1-3.el9", "7.1-4.el9", Tristate::No, "updates"),
];

#[test]
fn updates_from_the_cache_of_dnf_4() {
    let system = System::new();
    system.file("etc/dnf/dnf.conf", "[main]\ngpgcheck=1\n");
    assert_eq!(system.updates().managers, Vec::<String>::new());
    system.file("etc/yum.repos.d/a.repo", "[updates]\nname=Updates\n[off]\nenabled=0\n[gone]\n");
    cache(&system, "var/cache/dnf/updates-0123456789abcdef/repodata", &[]);
    cache(&system, "var/cache/dnf/off-0123456789abcdef/repodata", &[]);
    let section = system.updates();
    assert_eq!(section.managers, ["dnf"]);
    assert_eq!(pending(&section), EXPECTED);
    assert_eq!(section.refreshed_on, run("date", &["+%F"]).trim());
    assert_eq!(section.automatic(), Tristate::No);
    let outcomes: Vec<_> =
        section.outcomes.iter().map(|one| (&*one.source, one.status())).collect();
    assert_eq!(outcomes, [("dnf:gone", OutcomeStatus::Absent)]);

    system.file("etc/dnf/automatic.conf", "[commands]\napply_updates = yes\n");
    assert_eq!(system.updates().automatic(), Tristate::No);
    system.file("etc/systemd/system/timers.target.wants/dnf-automatic.timer", "");
    assert_eq!(system.updates().automatic(), Tristate::Yes);
}

#[test]
fn updates_from_the_cache_of_dnf_5() {
    let system = System::new();
    system.file("etc/yum.repos.d/a.repo", "[updates]\nenabled=0\n");
    system.file("etc/dnf/repos.override.d/99.repo", "[updates]\nenabled=1\n");
    let cache = cache(&system, "var/cache/libdnf5/updates-0123456789abcdef/repodata", &[]);
    // The compression of today's repositories, which Debian's createrepo does not have.
    let repomd = fs::read_to_string(cache.join("repomd.xml")).unwrap();
    fs::write(cache.join("repomd.xml"), repomd.replace(".xml.gz", ".xml.zst")).unwrap();
    for file in fs::read_dir(&cache).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "gz") {
            let plain = run("gzip", &["-dc", path.to_str().unwrap()]);
            let packed = zstd::encode_all(plain.as_bytes(), 10).unwrap();
            fs::write(path.with_extension("zst"), packed).unwrap();
            fs::remove_file(path).unwrap();
        }
    }
    let section = system.updates();
    assert_eq!(section.outcomes, []);
    assert_eq!(pending(&section), EXPECTED);
}

#[test]
fn what_did_not_change_is_not_read_again() {
    let system = System::new();
    system.file("etc/yum.repos.d/a.repo", "[updates]\n");
    let cache = cache(&system, "var/cache/dnf/updates-0123456789abcdef/repodata", &[]);
    let read = |kept: &Arc<Kept>| {
        let root = Root::at(&system.root()).unwrap();
        let mut host = Host::at(root, Names::default(), Policy::everything());
        host.kept = kept.clone();
        let kind = SectionKind::Updates;
        probe::all().iter().find(|probe| probe.kind() == kind).unwrap().read(&host)
    };
    let kept = Arc::new(Kept::default());
    let first = read(&kept);
    let bytes = kept.take_changed().unwrap();
    // From a file, and again and again, it is the same; nothing new is kept.
    let kept = Arc::new(Kept::from_bytes(&bytes));
    assert_eq!(read(&kept), first);
    assert_eq!(kept.take_changed(), None);
    // A file that was replaced, by one that offers nothing, is read.
    let primary = fs::read_dir(&cache).unwrap().map(|entry| entry.unwrap().path());
    let primary = primary.filter(|path| path.to_str().unwrap().ends_with("primary.xml.gz"));
    for path in primary {
        fs::write(&path, "").unwrap();
    }
    let Section::Updates(section) = read(&kept) else { panic!("another section") };
    assert_eq!(pending(&section), []);
    assert_eq!(section.outcomes.len(), 1);
    // What could not be read is not kept.
    assert_eq!(kept.take_changed(), None);
}

#[test]
fn updates_from_a_cache_in_zchunk() {
    let system = System::new();
    system.file("etc/yum.repos.d/a.repo", "[updates]\n");
    let cache = cache(&system, "var/cache/dnf/updates-0123456789abcdef/repodata", &["--zck"]);
    // dnf downloads only one of both.
    for file in fs::read_dir(&cache).unwrap() {
        let path = file.unwrap().path();
        if path.to_str().unwrap().ends_with("primary.xml.gz") {
            fs::remove_file(path).unwrap();
        }
    }
    let section = system.updates();
    assert_eq!(section.outcomes, []);
    assert_eq!(pending(&section), EXPECTED);
}

#[test]
fn what_is_not_read_is_named() {
    let system = System::new();
    system.file("etc/yum.repos.d/a.repo", "[updates]\n");
    let directory = "var/cache/dnf/updates-0123456789abcdef/repodata";
    cache(&system, directory, &["--general-compress-type", "xz"]);
    let section = system.updates();
    assert_eq!(section.managers, ["dnf"]);
    assert_eq!(pending(&section), []);
    let outcomes: Vec<_> = section
        .outcomes
        .iter()
        .map(|one| (one.source.as_str(), one.status(), one.reason.as_str()))
        .collect();
    let reason = "compression xz is not read";
    assert_eq!(outcomes, [("dnf:updates:primary", OutcomeStatus::Failed, reason)]);
}

#[test]
fn a_damaged_database_is_named() {
    let system = System::new();
    let path: &Path = &system.root().join("var/lib/rpm/rpmdb.sqlite");
    let mut bytes = fs::read(path).unwrap();
    let half = bytes.len() / 2;
    bytes[4096..half].fill(0x55);
    fs::write(path, bytes).unwrap();
    let section = system.packages();
    let outcome = section.outcomes.iter().find(|one| one.source == "/var/lib/rpm/rpmdb.sqlite");
    assert_eq!(outcome.unwrap().status(), OutcomeStatus::Failed);
}
