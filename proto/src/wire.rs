//! Fields of an encoded message, one after the other, without decoding it.
//!
//! Source of the form: protobuf, "Encoding".

/// One field as it lies in the bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field<'a> {
    /// Its tag: number and form.
    pub(crate) tag: u64,
    /// Its number.
    pub(crate) number: u32,
    /// Its value, when it is an integer.
    pub(crate) integer: u64,
    /// Its content, when it is a text, bytes or a message.
    pub(crate) content: Option<&'a [u8]>,
    /// All of it, with the tag.
    pub(crate) whole: &'a [u8],
}

impl<'a> Field<'a> {
    /// Takes the next field off the bytes; nothing when they are malformed.
    pub(crate) fn next(rest: &mut &'a [u8]) -> Option<Self> {
        let start = *rest;
        let tag = varint(rest)?;
        let number = u32::try_from(tag >> 3).ok()?;
        let (mut integer, mut content) = (0, None);
        match tag & 7 {
            0 => integer = varint(rest)?,
            1 => skip(rest, 8).map(drop)?,
            2 => {
                let length = usize::try_from(varint(rest)?).ok()?;
                content = Some(skip(rest, length)?);
            }
            5 => skip(rest, 4).map(drop)?,
            _ => return None,
        }
        let whole = start.get(..start.len() - rest.len())?;
        Some(Self { tag, number, integer, content, whole })
    }
}

fn skip<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (content, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(content)
}

/// Reads a base-128 integer.
pub(crate) fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
