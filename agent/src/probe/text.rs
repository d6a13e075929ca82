//! Bytes of unknown origin as clean text.

use std::io::{self, ErrorKind, Read};

use belfort_proto::limits;
use memchr::memchr;

/// Size of the pieces in which a file is read by [`read_lines`], and longest line that it hands over.
const PIECE_BYTES: usize = 64 << 10;

/// Bytes as text that may cross the wire: invalid UTF-8 replaced, control characters dropped,
/// trimmed, cut at [`limits::STRING_BYTES`].
pub fn clean(bytes: &[u8]) -> String {
    let mut text = String::new();
    push_clean(&mut text, bytes);
    text
}

/// Adds bytes to a text as [`clean`] makes them.
pub fn push_clean(text: &mut String, bytes: &[u8]) {
    // A replaced byte takes three bytes, so no more input than the limit is ever of use.
    let bytes = bytes.get(..4 * limits::STRING_BYTES).unwrap_or(bytes).trim_ascii();
    if bytes.len() <= limits::STRING_BYTES
        // Without an early end, so that the processor takes many bytes at once.
        && bytes.iter().fold(true, |plain, byte| plain & matches!(byte, b' '..=b'~'))
        && let Ok(plain) = std::str::from_utf8(bytes)
    {
        text.push_str(plain);
        return;
    }
    let mut cleaned = String::new();
    for character in String::from_utf8_lossy(bytes).chars() {
        if cleaned.len() + character.len_utf8() > limits::STRING_BYTES {
            break;
        }
        if !character.is_control() {
            cleaned.push(character);
        }
    }
    text.push_str(cleaned.trim());
}

/// Lines of a buffer, without their ends.
pub fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = memchr(b'\n', rest).unwrap_or(rest.len());
        let (line, tail) = rest.split_at_checked(end)?;
        rest = tail.get(1..).unwrap_or_default();
        Some(line)
    })
}

/// Reads a file piece by piece, so that it is never held whole, and hands over its lines without their
/// ends. Lines longer than 64 KiB are cut.
pub fn read_lines(
    mut file: impl Read,
    mut each: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    let mut piece = vec![0; PIECE_BYTES];
    // How much of a line is there whose end comes with the next piece, and whether it was cut before.
    let mut begun = 0;
    let mut is_cut = false;
    loop {
        let got = match file.read(piece.get_mut(begun..).unwrap_or_default()) {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            other => other?,
        };
        let filled = begun + got;
        let mut rest = piece.get(..filled).unwrap_or_default();
        while let Some((line, after)) = split_once(rest, b'\n') {
            if !std::mem::take(&mut is_cut) {
                each(line)?;
            }
            rest = after;
        }
        begun = rest.len();
        let is_long = begun == PIECE_BYTES;
        if (got == 0 || is_long) && begun > 0 && !is_cut {
            each(rest)?;
        }
        if got == 0 {
            return Ok(());
        }
        if is_long {
            is_cut = true;
            begun = 0;
        } else {
            piece.copy_within(filled - begun..filled, 0);
        }
    }
}

/// Splits at the first occurrence of a byte.
pub fn split_once(bytes: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let at = memchr(separator, bytes)?;
    Some((bytes.get(..at)?, bytes.get(at + 1..)?))
}

/// Parts of a text between separators, which are ASCII. In short parts, and many, twice as fast as
/// `str::split`.
pub fn split(text: &str, separator: u8) -> impl Iterator<Item = &str> + Clone {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = memchr(separator, text.as_bytes());
        let (part, after) = text.split_at_checked(end.unwrap_or(text.len()))?;
        rest = end.and_then(|_| after.get(1..));
        Some(part)
    })
}

/// Number in decimal digits, surrounded by blanks or not.
pub fn number<N: std::str::FromStr>(bytes: &[u8]) -> Option<N> {
    std::str::from_utf8(bytes.trim_ascii()).ok()?.parse().ok()
}

/// Value of a `KEY=value` file for one key, quotes removed. Source: os-release(5), locale.conf(5).
pub fn shell_value(content: &[u8], key: &str) -> Option<String> {
    let line = lines(content).filter_map(|line| {
        let (name, value) = split_once(line.trim_ascii(), b'=')?;
        (name == key.as_bytes()).then_some(value)
    });
    line.last().map(unquote)
}

