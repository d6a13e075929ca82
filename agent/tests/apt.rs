//! Pending updates, against the real apt: on this machine, and over archives made for the purpose.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests stand outside test functions"
)]

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use belfort_agent::policy::Policy;
use belfort_agent::probe::kept::Kept;
use belfort_agent::probe::updates::UpdatesProbe;
use belfort_agent::probe::updates::apt::version;
use belfort_agent::probe::{Host, Probe as _};
use belfort_agent_sys::files::Root;
use belfort_agent_sys::host::Names;
use belfort_proto::inventory::v1::{OutcomeStatus, PendingUpdate, Tristate, UpdatesSection};
use belfort_proto::section::Section;

#[path = "apt/archive.rs"]
mod archive;
use archive::Machine;

fn section(host: &Host) -> UpdatesSection {
    let Section::Updates(section) = UpdatesProbe.read(host) else { panic!("another section") };
    section
}

fn over(root: &Path, kept: &Arc<Kept>) -> UpdatesSection {
    let host = Host::at(Root::at(root).unwrap(), Names::default(), Policy::everything());
    section(&host.with(Arc::clone(kept)))
}

fn output(mut command: Command) -> String {
    let output = command.output();
    let output = output.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// `name/suite,suite version architecture [upgradable from: version]`, as the tuple in [`found`].
fn listed(said: &str) -> BTreeSet<(String, String, String)> {
    let update = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        let [name, available, _, "[upgradable", "from:", installed] = words.as_slice() else {
            return None;
        };
        let name = name.split('/').next().unwrap();
        Some((name.to_owned(), (*available).to_owned(), installed.trim_end_matches(']').to_owned()))
    };
    said.lines().filter_map(update).collect()
}

fn found(section: &UpdatesSection) -> BTreeSet<(String, String, String)> {
    let of = |update: &PendingUpdate| {
        let PendingUpdate { name, available_version, installed_version, .. } = update.clone();
        (name, available_version, installed_version)
    };
    section.pending.iter().filter(|update| update.ecosystem == "deb").map(of).collect()
}

#[test]
fn this_machine_as_apt_sees_it() {
    let mut apt = Command::new("apt");
    apt.args(["list", "--upgradable"]).env("LC_ALL", "C");
    let expected = listed(&output(apt));
    let kept = Arc::new(Kept::default());
    let host = || Host::system(Policy::everything()).with(Arc::clone(&kept));
    let first = section(&host());
    assert_eq!(found(&first), expected);
    assert!(first.outcomes.iter().all(|one| one.status() == OutcomeStatus::Absent), "{first:?}");
    // With what the first pass kept the second finds the same, and has nothing new to keep.
    let _ = kept.take_changed();
    assert_eq!(section(&host()), first);
    assert_eq!(kept.take_changed(), None);
}

#[test]
fn versions_as_dpkg_orders_them() {
    let versions = [
        "1",
        "1.0",
        "1.0-1",
        "1.0-1+b1",
        "1.0-1~deb12u1",
        "1.0+deb12u1",
        "1.0~rc1",
        "1:0.1",
        "0:1.0",
        "1.0a",
        "1.0.1",
        "1.10",
        "1.9",
        "2024a-0+deb12u1",
        "1.0-1-2",
        "1.0+git20240101.abc",
        "1.0-0",
    ];
    for a in versions {
        for b in versions {
            let order = version::compare(a.as_bytes(), b.as_bytes());
            let relation = match order {
                Ordering::Less => "lt",
                Ordering::Equal => "eq",
                Ordering::Greater => "gt",
            };
            let agreed = Command::new("dpkg").args(["--compare-versions", a, relation, b]).status();
            assert!(agreed.unwrap().success(), "{a} {relation} {b}");
        }
    }
}

