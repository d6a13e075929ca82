//! Bytes of unknown origin as clean text.

use belfort_proto::limits;
use memchr::memchr;

/// Bytes as text that may cross the wire: invalid UTF-8 replaced, control characters dropped,
/// trimmed, cut at [`limits::STRING_BYTES`].
pub fn clean(bytes: &[u8]) -> String {
    // A replaced byte takes three bytes, so no more input than the limit is ever of use.
    let bytes = bytes.get(..4 * limits::STRING_BYTES).unwrap_or(bytes).trim_ascii();
    if bytes.len() <= limits::STRING_BYTES
        // Without an early end, so that the processor takes many bytes at once.
        && bytes.iter().fold(true, |plain, byte| plain & matches!(byte, b' '..=b'~'))
        && let Ok(text) = std::str::from_utf8(bytes)
    {
        return text.to_owned();
    }
    let mut text = String::new();
    for character in String::from_utf8_lossy(bytes).chars() {
        if text.len() + character.len_utf8() > limits::STRING_BYTES {
            break;
        }
        if !character.is_control() {
            text.push(character);
        }
    }
    let trimmed = text.trim();
    if trimmed.len() == text.len() { text } else { trimmed.to_owned() }
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

/// Splits at the first occurrence of a byte.
pub fn split_once(bytes: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let at = memchr(separator, bytes)?;
    Some((bytes.get(..at)?, bytes.get(at + 1..)?))
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
