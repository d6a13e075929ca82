//! JSON, read piece by piece: one record in memory at a time.

use std::fmt;
use std::io::Read;

use belfort_model::advisory::FeedKind;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::bounded::{Bounded, Budget};
use crate::{FeedError, Intake};

/// Why a record cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bad(pub(crate) String);

impl Bad {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

/// A text of a record, with 1 to `most` characters and no control characters.
pub(crate) fn text(what: &str, text: &str, most: usize) -> Result<String, Bad> {
    let text = text.trim();
    if text.is_empty() || text.len() > most || text.chars().any(char::is_control) {
        return Err(Bad::new(format!("{what} does not have 1 to {most} printable characters")));
    }
    Ok(text.to_owned())
}

/// A text for people: cut to `most` characters, in one line.
pub(crate) fn prose(text: &str, most: usize) -> String {
    let clean = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    clean.take(most).collect::<String>().trim().to_owned()
}

/// A member that is a text.
pub(crate) fn string<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}

/// The elements of a member that is a list; none when it is not there.
pub(crate) fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A day `YYYY-MM-DD`, also written with slashes.
pub(crate) fn day(text: &str) -> Option<String> {
    let text = text.trim().get(..10)?.replace('/', "-");
    let day = format!("{text}T00:00:00Z").parse::<belfort_model::time::Timestamp>().ok()?;
    (day.day() == text).then_some(text)
}

/// What is done with each piece: the keys that lead to it, and its value.
type Each<'a, 'i> = dyn FnMut(&mut Intake<'i>, &[String], Value) -> Result<(), FeedError> + 'a;

/// Reads a document whose records lie so many levels deep, and gives them one by one with the keys that
/// lead there; elements of lists have none. Members for which `descend` says no are given whole.
pub(crate) fn stream<'i>(
    kind: FeedKind,
    input: impl Read,
    intake: &mut Intake<'i>,
    depth: usize,
    descend: &dyn Fn(&[String]) -> bool,
    each: &mut Each<'_, 'i>,
) -> Result<(), FeedError> {
    let (bounded, budget) = Bounded::new(input);
    let mut decoder = serde_json::Deserializer::from_reader(bounded);
    let mut failure = None;
    let mut state =
        State { intake, budget, descend, each, failure: &mut failure, keys: Vec::new() };
    let result = Level { state: &mut state, depth }.deserialize(&mut decoder);
    let result = result.and_then(|()| decoder.end());
    match (failure, result) {
        (Some(failure), _) => Err(failure),
        (None, Ok(())) => Ok(()),
        (None, Err(error)) if error.is_io() => Err(FeedError::Read(error.into())),
        (None, Err(error)) => Err(FeedError::Syntax { kind, reason: error.to_string() }),
    }
}

struct State<'s, 'e, 'i> {
    intake: &'s mut Intake<'i>,
    budget: Budget,
    descend: &'s dyn Fn(&[String]) -> bool,
    each: &'s mut Each<'e, 'i>,
    failure: &'s mut Option<FeedError>,
    keys: Vec<String>,
}

impl State<'_, '_, '_> {
    fn give<E: serde::de::Error>(&mut self, value: Value) -> Result<(), E> {
        self.budget.renew();
        (self.each)(self.intake, &self.keys, value).map_err(|failure| {
            *self.failure = Some(failure);
            E::custom("stopped")
        })
    }
}

/// One level of the document.
struct Level<'l, 's, 'e, 'i> {
    state: &'l mut State<'s, 'e, 'i>,
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for Level<'_, '_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.depth == 0 || !(self.state.descend)(&self.state.keys) {
            let value = serde::Deserialize::deserialize(deserializer)?;
            return self.state.give(value);
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level<'_, '_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or a list")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if key.len() > 1024 {
                return Err(A::Error::custom("a key has over 1024 bytes"));
            }
            self.state.keys.push(key);
            map.next_value_seed(Level { state: &mut *self.state, depth: self.depth - 1 })?;
            self.state.keys.pop();
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        loop {
            let level = Level { state: &mut *self.state, depth: self.depth - 1 };
            if list.next_element_seed(level)?.is_none() {
                return Ok(());
            }
        }
    }
}
