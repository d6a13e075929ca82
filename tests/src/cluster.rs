//! A PostgreSQL server of our own: one per test program, one database per test.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use postgres::{Client, NoTls};

use crate::collector::on_a_thread;
use crate::wait;

/// Starts the server and ends it when the test program goes away, however it goes: its end of the
/// pipe is closed then.
const KEEPER: &str = r#"
"$1/postgres" -D "$2/data" -k "$2" >"$2/log" 2>&1 &
server=$!
read -r _
kill -QUIT "$server"
wait "$server"
rm -rf "$2"
"#;

struct Cluster {
    directory: PathBuf,
    /// Holds the other end of the pipe.
    _keeper: Child,
}

/// A new, empty database; its address.
pub fn database() -> String {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    let cluster = CLUSTER.get_or_init(start);
    let name = format!("belfort_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    on_a_thread(|| {
        Client::connect(&url(&cluster.directory, "postgres"), NoTls)
            .and_then(|mut client| client.batch_execute(&format!("CREATE DATABASE {name}")))
            .unwrap();
    });
    url(&cluster.directory, &name)
}

/// It listens in its directory only, so its port is free.
fn url(directory: &Path, name: &str) -> String {
    format!("postgres:///{name}?user=belfort&host={}", directory.display())
}

fn start() -> Cluster {
    let programs = programs();
    let directory = tempfile::Builder::new().prefix("belfort-pg-").tempdir().unwrap().keep();
    let account = account();
    if let Some((user, group)) = account {
        chown(&directory, Some(user), Some(group)).unwrap();
    }
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o700)).unwrap();
    let initdb = ["--username=belfort", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"];
    let output = command(&programs.join("initdb"), account)
        .arg("-D")
        .arg(directory.join("data"))
        .args(initdb)
        .arg("--no-sync")
        .current_dir(&directory)
        .output()
        .unwrap();
    assert!(output.status.success(), "initdb: {}", String::from_utf8_lossy(&output.stderr));
    // What a collector that is killed must survive is its own end, not that of the server.
    let settings = "listen_addresses = ''\nfsync = off\nmax_connections = 200\n";
    fs::write(directory.join("data/postgresql.auto.conf"), settings).unwrap();
    let keeper = command(Path::new("sh"), account)
        .args(["-c", KEEPER, "keeper"])
        .args([&programs, &directory])
        .current_dir(&directory)
        .stdin(Stdio::piped())
        .process_group(0)
        .spawn()
        .unwrap();
    wait::until("PostgreSQL server", Duration::from_mins(1), || {
        on_a_thread(|| Client::connect(&url(&directory, "postgres"), NoTls).ok().map(drop))
    });
    Cluster { directory, _keeper: keeper }
}

/// Where the server's programs are.
fn programs() -> PathBuf {
    let mut found: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|path| path.join("postgres").is_file() && path.join("initdb").is_file())
        .collect();
    found.sort();
    found.pop().expect("install postgresql-15 (cargo xtask test does)")
}

/// Whom to run the server as: it refuses to run as root.
fn account() -> Option<(u32, u32)> {
    if !rustix::process::getuid().is_root() {
        return None;
    }
    let accounts = fs::read_to_string("/etc/passwd").unwrap();
    let find = |name: &str| {
        accounts.lines().find_map(|line| {
            let mut parts = line.split(':');
            let is_it = parts.next()? == name;
            let (user, group) = (parts.nth(1)?.parse().ok()?, parts.next()?.parse().ok()?);
            is_it.then_some((user, group))
        })
    };
    find("postgres").or_else(|| find("nobody"))
}

fn command(program: &Path, account: Option<(u32, u32)>) -> Command {
    let mut command = Command::new(program);
    if let Some((user, group)) = account {
        command.uid(user).gid(group);
    }
    command
}
