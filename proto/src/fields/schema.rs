//! Names and numbers of fields, looked up in the encoded descriptors: what is asked for a few times a day
//! is not worth holding all of them decoded.
//!
//! Source of the numbers below: protobuf, `descriptor.proto`.

use crate::wire::Field;

/// A field of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found<'a> {
    /// Its number.
    pub(super) number: u32,
    /// Full name of its message; nothing when it is none.
    pub(super) message: Option<&'a str>,
}

/// Looks up a field by its name in the message with a full name.
pub(super) fn find<'a>(descriptors: &'a [u8], message: &str, field: &str) -> Option<Found<'a>> {
    all(descriptors, 1).find_map(|file| {
        let name = message.strip_prefix(text(file, 2)?)?.strip_prefix('.')?;
        let message = all(file, 4).find(|message| text(message, 1) == Some(name))?;
        let field = all(message, 2).find(|one| text(one, 1) == Some(field))?;
        let number = u32::try_from(fields(field).find(|part| part.number == 3)?.integer).ok()?;
        let kind = fields(field).find(|part| part.number == 5).map_or(0, |part| part.integer);
        let message = text(field, 6).filter(|_| kind == TYPE_MESSAGE);
        Some(Found { number, message: message.map(|name| name.trim_start_matches('.')) })
    })
}

const TYPE_MESSAGE: u64 = 11;

fn fields(message: &[u8]) -> impl Iterator<Item = Field<'_>> {
    let mut rest = message;
    std::iter::from_fn(move || Field::next(&mut rest))
}

fn all(message: &[u8], number: u32) -> impl Iterator<Item = &[u8]> {
    fields(message).filter(move |field| field.number == number).filter_map(|field| field.content)
}

fn text(message: &[u8], number: u32) -> Option<&str> {
    std::str::from_utf8(all(message, number).next()?).ok()
}
