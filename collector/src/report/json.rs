//! The report as JSON: the canonical content and its hash.

/// The JSON of a report whose canonical content this is. The content stands in it byte for byte, so that
/// the hash can be computed from the file.
pub fn render(content: &str, sha256: [u8; 32]) -> Vec<u8> {
    format!("{{\"content\":{content},\"sha256\":\"{}\"}}\n", hex::encode(sha256)).into_bytes()
}
