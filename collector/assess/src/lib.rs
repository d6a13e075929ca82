//! What facts mean: findings and risks, as pure functions over the model.
//!
//! What this crate is: the catalogue of findings and scenarios (data), the matchers they name, and
//! the aggregation of findings into risks. What it is not: it does no I/O and has no clock.
//!
//! The rooms: [`catalogue`] reads `data/*.toml`; [`matchers`] holds one file per subject;
//! [`condition`] is the language of conditions that findings and assignment rules share; [`evaluate`] runs
//! them over one asset; [`rules`] says what rules assign; [`risk`] aggregates over one unit; [`version`]
//! orders versions; [`end_of_life`] knows when support ends.

pub mod catalogue;
pub mod condition;
pub mod end_of_life;
pub mod evaluate;
pub mod matchers;
pub mod risk;
pub mod rules;
pub mod version;

#[cfg(test)]
mod testing;
