//! Canonical JSON and its hash: keys sorted, no white space, only texts and whole numbers, as RFC 8785
//! has it. Whoever holds the file can compute the hash again.

use std::fmt::Write as _;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Report;

/// The content of a report that cannot be written or read.
#[derive(Debug, thiserror::Error)]
#[error("the content of a report cannot be {doing}")]
pub struct NotCanonical {
    doing: &'static str,
    source: serde_json::Error,
}

/// The canonical JSON of a report.
pub fn text(report: &Report) -> Result<String, NotCanonical> {
    let value =
        serde_json::to_value(report).map_err(|source| NotCanonical { doing: "written", source })?;
    let mut text = String::new();
    write(&value, &mut text);
    Ok(text)
}

/// The report of a canonical JSON.
pub fn read(text: &str) -> Result<Report, NotCanonical> {
    serde_json::from_str(text).map_err(|source| NotCanonical { doing: "read", source })
}

/// SHA-256 of a canonical JSON.
pub fn sha256(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            // Whatever order the map has: another crate may switch it to that of insertion.
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| *key);
            out.push('{');
            for (index, (key, value)) in entries.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(&Value::String(key.clone()), out);
                out.push(':');
                write(value, out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        // Texts are escaped as RFC 8785 asks, numbers are whole: serde_json writes both so.
        plain => {
            let _ = write!(out, "{plain}");
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_are_sorted_and_nothing_is_between() {
        let mut text = String::new();
        write(&json!({ "b": [1, { "z": null, "a": "é\n\"" }], "a": true }), &mut text);
        assert_eq!(text, r#"{"a":true,"b":[1,{"a":"é\n\"","z":null}]}"#);
        assert_eq!(
            hex::encode(sha256("")),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }
}
