//! Names with wildcards, as glob(7) describes them: `*`, `?`, `[…]`, and `\` before what stands for
//! itself.

use belfort_agent_sys::files::ReadError;

use super::outcome::Sources;

/// Most paths one pattern stands for.
const PATHS_MAX: usize = 1024;

/// Whether a name fits a pattern.
pub fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut pattern_at, mut name_at) = (0, 0);
    // Where to go on when it does not fit: behind the last `*`, with one more byte taken by it.
    let mut again = None;
    while let Some(&byte) = name.get(name_at) {
        let next = match pattern.get(pattern_at) {
            Some(b'*') => {
                again = Some((pattern_at + 1, name_at));
                pattern_at += 1;
                continue;
            }
            Some(b'?') => Some(pattern_at + 1),
            Some(b'[') => class(pattern, pattern_at + 1, byte),
            Some(b'\\') => (pattern.get(pattern_at + 1) == Some(&byte)).then_some(pattern_at + 2),
            Some(wanted) => (*wanted == byte).then_some(pattern_at + 1),
            None => None,
        };
        match (next, again) {
            (Some(next), _) => {
                pattern_at = next;
                name_at += 1;
            }
            (None, Some((behind, taken))) => {
                pattern_at = behind;
                name_at = taken + 1;
                again = Some((behind, name_at));
            }
            (None, None) => return false,
        }
    }
    pattern.get(pattern_at..).unwrap_or_default().iter().all(|byte| *byte == b'*')
}

/// Whether a byte is in the class that starts at a place of a pattern: the place behind the class.
fn class(pattern: &[u8], start: usize, byte: u8) -> Option<usize> {
    let negated = matches!(pattern.get(start), Some(b'!' | b'^'));
    let first = start + usize::from(negated);
    let mut at = first;
    let mut found = false;
    loop {
        let low = *pattern.get(at)?;
        // A bracket that closes stands for itself when it comes first.
        if low == b']' && at > first {
            break;
        }
        match (pattern.get(at + 1), pattern.get(at + 2)) {
            (Some(b'-'), Some(&high)) if high != b']' => {
                found |= (low..=high).contains(&byte);
                at += 3;
            }
            _ => {
                found |= low == byte;
                at += 1;
            }
        }
    }
    (found != negated).then_some(at + 1)
}

/// Whether a text is a pattern at all.
fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// The paths an absolute pattern stands for, sorted; nothing when a directory could not be read, which
/// is then an outcome. A path without wildcards stands for itself, whether it exists or not.
pub fn paths(sources: &mut Sources<'_>, pattern: &str) -> Option<Vec<String>> {
    let mut found = vec![String::new()];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        if !is_pattern(part) {
            for path in &mut found {
                path.push('/');
                path.push_str(part);
            }
            continue;
        }
        let mut below = Vec::new();
        for directory in found {
            let listed = if directory.is_empty() { "/" } else { &directory };
            let entries = match sources.root.list(listed) {
                Ok(entries) => entries,
                Err(ReadError::Absent) => continue,
                Err(error) => {
                    sources.outcomes.unread(listed, error);
                    return None;
                }
            };
            let visible = entries.iter().map(|entry| entry.name.as_str()).filter(|name| {
                matches(part.as_bytes(), name.as_bytes())
                    && (!name.starts_with('.') || part.starts_with('.'))
            });
            below.extend(visible.map(|name| format!("{directory}/{name}")));
            if below.len() > PATHS_MAX {
                sources.outcomes.failed(pattern, "stands for too many files");
                return None;
            }
        }
        found = below;
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn patterns() {
        for (pattern, name, expected) in [
            ("*.conf", "50-a.conf", true),
            ("*.conf", "50-a.conf.bak", false),
            ("a*b*c", "axbxbc", true),
            ("a*b*c", "axbxb", false),
            ("?[0-9]*", "x7", true),
            ("?[!0-9]", "x7", false),
            ("[]a]", "]", true),
            ("[a", "a", false),
            ("\\*", "*", true),
            ("\\*", "x", false),
            ("", "", true),
            ("***", "", true),
        ] {
            assert_eq!(matches(pattern.as_bytes(), name.as_bytes()), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn paths_are_expanded_part_by_part() {
        let dir = tempfile::tempdir().unwrap();
        for file in ["etc/x.d/b.conf", "etc/x.d/a.conf", "etc/x.d/.c.conf", "etc/y.d/a.conf"] {
            std::fs::create_dir_all(dir.path().join(file).parent().unwrap()).unwrap();
            std::fs::write(dir.path().join(file), "").unwrap();
        }
        let root = belfort_agent_sys::files::Root::at(dir.path()).unwrap();
        let mut sources = Sources::new(&root);
        let mut found = |pattern| paths(&mut sources, pattern).unwrap();
        assert_eq!(found("/etc/x.d/*.conf"), ["/etc/x.d/a.conf", "/etc/x.d/b.conf"]);
        assert_eq!(found("/etc/?.d/a.conf"), ["/etc/x.d/a.conf", "/etc/y.d/a.conf"]);
        assert_eq!(found("/etc/none"), ["/etc/none"]);
        assert!(found("/none/*").is_empty());
    }

    proptest! {
        #[test]
        fn any_bytes(
            pattern in proptest::collection::vec(any::<u8>(), 0..60),
            name in proptest::collection::vec(any::<u8>(), 0..60),
        ) {
            let _ = matches(&pattern, &name);
        }

        #[test]
        fn a_name_fits_itself(name in "[a-z.]{0,20}") {
            prop_assert!(matches(name.as_bytes(), name.as_bytes()));
            let longer = format!("{name}*");
            prop_assert!(matches(longer.as_bytes(), name.as_bytes()));
        }
    }
}
