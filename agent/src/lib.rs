//! The agent: reads a device's inventory and reports it to the collector.
//!
//! What this crate is: probes, one for each section; the report made of them; the identity of the
//! device and the calls it makes with it. What it is not: meaning; it never judges what it finds, and
//! it has no code that could act on the device.
//!
//! The rooms, in the order of the way: [`probe`] reads sections, [`policy`] says what may be read,
//! [`report`] encodes and hashes them, [`exchange`] delivers them over [`transport`], [`run`] does so
//! for as long as the service runs, and [`watch`] tells it when. [`enrolment`] makes the identity,
//! [`state`] keeps it, [`config`] is the device's own say. [`cost`] keeps account of what all this
//! takes, [`doctor`] says what is wrong with it. [`cli`] is the only room that prints.

pub mod cli;
pub mod config;
pub mod cost;
pub mod doctor;
pub mod enrolment;
pub mod exchange;
pub mod policy;
pub mod probe;
pub mod report;
pub mod run;
pub mod state;
pub mod transport;
pub mod watch;
