//! Belfort's collector: from reports to assets, findings and risks.
//!
//! What this crate is: the wiring. Agents come in through [`grpc`] and [`ingest`], people through
//! [`rest`], [`web`] and [`cli`]; all of them call [`app`], which knows who may do what and leaves the
//! rules to `belfort-model`, the meaning to `belfort-assess` and the keeping to `belfort-store`.
//!
//! The rooms: [`ca`] signs; [`jobs`] keeps findings and risks current; [`serve`] puts everything
//! together; [`login`] knows passwords, codes and identity providers; [`oui`] knows makers of network hardware; [`branding`] reads how the organisation dresses its pages; [`config`] and [`data_directory`] are what it starts from; [`view`] is what the outside
//! sees.

pub mod agent_settings;
pub mod app;
pub mod branding;
pub mod ca;
pub mod calendar;
pub mod cli;
pub mod clock;
pub mod config;
pub mod data_directory;
pub mod failure;
pub mod grpc;
pub mod i18n;
pub mod ingest;
pub mod jobs;
pub mod login;
pub mod oui;
pub mod report;
pub mod rest;
pub mod secret;
pub mod serve;
pub mod view;
pub mod web;
