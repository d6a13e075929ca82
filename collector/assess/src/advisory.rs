//! Which vulnerabilities a device has, and how likely their exploitation is.
//!
//! The rooms: [`Index`] holds all advisory data for looking up; `range` decides whether a version is
//! affected; `ecosystem` says which advisories concern an operating system; `matching` joins packages
//! and advisories; `likelihood` and `cvss` rate what was found; `product` knows the end of support.

mod about;
mod cvss;
mod ecosystem;
mod index;
mod likelihood;
mod matching;
mod product;
mod range;

pub use about::About;
pub use cvss::Vector;
pub use index::{Builder, Facts, Index, SourceRef, Suppressed};
pub use likelihood::likelihood;
pub use matching::{Installed, Match, Matches};
pub use product::{Products, Release, Support};

/// What is known of one asset's vulnerabilities.
#[derive(Clone, Copy, Debug)]
pub struct Advised<'a> {
    /// All advisory data.
    pub index: &'a Index,
    /// Installed packages; nothing when they are not known.
    pub packages: Option<&'a [Installed]>,
    /// What was found in them; nothing when there are no packages, or no advisories for the operating
    /// system.
    pub matches: Option<&'a Matches>,
}