/// Package, version, architecture, state, source: what is installed on the made-up machine.
const INSTALLED: &str = "\
dpkg 1.21.22 amd64 installed
plain 1.0 amd64 installed
secure 1.0 amd64 installed
between 1.0 amd64 installed
same 1:1.0 amd64 installed
everywhere 1.0 all installed
held 1.0 amd64 hold
waiting 1.0 amd64 triggers-pending
broken 1.0 amd64 half-configured
gone 1.0 amd64 config-files
lib 1.0 amd64 installed
lib 1.0 i386 installed
foreign 1.0 i386 installed
backported 1.0 amd64 installed
from-backports 2.0~bpo1 amd64 installed
experimental 1.0 amd64 installed
pinned-back 1.0 amd64 installed
pinned-never 1.0 amd64 installed
pinned-down 2.0 amd64 installed
site 1.0 amd64 installed
glob-a 1.0 amd64 installed
regular-b 1.0 amd64 installed
of-source 1.0 amd64 installed
any-architecture 1.0 i386 installed
third 1.0 amd64 installed
flat 1.0 amd64 installed
ahead 9.0 amd64 installed
";

const MAIN: &str = "\
plain 1.1 amd64
secure 1.0 amd64
between 1.2 amd64
same 1:1.0 amd64
everywhere 1.1 all
held 1.1 amd64
waiting 1.1 amd64
broken 1.1 amd64
gone 1.1 amd64
lib 1.1 amd64
lib 1.1 i386
foreign 1.1 i386
backported 1.0 amd64
from-backports 1.0 amd64
experimental 1.0 amd64
pinned-back 1.1 amd64
pinned-never 1.0 amd64
pinned-down 1.0 amd64
site 2.0 amd64
glob-a 1.1 amd64
regular-b 1.1 amd64
of-source 1.1 amd64 the-source
of-source 1.1 i386 the-source
any-architecture 1.1 i386
ahead 1.0 amd64
unrelated 1.0 amd64
";

fn status() -> String {
    let package = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        let [name, version, architecture, state] = words.as_slice() else { panic!("{line}") };
        let (selection, state) = match *state {
            "hold" => ("hold", "installed"),
            "config-files" => ("deinstall", "config-files"),
            state => ("install", state),
        };
        format!(
            "Package: {name}\nStatus: {selection} ok {state}\nMaintainer: Example <x@example.org>\n\
             Architecture: {architecture}\nMulti-Arch: same\nVersion: {version}\nDescription: {name}\n\n"
        )
    };
    INSTALLED.lines().map(package).collect()
}

fn machine() -> Machine {
    let machine = Machine::new();
    let port = machine.port;
    machine.write("var/lib/dpkg/status", &status());
    machine.write("var/lib/dpkg/arch", "amd64\ni386\n");
    machine.write(
        "etc/apt/sources.list",
        &format!(
            "deb [trusted=yes] http://127.0.0.1:{port}/main bookworm main # the distribution\n\
             deb-src [trusted=yes] http://127.0.0.1:{port}/main bookworm main\n\
             deb [trusted=yes arch=amd64] http://localhost:{port}/third_party stable main\n\
             deb [trusted=yes] http://localhost:{port}/flat ./\n\
             # deb http://127.0.0.1:{port}/main gone main\n"
        ),
    );
    machine.write(
        "etc/apt/sources.list.d/more.sources",
        &format!(
            "Types: deb\nTrusted: yes\nURIs: http://127.0.0.1:{port}/main\n\
             Suites: bookworm-backports\n experimental\nComponents: main\n\n\
             # Security\nTypes: deb deb-src\nTrusted: yes\nURIs: http://127.0.0.1:{port}/security/\n\
             Suites: bookworm-security\nComponents: main\n\n\
             Enabled: no\nTypes: deb\nTrusted: yes\nURIs: http://127.0.0.1:{port}/main\nSuites: off\n\
             Components: main\n"
        ),
    );
    let debian = "Origin: Debian\nLabel: Debian\n";
    let main = format!("{debian}Suite: stable\nCodename: bookworm\nVersion: 12.1\n");
    machine.publish("main", "bookworm", &main, MAIN);
    let backports = "Origin: Debian Backports\nLabel: Debian Backports\nSuite: stable-backports\n\
        Codename: bookworm-backports\nNotAutomatic: yes\nButAutomaticUpgrades: yes\n";
    machine.publish(
        "main",
        "bookworm-backports",
        backports,
        "backported 2.0 amd64\nfrom-backports 2.0~bpo2 amd64\nglob-a 3.0 amd64\nregular-b 3.0 amd64\n",
    );
    let experimental =
        format!("{debian}Suite: experimental\nCodename: rc-buggy\nNotAutomatic: yes\n");
    machine.publish(
        "main",
        "experimental",
        &experimental,
        "experimental 9.0 amd64\nplain 9.0 amd64\n",
    );
    let security = "Origin: Debian\nLabel: Debian-Security\nSuite: stable-security\n\
        Codename: bookworm-security\nVersion: 12\n";
    machine.publish(
        "security",
        "bookworm-security",
        security,
        "secure 1.0+deb12u1 amd64\nbetween 1.1 amd64\nsame 1:1.0 amd64\nahead 8.0 amd64\n",
    );
    let third = "Origin: Third\nLabel: Third Party\nSuite: stable\nCodename: rolling\n";
    machine.publish(
        "third_party",
        "stable",
        third,
        "third 2.0 amd64\npinned-never 2.0 amd64\npinned-down 3.0 amd64\nsite 1.5 amd64\nforeign 9.0 i386\n",
    );
    machine.publish("flat", "./", "Label: Flat\n", "flat 1.1 amd64\n");
    machine
}

