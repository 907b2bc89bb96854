//! A page that shows the OpenAPI document: plain HTML, without styles, scripts or anything from elsewhere.

use std::fmt::Write as _;

use axum::http::Method;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::Value;

use super::described::Described;
use super::openapi::{self, document};
use crate::access::Need;

/// Where it is.
pub(super) const PATH: &str = "/api/v1/reference";

/// Its routes.
pub(super) fn routes() -> Vec<Described> {
    let summary = "This API as a page for people";
    vec![Described::new(Method::GET, PATH, summary, || get(reference)).need(Need::Open)]
}

async fn reference() -> Response {
    let document = document();
    ([(CONTENT_TYPE, "text/html; charset=utf-8")], page(&document)).into_response()
}

fn page(document: &Value) -> String {
    let mut page = String::from(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>clusterhatd: API</title></head>\
         <body><main><h1>API of clusterhatd</h1>",
    );
    let _ = write!(page, "<p>{}</p>", text(&document["info"]["description"]));
    let _ = write!(
        page,
        "<p>For programs: <a href=\"{0}\">{0}</a></p><h2>Requests</h2>",
        openapi::PATH
    );
    for (path, methods) in entries(&document["paths"]) {
        for (method, operation) in entries(methods) {
            request(&mut page, path, method, operation);
        }
    }
    page.push_str("<h2>Documents</h2>");
    for (name, schema) in entries(&document["components"]["schemas"]) {
        shape(&mut page, name, schema);
    }
    page.push_str("</main></body></html>");
    page
}

fn request(page: &mut String, path: &str, method: &str, operation: &Value) {
    let method = method.to_ascii_uppercase();
    let _ = write!(page, "<h3><code>{method} {}</code></h3>", escaped(path));
    let _ = write!(page, "<p>{}.</p><dl>", text(&operation["summary"]));
    let role = operation["x-role"].as_str().unwrap_or("anybody");
    let _ = write!(page, "<dt>For</dt><dd>{}</dd>", escaped(role));
    let of = |value: &Value| kind(&value["content"]["application/json"]["schema"]);
    if operation["requestBody"].is_object() {
        let _ = write!(page, "<dt>Takes</dt><dd>{}</dd>", of(&operation["requestBody"]));
    }
    if operation["responses"]["2XX"]["content"].is_object() {
        let _ = write!(page, "<dt>Gives</dt><dd>{}</dd>", of(&operation["responses"]["2XX"]));
    }
    page.push_str("</dl>");
}

fn shape(page: &mut String, name: &str, schema: &Value) {
    let _ = write!(
        page,
        "<h3 id=\"{0}\">{0}</h3><p>{1}</p><dl>",
        escaped(name),
        text(&schema["description"])
    );
    for (key, value) in entries(&schema["properties"]) {
        let _ = write!(page, "<dt><code>{}</code>: {}</dt>", escaped(key), kind(value));
        let _ = write!(page, "<dd>{}</dd>", text(&value["description"]));
    }
    for choice in ["oneOf", "anyOf", "allOf", "enum"] {
        for value in schema[choice].as_array().into_iter().flatten() {
            let _ =
                write!(page, "<dt>{}</dt><dd>{}</dd>", kind(value), text(&value["description"]));
        }
    }
    page.push_str("</dl>");
}

/// A schema in a few words, with links.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return format!("<a href=\"#{0}\">{0}</a>", escaped(name));
    }
    if schema["items"].is_object() {
        return format!("list of {}", kind(&schema["items"]));
    }
    let choices = ["anyOf", "oneOf"].iter().filter_map(|key| schema[*key].as_array()).flatten();
    let choices: Vec<_> = choices.map(kind).collect();
    match (&schema["const"], &schema["type"]) {
        _ if !choices.is_empty() => choices.join(" or "),
        (Value::String(word), _) => format!("<code>{}</code>", escaped(word)),
        (_, Value::String(word)) => escaped(word),
        (_, Value::Array(words)) => words.iter().map(text).collect::<Vec<_>>().join(" or "),
        _ => schema.as_str().map_or_else(|| "object".to_owned(), escaped),
    }
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn text(value: &Value) -> String {
    escaped(value.as_str().unwrap_or_default())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_is_shown_and_every_link_leads_somewhere() {
        let page = page(&document());
        for described in super::super::described() {
            assert!(
                page.contains(&format!("{} {}<", described.route.method, described.route.path))
            );
        }
        let links = page.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next());
        for link in links {
            assert!(page.contains(&format!("id=\"{link}\"")), "{link}");
        }
        assert!(!page.contains("<script") && !page.contains("style"));
    }

    #[test]
    fn words_are_words() {
        assert_eq!(escaped("<b a=\"&\">"), "&lt;b a=&quot;&amp;&quot;&gt;");
    }
}
