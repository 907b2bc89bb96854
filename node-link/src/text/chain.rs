//! An error with its causes.

use std::error::Error;

/// The error and its causes on one line, separated by `: `. What the line contains already is not repeated.
#[must_use]
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        let cause = error.to_string();
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
        next = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    enum Failed {
        #[error("cannot read a")]
        Read(#[source] Box<Failed>),
        #[error("no such file")]
        Absent,
        #[error("no such file")]
        Repeated(#[source] Box<Failed>),
    }

    #[test]
    fn causes_follow_and_are_not_repeated() {
        assert_eq!(chain(&Failed::Absent), "no such file");
        let repeated = Failed::Repeated(Box::new(Failed::Absent));
        assert_eq!(chain(&Failed::Read(Box::new(repeated))), "cannot read a: no such file");
    }
}
