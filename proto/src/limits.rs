//! Bounds on everything that crosses the wire. Both sides keep them: the agent so that it never
//! sends what would be refused, the collector because a client can send anything.

/// Largest section before compression, bytes.
pub const SECTION_BYTES: usize = 8 << 20;
/// Largest report before compression, bytes: the sum of its sections.
pub const REPORT_BYTES: usize = 32 << 20;
/// Largest encoded message on the wire, bytes: a report whose sections do not compress.
pub const MESSAGE_BYTES: usize = REPORT_BYTES + (1 << 20);
/// Most sections in a report or manifest.
pub const SECTIONS: usize = 64;
/// Highest accepted ratio between a section's size and its compressed size.
///
/// zstd reaches some thousands only on made-up input; inventory compresses 3 to 40 times.
pub const COMPRESSION_RATIO: usize = 400;
/// Largest certificate signing request, bytes.
pub const CSR_BYTES: usize = 8 << 10;
/// Largest enrolment message, bytes.
pub const ENROLMENT_MESSAGE_BYTES: usize = 64 << 10;
/// Longest string in any field, bytes. Longer values are cut by the agent and refused by the
/// collector.
pub const STRING_BYTES: usize = 4 << 10;
/// Most elements in one repeated field.
pub const ELEMENTS: usize = 100_000;
