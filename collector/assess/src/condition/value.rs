//! Values of an asset as the expression language sees them: read when they are asked for, so that a
//! context costs nothing to make and a rule costs what it looks at.

use std::borrow::Cow;

use belfort_model::software::{Installation, is_installed};
use cel::ExecutionError;
use cel::common::traits::{Container, Indexer};
use cel::common::types::{CelBool, CelInt, CelList, CelString, Type};
use cel::common::value::{CowVal, Val};

use super::fields::{Field, Held};
use crate::evaluate::Subject;

static RECORD: Type = Type::new_unspecified_type("record");
static NAMES: Type = Type::new_unspecified_type("names");

/// One record of an asset: `device`, `owner` …
#[derive(Clone, Copy, Debug)]
pub(super) struct Record<'a> {
    pub(super) subject: Subject<'a>,
    pub(super) fields: &'static [Field],
}

impl<'a> Record<'a> {
    fn value(&self, key: &dyn Val) -> Result<Box<dyn Val + 'a>, ExecutionError> {
        let Some(name) = key.downcast_ref::<CelString<'_>>() else {
            return Err(ExecutionError::no_such_key("?"));
        };
        let held = self
            .fields
            .iter()
            .find(|field| field.name == name.inner())
            .and_then(|field| (field.value)(&self.subject));
        // What is not known is not there: the expression has no value then, unless it does not need it.
        held.map(boxed).ok_or_else(|| ExecutionError::no_such_key(name.inner()))
    }
}

fn boxed(held: Held<'_>) -> Box<dyn Val + '_> {
    match held {
        Held::Text(text) => Box::new(CelString::from(text)),
        Held::Number(number) => Box::new(CelInt::from(number)),
        Held::Flag(flag) => Box::new(CelBool::from(flag)),
        Held::Texts(texts) => {
            let texts = texts.into_iter().map(|text| match text {
                Cow::Borrowed(text) => boxed(Held::Text(text)),
                Cow::Owned(text) => Box::new(CelString::from(text)),
            });
            Box::new(CelList::from(texts.collect::<Vec<_>>()))
        }
        Held::Installed(list) => Box::new(Names(list)),
    }
}

impl Val for Record<'_> {
    fn get_type(&self) -> &Type {
        &RECORD
    }

    fn cel_type() -> &'static Type {
        &RECORD
    }

    fn as_indexer<'b, 'v>(&'b self) -> Option<&'b (dyn Indexer + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v>
    where
        Self: 'v,
    {
        Box::new(*self)
    }
}

impl Indexer for Record<'_> {
    fn get<'b, 'v>(&'b self, key: &dyn Val) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.value(key).map(CowVal::Owned)
    }

    fn steal<'v>(self: Box<Self>, key: &dyn Val) -> Result<Box<dyn Val + 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.value(key)
    }
}

/// Names of installed packages: only asked whether one is among them.
#[derive(Clone, Copy, Debug)]
struct Names<'a>(&'a [Installation]);

impl Val for Names<'_> {
    fn get_type(&self) -> &Type {
        &NAMES
    }

    fn cel_type() -> &'static Type {
        &NAMES
    }

    fn as_container(&self) -> Option<&dyn Container> {
        Some(self)
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v>
    where
        Self: 'v,
    {
        Box::new(*self)
    }
}

impl Container for Names<'_> {
    fn contains(&self, name: &dyn Val) -> Result<bool, ExecutionError> {
        let name = name.downcast_ref::<CelString<'_>>();
        Ok(name.is_some_and(|name| is_installed(self.0, name.inner())))
    }
}
