//! `Roles`: what each role is called in Redfish, and what it may do.

use serde_json::json;

use super::document::Document;
use super::uri;
use crate::access::Role;

/// Every role with its Redfish name.
pub(crate) const NAMES: [(&str, Role); 3] = [
    ("Administrator", Role::Administrator),
    ("Operator", Role::Operator),
    ("ReadOnly", Role::ReadOnly),
];

/// A role's Redfish name.
pub(crate) const fn name(role: Role) -> &'static str {
    match role {
        Role::Administrator => "Administrator",
        Role::Operator => "Operator",
        Role::ReadOnly => "ReadOnly",
    }
}

/// All roles.
pub(crate) fn collection() -> Document {
    let members = NAMES.iter().map(|(name, _)| uri::member(uri::ROLES, name));
    Document::collection("RoleCollection", uri::ROLES, "Roles", members)
}

/// A role.
pub(crate) fn document(id: &str) -> Option<Document> {
    let (name, role) = NAMES.into_iter().find(|(name, _)| *name == id)?;
    let privileges = match role {
        Role::Administrator => json!([
            "Login",
            "ConfigureManager",
            "ConfigureUsers",
            "ConfigureComponents",
            "ConfigureSelf"
        ]),
        Role::Operator => json!(["Login", "ConfigureComponents", "ConfigureSelf"]),
        Role::ReadOnly => json!(["Login", "ConfigureSelf"]),
    };
    Some(
        Document::new("Role", &uri::member(uri::ROLES, name), name, name)
            .with("RoleId", name)
            .with("IsPredefined", true)
            .with("AssignedPrivileges", privileges),
    )
}
