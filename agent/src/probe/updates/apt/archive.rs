//! What was read of the files of archives, kept from one pass to the next.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use belfort_agent_sys::files::Stamp;

/// What is known of each file, by its name, as one text: see [`Files::to_text`].
#[derive(Debug, Default)]
pub struct Files<'a> {
    known: BTreeMap<&'a str, (Stamp, &'a str)>,
}

/// The text of what is known after a pass.
#[derive(Debug)]
pub struct NewFiles(String);

impl<'a> Files<'a> {
    /// From the text that an earlier pass kept; nothing of it is used when the installed packages, whose
    /// names have another hash now, were others then, or when it is damaged.
    pub fn from_text(text: &'a str, names_hash: &str) -> Self {
        Self { known: parse(text, names_hash).unwrap_or_default() }
    }

    /// What was read of a file, when it is still the same file.
    pub fn get(&self, name: &str, stamp: Stamp) -> Option<&'a str> {
        self.known.get(name).filter(|(known, _)| *known == stamp).map(|(_, content)| *content)
    }
}

impl NewFiles {
    /// Nothing yet, for packages whose names have this hash.
    pub fn new(names_hash: &str) -> Self {
        Self(format!("{names_hash}\n"))
    }

    /// Adds what was read of a file.
    pub fn add(&mut self, name: &str, stamp: Stamp, content: &str) {
        let Stamp { size_bytes, inode, modified_nanoseconds, changed_nanoseconds } = stamp;
        let numbers =
            format!("{size_bytes}\t{inode}\t{modified_nanoseconds}\t{changed_nanoseconds}");
        let _ = writeln!(self.0, "{name}\t{numbers}\t{}", content.len());
        self.0.push_str(content);
    }

    /// The text to keep.
    pub fn into_text(self) -> String {
        self.0
    }
}

fn parse<'a>(text: &'a str, names_hash: &str) -> Option<BTreeMap<&'a str, (Stamp, &'a str)>> {
    let (head, mut rest) = text.split_once('\n')?;
    if head != names_hash {
        return None;
    }
    let mut known = BTreeMap::new();
    while !rest.is_empty() {
        let (entry, after) = rest.split_once('\n')?;
        let mut fields = entry.split('\t');
        let name = fields.next()?;
        let stamp = Stamp {
            size_bytes: fields.next()?.parse().ok()?,
            inode: fields.next()?.parse().ok()?,
            modified_nanoseconds: fields.next()?.parse().ok()?,
            changed_nanoseconds: fields.next()?.parse().ok()?,
        };
        let (content, tail) = after.split_at_checked(fields.next()?.parse().ok()?)?;
        known.insert(name, (stamp, content));
        rest = tail;
    }
    Some(known)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STAMP: Stamp =
        Stamp { size_bytes: 1, inode: 2, modified_nanoseconds: -3, changed_nanoseconds: 4 };

    #[test]
    fn only_the_same_file_is_known() {
        let mut files = NewFiles::new("hash");
        files.add("a_Packages", STAMP, "bash\tamd64\n");
        files.add("a_Release", STAMP, "");
        let text = files.into_text();
        let files = Files::from_text(&text, "hash");
        assert_eq!(files.get("a_Packages", STAMP), Some("bash\tamd64\n"));
        assert_eq!(files.get("a_Release", STAMP), Some(""));
        assert_eq!(files.get("b", STAMP), None);
        assert_eq!(files.get("a_Packages", Stamp { inode: 3, ..STAMP }), None);
        assert_eq!(Files::from_text(&text, "other").get("a_Packages", STAMP), None);
    }

    proptest! {
        #[test]
        fn any_text(text in "(hash\n)?[a-c0-9\t\n]{0,60}") {
            let _ = Files::from_text(&text, "hash").get("a", STAMP);
        }
    }
}
