//! The corpus of the fuzzers as an ordinary test, and that no parser is left out of it.

#![expect(clippy::unwrap_used, reason = "helpers of tests stand outside test functions")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

#[path = "../../fuzz/src/parsers.rs"]
mod parsers;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus")
}

/// The folder of a parser's files.
fn folder(name: &str) -> String {
    name.replace("::", ".")
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            all.push(path);
        }
    }
    all.sort();
    all
}

#[test]
fn every_parser_comes_back_from_every_file() {
    let files: Vec<_> =
        files(&corpus()).into_iter().map(|path| (fs::read(&path).unwrap(), path)).collect();
    for (name, parser) in parsers::PARSERS {
        parser(b"");
        for (bytes, path) in &files {
            // Printed by the test runner when the parser panics.
            println!("{name} over {}", path.display());
            parser(bytes);
        }
        assert!(parsers::find(name).is_some());
    }
}

#[test]
fn every_parser_has_files_and_every_folder_a_parser() {
    let folders: BTreeSet<String> = fs::read_dir(corpus())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let names = parsers::PARSERS.iter().map(|(name, _)| folder(name)).collect();
    assert_eq!(folders, names, "`cargo xtask fuzz --keep` fills the folders that are missing");
    let size: u64 = files(&corpus()).iter().map(|path| path.metadata().unwrap().len()).sum();
    assert!(size < 400_000, "the corpus has grown to {size} bytes");
}

/// Functions that take what comes from outside and stand in no line of `fuzz/src/parsers.rs`, with why. What ends
/// with `::` stands for a whole file.
const LEFT_OUT: &[(&str, &[&str])] = &[
    (
        "run by the line of another function that hands the outside to them",
        &[
            "accounts::sudoers::administrators",
            "accounts::sudoers::rules",
            "rpm::blob::copy",
            "rpm::blob::strings",
            "rpm::header::number",
            "rpm::header::numbers",
            "rpm::header::text",
            "rpm::header::texts",
            "updates::apt::pattern::matches",
            "updates::dnf::kept::add",
            "updates::dnf::xml::attribute",
            "updates::dnf::xml::skip_past",
            "workloads::docker::of",
        ],
    ),
    (
        "compare a name with others, and look no closer at it",
        &[
            "accounts::is_built_in",
            "accounts::is_person",
            "accounts::sudoers::is_read",
            "accounts::wtmp::record_bytes",
            "network::is_remote",
            "packages::is_of_system",
            "packages::owned::npm",
            "packages::owned::python",
            "packages::python::is_library",
            "storage::stack::encrypts_itself",
            "storage::stack::lies_on",
            "system::cloud::instance_id",
            "updates::apt::sources::takes",
            "watch::groups::sections",
        ],
    ),
    (
        "make something of a name that is clean already",
        &[
            "packages::installed",
            "packages::python::normal",
            "updates::apt::archive::add",
            "workloads::lxc::control_groups",
            "workloads::workload",
        ],
    ),
    (
        "are given names by the agent itself",
        &[
            "kept::get",
            "kept::put",
            "outcome::",
            "protection::products::active",
            "updates::apt::archive::get",
            "updates::apt::archive::new",
            "updates::apt::conf::get",
            "updates::apt::conf::has_below",
            "updates::apt::conf::is_periodic",
            "updates::apt::conf::list",
            "updates::apt::conf::switch",
        ],
    ),
];

#[test]
fn no_parser_is_left_out() {
    let mut found = BTreeMap::new();
    for (room, before) in [("src/probe", ""), ("src/watch", "watch::")] {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(room);
        for path in files(&source) {
            let place = path.strip_prefix(&source).unwrap().with_extension("");
            let rooms: Vec<_> = place.iter().map(|part| part.to_str().unwrap()).collect();
            // Readers know the operating system; what they read they hand to parsers.
            let is_reader = rooms.iter().any(|room| ["linux", "macos", "windows"].contains(room));
            if is_reader || path.extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            for (name, reads) in functions(&fs::read_to_string(&path).unwrap()) {
                let function = format!("{before}{}::{name}", rooms.join("::"));
                *found.entry(function).or_default() |= reads;
            }
        }
    }
    // Of a function for several formats each has a line.
    let listed: BTreeSet<&str> = parsers::PARSERS
        .iter()
        .map(|(name, _)| name.split('#').next().unwrap_or_default())
        .chain(LEFT_OUT.iter().flat_map(|(_, names)| *names).copied())
        .collect();
    let is_left_out =
        |name: &str| listed.iter().any(|listed| listed.ends_with("::") && name.starts_with(listed));
    let missing: Vec<_> = found
        .iter()
        .filter(|(name, reads)| **reads && !listed.contains(name.as_str()) && !is_left_out(name))
        .map(|(name, _)| name)
        .collect();
    assert!(missing.is_empty(), "add a line to fuzz/src/parsers.rs for {missing:#?}");
    let is_there = |listed: &str| {
        found
            .keys()
            .any(|name| name == listed || (listed.ends_with("::") && name.starts_with(listed)))
    };
    let gone: Vec<_> = listed.iter().filter(|name| !is_there(name)).collect();
    assert!(gone.is_empty(), "take out of fuzz/src/parsers.rs or of this file: {gone:#?}");
    let names: Vec<_> = parsers::PARSERS.iter().map(|(name, _)| name).collect();
    assert!(names.is_sorted(), "fuzz/src/parsers.rs is sorted by name");
}

/// The public functions of a file, before its tests, each with whether it takes what comes from outside: bytes, a
/// reader of bytes, or first of all a text. Not seen: bytes inside a structure, and texts that come later.
fn functions(text: &str) -> Vec<(String, bool)> {
    const KINDS: &[&str] =
        &["&[u8]", "&'a [u8]", "Read", ": R", "<R>", ": Source", "dyn Blob", "[Vec<u8>]"];
    let code = text.split("mod tests {").next().unwrap();
    let code = code.replace("pub const fn ", "pub fn ");
    let functions = code.split("pub fn ").skip(1).filter_map(|function| {
        let signature = function.split(" {\n").next()?.split(" -> ").next()?;
        let (name, arguments) = signature.split_once('(')?;
        let first = arguments.split(',').map(str::trim).find(|one| !one.ends_with("self"));
        let kind = first?.trim_end_matches(')').split_once(": ").map(|(_, kind)| kind);
        let reads = KINDS.iter().any(|kind| signature.contains(kind))
            || matches!(kind, Some("&str" | "&'a str"));
        Some((name.split('<').next()?.to_owned(), reads))
    });
    functions.collect()
}

#[test]
fn functions_that_read_what_comes_from_outside() {
    let text = "pub fn a(x: &[u8]) -> u8 {\n}\npub fn b(\n    x: u8,\n    y: &mut dyn Read,\n) {\n}\n\
        pub fn c<S: Source>(x: S) {\n}\npub fn d(x: &u8) -> &[u8] {\n}\npub const fn e(&self, x: &str) {\n}\n\
        pub fn f(&mut self, x: &mut [u8]) {\n}\npub fn g(self) {\n}\npub fn h(x: R, y: u8) {\n}\n\
        #[cfg(test)]\nmod tests {\n pub fn i(x: &[u8]) {\n}\n}\n";
    let found = functions(text);
    let reads: Vec<_> = found.iter().map(|(name, reads)| (name.as_str(), *reads)).collect();
    let expected = [
        ("a", true),
        ("b", true),
        ("c", true),
        ("d", false),
        ("e", true),
        ("f", false),
        ("g", false),
        ("h", true),
    ];
    assert_eq!(reads, expected);
}
