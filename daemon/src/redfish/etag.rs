//! Entity tags: a resource that is another has another tag.

use std::hash::{DefaultHasher, Hash, Hasher};

use axum::http::{HeaderMap, StatusCode, header};
use serde_json::{Map, Value};

use super::failure::Failure;
use super::message;

/// A resource's tag, as it stands in headers: quoted.
pub(crate) fn of(properties: &Map<String, Value>) -> String {
    // The same for the same properties in every process: no key is involved.
    let mut hasher = DefaultHasher::new();
    // A clock that goes on is no change.
    for (name, value) in properties.iter().filter(|(name, _)| *name != "DateTime") {
        (name, value.to_string()).hash(&mut hasher);
    }
    format!("\"{:016x}\"", hasher.finish())
}

/// Refuses a change of a resource that is not the one that the client knows.
///
/// # Errors
/// 412, where `If-Match` is there and none of its tags is the resource's.
pub(crate) fn check(headers: &HeaderMap, tag: &str) -> Result<(), Failure> {
    match listed(headers, header::IF_MATCH.as_str(), tag) {
        None | Some(true) => Ok(()),
        Some(false) => {
            Err(Failure::plain(StatusCode::PRECONDITION_FAILED, &message::PRECONDITION_FAILED))
        }
    }
}

/// Whether the client has the resource already, as `If-None-Match` says.
pub(crate) fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    listed(headers, header::IF_NONE_MATCH.as_str(), tag) == Some(true)
}

/// Whether a tag is among those of a header; none where there is no such header. Tags compare weakly, as RFC 9110
/// wants it for `If-None-Match` and Redfish for both.
fn listed(headers: &HeaderMap, name: &str, tag: &str) -> Option<bool> {
    let mut values = headers.get_all(name).iter().peekable();
    values.peek()?;
    let is_ours = |known: &str| {
        let known = known.trim();
        known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag
    };
    Some(
        values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|text| text.split(','))
            .any(is_ours),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(
            header::HeaderName::from_static(name),
            value.parse().expect("a header's value"),
        )])
    }

    #[test]
    fn another_resource_has_another_tag() {
        let of = |value: Value| super::of(value.as_object().expect("an object"));
        assert_eq!(of(json!({"a": 1})), of(json!({"a": 1})));
        assert_ne!(of(json!({"a": 1})), of(json!({"a": 2})));
        assert_ne!(of(json!({"a": 1})), of(json!({"b": 1})));
        assert_eq!(of(json!({"DateTime": 1})), of(json!({"DateTime": 2})));
    }

    #[test]
    fn a_change_is_refused_unless_a_tag_of_the_list_is_the_resources() {
        assert!(check(&HeaderMap::new(), "\"1\"").is_ok());
        for good in ["\"1\"", "W/\"1\"", "*", "\"0\", \"1\""] {
            assert!(check(&headers("if-match", good), "\"1\"").is_ok(), "{good}");
        }
        for bad in ["\"0\"", "\"1\"foobar", "1", ""] {
            let refused = check(&headers("if-match", bad), "\"1\"").expect_err(bad);
            assert_eq!(refused.status, StatusCode::PRECONDITION_FAILED);
        }
    }

    #[test]
    fn a_client_that_has_the_resource_is_known() {
        assert!(is_known(&headers("if-none-match", "W/\"1\""), "\"1\""));
        assert!(!is_known(&headers("if-none-match", "\"2\""), "\"1\""));
        assert!(!is_known(&HeaderMap::new(), "\"1\""));
    }
}
