//! A collector of a test's own: its directory, ports, database, authority and process.

use std::fs;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use belfort_collector::ca::Authority;
use belfort_store::Store;
use http::Method;
use serde_json::Value;
use tempfile::TempDir;

use crate::client::Client;
use crate::{cluster, programs, wait};

/// The trust domain of every collector here: the one `init` proposes.
pub const TRUST_DOMAIN: &str = "belfort.example";

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// The embedded one.
    Sqlite,
    /// A server.
    Postgres,
}

/// A collector. Its process ends when this is dropped; when the test fails, its log is printed.
pub struct Collector {
    directory: TempDir,
    /// Where devices are enrolled.
    pub enrolment: SocketAddr,
    /// Where agents report.
    pub report: SocketAddr,
    /// Where people and programs work.
    pub web: SocketAddr,
    /// The first administrator's API token.
    pub api_token: String,
    /// The first administrator's one-time code to choose a password with.
    pub password_code: String,
    backend: Backend,
    database: String,
    process: Option<Child>,
}

/// An enrolment token.
#[derive(Clone, Debug)]
pub struct Token {
    /// Its id.
    pub id: String,
    /// As it is handed out.
    pub text: String,
}

impl Token {
    /// The part of it that crosses the wire.
    pub fn secret(&self) -> String {
        self.text.split('.').nth(1).expect("a token has three parts").to_owned()
    }
}

impl Collector {
    /// Sets one up and serves.
    pub fn start(backend: Backend) -> Self {
        let mut collector = Self::set_up(backend);
        collector.serve();
        collector
    }

    /// Sets one up without serving.
    pub fn set_up(backend: Backend) -> Self {
        let directory = tempfile::Builder::new().prefix("belfort-e2e-").tempdir().unwrap();
        let data = directory.path().join("data");
        let database = match backend {
            Backend::Sqlite => format!("sqlite:{}", data.join("belfort.db").display()),
            Backend::Postgres => cluster::database(),
        };
        let [enrolment, report, web] = free_addresses();
        let mut collector = Self {
            directory,
            enrolment,
            report,
            web,
            api_token: String::new(),
            password_code: String::new(),
            backend,
            database,
            process: None,
        };
        let listen = [
            format!("--enrolment-listen={enrolment}"),
            format!("--report-listen={report}"),
            format!("--web-listen={web}"),
        ];
        let mut init = vec!["init", "--name", "127.0.0.1"];
        init.extend(listen.iter().map(String::as_str));
        if backend == Backend::Postgres {
            init.extend(["--database", &collector.database]);
        }
        let made = collector.json(&init);
        made["password_code"].as_str().expect("a code").clone_into(&mut collector.password_code);
        made["api_token"].as_str().expect("a token").clone_into(&mut collector.api_token);
        collector
    }

    /// Starts the process and waits until it is healthy. An address that somebody else took meanwhile
    /// is replaced, as long as nobody was told it.
    pub fn serve(&mut self) {
        for _ in 0..5 {
            let log = fs::OpenOptions::new().create(true).append(true).open(self.log()).unwrap();
            let mut process = self
                .command(&["serve"])
                .env("BELFORT_LOG", "info,belfort_collector=debug")
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(log)
                .spawn()
                .unwrap();
            let healthy =
                wait::until("healthy collector", Duration::from_mins(1), || {
                    match process.try_wait().unwrap() {
                        Some(_) => Some(false),
                        None => self.is_healthy().then_some(true),
                    }
                });
            if healthy {
                self.process = Some(process);
                return;
            }
            let log = fs::read_to_string(self.log()).unwrap_or_default();
            assert!(log.contains("cannot listen"), "the collector ended:\n{log}");
            self.move_to(free_addresses());
        }
        unreachable!("no free ports after five attempts");
    }

    fn move_to(&mut self, [enrolment, report, web]: [SocketAddr; 3]) {
        let path = self.data().join("collector.toml");
        let mut text = fs::read_to_string(&path).unwrap();
        for (old, new) in
            [(&mut self.enrolment, enrolment), (&mut self.report, report), (&mut self.web, web)]
        {
            text = text.replace(&old.to_string(), &new.to_string());
            *old = new;
        }
        fs::write(path, text).unwrap();
    }

