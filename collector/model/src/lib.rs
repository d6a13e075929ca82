//! Belfort's domain: what an asset, an owner, a class, a finding and a risk are, and the rules that
//! hold between them.
//!
//! What this crate is: types and pure functions. What it is not: it knows no protobuf, no SQL, no
//! HTTP and no clock; every function that needs the present moment is given it. The `serde` forms
//! of these types are what the store keeps as documents, and only ever grow.
//!
//! The rooms: [`asset`] with its [`lifecycle`], [`unit`], [`ownership`], [`classification`] (in the words of
//! a [`scheme`]) and [`data_set`]; [`rule`] is how the last four are assigned without a person;
//! [`facts`] is what an agent's report says about a device and [`evidence`] decides which machine it
//! was; [`software`] is what is installed, [`advisory`] what publishers say about its vulnerabilities;
//! [`finding`] and [`risk`] are what follows from it, on the scales of [`scale`], with the
//! [`exception`]s, [`meeting`]s and [`incident`]s people bring in; [`access`] says who may do what and
//! [`lockout`] how long a guesser waits; [`id`] and [`time`] are used by all.

pub mod access;
pub mod advisory;
pub mod agent;
pub mod asset;
pub mod classification;
pub mod data_set;
pub mod evidence;
pub mod exception;
pub mod facts;
pub mod finding;
pub mod id;
pub mod incident;
pub mod lifecycle;
pub mod lockout;
pub mod meeting;
pub mod ownership;
pub mod risk;
pub mod rule;
pub mod scale;
pub mod scheme;
pub mod software;
mod text;
pub mod time;
pub mod unit;

/// Declares a field-less enumeration with one stable text form per value, used in the database, the
/// API, on the command line and in CSV.
macro_rules! text_enum {
    (
        $(#[$doc:meta])*
        $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $text)] $variant,)+
        }

        impl $name {
            /// Every value, in order.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The stable text form.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::UnknownValue;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err(crate::UnknownValue {
                        value: text.to_owned(),
                        expected: &[$($text),+],
                    }),
                }
            }
        }
    };
}
pub(crate) use text_enum;

/// A text that is none of an enumeration's values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{value}` is not one of {}", expected.join(", "))]
pub struct UnknownValue {
    /// What was given.
    pub value: String,
    /// What is possible.
    pub expected: &'static [&'static str],
}
