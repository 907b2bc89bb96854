//! The address that `clusterhatd setup` makes the service serve HTTPS at.

use std::fs;
use std::net::SocketAddr;

use super::{Failure, service_unit};
use crate::http::listen;

/// The first port that a user without privileges may listen at (the kernel's Documentation/networking/ip-sysctl.rst).
const FIRST_PORT: &str = "/proc/sys/net/ipv4/ip_unprivileged_port_start";

/// Whether the service, whose user has no privileges, will be able to listen there: else it goes on at its old address, and
/// says so in the journal only. A port that it may have already is not looked at.
///
/// # Errors
/// It will not be.
pub(super) fn check(listen: SocketAddr, old: Option<SocketAddr>) -> Result<(), Failure> {
    let first = fs::read_to_string(FIRST_PORT).ok().and_then(|text| text.trim().parse().ok());
    let first: u16 = first.unwrap_or(1024);
    if listen.port() < first {
        return Err(Failure::usage(format!(
            "{} cannot listen at port {}: its user may use ports from {first} on (net.ipv4.ip_unprivileged_port_start)",
            service_unit::NAME,
            listen.port()
        )));
    }
    if old.is_some_and(|old| old.port() == listen.port()) {
        return Ok(());
    }
    listen::check_tcp(listen).map_err(|error| {
        Failure::usage(format!(
            "HTTPS cannot be served at {listen}: {error}; choose another address with --listen"
        ))
    })
}
