//! What probes keep from one pass to the next, so that what is large and did not change is not read
//! again.
//!
//! It is a help and nothing else: without it a pass finds the same. What is kept is text under a name of
//! the probe's choice; it holds nothing that the section does not hold but versions of installed
//! packages. In a file it is thrown away when it is damaged or of another version of the agent.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Most bytes of all that is kept: what is larger is not kept at all.
pub const BYTES_MAX: usize = 4 << 20;

/// First line of a file: the form and the agent's version, since other code may read otherwise.
const HEAD: &str = concat!("belfort-agent kept 1 ", env!("CARGO_PKG_VERSION"), "\n");

/// What is kept. Passes share it.
#[derive(Debug, Default)]
pub struct Kept(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    texts: BTreeMap<String, Arc<str>>,
    changed: bool,
}

impl Kept {
    /// What a file holds; nothing when it is damaged or of another version.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let texts = decode(bytes).unwrap_or_default();
        Self(Mutex::new(Inner { texts, changed: false }))
    }

    /// The text under a name.
    pub fn get(&self, name: &str) -> Option<Arc<str>> {
        self.inner().texts.get(name).cloned()
    }

    /// Keeps a text under a name, in the place of what was there. Names have no blanks or line ends.
    pub fn put(&self, name: &str, text: String) {
        let mut inner = self.inner();
        if inner.texts.get(name).is_some_and(|old| **old == *text) {
            return;
        }
        inner.changed = true;
        if text.len() > BYTES_MAX {
            inner.texts.remove(name);
        } else {
            inner.texts.insert(name.to_owned(), text.into());
        }
    }

    /// The bytes of a file, when something was changed since they were asked for last.
    pub fn take_changed(&self) -> Option<Vec<u8>> {
        let mut inner = self.inner();
        if !std::mem::take(&mut inner.changed) {
            return None;
        }
        let mut body = String::new();
        for (name, text) in &inner.texts {
            if body.len().saturating_add(text.len()) <= BYTES_MAX {
                body.push_str(&format_entry(name, text));
                body.push_str(text);
            }
        }
        let sum = blake3::hash(body.as_bytes()).to_hex();
        Some([HEAD, sum.as_str(), "\n", &body].concat().into_bytes())
    }

    /// A panic in another pass leaves whole texts, old or new.
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn format_entry(name: &str, text: &str) -> String {
    format!("{name} {}\n", text.len())
}

fn decode(bytes: &[u8]) -> Option<BTreeMap<String, Arc<str>>> {
    let file = std::str::from_utf8(bytes).ok()?;
    let (sum, mut body) = file.strip_prefix(HEAD)?.split_once('\n')?;
    if blake3::hash(body.as_bytes()).to_hex().as_str() != sum {
        return None;
    }
    let mut texts = BTreeMap::new();
    while !body.is_empty() {
        let (entry, rest) = body.split_once('\n')?;
        let (name, length) = entry.split_once(' ')?;
        let (text, rest) = rest.split_at_checked(length.parse().ok()?)?;
        texts.insert(name.to_owned(), text.into());
        body = rest;
    }
    Some(texts)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_put_comes_back_from_a_file() {
        let kept = Kept::default();
        assert_eq!(kept.take_changed(), None);
        kept.put("apt", "a\nb\n".to_owned());
        kept.put("dnf", String::new());
        let bytes = kept.take_changed().unwrap();
        assert_eq!(kept.take_changed(), None);
        kept.put("dnf", String::new());
        assert_eq!(kept.take_changed(), None, "nothing was changed");
        let again = Kept::from_bytes(&bytes);
        assert_eq!(again.get("apt").as_deref(), Some("a\nb\n"));
        assert_eq!(again.get("dnf").as_deref(), Some(""));
        assert_eq!(again.take_changed(), None);
    }

    #[test]
    fn too_much_is_not_kept() {
        let kept = Kept::default();
        kept.put("a", "x".to_owned());
        kept.put("a", "x".repeat(BYTES_MAX + 1));
        assert_eq!(kept.get("a"), None);
        assert!(kept.take_changed().unwrap().len() < 200);
    }

    proptest! {
        #[test]
        fn damage_is_noticed(at in 0..200_usize, byte in any::<u8>()) {
            let kept = Kept::default();
            kept.put("apt", "something that was kept".to_owned());
            let mut bytes = kept.take_changed().unwrap();
            let at = at % bytes.len();
            prop_assume!(bytes[at] != byte);
            bytes[at] = byte;
            prop_assert_eq!(Kept::from_bytes(&bytes).get("apt"), None);
            bytes.truncate(at);
            prop_assert_eq!(Kept::from_bytes(&bytes).get("apt"), None);
        }

        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Kept::from_bytes(&bytes);
            let body = String::from_utf8_lossy(&bytes);
            let sum = blake3::hash(body.as_bytes()).to_hex();
            let _ = Kept::from_bytes([HEAD, sum.as_str(), "\n", &body].concat().as_bytes());
        }
    }
}
