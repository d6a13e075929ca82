//! XML as a stream of tags: of a file of any size, one tag at a time is in memory. No document type is
//! interpreted, so no entities but the five of XML itself are known. Source of the format: *Extensible Markup
//! Language (XML) 1.0*.

use std::io::{Error, ErrorKind, Read, Result};

use memchr::{memchr, memchr3, memmem};

/// Longest tag, bytes.
const BUFFER_BYTES: usize = 64 << 10;

/// Longest name of an entity with the sign after it, bytes: `#x10ffff;`, with some zeros before the number.
const ENTITY_BYTES_MAX: usize = 16;

/// A stream of tags.
#[derive(Debug)]
pub struct Scanner<R> {
    source: R,
    buffer: Vec<u8>,
    /// The part of the buffer that was not used yet.
    start: usize,
    end: usize,
}

/// A tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag<'a> {
    /// Name with its prefix; that of an end tag begins with a slash.
    pub name: &'a [u8],
    /// Whether it ends its element at once: no end tag follows.
    pub is_empty: bool,
    attributes: &'a [u8],
}

impl<R: Read> Scanner<R> {
    /// Reads from a source.
    pub fn new(source: R) -> Self {
        Self { source, buffer: vec![0; BUFFER_BYTES], start: 0, end: 0 }
    }

    fn unused(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Reads more behind what is unused; `false` at the end of the source.
    fn more(&mut self) -> Result<bool> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        let Some(room) = self.buffer.get_mut(self.end..).filter(|room| !room.is_empty()) else {
            return Err(Error::new(ErrorKind::InvalidData, "a tag is too long"));
        };
        let got = loop {
            match self.source.read(room) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.end += got;
        Ok(got > 0)
    }

    /// Goes behind the next place with these bytes; without one the source is cut short.
    pub fn skip_past(&mut self, needle: &[u8]) -> Result<()> {
        let finder = memmem::Finder::new(needle);
        loop {
            if let Some(at) = finder.find(self.unused()) {
                self.start += at + needle.len();
                return Ok(());
            }
            // Its beginning may be there already.
            let keep = self.unused().len().min(needle.len().saturating_sub(1));
            self.start = self.end - keep;
            if !self.more()? {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// The next tag; nothing at the end. What ends inside a tag is cut short.
    pub fn next_tag(&mut self) -> Result<Option<Tag<'_>>> {
        loop {
            let Some(at) = memchr(b'<', self.unused()) else {
                self.start = self.end;
                if self.more()? {
                    continue;
                }
                return Ok(None);
            };
            self.start += at + 1;
            while self.unused().len() < b"![CDATA[".len() {
                if !self.more()? {
                    break;
                }
            }
            let opaque: Option<&[u8]> = match self.unused() {
                rest if rest.starts_with(b"!--") => Some(b"-->"),
                rest if rest.starts_with(b"![CDATA[") => Some(b"]]>"),
                rest if rest.starts_with(b"?") => Some(b"?>"),
                rest if rest.starts_with(b"!") => Some(b">"),
                _ => None,
            };
            let Some(end) = opaque else { break };
            self.skip_past(end)?;
        }
        // How far it was looked at: what comes in small pieces is not looked at again with each.
        let mut seen = 0;
        let end = loop {
            if let Some(end) = end_of_tag(self.unused(), &mut seen) {
                break end;
            }
            if !self.more()? {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        };
        let from = self.start;
        self.start += end + 1;
        let tag = self.buffer.get(from..from + end).unwrap_or_default();
        let (tag, is_empty) = match tag.strip_suffix(b"/") {
            Some(tag) => (tag, true),
            None => (tag, false),
        };
        let name = tag.iter().position(u8::is_ascii_whitespace).unwrap_or(tag.len());
        let (name, attributes) = tag.split_at_checked(name).unwrap_or_default();
        Ok(Some(Tag { name, is_empty, attributes }))
    }

    /// The text up to the next tag, of which the first `most` bytes are kept.
    pub fn text(&mut self, most: usize) -> Result<String> {
        let mut raw = Vec::new();
        loop {
            let rest = self.unused();
            let end = memchr(b'<', rest);
            let piece = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
            let room = most.saturating_sub(raw.len());
            raw.extend_from_slice(piece.get(..room).unwrap_or(piece));
            self.start += piece.len();
            if end.is_some() || !self.more()? {
                return Ok(plain(&raw));
            }
        }
    }
}

/// Where the `>` of a tag stands that is in no value of an attribute. Goes on behind the values that were
/// `seen`.
fn end_of_tag(bytes: &[u8], seen: &mut usize) -> Option<usize> {
    loop {
        let at = *seen + memchr3(b'>', b'"', b'\'', bytes.get(*seen..)?)?;
        match bytes.get(at)? {
            b'>' => return Some(at),
            quote => *seen = at + 2 + memchr(*quote, bytes.get(at + 1..)?)?,
        }
    }
}

impl Tag<'_> {
    /// The value of an attribute; empty when there is none.
    pub fn attribute(&self, name: &[u8]) -> String {
        let mut rest = self.attributes;
        while let Some(equals) = memchr(b'=', rest) {
            let (key, value) = rest.split_at_checked(equals).unwrap_or_default();
            let value = value.get(1..).unwrap_or_default().trim_ascii_start();
            let Some((quote @ (b'"' | b'\''), value)) = value.split_first() else { break };
            let Some(end) = memchr(*quote, value) else { break };
            let (value, tail) = value.split_at_checked(end).unwrap_or_default();
            if key.trim_ascii() == name {
                return plain(value);
            }
            rest = tail.get(1..).unwrap_or_default();
        }
        String::new()
    }
}

/// Text with its entities replaced.
fn plain(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw);
    if !text.contains('&') {
        return text.into_owned();
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.as_ref();
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        // No entity is longer; a search to the end for each would take long where none ends.
        let end = after.bytes().take(ENTITY_BYTES_MAX).position(|byte| byte == b';');
        let known = end.and_then(|end| Some((entity(after.get(..end)?)?, after.get(end + 1..)?)));
        let (character, tail) = known.unwrap_or(('&', after));
        plain.push(character);
        rest = tail;
    }
    plain.push_str(rest);
    plain
}

fn entity(name: &str) -> Option<char> {
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let number = match number.strip_prefix('x') {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(number.ok()?)
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A source that gives a few bytes at a time.
    pub(in super::super) struct Drops<'a>(
        pub(in super::super) &'a [u8],
        pub(in super::super) usize,
    );

    impl Read for Drops<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
            let length = self.1.min(self.0.len()).min(buffer.len());
            let (now, later) = self.0.split_at(length);
            buffer[..length].copy_from_slice(now);
            self.0 = later;
            Ok(length)
        }
    }

