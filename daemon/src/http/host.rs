//! The header `Host`.

use axum::http::header::HOST;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Version};

use crate::error::Problem;

/// Refuses what a server has to refuse (RFC 9112, 3.2): HTTP/1.1 without the header, or with more than one or a malformed one.
/// An empty one is that of a target without a host.
///
/// # Errors
/// [`ProblemKind::BadRequest`](crate::error::ProblemKind::BadRequest).
pub(crate) fn check(version: Version, headers: &HeaderMap) -> Result<(), Problem> {
    let mut values = headers.get_all(HOST).iter();
    match (values.next(), values.next()) {
        (None, _) if version < Version::HTTP_11 => Ok(()),
        (None, _) => Err(Problem::bad_request("HTTP/1.1 takes the header Host")),
        (Some(_), Some(_)) => Err(Problem::bad_request("there is more than one header Host")),
        (Some(value), None) if value.is_empty() => Ok(()),
        (Some(value), None) => {
            let authority: Option<Authority> =
                value.to_str().ok().and_then(|text| text.parse().ok());
            match authority.filter(|authority| !authority.as_str().contains('@')) {
                Some(_) => Ok(()),
                None => Err(Problem::bad_request("the header Host is not HOST or HOST:PORT")),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_host_is_named() {
        let check = |version, hosts: &[&str]| {
            let values = hosts.iter().map(|host| (HOST, host.parse().unwrap()));
            check(version, &HeaderMap::from_iter(values)).is_ok()
        };
        for host in ["", "localhost", "pi.example:8443", "[::1]:8443", "192.0.2.1"] {
            assert!(check(Version::HTTP_11, &[host]), "{host}");
        }
        for hosts in [&[][..], &["a", "b"], &["a b"], &["user@a"], &["a/b"]] {
            assert!(!check(Version::HTTP_11, hosts), "{hosts:?}");
        }
        assert!(check(Version::HTTP_10, &[]));
    }
}
