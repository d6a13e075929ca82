//! What a pass asks the system, out of a trace of it by strace.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

/// What a trace of a pass tells.
pub(super) struct Trace {
    /// Every question once, in the order of a pass, as `agent/sys/examples/floor.rs` reads them.
    pub(super) questions: String,
    /// Files and directories opened, also in vain; programs and libraries aside.
    pub(super) opens: usize,
    /// All calls of the system.
    pub(super) calls: usize,
    /// Programs started, and processes made, beside the agent itself.
    pub(super) processes: usize,
    /// Sockets that are not netlink.
    pub(super) sockets: usize,
}

/// Traces one pass.
pub(super) fn trace(agent: &Path, state: &Path) -> Result<Trace> {
    let dir = tempfile::tempdir()?;
    let log = dir.path().join("trace");
    let status = Command::new("strace")
        // What is written is shown in hexadecimal digits: the requests to the kernel are in there.
        .args(["-f", "-s", "0", "-e", "write=all", "-o"])
        .arg(&log)
        .arg(agent)
        .arg("--state")
        .arg(state)
        .args(["once", "--dry-run"])
        .stdout(Stdio::null())
        .status()
        .context("install strace")?;
    ensure!(status.success(), "the traced pass failed");
    let trace = parse(&std::fs::read_to_string(&log)?, &state.to_string_lossy());
    let questions = trace.questions.lines().count();
    ensure!(questions > 50, "only {questions} questions in the trace of a pass");
    Ok(trace)
}

/// A question of the list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Question {
    Read(String),
    List(String),
    Links(String),
    Link(String),
    Path(String),
    Stat(String),
    Below(String, String),
    Space(String),
    Socket(&'static str),
    Ask(u16, String),
}

#[derive(Default)]
struct Parser {
    /// Directory of the agent's state.
    state: String,
    /// What is open by its number: path, and whether only the path.
    open: BTreeMap<String, (String, bool)>,
    order: Vec<Question>,
    seen: BTreeSet<Question>,
    /// Bytes read of each file.
    bytes: BTreeMap<String, usize>,
    /// Request that is being read, in hexadecimal digits.
    request: Option<String>,
    opens: usize,
    calls: usize,
    processes: usize,
    sockets: usize,
}

fn parse(text: &str, state: &str) -> Trace {
    let mut parser = Parser { state: state.to_owned(), ..Parser::default() };
    for line in text.lines() {
        parser.line(line);
    }
    parser.end_request();
    parser.finish()
}

impl Parser {
    fn line(&mut self, line: &str) {
        if let Some(dump) = line.strip_prefix(" | ") {
            // ` | 00000  20 00 00 …   text |`
            if let Some(request) = &mut self.request {
                let digits = dump.get(7..55).unwrap_or_default();
                request.extend(digits.chars().filter(char::is_ascii_hexdigit));
            }
            return;
        }
        self.end_request();
        let Some((_, call)) = line.split_once(' ') else { return };
        let Some((name, rest)) = call.trim_start().split_once('(') else { return };
        self.calls += 1;
        let result = call.rsplit(" = ").next().and_then(|word| word.split(' ').next());
        let result = result.unwrap_or_default();
        let path = rest.split('"').nth(1).unwrap_or_default();
        let number = rest.split([',', ')']).next().unwrap_or_default();
        match name {
            "open" | "openat" | "openat2" => self.opened(path, rest, result),
            "close" => {
                self.open.remove(number);
            }
            "read" | "pread64" => self.read(number, result),
            "getdents64" | "getdents" => self.of(number, Question::List),
            "fstat" => self.of_path(number),
            "newfstatat" | "statx" if path.is_empty() => self.of_path(number),
            "newfstatat" | "statx" | "stat" | "lstat" | "access" | "faccessat2" => {
                self.named(number, path, Question::Stat, Question::Below);
            }
            "readlink" | "readlinkat" => {
                self.named(number, path, Question::Link, |dir, _| Question::Links(dir));
            }
            "statfs" => self.add(Question::Space(path.to_owned())),
            "fstatfs" => self.of(number, Question::Space),
            "socket" if rest.starts_with("AF_NETLINK") => self.add(Question::Socket(match rest {
                rest if rest.contains("SOCK_DIAG") => "sockets",
                rest if rest.contains("NETFILTER") => "filter",
                _ => "route",
            })),
            "socket" => self.sockets += 1,
            "sendto" if rest.contains("AF_NETLINK") => self.request = Some(String::new()),
            "execve" | "execveat" | "fork" | "vfork" => self.processes += 1,
            // A thread is no process.
            "clone" | "clone3" if !rest.contains("CLONE_THREAD") => self.processes += 1,
            _ => {}
        }
    }

    fn opened(&mut self, path: &str, rest: &str, number: &str) {
        if self.is_own(path) {
            return;
        }
        self.opens += 1;
        let only_path = rest.contains("O_PATH");
        if number.starts_with('-') {
            self.add(match () {
                () if only_path => Question::Path(path.to_owned()),
                () if rest.contains("O_DIRECTORY") => Question::List(path.to_owned()),
                () => Question::Read(path.to_owned()),
            });
            return;
        }
        if only_path {
            self.add(Question::Path(path.to_owned()));
        } else if !rest.contains("O_DIRECTORY") {
            self.add(Question::Read(path.to_owned()));
        }
        self.open.insert(number.to_owned(), (path.to_owned(), only_path));
    }

    fn read(&mut self, number: &str, result: &str) {
        if let (Some((path, _)), Ok(got)) = (self.open.get(number), result.parse::<usize>()) {
            *self.bytes.entry(path.clone()).or_default() += got;
        }
    }

