//! A PostgreSQL server of our own: one per test program, one database per test.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use ::postgres::{Client, NoTls};

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
    port: u16,
    /// Holds the other end of the pipe.
    _keeper: Child,
}

fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(start)
}

/// The port it listens on, of the loopback address; encrypted only.
pub(super) fn port() -> u16 {
    cluster().port
}

/// One of its files.
pub(super) fn file(name: &str) -> PathBuf {
    cluster().directory.join(name)
}

/// A new database; its name and address.
pub(super) fn database() -> (String, String) {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    let cluster = cluster();
    let name = format!("belfort_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    connect(&url(&cluster.directory, cluster.port, "postgres"))
        .batch_execute(&format!("CREATE DATABASE {name}"))
        .unwrap();
    let url = url(&cluster.directory, cluster.port, &name);
    (name, url)
}

pub(super) fn connect(url: &str) -> Client {
    Client::connect(url, NoTls).unwrap()
}

fn url(directory: &Path, port: u16, name: &str) -> String {
    let directory = directory.display();
    format!("postgres:///{name}?user=belfort&host={directory}&port={port}")
}

fn start() -> Cluster {
    let programs = programs();
    let directory = tempfile::Builder::new().prefix("belfort-pg-").tempdir().unwrap().keep();
    let account = account();
    if let Some((user, group)) = account {
        chown(&directory, Some(user), Some(group)).unwrap();
    }
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o700)).unwrap();
    // The server's own order of texts is not ours, on purpose: nothing may depend on it.
    let initdb = [
        "--username=belfort",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        "--locale-provider=icu",
        "--icu-locale=nl-BE",
        "--no-sync",
    ];
    let mut command = command(&programs.join("initdb"), account);
    let output = command
        .arg("-D")
        .arg(directory.join("data"))
        .args(initdb)
        .current_dir(&directory)
        .output()
        .unwrap();
    assert!(output.status.success(), "initdb: {}", String::from_utf8_lossy(&output.stderr));
    super::server::certificates(&directory);
    let port = free_port();
    let settings = format!(
        "listen_addresses = '127.0.0.1'\nport = {port}\nfsync = off\nmax_connections = 300\n\
         shared_buffers = 32MB\ndeadlock_timeout = 50ms\nssl = on\n\
         ssl_cert_file = '{0}/server.crt'\nssl_key_file = '{0}/server.key'\n",
        directory.display()
    );
    let rules = "local all all trust\nhostssl all all 127.0.0.1/32 trust\n";
    fs::write(directory.join("data/postgresql.auto.conf"), settings).unwrap();
    fs::write(directory.join("data/pg_hba.conf"), rules).unwrap();
    let key = directory.join("server.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    if let Some((user, group)) = account {
        chown(&key, Some(user), Some(group)).unwrap();
    }
    let mut command = self::command(Path::new("sh"), account);
    let keeper = command
        .args(["-c", KEEPER, "keeper"])
        .args([&programs, &directory])
        .current_dir(&directory)
        .stdin(Stdio::piped())
        .process_group(0)
        .spawn()
        .unwrap();
    wait_for(&directory, port);
    Cluster { directory, port, _keeper: keeper }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn wait_for(directory: &Path, port: u16) {
    let until = Instant::now() + Duration::from_mins(1);
    while let Err(error) = Client::connect(&url(directory, port, "postgres"), NoTls) {
        let log = fs::read_to_string(directory.join("log")).unwrap_or_default();
        assert!(Instant::now() < until, "the server does not answer: {error}\n{log}");
        std::thread::sleep(Duration::from_millis(50));
    }
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
    let newest = found.pop();
    newest.expect("install postgresql-15 (cargo xtask test does it)")
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
