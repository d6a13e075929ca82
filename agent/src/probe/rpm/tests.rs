//! Databases that rpm made, read, damaged and cut. How they were made: `tests/fixtures/rpm/README.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use proptest::prelude::*;

use super::header::tests::header;
use super::owners::Programs;
use super::{Format, Trouble, each_header, package};

fn plain(bytes: &[u8]) -> Vec<u8> {
    zstd::decode_all(bytes).unwrap()
}

fn sqlite() -> Vec<u8> {
    plain(include_bytes!("../../../tests/fixtures/rpm/rpmdb.sqlite.zst"))
}

fn log() -> Vec<u8> {
    plain(include_bytes!("../../../tests/fixtures/rpm/rpmdb.sqlite-wal.zst"))
}

fn bdb(big_endian: bool) -> Vec<u8> {
    let little = &include_bytes!("../../../tests/fixtures/rpm/Packages-little.zst")[..];
    let big = &include_bytes!("../../../tests/fixtures/rpm/Packages-big.zst")[..];
    plain(if big_endian { big } else { little })
}

fn ndb() -> Vec<u8> {
    plain(include_bytes!("../../../tests/fixtures/rpm/Packages.db.zst"))
}

/// A line for each package, sorted.
fn read(format: Format, main: &[u8], log: Option<&[u8]>) -> Result<Vec<String>, Trouble> {
    let mut lines = Vec::new();
    let damaged = each_header(format, main, log, &mut |blob| {
        lines.extend(package::package(blob)?.map(|package| {
            format!(
                "{} {} {} {}/{} {} {}",
                package.name,
                package.version,
                package.architecture,
                package.source_name,
                package.source_version,
                package.installed_on,
                package.publisher,
            )
        }));
        Ok(())
    })?;
    lines.sort();
    if damaged > 0 {
        lines.push(format!("{damaged} damaged"));
    }
    Ok(lines)
}

fn shown(lines: &[String]) -> String {
    lines.iter().fold(String::from("\n"), |mut all, line| {
        writeln!(all, "{line}").unwrap();
        all
    })
}

#[test]
fn every_format_holds_the_same() {
    let expected = read(Format::Sqlite, &sqlite(), None).unwrap();
    insta::assert_snapshot!(shown(&expected));
    assert_eq!(read(Format::Ndb, &ndb(), None).unwrap(), expected);
    assert_eq!(read(Format::Bdb, &bdb(false), None).unwrap(), expected);
    assert_eq!(read(Format::Bdb, &bdb(true), None).unwrap(), expected);
}

#[test]
fn the_log_of_sqlite_is_newer_than_its_file() {
    let with_log = read(Format::Sqlite, &sqlite(), Some(&log())).unwrap();
    insta::assert_snapshot!(shown(&with_log));
    // Without its last byte, the last commit is none.
    let log = log();
    let cut = read(Format::Sqlite, &sqlite(), Some(&log[..log.len() - 1])).unwrap();
    assert_ne!(cut, with_log);
    let nothing = read(Format::Sqlite, &sqlite(), Some(&log[..40])).unwrap();
    assert_eq!(nothing, read(Format::Sqlite, &sqlite(), None).unwrap());
}

#[test]
fn programs_have_the_same_owners_in_every_format() {
    let names = ["/usr/sbin/belfortd", "/libexec/many/worker", "/usr/bin/nobody", "/usr/lib64/x"];
    let programs = Programs::new(names, false);
    let sqlite = sqlite();
    let (ndb, little, big) = (ndb(), bdb(false), bdb(true));
    for (format, main) in [
        (Format::Sqlite, &sqlite),
        (Format::Ndb, &ndb),
        (Format::Bdb, &little),
        (Format::Bdb, &big),
    ] {
        let mut owners = BTreeMap::new();
        let read =
            each_header(format, &main[..], None, &mut |blob| programs.find(blob, &mut owners));
        assert_eq!(read, Ok(0));
        let owners: Vec<_> = owners.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        let expected = [
            ("/libexec/many/worker", "belfort-server-many"),
            ("/usr/sbin/belfortd", "belfort-server"),
        ];
        assert_eq!(owners, expected);
    }
}

#[test]
fn another_kind_of_file_is_named() {
    for (format, name) in
        [(Format::Sqlite, "SQLite"), (Format::Ndb, "ndb"), (Format::Bdb, "Berkeley DB hash")]
    {
        for other in [&b""[..], b"short", &[0; 5000], &[0xff; 5000]] {
            assert_eq!(read(format, other, None), Err(Trouble::Format(name)));
        }
    }
}

