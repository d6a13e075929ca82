//! JSON values as YAML for people. Source of the format: YAML 1.2.

use serde_json::Value;

/// Renders a value; unset fields (empty, zero, false, unspecified) are left out.
pub(super) fn render(value: &Value) -> String {
    let mut text = String::new();
    match value {
        Value::Object(_) | Value::Array(_) if !is_unset(value) => block(value, 0, false, &mut text),
        _ => {
            scalar(value, &mut text);
            text.push('\n');
        }
    }
    text
}

fn block(value: &Value, indent: usize, mut inline: bool, text: &mut String) {
    let mut pad = |text: &mut String| {
        // The first line of a list's element stands beside its dash.
        if !std::mem::take(&mut inline) {
            text.extend(std::iter::repeat_n(' ', indent));
        }
    };
    match value {
        Value::Object(fields) => {
            for (name, value) in fields.iter().filter(|(_, value)| !is_unset(value)) {
                pad(text);
                text.push_str(name);
                text.push(':');
                nested(value, indent + 2, text);
            }
        }
        Value::Array(elements) => {
            for element in elements {
                pad(text);
                if is_unset(element) || !(element.is_object() || element.is_array()) {
                    text.push_str("- ");
                    scalar(element, text);
                    text.push('\n');
                } else {
                    text.push_str("- ");
                    block(element, indent + 2, true, text);
                }
            }
        }
        _ => {}
    }
}

fn nested(value: &Value, indent: usize, text: &mut String) {
    if value.is_object() || value.is_array() {
        text.push('\n');
        block(value, indent, false, text);
    } else {
        text.push(' ');
        scalar(value, text);
        text.push('\n');
    }
}

fn scalar(value: &Value, text: &mut String) {
    match value {
        Value::String(string) if is_plain(string) => text.push_str(string),
        Value::Object(_) => text.push_str("{}"),
        Value::Array(_) => text.push_str("[]"),
        // A JSON string is a YAML string in double quotes.
        other => text.push_str(&other.to_string()),
    }
}

/// Whether a string means itself in YAML without quotes.
fn is_plain(text: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || b"/_.+-@() ".contains(&byte);
    let reserved = ["null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf"];
    text.as_bytes().first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'/')
        && text.bytes().all(word)
        && !text.ends_with(' ')
        && !reserved.contains(&text.to_ascii_lowercase().as_str())
}

fn is_unset(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(set) => !set,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty() || text.ends_with("_UNSPECIFIED"),
        Value::Array(elements) => elements.is_empty(),
        Value::Object(fields) => fields.values().all(is_unset),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_objects() {
        let value = serde_json::json!({
            "empty": [], "zero": 0, "off": false, "name": "eth0", "odd": "a: b", "yes": "no",
            "date": "2024-01-01", "quoted": "\"x\"\u{1}",
            "list": [{"a": 1, "b": {"c": "d"}}, {"a": 2, "l": ["x", "y", ""]}],
            "state": "TRISTATE_UNSPECIFIED",
        });
        insta::assert_snapshot!(render(&value));
    }

    #[test]
    fn nothing_is_an_empty_object() {
        assert_eq!(render(&serde_json::json!({"a": 0})), "{}\n");
    }
}
