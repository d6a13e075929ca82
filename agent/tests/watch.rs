//! The running service against the kernel's own announcements: it runs in a network namespace with a
//! collector beside it, and with directories of the test in the place of the machine's.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests stand outside test functions"
)]

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use belfort_agent::probe::dpkg::STATUS_BYTES_MAX;
use belfort_proto::inventory::v1::{Protocol, SectionKind, Tristate};
use belfort_proto::report::v1::Settings;
use belfort_proto::section::Section;
use rustix::process::{Pid, Signal, kill_process};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use serde_json::Value;
use tempfile::TempDir;

#[path = "wire/collector.rs"]
mod collector;
use collector::{Collector, Held};

const AGENT: &str = env!("CARGO_BIN_EXE_belfort-agent");
const NEEDED: &str = "run as root with iproute2, nftables and util-linux installed";

fn tool(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("cannot start {program}: {error}; {NEEDED}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {said}; {NEEDED}");
}

/// Runs a test in a network namespace of its own; what it starts is in there, too.
fn apart(name: &str, test: impl FnOnce() + Send + 'static) {
    struct Namespace(String);
    impl Drop for Namespace {
        fn drop(&mut self) {
            let _ = Command::new("ip").args(["netns", "del", &self.0]).status();
        }
    }
    let namespace = Namespace(format!("belfort-{name}-{}", std::process::id()));
    tool("ip", &["netns", "add", &namespace.0]);
    let file = fs::File::open(format!("/run/netns/{}", namespace.0)).unwrap();
    let inside = std::thread::spawn(move || {
        let network = Some(LinkNameSpaceType::Network);
        move_into_link_name_space(std::os::fd::AsFd::as_fd(&file), network).unwrap();
        tool("ip", &["link", "set", "lo", "up"]);
        test();
    });
    if let Err(panicked) = inside.join() {
        std::panic::resume_unwind(panicked);
    }
}

/// A machine with an enrolled agent that runs, and the directories that stand for its own.
struct Machine {
    dir: TempDir,
    collector: Collector,
    agent: Child,
}

const PACKAGE: &str = "Status: install ok installed\nArchitecture: all\nVersion: 1\n\n";

impl Machine {
    fn start() -> Self {
        let machine = Self::start_over(|_| {});
        machine.wait(
            "the first report",
            SectionKind::Packages,
            |section| matches!(section, Section::Packages(held) if !held.packages.is_empty()),
        );
        machine
    }

