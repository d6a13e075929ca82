//! What facts mean: findings and risks, as pure functions over the model.
//!
//! What this crate is: the catalogue of findings and scenarios (data), the matchers they name, and
//! the aggregation of findings into risks; and which advisories concern which packages. What it is not:
//! it does no I/O and has no clock.
//!
//! The rooms: [`catalogue`] reads `data/*.toml`; [`matchers`] holds one file per subject;
//! [`condition`] is the language of conditions that findings and assignment [`rules`] share; [`evaluate`]
//! runs checks over one asset; [`risk`] aggregates over one unit; [`version`] orders versions;
//! [`advisory`] joins packages and advisories; [`end_of_life`] and [`products`] know when support ends;
//! [`kpi`] works out the key figures.

pub mod advisory;
pub mod catalogue;
pub mod condition;
pub mod end_of_life;
pub mod evaluate;
pub mod kpi;
pub mod matchers;
pub mod products;
pub mod risk;
pub mod rules;
pub mod version;

#[cfg(test)]
mod testing;
