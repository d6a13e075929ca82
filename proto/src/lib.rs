//! The contract between the agent and the collector.
//!
//! What this crate is: the generated messages and services, the identity in a certificate, the
//! hashing of sections, and the limits both sides keep. What it is not: transport, storage or
//! meaning; a message says what was seen, never what it is worth.
//!
//! The rooms: [`enrolment`], [`report`] and [`inventory`] are generated from `proto/proto` by
//! `cargo xtask codegen`; [`section`] hashes, encodes and decodes sections; [`identity`] is the name
//! in a certificate; [`limits`] bounds everything that crosses the wire; [`fields`] takes out what is not
//! collected; `reflect` knows messages by their descriptors, for JSON and checks.

pub mod fields;
pub mod identity;
pub mod limits;
#[cfg(feature = "reflect")]
pub mod reflect;
pub mod section;
mod wire;

/// Enrolment.
pub mod enrolment {
    /// Generated from `belfort/enrolment/v1`.
    #[cfg_attr(feature = "server", expect(clippy::allow_attributes, reason = "generated code"))]
    #[expect(clippy::pedantic, reason = "generated code")]
    pub mod v1 {
        include!("gen/belfort.enrolment.v1.rs");
    }
}

/// Check-in and report.
pub mod report {
    /// Generated from `belfort/report/v1`.
    #[cfg_attr(feature = "server", expect(clippy::allow_attributes, reason = "generated code"))]
    #[expect(clippy::pedantic, reason = "generated code")]
    pub mod v1 {
        include!("gen/belfort.report.v1.rs");
    }
}

/// The sections of a report.
pub mod inventory {
    /// Generated from `belfort/inventory/v1`.
    #[expect(clippy::pedantic, reason = "generated code")]
    pub mod v1 {
        include!("gen/belfort.inventory.v1.rs");
    }
}

/// All descriptors of the schema, as an encoded `FileDescriptorSet`.
pub const DESCRIPTORS: &[u8] = include_bytes!("gen/descriptors.bin");