fn unquote(value: &[u8]) -> String {
    let value = value.trim_ascii();
    let inner = match value {
        [b'"', inner @ .., b'"'] | [b'\'', inner @ .., b'\''] => inner,
        other => return clean(other),
    };
    let mut plain = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter();
    while let Some(&byte) = bytes.next() {
        // Inside double quotes a backslash protects the byte after it.
        let byte = if byte == b'\\' && value.first() == Some(&b'"') {
            bytes.next().copied().unwrap_or(byte)
        } else {
            byte
        };
        plain.push(byte);
    }
    clean(&plain)
}

/// A path without the name of a person: the folder below `/home`, and below the places where desktops
/// mount what is plugged in, is blanked out.
pub fn impersonal_path(path: &[u8]) -> String {
    let path = path.strip_suffix(b" (deleted)").unwrap_or(path);
    let text = clean(path);
    for parent in ["/home/", "/media/", "/run/media/"] {
        let Some(inside) = text.strip_prefix(parent) else {
            continue;
        };
        return match inside.split_once('/') {
            Some((_, rest)) => format!("{parent}-/{rest}"),
            None if parent == "/home/" => format!("{parent}-"),
            // Not a person's folder but a mount point itself: `/media/cdrom`.
            None => text,
        };
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Gives no more than so many bytes at once.
    struct Few<'a>(&'a [u8], usize);

    impl Read for Few<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let most = buffer.len().min(self.1);
            self.0.read(buffer.get_mut(..most).unwrap_or_default())
        }
    }

    proptest! {
        #[test]
        fn clean_text_keeps_the_limits(bytes in proptest::collection::vec(any::<u8>(), 0..9000)) {
            let text = clean(&bytes);
            prop_assert!(text.len() <= limits::STRING_BYTES);
            prop_assert!(!text.chars().any(char::is_control));
            prop_assert_eq!(text.trim(), &text);
        }

        #[test]
        fn lines_are_those_of_the_standard_library(text in "[a\n]{0,40}") {
            let ours: Vec<_> = lines(text.as_bytes()).collect();
            let theirs: Vec<_> = text.split_terminator('\n').map(str::as_bytes).collect();
            prop_assert_eq!(ours, theirs);
        }

        #[test]
        fn parts_are_those_of_the_standard_library(text in "[aé\t]{0,40}") {
            prop_assert_eq!(split(&text, b'\t').collect::<Vec<_>>(), text.split('\t').collect::<Vec<_>>());
        }

        #[test]
        fn lines_of_a_file_are_those_of_its_content(
            lengths in proptest::collection::vec(prop_oneof![0..90_usize, 60_000..140_000_usize], 0..6),
            ends: bool,
            most in prop_oneof![1..200_usize, Just(usize::MAX)],
        ) {
            let mut content = lengths.iter().map(|length| "a".repeat(*length)).collect::<Vec<_>>().join("\n");
            if ends {
                content.push('\n');
            }
            let mut found = Vec::new();
            let each = |line: &[u8]| {
                found.push(line.to_owned());
                Ok(())
            };
            // The longer lines in pieces of a few bytes would take minutes.
            let most = if content.len() > 1000 { most.saturating_mul(500) } else { most };
            read_lines(Few(content.as_bytes(), most), each).unwrap();
            let cut = |line: &[u8]| line.get(..PIECE_BYTES).unwrap_or(line).to_owned();
            prop_assert_eq!(found, lines(content.as_bytes()).map(cut).collect::<Vec<_>>());
        }

        #[test]
        fn values_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = shell_value(&bytes, "A");
            let _ = impersonal_path(&bytes);
        }
    }

    #[test]
    fn clean_text_of_bad_bytes() {
        assert_eq!(clean(b" a\x00b\x1b[31m\xff "), "ab[31m\u{fffd}");
        assert_eq!(clean(&[b'x'; 5000]).len(), limits::STRING_BYTES);
    }

    #[test]
    fn values_lose_their_quotes() {
        let content = b"A=plain\nB=\"with \\\"quotes\\\"\"\nC='single'\n#D=no\n";
        assert_eq!(shell_value(content, "A").unwrap(), "plain");
        assert_eq!(shell_value(content, "B").unwrap(), "with \"quotes\"");
        assert_eq!(shell_value(content, "C").unwrap(), "single");
        assert_eq!(shell_value(content, "D"), None);
    }

    #[test]
    fn a_home_folder_names_nobody() {
        assert_eq!(impersonal_path(b"/home/jan/bin/x (deleted)"), "/home/-/bin/x");
        assert_eq!(impersonal_path(b"/usr/sbin/sshd"), "/usr/sbin/sshd");
        assert_eq!(impersonal_path(b"/media/jan/STICK"), "/media/-/STICK");
        assert_eq!(impersonal_path(b"/media/cdrom"), "/media/cdrom");
    }
}
