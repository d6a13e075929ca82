//! The package database of Alpine and its relatives. Source of the format: the wiki of Alpine Linux,
//! "Apk spec", section on the installed database: paragraphs of lines `letter:value`, among them the
//! files of every package.

use std::io::{self, Read};

use belfort_proto::inventory::v1::Package;
use belfort_proto::limits;
use memchr::{memchr, memmem};

use super::installed;
use crate::probe::text;

/// Where the database lies; the second since Alpine 3.22 has everything below /usr.
pub const DATABASE_PATHS: &[&str] = &["/lib/apk/db/installed", "/usr/lib/apk/db/installed"];
/// Largest database read, bytes: 1,000 packages with their files take some 15 MB.
pub const DATABASE_BYTES_MAX: u64 = 256 << 20;

/// Size of the pieces in which a database is read.
const PIECE_BYTES: usize = 64 << 10;
/// Longest line that is kept; those that matter are short.
const LINE_BYTES_MAX: usize = 16 << 10;

/// Finds packages in a database that is handed over piece by piece: it is mostly names of files, so
/// that it is never held whole.
#[derive(Debug, Default)]
struct Database {
    /// Beginning of a line whose end is in the next piece.
    begun: Vec<u8>,
    current: Package,
    /// Whether the lines are those of files.
    in_files: bool,
    /// Whether the last piece ended with a line.
    at_line: bool,
    found: Vec<Package>,
}

/// Reads a database to its end; what was found until then stands beside an error.
pub fn packages(mut file: impl Read) -> (Vec<Package>, Result<(), io::Error>) {
    let mut database = Database::default();
    let mut piece = vec![0; PIECE_BYTES];
    let end = loop {
        match file.read(&mut piece) {
            Ok(0) => break Ok(()),
            Ok(got) => database.feed(piece.get(..got).unwrap_or_default()),
            Err(error) => break Err(error),
        }
    };
    (database.finish(), end)
}

impl Database {
    /// Takes the next piece.
    fn feed(&mut self, piece: &[u8]) {
        let mut rest = piece;
        while !rest.is_empty() {
            let taken = if self.in_files { self.pass_files(rest) } else { self.take_line(rest) };
            rest = rest.get(taken..).unwrap_or_default();
        }
    }

    /// Takes a line, or the beginning of one; answers how much.
    fn take_line(&mut self, rest: &[u8]) -> usize {
        let Some(end) = memchr(b'\n', rest) else {
            self.begin(rest);
            return rest.len();
        };
        let line = rest.get(..end).unwrap_or_default();
        if self.begun.is_empty() {
            self.line(line);
        } else {
            self.begin(line);
            let line = std::mem::take(&mut self.begun);
            self.line(&line);
        }
        self.at_line = true;
        end + 1
    }

    /// Passes over the files of a package, up to the empty line after it; answers over how much. They come
    /// last, and make up nearly all of a database.
    fn pass_files(&mut self, rest: &[u8]) -> usize {
        let end = if self.at_line && rest.first() == Some(&b'\n') {
            Some(0)
        } else {
            memmem::find(rest, b"\n\n").map(|before| before + 1)
        };
        if let Some(end) = end {
            self.end();
            end + 1
        } else {
            self.at_line = rest.last() == Some(&b'\n');
            rest.len()
        }
    }

    /// The packages, once everything was handed over.
    fn finish(mut self) -> Vec<Package> {
        let line = std::mem::take(&mut self.begun);
        self.line(&line);
        self.line(b"");
        self.found
    }

    fn begin(&mut self, start: &[u8]) {
        let room = LINE_BYTES_MAX.saturating_sub(self.begun.len());
        self.begun.extend_from_slice(start.get(..room).unwrap_or(start));
    }

    fn line(&mut self, line: &[u8]) {
        let value = match line {
            [] => return self.end(),
            [_, b':', value @ ..] => value,
            _ => return,
        };
        let field = match line.first() {
            Some(b'P') => &mut self.current.name,
            Some(b'V') => &mut self.current.version,
            Some(b'A') => &mut self.current.architecture,
            Some(b'o') => &mut self.current.source_name,
            Some(b'F') => {
                self.in_files = true;
                return;
            }
            _ => return,
        };
        *field = text::clean(value);
    }

    fn end(&mut self) {
        self.in_files = false;
        let Package { name, version, architecture, source_name, .. } =
            std::mem::take(&mut self.current);
        // A name with a dot before it is none of software: `apk add --virtual` made it to hold others.
        if name.is_empty() || name.starts_with('.') || self.found.len() > limits::ELEMENTS {
            return;
        }
        let source_name = if source_name == name { String::new() } else { source_name };
        self.found.push(Package { architecture, source_name, ..installed("apk", name, version) });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DATABASE: &[u8] = b"C:Q1qKcZ+j23xssAXmgQhkOO8dHnbWw=\nP:musl\nV:1.2.5-r0\nA:x86_64\n\
S:407278\nI:667648\nT:the musl c library (libc) implementation\nU:https://musl.libc.org/\nL:MIT\n\
o:musl\nm:Somebody <somebody@example.org>\nt:1709217672\np:so:libc.musl-x86_64.so.1=1\nF:lib\n\
R:ld-musl-x86_64.so.1\na:0:0:755\nZ:Q1a=\n\nP:libcrypto3\nV:3.3.1-r0\nA:x86_64\no:openssl\n\n\
P:.build-deps\nV:20240101.000000\nA:noarch\n\nP:last\nV:1-r0\nA:x86_64\no:last";

    fn shown(pieces: &[&[u8]]) -> Vec<String> {
        let mut database = Database::default();
        for piece in pieces {
            database.feed(piece);
        }
        let found = database.finish().into_iter();
        found
            .map(|p| format!("{} {} {} {}", p.name, p.version, p.architecture, p.source_name))
            .collect()
    }

    #[test]
    fn packages_with_their_origin() {
        assert_eq!(
            shown(&[DATABASE]),
            ["musl 1.2.5-r0 x86_64 ", "libcrypto3 3.3.1-r0 x86_64 openssl", "last 1-r0 x86_64 "]
        );
    }

    #[test]
    fn a_line_without_end_is_not_kept() {
        let mut database = Database::default();
        for _ in 0..1000 {
            database.feed(&[b'f'; 1000]);
        }
        assert_eq!(database.begun.len(), LINE_BYTES_MAX);
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(first in 0..DATABASE.len(), second in 0..DATABASE.len()) {
            let (first, second) = (first.min(second), first.max(second));
            let pieces = [&DATABASE[..first], &DATABASE[first..second], &DATABASE[second..]];
            prop_assert_eq!(shown(&pieces), shown(&[DATABASE]));
        }

        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            shown(&[&bytes, DATABASE]);
        }
    }
}