const PREFERENCES: &str = "\
Explanation: comments and several entries
# another comment
Package: pinned-back
Pin: version 1.0*
Pin-Priority: 1001

Package: pinned-never
Pin: release l=Third Party
Pin-Priority: -1

Package: pinned-down
Pin: release o=Debian, a=stable, l=Debian
Pin-Priority: 1001

Package: site
Pin: origin \"localhost\"
Pin-Priority: 990

Package: glob-*
Pin: release n=bookworm-back*
Pin-Priority: 900

Package: /^regular-/
Pin: release stable-backports
Pin-Priority: 900

Package: src:the-source
Pin: version 1.0
Pin-Priority: 1

Package: any-architecture
Pin: release v=12.1
Pin-Priority: -10
";

#[test]
fn archives_of_every_kind() {
    let machine = machine();
    machine.write("etc/apt/preferences.d/test.pref", PREFERENCES);
    machine.write(
        "etc/apt/preferences.d/ignored.bak",
        "Package: *\nPin: release *\nPin-Priority: -1\n",
    );
    machine.apt("apt-get", &["update"]);
    let expected = listed(&machine.apt("apt", &["list", "--upgradable"]));
    let kept = Arc::new(Kept::default());
    let section = over(machine.root(), &kept);
    assert_eq!(found(&section), expected);
    assert_eq!(section.managers, ["apt"]);
    assert!(section.outcomes.is_empty(), "{:?}", section.outcomes);
    let told: Vec<String> = section
        .pending
        .iter()
        .map(|update| {
            let security = match update.security() {
                Tristate::Yes => "security",
                Tristate::No => "other",
                Tristate::Unspecified => "unknown",
            };
            let PendingUpdate { name, architecture, available_version, origin, .. } = update;
            format!("{name}:{architecture} {available_version} {security} {origin}")
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"));
    assert_eq!(over(machine.root(), &kept), section);
    assert_eq!(over(machine.root(), &Arc::default()), section);
}

#[test]
fn a_target_release_and_compressed_lists() {
    let machine = machine();
    machine.write(
        "etc/apt/apt.conf.d/50test",
        "APT { Default-Release \"bookworm-backports\"; };\nAcquire::GzipIndexes \"true\";\n",
    );
    machine.write(
        "etc/apt/preferences",
        "Package: *\nPin: release a=experimental\nPin-Priority: 600\n\n\
         Package: *\nPin: release l=Flat\nPin-Priority: never\n",
    );
    machine.apt("apt-get", &["update"]);
    let expected = listed(&machine.apt("apt", &["list", "--upgradable"]));
    let lists = fs::read_dir(machine.root().join("var/lib/apt/lists")).unwrap();
    let names = lists.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(names.filter(|name| name.ends_with("_Packages.lz4")).count() > 3);
    let section = over(machine.root(), &Arc::default());
    assert_eq!(found(&section), expected);
    assert!(expected.iter().any(|(name, version, _)| name == "plain" && version == "9.0"));
    assert!(!expected.iter().any(|(name, ..)| name == "flat"));
    assert!(section.outcomes.is_empty(), "{:?}", section.outcomes);
}

#[test]
fn what_was_kept_is_not_believed_for_another_list() {
    let machine = machine();
    machine.apt("apt-get", &["update"]);
    let kept = Arc::new(Kept::default());
    let before = over(machine.root(), &kept);
    assert!(before.pending.iter().any(|update| update.name == "third"));
    let port = machine.port;
    let list = format!("localhost:{port}_third%5fparty_dists_stable_main_binary-amd64_Packages");
    let path = machine.root().join("var/lib/apt/lists").join(list);
    fs::write(&path, "Package: third\nVersion: 3.0\nArchitecture: amd64\n").unwrap();
    let after = over(machine.root(), &kept);
    let third = after.pending.iter().find(|update| update.name == "third").unwrap();
    assert_eq!(third.available_version, "3.0");
    // Another package that is installed was passed over so far.
    let status = status()
        + "Package: unrelated\nStatus: install ok installed\nArchitecture: amd64\n\
        Version: 0.1\n";
    machine.write("var/lib/dpkg/status", &status);
    let more = over(machine.root(), &kept);
    assert!(more.pending.iter().any(|update| update.name == "unrelated"));
}

#[test]
fn what_is_not_understood_is_named() {
    let machine = machine();
    machine.write("etc/apt/preferences.d/odd", "Package: /a|b/\nPin: release *\nPin-Priority: 1\n");
    machine.write("etc/apt/apt.conf", "Dir::State::Lists \"/elsewhere\";\n");
    machine.write("etc/apt/sources.list.d/medium.list", "deb cdrom:[Debian 12]/ bookworm main\n");
    let lists = "var/lib/apt/lists";
    let main = format!("{lists}/127.0.0.1:{}_main_dists_bookworm", machine.port);
    machine.write(&format!("{main}_main_binary-amd64_Packages.xz"), "x");
    machine.write(&format!("{main}_main_binary-i386_Packages.lz4"), "no frame");
    let section = over(machine.root(), &Arc::default());
    let outcomes: Vec<String> = section
        .outcomes
        .iter()
        .map(|one| format!("{} {:?} {}", one.source, one.status(), one.reason))
        .map(|line| line.replace(&machine.port.to_string(), "PORT"))
        .collect();
    insta::assert_snapshot!(outcomes.join("\n"));
}

#[test]
fn a_stream_keeps_its_cap_and_its_time() {
    use std::io::{Read as _, Write as _};
    use std::time::Duration;

    use belfort_agent_sys::files::{ReadError, Stream};

    let dir = tempfile::TempDir::new().unwrap();
    let path = dir.path().join("list");
    fs::write(&path, "12345").unwrap();
    let root = Root::at(dir.path()).unwrap();
    assert_eq!(root.open_stream("list", 4).unwrap_err(), ReadError::TooLarge(4));
    assert_eq!(root.open_stream(".", 4).unwrap_err(), ReadError::NotRegular);
    assert_eq!(root.open_stream("none", 4).unwrap_err(), ReadError::Absent);
    let before = root.stamp("list").unwrap();
    let mut stream = root.open_stream("list", 5).unwrap();
    assert_eq!(stream.stamp(), before);
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    assert_eq!(text, "12345");
    // It grows while it is read.
    let mut stream = root.open_stream("list", 5).unwrap();
    fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"6").unwrap();
    let error = stream.read_to_end(&mut Vec::new()).unwrap_err();
    assert_eq!(Stream::error(&error), Some(ReadError::TooLarge(5)));
    assert_ne!(root.stamp("list").unwrap(), before);
    let mut stream = root.open_stream("list", 6).unwrap();
    root.limit(Some(Duration::ZERO));
    let error = stream.read(&mut [0; 8]).unwrap_err();
    assert_eq!(Stream::error(&error), Some(ReadError::TimeLimit));
    assert_eq!(root.open_stream("list", 6).unwrap_err(), ReadError::TimeLimit);
}
