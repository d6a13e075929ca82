//! Patterns of pins. Source: `apt_preferences(5)`, "Matching packages in the Package field"; glob(7).

/// A pattern: a text, a glob or a plain regular expression. Case does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    /// Any characters, or none.
    Some,
    /// Any one character.
    One,
    Byte(u8),
    /// One of these ranges, or none of them.
    Set {
        not: bool,
        ranges: Vec<(u8, u8)>,
    },
}

impl Pattern {
    /// A glob, or a regular expression between slashes; nothing when it is a regular expression that
    /// says more than texts, `.`, `.*`, `^` and `$`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        let inner = text.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
        inner.map_or_else(
            || Some(Self::glob(text.as_bytes())),
            |inner| Self::regular(inner.as_bytes()),
        )
    }

    fn glob(mut rest: &[u8]) -> Self {
        let mut pieces = Vec::new();
        // Whether a bracket may still be closed: where one is not, none after it is.
        let mut closes = true;
        loop {
            let (piece, tail) = match rest {
                [] => return Self(pieces),
                [b'*', tail @ ..] => (Piece::Some, tail),
                [b'?', tail @ ..] => (Piece::One, tail),
                [b'[', inside @ ..] if closes => {
                    let found = set(inside);
                    closes = found.is_some();
                    found.unwrap_or((Piece::Byte(b'['), inside))
                }
                [b'\\', byte, tail @ ..] | [byte, tail @ ..] => (Piece::Byte(*byte), tail),
            };
            pieces.push(piece);
            rest = tail;
        }
    }

    fn regular(expression: &[u8]) -> Option<Self> {
        let (start, rest) = match expression {
            [b'^', rest @ ..] => (true, rest),
            rest => (false, rest),
        };
        let (end, mut rest) = match rest {
            [.., b'\\', b'$'] => (false, rest),
            [rest @ .., b'$'] => (true, rest),
            rest => (false, rest),
        };
        let mut pieces = Vec::new();
        if !start {
            pieces.push(Piece::Some);
        }
        loop {
            let (piece, tail) = match rest {
                [] => break,
                [b'.', b'*', tail @ ..] => (Piece::Some, tail),
                [b'.', tail @ ..] => (Piece::One, tail),
                [b'\\', byte, tail @ ..] if byte.is_ascii_punctuation() => {
                    (Piece::Byte(*byte), tail)
                }
                [byte, tail @ ..] if !br"\[](){}*+?|^$".contains(byte) => {
                    (Piece::Byte(*byte), tail)
                }
                _ => return None,
            };
            // What may come again changes the piece before it.
            if let (Piece::Byte(_) | Piece::One, [b'*' | b'+' | b'?' | b'{', ..]) = (&piece, tail) {
                return None;
            }
            pieces.push(piece);
            rest = tail;
        }
        if !end {
            pieces.push(Piece::Some);
        }
        Some(Self(pieces))
    }

    /// Whether a text is what the pattern says.
    pub fn matches(&self, text: &str) -> bool {
        let text = text.as_bytes();
        let (mut piece, mut at) = (0, 0);
        // Where to go on when what came after the last `Some` was wrong.
        let mut again = None;
        loop {
            match (self.0.get(piece), text.get(at)) {
                (None, None) => return true,
                (Some(Piece::Some), _) => {
                    again = Some((piece + 1, at));
                    piece += 1;
                    continue;
                }
                (Some(wanted), Some(byte)) if wanted.takes(byte.to_ascii_lowercase()) => {
                    piece += 1;
                    at += 1;
                    continue;
                }
                _ => {}
            }
            let Some((after, from)) = again.filter(|(_, from)| *from < text.len()) else {
                return false;
            };
            again = Some((after, from + 1));
            (piece, at) = (after, from + 1);
        }
    }
}

impl Piece {
    fn takes(&self, byte: u8) -> bool {
        match self {
            Self::Some => false,
            Self::One => true,
            Self::Byte(own) => *own == byte,
            Self::Set { not, ranges } => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&byte)) != *not
            }
        }
    }
}

/// A set after its opening bracket, and what follows it.
fn set(inside: &[u8]) -> Option<(Piece, &[u8])> {
    let (not, mut rest) = match inside {
        [b'!' | b'^', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    let mut ranges = Vec::new();
    loop {
        rest = match rest {
            [b']', tail @ ..] if !ranges.is_empty() => {
                return Some((Piece::Set { not, ranges }, tail));
            }
            [low, b'-', high, tail @ ..] if *high != b']' => {
                ranges.push((*low, *high));
                tail
            }
            [one, tail @ ..] => {
                ranges.push((*one, *one));
                tail
            }
            [] => return None,
        };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Pattern::parse(pattern).unwrap().matches(text)
    }

    #[test]
    fn globs() {
        assert!(
            matches("gnome*", "gnome-shell") && matches("*", "") && matches("5.3?*", "5.36.0-7")
        );
        assert!(matches("*a*b", "xaxab") && !matches("*a*b", "xaxabc") && !matches("a", "ab"));
        assert!(matches("lib[a-c]x", "libbx") && !matches("lib[!a-c]x", "libbx"));
        assert!(matches("Bookworm", "bookworm") && matches("[]x]", "]") && matches("[a", "[a"));
    }

    #[test]
    fn plain_regular_expressions() {
        assert!(
            matches("/kde/", "a-kde-b") && matches("/^lib/", "libx") && !matches("/^lib/", "xlib")
        );
        assert!(matches("/^linux-.*-amd64$/", "linux-image-amd64") && matches("/a\\.b$/", "xa.b"));
        assert!(!matches("/^a.b$/", "ab"));
        for more in ["/a|b/", "/(a)/", "/a+/", "/[ab]/", "/ab*/", "/\\d/", "/.?/"] {
            assert_eq!(Pattern::parse(more), None, "{more}");
        }
    }

    #[test]
    fn hostile_patterns_take_no_time() {
        assert!(matches(&"[".repeat(100_000), &"[".repeat(100_000)));
        let pattern = Pattern::parse(&"*a".repeat(2000)).unwrap();
        assert!(!pattern.matches(&"a".repeat(1999)));
        assert!(
            !Pattern::parse(&format!("{}b", "*a".repeat(2000))).unwrap().matches(&"a".repeat(4000))
        );
    }

    proptest! {
        #[test]
        fn any_patterns(pattern in "[a*?/^$.\\[\\]!\\\\-]{0,12}", text in "[a-c]{0,8}") {
            if let Some(pattern) = Pattern::parse(&pattern) {
                let _ = pattern.matches(&text);
            }
            prop_assert!(matches(&text, &text));
        }
    }
}
