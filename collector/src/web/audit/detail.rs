//! What a record of the audit log says, laid out for people: what changed from what to what, and the rest.

use std::collections::BTreeSet;

use serde_json::Value;

/// Fields that hold what was and what came, in the records of the application.
const PAIRS: [(&str, &str); 2] = [("before", "after"), ("from", "to")];

/// What changed in a field.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Changed {
    /// Name of the field; empty when the whole value changed.
    pub(super) name: String,
    pub(super) old: String,
    pub(super) new: String,
}

/// What a record says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Detail {
    pub(super) changed: Vec<Changed>,
    /// Everything else: name and value.
    pub(super) facts: Vec<(String, String)>,
}

impl Detail {
    /// Lays out what a record says.
    pub(super) fn of(value: &Value) -> Self {
        let mut detail = Self::default();
        let Value::Object(fields) = value else {
            let text = text(value);
            if !text.is_empty() {
                detail.facts.push((String::new(), text));
            }
            return detail;
        };
        for (old, new) in PAIRS {
            if fields.contains_key(old) || fields.contains_key(new) {
                let of = |key| fields.get(key).unwrap_or(&Value::Null);
                differences(of(old), of(new), &mut detail.changed);
            }
        }
        for (name, value) in fields {
            let is_pair = PAIRS.iter().any(|(old, new)| name == old || name == new);
            if !is_pair {
                detail.facts.push((name.clone(), text(value)));
            }
        }
        detail
    }
}

/// The fields that differ.
fn differences(old: &Value, new: &Value, out: &mut Vec<Changed>) {
    let (Value::Object(before), Value::Object(after)) = (old, new) else {
        let changed = Changed { name: String::new(), old: text(old), new: text(new) };
        if changed.old != changed.new {
            out.push(changed);
        }
        return;
    };
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for name in names {
        let of = |fields: &serde_json::Map<String, Value>| fields.get(name).map(text);
        let (old, new) = (of(before).unwrap_or_default(), of(after).unwrap_or_default());
        if old != new {
            out.push(Changed { name: name.clone(), old, new });
        }
    }
}

/// A value in words: lists by commas, nothing for nothing.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(all) => all.iter().map(text).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| format!("{name}: {}", text(value));
            fields.iter().map(field).collect::<Vec<_>>().join("; ")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn changed(name: &str, old: &str, new: &str) -> Changed {
        Changed { name: name.to_owned(), old: old.to_owned(), new: new.to_owned() }
    }

    #[test]
    fn only_what_differs_is_a_change() {
        let value = json!({
            "code": "BZ",
            "before": { "name": "Burgerzaken", "kind": "service" },
            "after": { "name": "Publiekszaken", "kind": "service", "parent": null },
        });
        let detail = Detail::of(&value);
        assert_eq!(detail.changed, [changed("name", "Burgerzaken", "Publiekszaken")]);
        assert_eq!(detail.facts, [("code".to_owned(), "BZ".to_owned())]);
    }

    #[test]
    fn values_without_fields_change_as_a_whole() {
        let detail = Detail::of(&json!({ "before": ["reader"], "after": ["admin", "reader"] }));
        assert_eq!(detail.changed, [changed("", "reader", "admin, reader")]);
        let detail = Detail::of(&json!({ "from": "open", "to": "confirmed", "code": "x" }));
        assert_eq!(detail.changed, [changed("", "open", "confirmed")]);
        assert_eq!(Detail::of(&json!({})), Detail::default());
    }
}
