//! Reading claims that no library knows: groups, and that they were left out.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

/// Claims by name.
pub(super) type Claims = Map<String, Value>;

/// The claims of a token that was verified.
pub(super) fn of_token(token: &str) -> Option<Claims> {
    let payload = token.split('.').nth(1)?;
    let bytes = URL_SAFE_NO_PAD.decode(payload).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// Whether the provider left the groups out because there are too many: Entra ID then names where they
/// could be fetched, or says only that there are some.
pub(super) fn is_overage(claims: &Claims, groups_claim: &str) -> bool {
    let elsewhere = claims
        .get("_claim_names")
        .and_then(Value::as_object)
        .is_some_and(|names| names.contains_key(groups_claim));
    let some = claims.get("hasgroups").is_some_and(|value| match value {
        Value::Bool(some) => *some,
        Value::String(some) => some == "true",
        _ => false,
    });
    !claims.contains_key(groups_claim) && (elsewhere || some)
}

/// A claim that is a text for people.
pub(super) fn text(claims: &Claims, name: &str) -> Option<String> {
    let text = claims.get(name)?.as_str()?;
    let clean: String = text.chars().filter(|c| !c.is_control()).take(64).collect();
    let clean = clean.trim().to_owned();
    (!clean.is_empty()).then_some(clean)
}

/// A claim that is a list of texts, or one text.
pub(super) fn texts(claims: &Claims, name: &str) -> Vec<String> {
    match claims.get(name) {
        Some(Value::Array(values)) => {
            values.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        }
        Some(Value::String(text)) => vec![text.clone()],
        _ => vec![],
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims(value: &Value) -> Claims {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn groups_that_were_left_out_are_seen() {
        let over = [
            json!({ "_claim_names": { "groups": "src1" }, "_claim_sources": {} }),
            json!({ "hasgroups": true }),
            json!({ "hasgroups": "true" }),
        ];
        for said in over {
            assert!(is_overage(&claims(&said), "groups"), "{said}");
            assert!(texts(&claims(&said), "groups").is_empty());
        }
        for said in [json!({}), json!({ "groups": [] }), json!({ "_claim_names": { "x": "y" } })] {
            assert!(!is_overage(&claims(&said), "groups"), "{said}");
        }
    }

    #[test]
    fn groups_come_as_list_or_as_text() {
        let said = claims(&json!({ "a": ["x", 1, "y"], "b": "z", "c": 7, "n": " E\u{7}ls " }));
        assert_eq!(texts(&said, "a"), ["x", "y"]);
        assert_eq!(texts(&said, "b"), ["z"]);
        assert!(texts(&said, "c").is_empty() && texts(&said, "d").is_empty());
        assert_eq!(text(&said, "n").as_deref(), Some("Els"));
        assert_eq!(text(&said, "c"), None);
    }

    #[test]
    fn claims_are_read_from_the_token_itself() {
        let payload = URL_SAFE_NO_PAD.encode(r#"{"sub":"1","groups":["g"]}"#);
        let found = of_token(&format!("h.{payload}.s")).unwrap();
        assert_eq!(texts(&found, "groups"), ["g"]);
        assert!(of_token("h").is_none() && of_token("h.%.s").is_none());
    }
}
