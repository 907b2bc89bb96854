//! What a caller can do about an error, where that depends on what the calling program offers.

use super::ChangeError;

/// What the calling program names its parameters, for use in advice.
#[derive(Clone, Copy, Debug)]
pub struct ParameterNames<'a> {
    /// The directory of the system's root.
    pub root: &'a str,
    /// The directory of its boot partition.
    pub boot_dir: &'a str,
    /// [`super::Changed::Overwrite`].
    pub overwrite: &'a str,
}

impl ParameterNames<'_> {
    /// What to do about an error, to follow its text: it begins with the separator.
    #[must_use]
    pub fn advice(&self, error: &ChangeError) -> Option<String> {
        let Self { root, boot_dir, overwrite } = self;
        Some(match error {
            ChangeError::NoEtc(_) => {
                format!(": give the directory on which the system's root is mounted as {root}")
            }
            ChangeError::NoConfigTxt(_) => format!(
                ": give the directory on which the card's boot partition is mounted as {boot_dir}"
            ),
            ChangeError::NoBootDir(_) => format!(
                ": mount the card's boot partition there or give its mount point as {boot_dir}"
            ),
            ChangeError::Stub(_) => format!(
                ": mount it on boot/firmware below the root or give its mount point as {boot_dir}"
            ),
            ChangeError::NotMounted(_) | ChangeError::Hidden(_) => {
                format!("; mount it there or give its mount point as {boot_dir}")
            }
            ChangeError::Vanished(_) => format!(
                ": if it is another card's, give that of this card as {boot_dir}; if it was edited by hand, use \
                 {overwrite} to undo the rest"
            ),
            ChangeError::ChangedSince(_) => {
                format!("; save what you need of them and use {overwrite} to restore the old state")
            }
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn advice_is_in_the_caller_s_words() {
        let words = ParameterNames { root: "--root", boot_dir: "--boot", overwrite: "--force" };
        let path = || PathBuf::from("/mnt");
        for (error, word) in [
            (ChangeError::NoEtc(path()), "as --root"),
            (ChangeError::NoConfigTxt(path()), "as --boot"),
            (ChangeError::NoBootDir(path()), "as --boot"),
            (ChangeError::Stub(path()), "as --boot"),
            (ChangeError::NotMounted(path()), "as --boot"),
            (ChangeError::Hidden(path()), "as --boot"),
            (ChangeError::Vanished(path()), "as --boot; if it was edited by hand, use --force"),
            (ChangeError::ChangedSince(Vec::new()), "use --force"),
        ] {
            let advice = words.advice(&error).unwrap();
            assert!(advice.starts_with([':', ';']) && advice.contains(word), "{error}: {advice}");
        }
        let meanwhile = ChangeError::ChangedDuringSetup(path());
        assert_eq!(words.advice(&meanwhile), None);
    }
}
