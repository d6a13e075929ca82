//! The corpus of the fuzzers as an ordinary test, and that no parser is left out of it.

#![expect(clippy::unwrap_used, reason = "helpers of tests stand outside test functions")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

#[path = "../../fuzz/src/parsers.rs"]
mod parsers;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus")
}

/// The folder of a parser's files.
fn folder(name: &str) -> String {
    name.replace("::", ".").replace('#', "-")
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
    assert!(size < 300_000, "the corpus has grown to {size} bytes");
}

/// Functions that read bytes from outside and stand in no line of `fuzz/src/parsers.rs`, with why.
const LEFT_OUT: &[(&str, &str)] = &[
    ("rpm::blob::copy", "rpm::package::package does it"),
    ("rpm::blob::strings", "rpm::owners::find does it"),
    ("rpm::header::number", "rpm::package::package does it"),
    ("rpm::header::numbers", "rpm::owners::find does it"),
    ("rpm::header::read", "rpm::package::package does it"),
    ("rpm::header::text", "rpm::package::package does it"),
    ("rpm::header::texts", "rpm::owners::find does it"),
    ("updates::dnf::xml::attribute", "its bytes are a name out of the code"),
    ("updates::dnf::xml::skip_past", "its bytes are a word out of the code"),
];

#[test]
fn no_parser_is_left_out() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/probe");
    let mut found = BTreeSet::new();
    for path in files(&source) {
        let place = path.strip_prefix(&source).unwrap().with_extension("");
        let rooms: Vec<_> = place.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
        // Readers know the operating system; what they read they hand to parsers.
        let is_reader =
            rooms.iter().any(|room| ["linux", "macos", "tests", "windows"].contains(&&**room));
        if is_reader || path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for name in byte_readers(&text) {
            found.insert(format!("{}::{name}", rooms.join("::")));
        }
    }
    let listed: BTreeSet<String> = parsers::PARSERS
        .iter()
        .map(|(name, _)| name.split('#').next().unwrap())
        .chain(LEFT_OUT.iter().map(|(name, _)| *name))
        .map(str::to_owned)
        .collect();
    let missing: Vec<_> = found.difference(&listed).collect();
    assert!(missing.is_empty(), "add a line to fuzz/src/parsers.rs for {missing:#?}");
    let gone: Vec<_> = listed.difference(&found).collect();
    assert!(gone.is_empty(), "take out of fuzz/src/parsers.rs: {gone:#?}");
    let names: Vec<_> = parsers::PARSERS.iter().map(|(name, _)| name).collect();
    assert!(names.is_sorted(), "fuzz/src/parsers.rs is sorted by name");
}

/// Names of the public functions of a file, before its tests, that take bytes or a reader of bytes.
fn byte_readers(text: &str) -> Vec<String> {
    let code = text
        .split(
            "#[cfg(test)]
mod tests {",
        )
        .next()
        .unwrap();
    let functions = code.split("pub fn ").skip(1).filter_map(|function| {
        let signature = function.split(" {\n").next()?.split(" -> ").next()?;
        let takes_bytes =
            ["[u8]", "impl Read", "dyn Read", "impl BufRead", "Read>", "dyn Blob", ": Source"];
        let name = signature.split(['(', '<']).next()?;
        takes_bytes.iter().any(|kind| signature.contains(kind)).then(|| name.to_owned())
    });
    functions.collect()
}

#[test]
fn functions_that_read_bytes() {
    let text = "pub fn a(x: &[u8]) -> u8 {\n}\npub fn b(\n    x: &str,\n    y: &mut dyn Read,\n) {\n}\n\
        pub fn c<R: Read>(x: R) {\n}\npub fn d(x: &str) -> &[u8] {\n}\n\
        #[cfg(test)]\nmod tests {\n pub fn e(x: &[u8]) {\n}\n}\n";
    assert_eq!(byte_readers(text), ["a", "b", "c"]);
}