    /// Starts over directories that were changed before.
    fn start_over(change: impl FnOnce(&Path)) -> Self {
        let dir = TempDir::new().unwrap();
        let at = |name: &str| dir.path().join(name);
        for name in ["dpkg", "run", "cgroup/system.slice", "etc"] {
            fs::create_dir_all(at(name)).unwrap();
        }
        tool("cp", &["-a", "/etc/.", at("etc").to_str().unwrap()]);
        fs::write(at("dpkg/status"), format!("Package: first\n{PACKAGE}")).unwrap();
        fs::write(at("run/private"), "").unwrap();
        let unit = "[Service]\nExecStart=/usr/bin/true\n";
        fs::write(at("etc/systemd/system/belfort-test.service"), unit).unwrap();
        change(dir.path());
        let collector = Collector::start();
        let enrolled = Command::new(AGENT)
            .arg("--state")
            .arg(at("state"))
            .args(["enroll", "--collector", &collector.address, "--token", &collector.token()])
            .output()
            .unwrap();
        assert!(enrolled.status.success(), "{}", String::from_utf8_lossy(&enrolled.stderr));
        let script = "mount --bind \"$0/dpkg\" /var/lib/dpkg && mount --bind \"$0/etc\" /etc && \
                      mount --bind \"$0/run\" /run/systemd && \
                      mount --bind \"$0/cgroup\" /sys/fs/cgroup && \
                      exec \"$1\" --state \"$0/state\" run --interval 1";
        fs::create_dir_all("/run/systemd").unwrap();
        let agent = Command::new("unshare")
            .args(["--mount", "--propagation", "private", "sh", "-c", script])
            .arg(dir.path())
            .arg(AGENT)
            .stderr(fs::File::create(at("log")).unwrap())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start unshare: {error}; {NEEDED}"));
        Self { dir, collector, agent }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Replaces a file as dpkg and the tools for accounts do.
    fn replace(&self, name: &str, content: &str) {
        let new = self.at(&format!("{name}-new"));
        fs::write(&new, content).unwrap();
        fs::rename(new, self.at(name)).unwrap();
    }

    fn install(&self, names: &[String]) {
        let paragraphs = names.iter().map(|name| format!("Package: {name}\n{PACKAGE}"));
        self.replace("dpkg/status", &paragraphs.collect::<String>());
    }

    /// Waits until the collector holds a section that fits.
    fn wait(&self, what: &str, kind: SectionKind, fits: impl Fn(&Section) -> bool) {
        for _ in 0..1200 {
            let held = self.collector.held(|held| held.section(kind));
            if held.is_some_and(|section| fits(&section)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let log = fs::read_to_string(self.at("log")).unwrap();
        panic!("not reported within a minute: {what}; the agent said: {log}");
    }

    fn wait_for_package(&self, name: &str) {
        self.wait(name, SectionKind::Packages, |section| {
            matches!(section, Section::Packages(held)
                if held.packages.iter().any(|package| package.name == name))
        });
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.agent), signal).unwrap();
    }

    /// Stops the agent; gives its own account.
    fn stop(mut self) -> Value {
        self.signal(Signal::TERM);
        assert!(self.agent.wait().unwrap().success());
        serde_json::from_slice(&fs::read(self.at("state/costs.json")).unwrap()).unwrap()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.agent.kill();
        let _ = self.agent.wait();
    }
}

fn status(state: &Path) -> Value {
    let shown = Command::new(AGENT).arg("--state").arg(state).args(["status", "--json"]).output();
    serde_json::from_slice(&shown.unwrap().stdout).unwrap()
}

fn runs(account: &Value, section: &str) -> u64 {
    account["sections"][section]["runs"].as_u64().unwrap()
}

#[test]
fn what_changes_is_reported_and_nothing_else_is_read() {
    apart("watch", || {
        let machine = Machine::start();
        // Before anything else, so that it has been noticed when the rest has.
        fs::write(machine.at("etc/belfort-unrelated"), "x").unwrap();
        machine.install(&["first".to_owned(), "second".to_owned()]);
        machine.wait_for_package("second");

        tool("ip", &["link", "add", "b0", "type", "veth", "peer", "name", "b1"]);
        tool("ip", &["address", "add", "192.0.2.7/24", "dev", "b0"]);
        machine.wait("an address", SectionKind::Network, |section| {
            matches!(section, Section::Network(held) if held.interfaces.iter().any(|interface| {
                interface.addresses.iter().any(|address| address.address == "192.0.2.7")
            }))
        });

        let listener = TcpListener::bind("0.0.0.0:0").unwrap();
        let port = u32::from(listener.local_addr().unwrap().port());
        machine.wait("a listener", SectionKind::Services, |section| {
            matches!(section, Section::Services(held) if held.listeners.iter().any(|listener| {
                listener.port == port && listener.protocol() == Protocol::Tcp
            }))
        });

        let group = machine.at("cgroup/system.slice/belfort-test.service");
        fs::create_dir(&group).unwrap();
        fs::write(group.join("cgroup.events"), "populated 1\nfrozen 0\n").unwrap();
        machine.wait("a service that started", SectionKind::Services, |section| {
            matches!(section, Section::Services(held) if held.services.iter().any(|service| {
                service.name == "belfort-test" && service.running() == Tristate::Yes
            }))
        });
        symlink(
            "/etc/systemd/system/belfort-test.service",
            machine.at("etc/systemd/system/belfort-alias.service"),
        )
        .unwrap();

        tool("nft", &["add", "table", "inet", "t"]);
        let chain = "{ type filter hook input priority 0; policy drop; }";
        // Loopback stays open: the collector is there.
        tool(
            "nft",
            &["add", "chain", "inet", "t", "in", "{ type filter hook forward priority 0; }"],
        );
        tool("nft", &["add", "chain", "inet", "t", "more", chain]);
        tool("nft", &["add", "rule", "inet", "t", "more", "iifname", "lo", "accept"]);
        machine.wait("a packet filter", SectionKind::Protection, |section| {
            matches!(section, Section::Protection(held)
                if held.firewall.iter().any(|profile| profile.on() == Tristate::Yes))
        });

        let state = machine.at("state");
        let running = status(&state);
        assert_eq!(running["service"]["running"], true);
        assert!(running["service"]["directories_watched"].as_u64().unwrap() > 5);
        let table = Command::new(AGENT).arg("--state").arg(&state).arg("status").output().unwrap();
        let table = String::from_utf8(table.stdout).unwrap();
        assert!(table.contains("\nsection ") && table.contains("\npackages "), "{table}");
        let accounts = runs(&machine.stop(), "accounts");
        assert_eq!(accounts, 1, "nothing that concerns accounts has changed");
    });
}

#[test]
fn a_new_administrator_is_reported() {
    apart("admin", || {
        let machine = Machine::start();
        let group = fs::read_to_string(machine.at("etc/group")).unwrap();
        let passwd = fs::read_to_string(machine.at("etc/passwd")).unwrap();
        machine.replace("etc/passwd", &format!("{passwd}belfort-test:x:61234:61234::/:/bin/sh\n"));
        let count = |section: &Section| match section {
            Section::Accounts(held) => held.administrators.len(),
            _ => 0,
        };
        let held =
            |machine: &Machine| machine.collector.held(|held| held.section(SectionKind::Accounts));
        let before = count(&held(&machine).unwrap());
        machine.replace("etc/group", &format!("{group}wheel:x:61234:belfort-test\n"));
        machine.wait("an administrator", SectionKind::Accounts, |section| count(section) > before);
        let account = machine.stop();
        assert_eq!(account["full_passes"], 1);
        assert_eq!(runs(&account, "memory"), 1);
    });
}

#[test]
fn new_settings_and_a_collector_that_lost_everything() {
    apart("settings", || {
        let machine = Machine::start();
        machine.collector.hold(|held| {
            held.settings = Some(Settings {
                version: 1,
                check_in_seconds: 900,
                sections_off: vec![SectionKind::Memory.into()],
                ..Settings::default()
            });
        });
        let mut waited = 0;
        while machine.collector.held(|held| held.section(SectionKind::Memory).is_some()) {
            assert!(waited < 1200, "the section is still reported after a minute");
            waited += 1;
            std::thread::sleep(Duration::from_millis(50));
        }
        machine.collector.hold(Held::forget);
        machine.wait_for_package("first");
        let account = machine.stop();
        // New settings are answered by a full pass, a loss by what is held.
        assert_eq!(account["full_passes"], 2);
        assert_eq!(runs(&account, "packages"), 2);
        assert_eq!(runs(&account, "memory"), 1);
    });
}

#[test]
fn a_flood_is_read_a_bounded_number_of_times() {
    apart("flood", || {
        let machine = Machine::start();
        for number in 0..2000 {
            machine.install(&[format!("flood{}", number % 2)]);
            std::thread::sleep(Duration::from_millis(10));
        }
        machine.install(&["last".to_owned()]);
        // Whoever changed it is done: the end is read although it was read often of late.
        fs::write(machine.at("dpkg/lock-frontend"), "").unwrap();
        machine.wait_for_package("last");
        let account = machine.stop();
        let packages = runs(&account, "packages");
        // The first pass, three at once, one each minute, and the last.
        assert!(packages <= 7, "read {packages} times");
        assert_eq!(account["full_passes"], 1);
    });
}

/// Whether a section says that a source was larger than it may be.
fn too_large(section: &Section, source: &str) -> bool {
    let outcomes = section.outcomes().iter();
    outcomes.into_iter().any(|outcome| outcome.source == source && outcome.reason.contains("than"))
}

#[test]
fn files_that_are_too_large_are_named_by_an_agent_that_stays_alive() {
    apart("huge", || {
        let machine = Machine::start_over(|root| {
            // Sparse: 1 GiB each, without a byte on disk.
            for name in ["dpkg/status", "etc/passwd", "etc/group", "etc/sudoers"] {
                fs::File::create(root.join(name)).unwrap().set_len(1 << 30).unwrap();
            }
        });
        machine.wait("the package database", SectionKind::Packages, |section| {
            too_large(section, "/var/lib/dpkg/status")
        });
        machine.wait("the accounts", SectionKind::Accounts, |section| {
            too_large(section, "/etc/passwd") && too_large(section, "/etc/group")
        });
        machine.install(&["small".to_owned()]);
        machine.wait_for_package("small");
        machine.stop();
    });
}

#[test]
fn files_as_large_as_they_may_be_fit_the_memory() {
    apart("large", || {
        let machine = Machine::start_over(|root| {
            let paragraph = |number| format!("Package: p{number}\n{PACKAGE}");
            let mut status = String::new();
            for number in 0.. {
                let paragraph = paragraph(number);
                if (status.len() + paragraph.len()) as u64 > STATUS_BYTES_MAX {
                    break;
                }
                status.push_str(&paragraph);
            }
            fs::write(root.join("dpkg/status"), status).unwrap();
            let account = |number| format!("u{number}:x:{number}:{number}::/home/x:/bin/sh\n");
            let passwd: String = (1000..).map(account).take(65_000).collect();

            fs::write(root.join("etc/passwd"), passwd.get(..2 << 20).unwrap()).unwrap();
            let members: String =
                (1000..).map(|number| format!("u{number},")).take(300_000).collect();
            let group = format!("sudo:x:27:{}", members.get(..50_000).unwrap());
            fs::write(root.join("etc/group"), group).unwrap();
            let unit = format!("[Service]\nExecStart=/{}\n", "x".repeat(1500));
            for number in 0..5000 {
                let name = format!("etc/systemd/system/{number}{}.service", "y".repeat(200));
                fs::write(root.join(name), &unit).unwrap();
            }
        });
        machine.wait("packages", SectionKind::Packages, |section| {
            matches!(section, Section::Packages(held) if held.packages.len() > 30_000)
                && too_large(section, "packages")
        });
        machine.wait("units", SectionKind::Services, |section| {
            too_large(section, "/etc/systemd/system")
        });
        // It did not run into its limit: it stops when told.
        machine.stop();
    });
}

#[test]
fn lost_notices_lead_to_a_full_pass() {
    apart("lost", || {
        let machine = Machine::start();
        machine.signal(Signal::STOP);
        let limit = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap();
        let limit: usize = limit.trim().parse().unwrap();
        // Two in turn: the same one again would be told once.
        for number in 0..limit {
            fs::write(machine.at(["etc/belfort-a", "etc/belfort-b"][number % 2]), "").unwrap();
        }
        machine.install(&["unnoticed".to_owned()]);
        machine.signal(Signal::CONT);
        machine.wait_for_package("unnoticed");
        let account = machine.stop();
        assert_eq!(account["full_passes"], 2);
        assert_eq!(runs(&account, "memory"), 2);
    });
}
