use axum::http::header;
use serde_json::json;

use super::*;

fn parse(bytes: &[u8]) -> Result<Body, Failure> {
    Body::parse(&HeaderMap::new(), bytes)
}

fn ids(failure: &Failure) -> Vec<String> {
    failure.messages.iter().map(Message::id).collect()
}

fn none() -> Map<String, Value> {
    Map::new()
}

#[test]
fn what_is_no_object_is_refused() {
    for (bytes, id) in [
        (&b""[..], "Base.1.22.MalformedJSON"),
        (b"{", "Base.1.22.MalformedJSON"),
        (b"\xff\xfe", "Base.1.22.MalformedJSON"),
        (b"[]", "Base.1.22.UnrecognizedRequestBody"),
        (b"7", "Base.1.22.UnrecognizedRequestBody"),
        (b"null", "Base.1.22.UnrecognizedRequestBody"),
    ] {
        let failure = parse(bytes).expect_err("no object");
        assert_eq!(failure.status, StatusCode::BAD_REQUEST);
        assert_eq!(ids(&failure), [id]);
    }
}

#[test]
fn json_that_is_nested_too_deep_is_refused() {
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(ids(&parse(deep.as_bytes()).expect_err("too deep")), ["Base.1.22.MalformedJSON"]);
}

#[test]
fn another_content_type_is_refused() {
    let headers = |kind: &'static str| {
        HeaderMap::from_iter([(header::CONTENT_TYPE, header::HeaderValue::from_static(kind))])
    };
    let refused = Body::parse(&headers("text/plain"), b"{}").expect_err("no JSON");
    assert_eq!(refused.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert!(Body::parse(&headers("application/json;charset=utf-8"), b"{}").is_ok());
}

#[test]
fn every_property_that_is_wrong_is_named() {
    let mut body =
        parse(br#"{"Enabled": "yes", "Id": "1", "Bogus": {}, "UserName": 7}"#).expect("JSON");
    assert_eq!(body.take::<bool>("Enabled"), None);
    assert_eq!(body.require::<String>("UserName"), None);
    assert_eq!(body.require::<String>("Password"), None);
    let known = json!({"Id": "1"});
    let failure = body.finish(known.as_object().expect("an object")).expect_err("all is wrong");
    assert_eq!(
        ids(&failure),
        [
            "Base.1.22.PropertyValueTypeError",
            "Base.1.22.PropertyValueTypeError",
            "Base.1.22.PropertyMissing",
            "Base.1.22.PropertyNotWritable",
            "Base.1.22.PropertyUnknown",
        ]
    );
    let text = failure.to_json().to_string();
    for name in ["Enabled", "UserName", "Password", "#/Id", "Bogus"] {
        assert!(text.contains(name), "{name}");
    }
}

#[test]
fn a_value_of_a_wrong_type_is_told_unless_it_is_a_secret() {
    let mut body = parse(br#"{"UserName": ["x"], "Password": 12345678}"#).expect("JSON");
    assert_eq!(body.take::<String>("UserName"), None);
    assert_eq!(body.take::<String>("Password"), None);
    let text = body.finish(&none()).expect_err("wrong").to_json().to_string();
    assert!(text.contains(r#"'[\"x\"]'"#), "{text}");
    assert!(!text.contains("12345678"), "{text}");
}

#[test]
fn parameters_of_an_action_are_named_with_it() {
    let bytes = br#"{"ResetType": "Explode", "Now": true}"#;
    let mut body = Body::of_action(&HeaderMap::new(), bytes, "ComputerSystem.Reset").expect("JSON");
    assert_eq!(body.one_of("ResetType", &[("On", 1)]), None);
    let failure = body.finish(&none()).expect_err("wrong");
    assert_eq!(
        ids(&failure),
        ["Base.1.22.ActionParameterValueNotInList", "Base.1.22.ActionParameterUnknown"]
    );
}

#[test]
fn annotations_alone_change_nothing() {
    let body = parse(br#"{"@odata.id": "/redfish/v1/"}"#).expect("JSON");
    assert_eq!(ids(&body.finish(&none()).expect_err("nothing")), ["Base.1.22.NoOperation"]);
    let mut body = parse(br#"{"@odata.id": "/redfish/v1/", "Enabled": true}"#).expect("JSON");
    assert_eq!(body.take::<bool>("Enabled"), Some(true));
    assert!(body.finish(&none()).is_ok());
}