    fn tags(bytes: &[u8], drop: usize) -> Result<Vec<String>> {
        let mut scanner = Scanner::new(Drops(bytes, drop));
        let mut all = Vec::new();
        while let Some(tag) = scanner.next_tag()? {
            let (name, a) = (String::from_utf8_lossy(tag.name).into_owned(), tag.attribute(b"a"));
            all.push(format!("{name} {a}|{}", scanner.text(20)?.trim()));
        }
        Ok(all)
    }

    #[test]
    fn tags_come_one_after_the_other() {
        let text = b"<?xml version=\"1.0\"?><!DOCTYPE x><!-- <no> -- --><r:x b = '1>2' a=\"&lt;&#65;&x;\">\n\
            text &amp; more<![CDATA[<no a=\"\">]]><y a='2'/>tail</r:x\n>";
        for drop in [1, 2, 7, 1000] {
            let found = tags(text, drop).unwrap();
            assert_eq!(found, ["r:x <A&x;|text & more", "y 2|tail", "/r:x |"]);
        }
    }

    #[test]
    fn signs_that_begin_no_entity() {
        assert_eq!(plain(b"a&b;&amp;&#x0000041;&#65;&;&"), "a&b;&AA&;&");
        let many = vec![b'&'; 60_000];
        assert_eq!(plain(&many).len(), many.len());
    }

    #[test]
    fn what_has_no_end_is_an_error() {
        for text in [&b"<a"[..], b"<a b='>", b"<!-- >", b"<![CDATA[ ]>", b"<"] {
            let error = tags(text, 1000).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
        }
        let long = [b"<", vec![b'x'; 70_000].as_slice(), b">"].concat();
        assert_eq!(tags(&long, 1000).unwrap_err().kind(), ErrorKind::InvalidData);
    }

    #[test]
    fn what_is_skipped_may_be_longer_than_the_buffer() {
        let text = [vec![b'x'; 100_000], b"</end><a>".to_vec()].concat();
        for drop in [3, 4096] {
            let mut scanner = Scanner::new(Drops(&text, drop));
            scanner.skip_past(b"</end>").unwrap();
            assert_eq!(scanner.next_tag().unwrap().unwrap().name, b"a");
            assert!(scanner.skip_past(b"</end>").is_err());
        }
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200), drop in 1..9_usize) {
            let _ = tags(&bytes, drop);
        }

        #[test]
        fn any_text(text in "[<>a&;='\"/!?\\[\\] -]{0,60}", drop in 1..9_usize) {
            let (one, other) = (tags(text.as_bytes(), drop), tags(text.as_bytes(), 1000));
            prop_assert_eq!(one.ok(), other.ok());
        }
    }
}
