//! Query parameters of a GET: `$expand`, `$select`, `$top`, `$skip` and `only`, as DSP0266 has them.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use expand::Expand;

use super::document::Document;
use super::failure::Failure;
use super::message::{self, Message};

mod expand;

pub(crate) use expand::{LEVELS, limit};

/// What a client asks of a resource beside the resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Query {
    expand: Option<Expand>,
    select: Option<Vec<Vec<String>>>,
    top: Option<usize>,
    skip: Option<usize>,
    only: bool,
}

impl Query {
    /// Reads the query of a URI.
    ///
    /// # Errors
    /// 501 for a parameter with `$` that is not supported, as DSP0266 wants it; 400 for a value that is wrong.
    pub(crate) fn parse(query: &str) -> Result<Self, Failure> {
        let mut this = Self::default();
        let mut dollars = 0;
        for part in query.split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let (name, value) = (decode(name), decode(value));
            dollars += usize::from(name.starts_with('$'));
            match name.as_str() {
                "$expand" => this.expand = Some(Expand::parse(&value)?),
                "$select" => this.select = Some(selection(&value)?),
                "$top" => this.top = Some(number("$top", &value)?),
                "$skip" => this.skip = Some(number("$skip", &value)?),
                "only" if value.is_empty() && !part.contains('=') => this.only = true,
                "only" => {
                    return Err(Failure::wrong(&message::QUERY_VALUE_TYPE, &[&value, "only"]));
                }
                name if name.starts_with('$') => {
                    let message = Message::new(&message::QUERY_UNSUPPORTED, &[name]);
                    return Err(Failure::new(StatusCode::NOT_IMPLEMENTED, message));
                }
                // Other parameters are ignored, as DSP0266 wants it.
                _ => {}
            }
        }
        if this.only && dollars > 0 {
            return Err(Failure::wrong(&message::QUERY_COMBINATION, &[]));
        }
        Ok(this)
    }

    /// Whether the resource is answered as it is.
    pub(crate) fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    /// Whether other resources are put into it, or in its place.
    pub(crate) const fn follows(&self) -> bool {
        self.expand.is_some() || self.only
    }

    /// The resource as it was asked for. `find` gives the resource at a URI; what `$expand` adds may have `limit` bytes.
    ///
    /// # Errors
    /// 400 where a collection's parameter is asked of a resource that is none; 507 where `$expand` becomes too much.
    pub(crate) fn apply(
        &self,
        document: Document,
        find: &dyn Fn(&str) -> Option<Document>,
        limit: usize,
    ) -> Result<Document, Failure> {
        let is_collection = document.properties().contains_key("Members");
        if !is_collection && (self.top.is_some() || self.skip.is_some() || self.only) {
            return Err(Failure::wrong(&message::QUERY_NOT_ON_RESOURCE, &[]));
        }
        let mut document = if self.only { only_member(document, find) } else { document };
        self.page(document.properties_mut());
        if let Some(expand) = self.expand {
            expand.apply(document.properties_mut(), find, limit)?;
        }
        if let Some(select) = &self.select {
            self.select(document.properties_mut(), select, is_collection);
        }
        Ok(document)
    }

    /// The part of a collection's members that is asked for, and where the next part is.
    fn page(&self, properties: &mut Map<String, Value>) {
        let uri =
            properties.get("@odata.id").and_then(Value::as_str).unwrap_or_default().to_owned();
        let Some(Value::Array(members)) = properties.get_mut("Members") else { return };
        let skip = self.skip.unwrap_or(0).min(members.len());
        let left = members.len() - skip;
        let top = self.top.unwrap_or(left).min(left);
        let has_more = top > 0 && top < left;
        *members = members.drain(skip..skip + top).collect();
        if has_more {
            let next = format!("{uri}?$skip={}&$top={top}", skip + top);
            properties.insert("Members@odata.nextLink".into(), next.into());
        }
    }

    /// Of an expanded collection, the members' properties are selected.
    fn select(
        &self,
        properties: &mut Map<String, Value>,
        paths: &[Vec<String>],
        is_collection: bool,
    ) {
        let members = properties.get_mut("Members").and_then(Value::as_array_mut);
        match members {
            Some(members) if is_collection && self.expand.is_some() => {
                for member in members.iter_mut().filter_map(Value::as_object_mut) {
                    keep(member, paths);
                }
            }
            _ => keep(properties, paths),
        }
    }
}

/// The one member of a collection that has one; the collection otherwise.
fn only_member(document: Document, find: &dyn Fn(&str) -> Option<Document>) -> Document {
    let members = document.properties().get("Members").and_then(Value::as_array);
    let uri = match members.map(Vec::as_slice) {
        Some([member]) => member.get("@odata.id").and_then(Value::as_str),
        _ => None,
    };
    uri.and_then(find).unwrap_or(document)
}

/// Keeps selected properties, and those that say what the resource is.
fn keep(properties: &mut Map<String, Value>, paths: &[Vec<String>]) {
    let all = std::mem::take(properties);
    for (name, value) in all {
        let rests: Vec<_> = paths.iter().filter(|path| path.first() == Some(&name)).collect();
        let is_whole = rests.iter().any(|path| path.len() == 1);
        if is_whole || matches!(name.as_str(), "@odata.id" | "@odata.type") {
            properties.insert(name, value);
        } else if !rests.is_empty() {
            let rests: Vec<_> = rests.iter().map(|path| path[1..].to_vec()).collect();
            properties.insert(name, kept(value, &rests));
        }
    }
}

fn kept(value: Value, paths: &[Vec<String>]) -> Value {
    match value {
        Value::Object(mut properties) => {
            keep(&mut properties, paths);
            Value::Object(properties)
        }
        Value::Array(items) => items.into_iter().map(|item| kept(item, paths)).collect(),
        _ => json!(null),
    }
}

fn selection(value: &str) -> Result<Vec<Vec<String>>, Failure> {
    let paths: Vec<Vec<String>> =
        value.split(',').map(|path| path.trim().split('/').map(str::to_owned).collect()).collect();
    match paths.iter().flatten().any(String::is_empty) {
        true => Err(Failure::wrong(&message::QUERY_VALUE_FORMAT, &[value, "$select"])),
        false => Ok(paths),
    }
}

fn number(name: &str, value: &str) -> Result<usize, Failure> {
    value.parse().map_err(|_| Failure::wrong(&message::QUERY_VALUE_TYPE, &[value, name]))
}

/// Takes percent escapes back; one that is none stays as it is.
pub(super) fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let digit = |at: usize| after.get(at).and_then(|&byte| char::from(byte).to_digit(16));
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.extend(u8::try_from(high * 16 + low));
                rest = &after[2..];
            }
            (b'+', ..) => {
                bytes.push(b' ');
                rest = after;
            }
            _ => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests;
