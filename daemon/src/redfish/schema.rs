//! The schemas of the resources that are served, each with the version it follows, from DMTF's publication 2025.4.

/// Where DMTF publishes schemas.
pub(crate) const PUBLISHED: &str = "https://redfish.dmtf.org/schemas/v1";

/// The versioned schemas.
const VERSIONS: [(&str, &str); 23] = [
    ("AccountService", "v1_18_1"),
    ("AggregationService", "v1_0_3"),
    ("Chassis", "v1_28_0"),
    ("ComputerSystem", "v1_27_0"),
    ("EthernetInterface", "v1_12_4"),
    ("Event", "v1_13_0"),
    ("EventDestination", "v1_16_0"),
    ("EventService", "v1_12_0"),
    ("JsonSchemaFile", "v1_1_5"),
    ("Manager", "v1_24_0"),
    ("ManagerAccount", "v1_14_1"),
    ("ManagerNetworkProtocol", "v1_12_0"),
    ("Message", "v1_3_0"),
    ("MessageRegistryFile", "v1_1_5"),
    ("Role", "v1_3_3"),
    ("Sensor", "v1_12_0"),
    ("SerialInterface", "v1_3_0"),
    ("ServiceRoot", "v1_20_0"),
    ("Session", "v1_8_0"),
    ("SessionService", "v1_2_0"),
    ("Task", "v1_7_4"),
    ("TaskService", "v1_3_0"),
    ("Resource", "v1_24_0"),
];

/// The schemas of collections, which have no version.
const COLLECTIONS: [&str; 13] = [
    "ChassisCollection",
    "ComputerSystemCollection",
    "EthernetInterfaceCollection",
    "EventDestinationCollection",
    "JsonSchemaFileCollection",
    "ManagerAccountCollection",
    "ManagerCollection",
    "MessageRegistryFileCollection",
    "RoleCollection",
    "SensorCollection",
    "SerialInterfaceCollection",
    "SessionCollection",
    "TaskCollection",
];

/// Every schema: its name, and its version where it has one.
pub(crate) fn all() -> impl Iterator<Item = (&'static str, Option<&'static str>)> {
    let versioned = VERSIONS.iter().map(|&(name, version)| (name, Some(version)));
    versioned.chain(COLLECTIONS.iter().map(|&name| (name, None)))
}

/// The version that is followed; absent for a collection.
pub(crate) fn version(name: &str) -> Option<&'static str> {
    VERSIONS.iter().find(|(known, _)| *known == name).map(|&(_, version)| version)
}

/// What `@odata.type` says of a resource: `#Chassis.v1_28_0.Chassis`.
pub(crate) fn odata_type(name: &str) -> String {
    match version(name) {
        Some(version) => format!("#{name}.{version}.{name}"),
        None => format!("#{name}.{name}"),
    }
}

/// The schema's name with its version: `Chassis.v1_28_0`.
pub(crate) fn qualified(name: &str, version: Option<&str>) -> String {
    version.map_or_else(|| name.to_owned(), |version| format!("{name}.{version}"))
}

/// Where DMTF publishes the JSON schema of a resource with this `@odata.type`.
pub(crate) fn published(odata_type: &str) -> Option<String> {
    let (schema, _) = odata_type.strip_prefix('#')?.rsplit_once('.')?;
    Some(format!("{PUBLISHED}/{schema}.json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_names_the_version_and_a_collection_has_none() {
        assert_eq!(odata_type("Chassis"), "#Chassis.v1_28_0.Chassis");
        assert_eq!(odata_type("ChassisCollection"), "#ChassisCollection.ChassisCollection");
    }

    #[test]
    fn the_published_schema_follows_from_the_type() {
        assert_eq!(
            published("#Chassis.v1_28_0.Chassis").as_deref(),
            Some("https://redfish.dmtf.org/schemas/v1/Chassis.v1_28_0.json")
        );
        assert_eq!(
            published(&odata_type("RoleCollection")).as_deref(),
            Some("https://redfish.dmtf.org/schemas/v1/RoleCollection.json")
        );
    }
}
