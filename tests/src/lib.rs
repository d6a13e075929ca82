//! Belfort end to end: what tests need to run the real programs and to speak to them.
//!
//! What this crate is: a harness. [`programs`] builds and finds the two programs, [`collector`] and
//! [`agent`] run them, [`cluster`] is a PostgreSQL server of our own, [`wire`] opens connections with
//! any certificate or none, [`city`] is what a security officer imports and [`scenario`] what then happens
//! there, [`device`] is a made-up machine that can enrol and report, also wrongly; [`browser`] is what people
//! come with, [`client`] what programs come with, [`provider`] an identity provider to log in at, and
//! [`tamper`] what must show.
//! What it is not: part of the product. The tests stand in `tests/`, one file for each promise.
//!
//! Every test has its own directory, ports, database and authority; whatever it starts ends with it.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a harness of tests: what goes wrong in it must end the test"
)]

pub mod agent;
pub mod browser;
pub mod chromium;
pub mod city;
pub mod client;
pub mod cluster;
pub mod collector;
pub mod device;
pub mod fleet;
pub mod package;
pub mod programs;
pub mod provider;
pub mod scenario;
pub mod tamper;
pub mod wait;
pub mod wire;
