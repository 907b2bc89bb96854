//! What is told when the daemon starts: where it is, and at the very first time who may log in.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

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
    /// The simulation's name or file; absent on real hardware.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub simulated: Option<String>,
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
        let url = address.map(|address| format!("https://{}", reached_at(address)));
        Self {
            schema: SCHEMA,
            simulated: None,
            url,
            socket: None,
            user: None,
            password: None,
            fingerprint,
        }
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

/// Where whoever reads this reaches a daemon that listens there: nobody connects to all addresses of a machine.
fn reached_at(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_that_is_told_can_be_connected_to() {
        for (listens, told) in [
            ("0.0.0.0:8443", "https://127.0.0.1:8443"),
            ("[::]:8443", "https://[::1]:8443"),
            ("192.0.2.1:443", "https://192.0.2.1:443"),
        ] {
            let announced = Announcement::new(Some(listens.parse().unwrap()), None);
            assert_eq!(announced.url.unwrap(), told);
        }
    }
}