    fn of(&mut self, number: &str, question: impl Fn(String) -> Question) {
        if let Some((path, _)) = self.open.get(number) {
            self.add(question(path.clone()));
        }
    }

    /// Whether a path is the program's own business: libraries, its state and configuration, its
    /// figures about itself.
    fn is_own(&self, path: &str) -> bool {
        const OWN: [&str; 4] = ["/etc/belfort", "/etc/ld.", "/proc/self/maps", "/proc/self/status"];
        path.is_empty()
            || path.contains(".so")
            || path.starts_with(&self.state)
            || OWN.iter().any(|own| path.starts_with(own))
    }

    fn of_path(&mut self, number: &str) {
        // What is open for reading was looked at with its reading.
        if self.open.get(number).is_some_and(|(_, only_path)| *only_path) {
            self.of(number, Question::Path);
        }
    }

    fn named(
        &mut self,
        number: &str,
        path: &str,
        whole: impl Fn(String) -> Question,
        below: impl Fn(String, String) -> Question,
    ) {
        if self.is_own(path) {
            return;
        }
        match self.open.get(number) {
            Some((dir, _)) => self.add(below(dir.clone(), path.to_owned())),
            None => self.add(whole(path.to_owned())),
        }
    }

    fn add(&mut self, question: Question) {
        // A new socket may be asked the same again: it is another question.
        let again = matches!(question, Question::Socket(_) | Question::Ask(..));
        if self.seen.insert(question.clone()) || again {
            self.order.push(question);
        }
    }

    /// Source of the header: netlink(7). Length, type, flags, sequence, process: 16 bytes.
    fn end_request(&mut self) {
        let Some(request) = self.request.take() else { return };
        let byte = |at: usize| {
            let digits = request.get(2 * at..2 * at + 2).unwrap_or_default();
            u8::from_str_radix(digits, 16).unwrap_or(0)
        };
        let kind = u16::from_ne_bytes([byte(4), byte(5)]);
        self.add(Question::Ask(kind, request.get(32..).unwrap_or_default().to_owned()));
    }

    fn finish(self) -> Trace {
        let mut questions = String::new();
        for question in &self.order {
            let bytes = |path: &String| self.bytes.get(path).copied().unwrap_or(0);
            // A directory whose links are followed is listed by that.
            if let Question::List(path) = question
                && self.seen.contains(&Question::Links(path.clone()))
            {
                continue;
            }
            // Writing to a string cannot fail.
            let _ = match question {
                Question::Read(path) => writeln!(questions, "read\t{path}\t{}", bytes(path)),
                Question::List(path) => writeln!(questions, "list\t{path}"),
                Question::Links(path) => writeln!(questions, "links\t{path}"),
                Question::Link(path) => writeln!(questions, "link\t{path}"),
                Question::Path(path) => writeln!(questions, "path\t{path}"),
                Question::Stat(path) => writeln!(questions, "stat\t{path}"),
                Question::Below(path, name) => writeln!(questions, "below\t{path}\t{name}"),
                Question::Space(path) => writeln!(questions, "space\t{path}"),
                Question::Socket(family) => writeln!(questions, "socket\t{family}"),
                Question::Ask(kind, payload) => writeln!(questions, "ask\t{kind}\t{payload}"),
            };
        }
        Trace {
            questions,
            opens: self.opens,
            calls: self.calls,
            // The agent itself is started once.
            processes: self.processes.saturating_sub(1),
            sockets: self.sockets,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
7 execve(\"/usr/bin/belfort-agent\", [...], 0x7 /* 3 vars */) = 0
7 openat(AT_FDCWD, \"/lib/libc.so.6\", O_RDONLY|O_CLOEXEC) = 3
7 read(3, \"\"..., 832) = 832
7 close(3) = 0
7 open(\"/proc/cpuinfo\", O_RDONLY|O_CLOEXEC) = 3
7 fstat(3, {st_mode=S_IFREG|0444, st_size=0, ...}) = 0
7 read(3, \"\"..., 4096) = 100
7 read(3, \"\"..., 4096) = 0
7 close(3) = 0
7 open(\"/nothing\", O_RDONLY|O_PATH) = -1 ENOENT (No such file or directory)
7 open(\"/proc/1/fd\", O_RDONLY|O_DIRECTORY) = 3
7 getdents64(3, 0x7 /* 3 entries */, 32768) = 72
7 readlinkat(3, \"0\", \"\"..., 128) = 9
7 close(3) = 0
7 readlinkat(AT_FDCWD, \"/proc/1/exe\", \"\"..., 256) = 9
7 socket(AF_NETLINK, SOCK_RAW|SOCK_CLOEXEC, NETLINK_ROUTE) = 3
7 sendto(3, ..., 20, 0, {sa_family=AF_NETLINK, nl_pid=0, nl_groups=00000000}, 12) = 20
 | 00000  14 00 00 00 12 00 01 03  01 00 00 00 00 00 00 00   ............... |
 | 00010  0a 0b 0c 0d                                        ....            |
7 recvfrom(3, ..., 32768, MSG_TRUNC, NULL, NULL) = 2952
";

    #[test]
    fn questions_of_a_trace() {
        let trace = parse(TEXT, "/nonexistent/state");
        let expected = "read\t/proc/cpuinfo\t100\npath\t/nothing\nlinks\t/proc/1/fd\n\
            link\t/proc/1/exe\nsocket\troute\nask\t18\t0a0b0c0d\n";
        assert_eq!(trace.questions, expected);
        assert_eq!((trace.opens, trace.processes, trace.sockets), (3, 0, 0));
    }
}