    /// Kills the process at once, while others still speak to it.
    pub fn kill_now(&self) {
        let process = self.process.as_ref().expect("a running collector");
        let id = rustix::process::Pid::from_child(process);
        rustix::process::kill_process(id, rustix::process::Signal::KILL).unwrap();
    }

    /// Kills the process and waits until it is gone.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Asks the process to end; answers its exit code.
    pub fn stop(&mut self) -> Option<i32> {
        let mut process = self.process.take()?;
        let id = rustix::process::Pid::from_child(&process);
        rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
        let ended = wait::until("end of the collector", Duration::from_secs(30), || {
            process.try_wait().unwrap()
        });
        ended.code()
    }

    /// Whether the process still runs and says that it works.
    pub fn is_alive(&mut self) -> bool {
        let runs = self.process.as_mut().is_some_and(|it| it.try_wait().unwrap().is_none());
        runs && self.is_healthy()
    }

    fn is_healthy(&self) -> bool {
        let health = self.client().call(Method::GET, "/api/v1/health").try_answer();
        health.is_ok_and(|answer| answer.status == 200)
    }

    /// Its data directory.
    pub fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// A directory for whatever else the test needs.
    pub fn scratch(&self) -> &Path {
        self.directory.path()
    }

    fn log(&self) -> PathBuf {
        self.directory.path().join("log")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(programs::collector());
        command.arg("--data").arg(self.data()).args(arguments);
        command.env_remove("BELFORT_DATABASE").env_remove("BELFORT_COLLECTOR_DATA");
        command
    }

    /// Runs a command and gives what came of it.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs a command that must succeed; gives what it printed.
    pub fn say(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command that must fail with this exit code; gives its message.
    pub fn fails(&self, arguments: &[&str], code: i32) -> String {
        let output = self.run(arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?} said: {said}");
        said
    }

    /// Runs a command that must succeed, with `--json`.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let mut arguments = arguments.to_vec();
        arguments.push("--json");
        serde_json::from_str(&self.say(&arguments)).unwrap()
    }

    /// An enrolment token for so many devices.
    pub fn token(&self, uses: u32) -> Token {
        let uses = uses.to_string();
        let made = self.json(&["token", "create", "--label", "test", "--uses", &uses]);
        let text = |key: &str| made[key].as_str().expect("a text").to_owned();
        Token { id: text("id"), text: text("secret") }
    }

    /// Which database it works on.
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// The address of its database.
    pub(crate) fn database(&self) -> &str {
        &self.database
    }

    /// A program with the first administrator's API token.
    pub fn client(&self) -> Client {
        Client::new(self.web, &self.api_token)
    }

    /// The same authority as the process has.
    pub fn authority(&self) -> Authority {
        Authority::open(&self.data(), TRUST_DOMAIN).unwrap()
    }

    /// Looks into the same database as the process has. The store blocks, so it gets a thread.
    pub fn stored<T: Send>(&self, look: impl FnOnce(&dyn Store) -> T + Send) -> T {
        on_a_thread(|| look(&*belfort_store::open(&self.database).unwrap()))
    }

    /// Gets a page over HTTP as the administrator: status and body.
    pub fn get(&self, path: &str) -> (u16, String) {
        let answer = self.client().call(Method::GET, path).answer();
        (answer.status, String::from_utf8(answer.body).unwrap())
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
        if std::thread::panicking() {
            let log = fs::read_to_string(self.log()).unwrap_or_default();
            let lines: Vec<_> = log.lines().rev().take(200).collect();
            let last: Vec<_> = lines.into_iter().rev().collect();
            let _ = writeln!(std::io::stderr(), "-- log of the collector --\n{}", last.join("\n"));
        }
    }
}

/// Runs what blocks where it does not disturb an asynchronous test.
pub(crate) fn on_a_thread<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| scope.spawn(work).join().expect("the thread ends well"))
}

/// Three addresses nobody listens on now. They lie below the ports that outgoing connections get, so
/// that a collector that was killed finds its own free again.
fn free_addresses() -> [SocketAddr; 3] {
    let mut held = Vec::new();
    while held.len() < 3 {
        let port = u16::try_from(15_000 + wait::chance(17_000)).unwrap();
        held.extend(TcpListener::bind((Ipv4Addr::LOCALHOST, port)));
    }
    let addresses: Vec<_> = held.iter().map(|it| it.local_addr().unwrap()).collect();
    addresses.try_into().unwrap()
}
