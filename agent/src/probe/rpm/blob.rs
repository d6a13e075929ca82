//! A header as it lies in a database: in pieces.

use memchr::memchr;

use super::Trouble;

/// A value of a database that need not lie together.
pub trait Blob {
    /// How long it is, bytes.
    fn size_bytes(&self) -> u64;

    /// Its bytes from an offset on, as far as they lie together; none at its end. Going forward is
    /// cheap, going back may not be.
    fn at(&mut self, offset: u64) -> Result<&[u8], Trouble>;
}

impl Blob for &[u8] {
    fn size_bytes(&self) -> u64 {
        self.len() as u64
    }

    fn at(&mut self, offset: u64) -> Result<&[u8], Trouble> {
        Ok(usize::try_from(offset).ok().and_then(|offset| self.get(offset..)).unwrap_or_default())
    }
}

/// Copies bytes into a buffer, which is emptied before.
pub fn copy(
    blob: &mut dyn Blob,
    offset: u64,
    length: usize,
    buffer: &mut Vec<u8>,
) -> Result<(), Trouble> {
    buffer.clear();
    while buffer.len() < length {
        let piece = blob.at(offset.saturating_add(buffer.len() as u64))?;
        if piece.is_empty() {
            return Err(Trouble::Damaged("a header ends too early"));
        }
        let rest = length - buffer.len();
        buffer.extend_from_slice(piece.get(..rest).unwrap_or(piece));
    }
    Ok(())
}

/// Hands strings that end with a zero byte to `each`, with their number. Of one longer than `most` bytes
/// only the beginning is handed over. `end` is where the last of them must have ended.
pub fn strings(
    blob: &mut dyn Blob,
    (mut offset, end): (u64, u64),
    count: u32,
    most: usize,
    each: &mut dyn FnMut(u32, &[u8]),
) -> Result<(), Trouble> {
    let mut begun = Vec::new();
    let mut number = 0;
    while number < count {
        let piece = blob.at(offset)?;
        let room = usize::try_from(end.saturating_sub(offset)).unwrap_or(usize::MAX);
        let mut rest = piece.get(..room).unwrap_or(piece);
        if rest.is_empty() {
            return Err(Trouble::Damaged("a string has no end"));
        }
        offset = offset.saturating_add(rest.len() as u64);
        while number < count {
            let Some(at) = memchr(0, rest) else {
                let room = most.saturating_sub(begun.len());
                begun.extend_from_slice(rest.get(..room).unwrap_or(rest));
                break;
            };
            let (string, tail) = rest.split_at_checked(at).unwrap_or_default();
            if begun.is_empty() {
                each(number, string.get(..most).unwrap_or(string));
            } else {
                let room = most.saturating_sub(begun.len());
                begun.extend_from_slice(string.get(..room).unwrap_or(string));
                each(number, &begun);
                begun.clear();
            }
            rest = tail.get(1..).unwrap_or_default();
            number += 1;
        }
    }
    Ok(())
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A value in pieces of one length.
    pub(in super::super) struct InPieces<'a>(
        pub(in super::super) &'a [u8],
        pub(in super::super) usize,
    );

    impl Blob for InPieces<'_> {
        fn size_bytes(&self) -> u64 {
            self.0.len() as u64
        }

        fn at(&mut self, offset: u64) -> Result<&[u8], Trouble> {
            let offset = usize::try_from(offset).unwrap();
            let end = (offset / self.1 + 1) * self.1;
            Ok(self.0.get(offset..end.min(self.0.len())).unwrap_or_default())
        }
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(
            texts in proptest::collection::vec("[a-z]{0,12}", 1..9),
            piece in 1..20_usize,
        ) {
            let bytes: Vec<u8> = texts.iter().flat_map(|text| [text.as_bytes(), b"\0"].concat()).collect();
            let mut found = Vec::new();
            let count = u32::try_from(texts.len()).unwrap();
            let range = (0, bytes.len() as u64);
            let mut blob = InPieces(&bytes, piece);
            strings(&mut blob, range, count, 8, &mut |number, text| {
                found.push((number, String::from_utf8(text.to_vec()).unwrap()));
            }).unwrap();
            let expected = texts.iter().map(|text| text[..text.len().min(8)].to_owned());
            prop_assert_eq!(found, (0..).zip(expected).collect::<Vec<_>>());
            let more = strings(&mut blob, range, count + 1, 8, &mut |_, _| ());
            prop_assert!(more.is_err());
            let mut buffer = vec![1];
            copy(&mut blob, 0, bytes.len(), &mut buffer).unwrap();
            prop_assert_eq!(&buffer, &bytes);
            prop_assert!(copy(&mut blob, 1, bytes.len(), &mut buffer).is_err());
        }
    }
}
