//! A mirror that is being renewed: for some minutes its list of packages is not the one that its
//! signed index speaks of. That is nobody's fault, and passes.

use std::{io, thread, time::Duration};

use super::tools::context;

/// How long to wait before each further try.
const PAUSES: [Duration; 3] =
    [Duration::from_secs(5), Duration::from_secs(20), Duration::from_secs(60)];

/// What apt says of a list that is not the one its index speaks of.
const SIGNS: [&str; 4] = [
    "unexpected size",
    "Hash Sum mismatch",
    "Mirror sync in progress",
    "has no installation candidate",
];

/// Tries again while the mirror is being renewed.
///
/// # Errors
/// What the work says; [`is_under_way`] if the mirror is still being renewed at the end.
pub(crate) fn waited_out<T>(what: &str, work: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    tried(what, &PAUSES, work)
}

/// Whether the error is one of a mirror that is being renewed.
pub(crate) fn is_under_way(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::ResourceBusy
}

fn tried<T>(
    what: &str,
    pauses: &[Duration],
    mut work: impl FnMut() -> io::Result<T>,
) -> io::Result<T> {
    let mut left = pauses.iter();
    loop {
        match work() {
            Err(error) if is_sign(&error) => match left.next() {
                Some(pause) => thread::sleep(*pause),
                None => return Err(told(what, error)),
            },
            result => return result,
        }
    }
}

fn is_sign(error: &io::Error) -> bool {
    let said = error.to_string();
    SIGNS.iter().any(|sign| said.contains(sign))
}

fn told(what: &str, error: io::Error) -> io::Error {
    let error = io::Error::new(io::ErrorKind::ResourceBusy, error);
    context(
        error,
        format!("the package index of {what} is being renewed; try again in some minutes"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What apt prints, as seen for armel.
    const SEEN: &str = "E: Failed to fetch http://mirror/main/binary-armel/Packages.xz  File has \
        unexpected size (6180136 != 6180152). Mirror sync in progress? [IP: 192.0.2.1 80]";

    #[test]
    fn an_index_that_is_whole_again_is_taken() {
        let mut tries = 0;
        let result = tried("trixie", &[Duration::ZERO; 3], || {
            tries += 1;
            if tries < 3 { Err(io::Error::other(SEEN)) } else { Ok(tries) }
        });
        assert_eq!(result.unwrap(), 3);
    }

    #[test]
    fn one_that_stays_so_is_told_as_what_it_is() {
        let mut tries = 0;
        let result = tried::<()>("trixie for armel", &[Duration::ZERO; 3], || {
            tries += 1;
            Err(io::Error::other(SEEN))
        });
        let error = result.unwrap_err();
        assert!(is_under_way(&error) && tries == 4, "{error}, {tries} tries");
        let text = error.to_string();
        assert!(
            text.starts_with("the package index of trixie for armel is being renewed"),
            "{text}"
        );
        assert!(text.contains(SEEN), "{text}");
    }

    #[test]
    fn other_errors_are_not_tried_again() {
        let mut tries = 0;
        let result = tried::<()>("trixie", &[Duration::ZERO; 3], || {
            tries += 1;
            Err(io::Error::other("404  Not Found"))
        });
        assert!(!is_under_way(&result.unwrap_err()) && tries == 1);
    }
}
