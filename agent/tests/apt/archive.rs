//! Makes archives of packages, serves them on this machine, and has the real apt fetch them.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

/// A root directory with apt's files in it, and archives that are served over HTTP.
pub(crate) struct Machine {
    root: TempDir,
    archives: TempDir,
    /// Port of the archives.
    pub(crate) port: u16,
}

impl Machine {
    pub(crate) fn new() -> Self {
        let (root, archives) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let served = archives.path().to_owned();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let served = served.clone();
                std::thread::spawn(move || serve(&stream, &served));
            }
        });
        let machine = Self { root, archives, port };
        for directory in
            ["etc/apt/apt.conf.d", "var/lib/apt/lists/partial", "var/cache/apt/archives/partial"]
        {
            fs::create_dir_all(machine.path(directory)).unwrap();
        }
        machine
    }

    pub(crate) fn root(&self) -> &Path {
        self.root.path()
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    pub(crate) fn write(&self, path: &str, content: &str) {
        fs::create_dir_all(self.path(path).parent().unwrap()).unwrap();
        fs::write(self.path(path), content).unwrap();
    }

    /// Makes `dists/<suite>/main` of an archive, or one without suites when the suite is `./`. Packages
    /// are `name version architecture [source]`, one a line.
    pub(crate) fn publish(&self, archive: &str, suite: &str, release: &str, packages: &str) {
        let flat = suite == "./";
        let top = self.archives.path().join(archive);
        let top = if flat { top } else { top.join("dists").join(suite) };
        let mut sums = String::new();
        for architecture in ["amd64", "i386"] {
            let of = |line: &&str| {
                let own = line.split_whitespace().nth(2).unwrap();
                flat || own == architecture || own == "all"
            };
            let list: String = packages.lines().filter(of).map(paragraph).collect();
            let name = if flat {
                "Packages".to_owned()
            } else {
                format!("main/binary-{architecture}/Packages")
            };
            let path = top.join(&name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, &list).unwrap();
            let sum = hex(&Sha256::digest(&list));
            let _ = writeln!(sums, " {sum} {} {name}", list.len());
        }
        let fields =
            "Date: Thu, 01 Jan 2026 00:00:00 UTC\nArchitectures: amd64 i386\nComponents: main\n";
        fs::write(top.join("Release"), format!("{release}{fields}SHA256:\n{sums}")).unwrap();
    }

    /// Runs a tool of apt over the root.
    pub(crate) fn apt(&self, program: &str, arguments: &[&str]) -> String {
        let root = self.root().display();
        // Read before all other files, so that it says where those are.
        let conf = format!(
            "Dir \"{root}\";\nDir::State::status \"{root}/var/lib/dpkg/status\";\n\
             Dir::Log \"{root}/var/log\";\nAPT::Sandbox::User \"root\";\nAPT::Architecture \"amd64\";\n\
             APT::Architectures {{ \"amd64\"; \"i386\"; }};\nAcquire::Languages \"none\";\n"
        );
        self.write("environment.conf", &conf);
        let mut command = Command::new(program);
        command.args(arguments).env("APT_CONFIG", self.path("environment.conf")).env("LC_ALL", "C");
        for proxy in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
            command.env_remove(proxy);
        }
        super::output(command)
    }
}

fn paragraph(line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [name, version, architecture, source @ ..] = words.as_slice() else {
        return String::new();
    };
    let source = source.first().map(|source| format!("Source: {source}\n")).unwrap_or_default();
    let sum = "0".repeat(64);
    format!(
        "Package: {name}\n{source}Multi-Arch: same\nVersion: {version}\nArchitecture: {architecture}\n\
         Maintainer: Example <x@example.org>\nFilename: pool/{name}.deb\nSize: 1\nSHA256: {sum}\n\
         Description: {name}\n\n"
    )
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Answers requests for files until the other side has had enough.
fn serve(stream: &TcpStream, directory: &Path) {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    while let Some(request) = lines.next() {
        let path = request.split(' ').nth(1).unwrap_or_default().trim_start_matches('/').to_owned();
        while lines.next().is_some_and(|header| !header.is_empty()) {}
        let content = fs::read(directory.join(path.replace("/./", "/")));
        let status = if content.is_ok() { "200 OK" } else { "404 Not Found" };
        let content = content.unwrap_or_default();
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n", content.len());
        let mut out = stream;
        if out.write_all(head.as_bytes()).and_then(|()| out.write_all(&content)).is_err() {
            return;
        }
    }
}
