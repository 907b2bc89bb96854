//! The OData documents: what there is, and by which schemas.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{schema, uri};

/// `$metadata`: the schemas that are used, as DMTF publishes them.
pub(crate) fn metadata() -> String {
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <edmx:Edmx xmlns:edmx=\"http://docs.oasis-open.org/odata/ns/edmx\" Version=\"4.0\">\n",
    );
    for (name, version) in schema::all() {
        let _ = writeln!(text, "  <edmx:Reference Uri=\"{}/{name}_v1.xml\">", schema::PUBLISHED);
        let _ = writeln!(text, "    <edmx:Include Namespace=\"{name}\"/>");
        if version.is_some() {
            let qualified = schema::qualified(name, version);
            let _ = writeln!(text, "    <edmx:Include Namespace=\"{qualified}\"/>");
        }
        text.push_str("  </edmx:Reference>\n");
    }
    let extensions = format!("{}/RedfishExtensions_v1.xml", schema::PUBLISHED);
    let _ = write!(
        text,
        "  <edmx:Reference Uri=\"{extensions}\">\n\
         \x20   <edmx:Include Namespace=\"RedfishExtensions.v1_0_0\" Alias=\"Redfish\"/>\n\
         \x20 </edmx:Reference>\n\
         \x20 <edmx:DataServices>\n\
         \x20   <Schema xmlns=\"http://docs.oasis-open.org/odata/ns/edm\" Namespace=\"Service\">\n\
         \x20     <EntityContainer Name=\"Service\" Extends=\"{}.ServiceContainer\"/>\n\
         \x20   </Schema>\n\
         \x20 </edmx:DataServices>\n\
         </edmx:Edmx>\n",
        schema::qualified("ServiceRoot", schema::version("ServiceRoot")),
    );
    text
}

/// `/redfish/v1/odata`: the resources below the root.
pub(crate) fn service_document() -> Value {
    let entries = [
        ("Service", uri::ROOT),
        ("Systems", uri::SYSTEMS),
        ("Chassis", uri::CHASSIS),
        ("Managers", uri::MANAGERS),
        ("SessionService", uri::SESSION_SERVICE),
        ("AccountService", uri::ACCOUNT_SERVICE),
        ("Tasks", uri::TASK_SERVICE),
        ("EventService", uri::EVENT_SERVICE),
        ("AggregationService", uri::AGGREGATION_SERVICE),
        ("Registries", uri::REGISTRIES),
        ("JsonSchemas", uri::JSON_SCHEMAS),
        ("Sessions", uri::SESSIONS),
    ];
    let value = entries.map(|(name, url)| json!({"name": name, "kind": "Singleton", "url": url}));
    json!({"@odata.context": uri::METADATA, "value": value})
}
