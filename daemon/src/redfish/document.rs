//! A resource as JSON.

use serde_json::{Map, Value, json};

use super::schema;

/// A resource's properties in their order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Document(Map<String, Value>);

impl Document {
    /// A resource at a URI, with the properties that every resource has.
    pub(crate) fn new(schema: &str, uri: &str, id: &str, name: &str) -> Self {
        let mut map = Map::new();
        map.insert("@odata.id".into(), uri.into());
        map.insert("@odata.type".into(), schema::odata_type(schema).into());
        map.insert("Id".into(), id.into());
        map.insert("Name".into(), name.into());
        Self(map)
    }

    /// A collection of resources at these URIs.
    pub(crate) fn collection(
        schema: &str,
        uri: &str,
        name: &str,
        members: impl IntoIterator<Item = String>,
    ) -> Self {
        let members: Vec<_> = members.into_iter().map(|uri| link(&uri)).collect();
        let mut map = Map::new();
        map.insert("@odata.id".into(), uri.into());
        map.insert("@odata.type".into(), schema::odata_type(schema).into());
        map.insert("Name".into(), name.into());
        map.insert("Members@odata.count".into(), members.len().into());
        map.insert("Members".into(), members.into());
        Self(map)
    }

    /// Adds a property.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    /// Adds a property that may not be known: what is not known is absent.
    pub(crate) fn maybe(self, name: &str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Adds a property that links to another resource.
    pub(crate) fn linked(self, name: &str, uri: &str) -> Self {
        self.with(name, link(uri))
    }

    /// The properties.
    pub(crate) const fn properties(&self) -> &Map<String, Value> {
        &self.0
    }

    /// The same to be changed.
    pub(crate) const fn properties_mut(&mut self) -> &mut Map<String, Value> {
        &mut self.0
    }

    /// What `@odata.type` says.
    pub(crate) fn odata_type(&self) -> &str {
        self.0.get("@odata.type").and_then(Value::as_str).unwrap_or_default()
    }
}

impl From<Document> for Value {
    fn from(document: Document) -> Self {
        Self::Object(document.0)
    }
}

/// A reference to a resource.
pub(crate) fn link(uri: &str) -> Value {
    json!({"@odata.id": uri})
}

/// References to resources.
pub(crate) fn links(uris: impl IntoIterator<Item = String>) -> Value {
    uris.into_iter().map(|uri| link(&uri)).collect()
}

/// What `Status` says of something that works.
pub(crate) fn enabled() -> Value {
    json!({"State": "Enabled", "Health": "OK"})
}