#[test]
fn one_header_is_not_read_again_and_again() {
    // A table of one bucket: a page of ten entries that all lead to one overflow page.
    let mut file = vec![0; 3 * 512];
    let value = header(&[(1000, 6, 1, b"name\0"), (1001, 6, 1, b"1\0"), (9, 6, 1, &[0; 400])]);
    let length = u32::try_from(value.len()).unwrap();
    let mut put = |at: usize, numbers: &[u32]| {
        for (number, at) in numbers.iter().zip((at..).step_by(4)) {
            file[at..at + 4].copy_from_slice(&number.to_le_bytes());
        }
    };
    put(12, &[0x0006_1561, 9, 512]);
    put(32, &[2]);
    put(96, &[1; 32]);
    // Number of the page; none after it; 20 entries; its type.
    put(512 + 8, &[1, 0, 0, 20, 13 << 8]);
    put(1024 + 8, &[2, 0, 0, length << 16, 7 << 8]);
    for pair in 0..10 {
        let end = 1024 - 16 * pair;
        file[end - 4..end].copy_from_slice(&[1, 9, 9, 9]);
        file[end - 16] = 3;
        file[end - 12..end - 8].copy_from_slice(&2_u32.to_le_bytes());
        file[end - 8..end - 4].copy_from_slice(&length.to_le_bytes());
        for (place, offset) in [(0, 4), (2, 16)] {
            let at = 512 + 26 + 4 * pair + place;
            let offset = u16::try_from(end - offset - 512).unwrap();
            file[at..at + 2].copy_from_slice(&offset.to_le_bytes());
        }
    }
    file[1024 + 26..1024 + 26 + value.len()].copy_from_slice(&value);
    let found = read(Format::Bdb, &file, None).unwrap();
    assert_eq!(found.len(), 4, "{found:?}");
    assert_eq!(found[3], "7 damaged");
}

#[test]
fn circles_come_to_an_end() {
    let good = bdb(false);
    let mut circles = 0;
    for page in 1..good.len() / 4096 {
        // A hash page that is followed by itself.
        if good[page * 4096 + 25] == 13 {
            let mut file = good.clone();
            let number = u32::try_from(page).unwrap().to_le_bytes();
            file[page * 4096 + 16..page * 4096 + 20].copy_from_slice(&number);
            let read = read(Format::Bdb, &file, None);
            circles += usize::from(read == Err(Trouble::Damaged("pages lead in a circle")));
        }
    }
    assert!(circles > 0);
}

/// Reads whatever there is, names and owners.
fn survive(format: Format, main: &[u8], log: Option<&[u8]>) {
    let _ = read(format, main, log);
    let programs = Programs::new(["/usr/sbin/belfortd"], true);
    let mut owners = BTreeMap::new();
    let _ = each_header(format, main, log, &mut |blob| programs.find(blob, &mut owners));
}

fn damaged(file: &[u8], places: &[(prop::sample::Index, u8)], cut: prop::sample::Index) -> Vec<u8> {
    let mut file = file.to_vec();
    for (place, bits) in places {
        let at = place.index(file.len());
        file[at] ^= bits;
    }
    // Every other file is whole.
    if cut.index(2) == 0 {
        file.truncate(cut.index(file.len()));
    }
    file
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn flipped_bits_and_cuts(
        places in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..40),
        heads in proptest::collection::vec((0..600_usize, any::<u8>()), 0..3),
        cut in any::<prop::sample::Index>(),
    ) {
        thread_local! {
            static FILES: [Vec<u8>; 4] = [sqlite(), ndb(), bdb(false), bdb(true)];
            static LOG: Vec<u8> = log();
        }
        let formats = [Format::Sqlite, Format::Ndb, Format::Bdb, Format::Bdb];
        FILES.with(|files| {
            for (format, file) in formats.into_iter().zip(files) {
                let mut file = damaged(file, &places, cut);
                for (at, byte) in &heads {
                    if let Some(head) = file.get_mut(*at) {
                        *head = *byte;
                    }
                }
                survive(format, &file, None);
            }
            LOG.with(|log| survive(Format::Sqlite, &files[0], Some(&damaged(log, &places, cut))));
        });
    }

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        for (format, head) in [
            (Format::Sqlite, &b"SQLite format 3\0\x02\0\x02\x02\0"[..]),
            (Format::Ndb, b"RpmP\0\0\0\0"),
            (Format::Bdb, b"\0\0\0\0\0\0\0\0\0\0\0\0\x61\x15\x06\0\x09\0\0\0\0\x02\0\0"),
        ] {
            survive(format, &[head, &bytes].concat(), Some(&bytes));
        }
    }
}
