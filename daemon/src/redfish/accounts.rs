//! `AccountService` and `Accounts`: who may log in.

use serde_json::{Value, json};

use super::document::{Document, enabled, link};
use super::world::World;
use super::{roles, uri};
use crate::access::Account;
use crate::access::password::{LONGEST, SHORTEST};

/// The service.
pub(crate) fn service() -> Document {
    Document::new("AccountService", uri::ACCOUNT_SERVICE, "AccountService", "Accounts")
        .with("ServiceEnabled", true)
        .with("LocalAccountAuth", "Enabled")
        .with("HTTPBasicAuth", "Enabled")
        .with("MinPasswordLength", SHORTEST)
        .with("MaxPasswordLength", LONGEST)
        .with("SupportedAccountTypes", json!(["Redfish", "WebUI"]))
        .with("Status", enabled())
        .linked("Accounts", uri::ACCOUNTS)
        .linked("Roles", uri::ROLES)
}

/// The accounts that the caller may see.
pub(crate) fn collection(world: &World<'_>) -> Document {
    let seen = world.accounts.iter().filter(|account| world.may_see(&account.name));
    let members = seen.map(|account| uri::member(uri::ACCOUNTS, &account.name));
    Document::collection("ManagerAccountCollection", uri::ACCOUNTS, "Accounts", members)
}

/// An account that the caller may see.
pub(crate) fn document(world: &World<'_>, name: &str) -> Option<Document> {
    let account = world.accounts.iter().find(|account| account.name == name)?;
    world.may_see(name).then(|| of(account))
}

/// Where an account is.
pub(crate) fn uri_of(name: &str) -> String {
    uri::member(uri::ACCOUNTS, name)
}

/// An account.
pub(crate) fn of(account: &Account) -> Document {
    let Account { name, role, enabled, password_change_required } = account;
    let role = roles::name(*role);
    Document::new("ManagerAccount", &uri_of(name), name, name)
        .with("UserName", name.as_str())
        .with("Password", Value::Null)
        .with("PasswordChangeRequired", *password_change_required)
        .with("RoleId", role)
        .with("Enabled", *enabled)
        .with("Locked", false)
        .with("AccountTypes", json!(["Redfish", "WebUI"]))
        .with("Links", json!({"Role": link(&uri::member(uri::ROLES, role))}))
}
