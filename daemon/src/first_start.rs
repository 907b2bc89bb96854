//! What is told when the daemon starts: where it is, and at the very first time who may log in.

use std::net::SocketAddr;

use clusterhat::report::SCHEMA;
use serde::Serialize;

use crate::access::{Access, Role, password};
use crate::error::Problem;

/// The account that is made where there is none.
const ADMIN: &str = "admin";

/// The first line on standard output.
#[derive(Debug, Serialize)]
pub struct Announcement {
    /// The version of the documents.
    pub schema: u32,
    /// Where HTTPS is served.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The unix socket, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub socket: Option<String>,
    /// The account that was made just now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<&'static str>,
    /// Its password, told this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// SHA-256 of the certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
}

impl Announcement {
    /// Of a daemon that is reached here.
    #[must_use]
    pub fn new(address: Option<SocketAddr>, fingerprint: Option<String>) -> Self {
        let url = address.map(|address| format!("https://{address}"));
        Self { schema: SCHEMA, url, socket: None, user: None, password: None, fingerprint }
    }

    /// Makes the first account, where there is none.
    ///
    /// # Errors
    /// It cannot be saved.
    pub fn make_first_account(&mut self, access: &Access) -> Result<(), Problem> {
        if access.accounts.is_empty() {
            let password = password::secret();
            access.accounts.create(ADMIN, &password, Role::Administrator)?;
            (self.user, self.password) = (Some(ADMIN), Some(password));
        }
        Ok(())
    }
}
