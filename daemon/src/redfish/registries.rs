//! `Registries` and `JsonSchemas`: where DMTF publishes what messages mean and what resources look like. Nothing of DMTF's
//! is served from here.

use serde_json::json;

use super::document::Document;
use super::{schema, uri};

/// The registries whose messages are used, each with its version.
const REGISTRIES: [(&str, &str); 3] =
    [("Base", "1.22.1"), ("ResourceEvent", "1.4.3"), ("TaskEvent", "1.0.5")];

/// All registries.
pub(crate) fn collection() -> Document {
    let members = REGISTRIES.iter().map(|(name, _)| uri::member(uri::REGISTRIES, name));
    let name = "Message registries";
    Document::collection("MessageRegistryFileCollection", uri::REGISTRIES, name, members)
}

/// A registry.
pub(crate) fn document(id: &str) -> Option<Document> {
    let (name, version) = REGISTRIES.into_iter().find(|(name, _)| *name == id)?;
    let published = format!("https://redfish.dmtf.org/registries/{name}.{version}.json");
    // The third number does not change what a message means.
    let (version, _) = version.rsplit_once('.')?;
    let title = format!("{name} message registry");
    Some(
        Document::new("MessageRegistryFile", &uri::member(uri::REGISTRIES, name), name, &title)
            .with("Registry", format!("{name}.{version}"))
            .with("Languages", json!(["en"]))
            .with("Location", json!([{"Language": "en", "PublicationUri": published}])),
    )
}

/// All schemas.
pub(crate) fn schemas() -> Document {
    let members = schema::all()
        .map(|(name, version)| uri::member(uri::JSON_SCHEMAS, &schema::qualified(name, version)));
    Document::collection("JsonSchemaFileCollection", uri::JSON_SCHEMAS, "Schemas", members)
}

/// A schema.
pub(crate) fn schema(id: &str) -> Option<Document> {
    let (name, version) =
        schema::all().find(|&(name, version)| schema::qualified(name, version) == id)?;
    let published = format!("{}/{id}.json", schema::PUBLISHED);
    let uri = uri::member(uri::JSON_SCHEMAS, &schema::qualified(name, version));
    Some(
        Document::new("JsonSchemaFile", &uri, id, &format!("Schema of {name}"))
            .with("Schema", format!("#{}", schema::odata_type(name).trim_start_matches('#')))
            .with("Languages", json!(["en"]))
            .with("Location", json!([{"Language": "en", "PublicationUri": published}])),
    )
}
