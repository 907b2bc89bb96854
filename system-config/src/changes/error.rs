//! Why a system cannot be changed, and what to do about it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::LockHolder;

/// Why a system cannot be changed, or a change not undone.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// A file operation.
    #[error("cannot {doing} {}", .path.display())]
    Io {
        /// The operation.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The root holds no system.
    #[error("{} has no etc", .0.display())]
    NoEtc(PathBuf),
    /// The boot folder is not a boot partition.
    #[error("{} has no config.txt", .0.display())]
    NoConfigTxt(PathBuf),
    /// No boot folder below the root.
    #[error("no config.txt in boot/firmware or boot below {}", .0.display())]
    NoBootDir(PathBuf),
    /// A link that leads to nothing, in the place of something that makes a system or a boot partition.
    #[error(
        "{} is a symbolic link to {}, which is not there in that system: put what is meant in its place",
        .path.display(), .target.display()
    )]
    DeadLink {
        /// The link.
        path: PathBuf,
        /// What it says.
        target: PathBuf,
    },
    /// A `config.txt` that only says where the real one is.
    #[error(
        "{} is a placeholder for a file on the boot partition, which is not mounted",
        .0.display()
    )]
    Stub(PathBuf),
    /// A mount point without its partition.
    #[error(
        "{} has no config.txt: the boot partition that etc/fstab names is not mounted there",
        .0.display()
    )]
    NotMounted(PathBuf),
    /// A mount point that has files of its own, which its partition hides once it is mounted.
    #[error(
        "{} is on the root's own file system: the boot partition that etc/fstab names is not mounted there",
        .0.display()
    )]
    Hidden(PathBuf),
    /// The root of one card with the boot partition of another.
    #[error(
        "{} and {} belong to two cards: the root is {device}, but the boot partition boots {boots}; mount both partitions of one card",
        .root.display(), .boot.display()
    )]
    TwoCards {
        /// The root.
        root: PathBuf,
        /// What its fstab calls it.
        device: String,
        /// The boot folder.
        boot: PathBuf,
        /// What its cmdline.txt calls the root.
        boots: String,
    },
    /// An overlay, which loses what is written to it at the next boot.
    #[error(
        "{} is an overlay that loses every change at the next boot: switch it off first (raspi-config, Performance, Overlay File System, or remove overlayroot= from cmdline.txt) and reboot",
        .0.display()
    )]
    Overlay(PathBuf),
    /// Nothing can be written there.
    #[error(
        "{} is mounted read-only and nothing was changed: make it writable first (mount -o remount,rw {})",
        .path.display(), .mount.display()
    )]
    ReadOnly {
        /// What was to be changed.
        path: PathBuf,
        /// Where it is mounted.
        mount: PathBuf,
    },
    /// The record of what is there could not be written.
    #[error("nothing was changed: fix the cause, then run this again")]
    NotBegun(#[source] Box<ChangeError>),
    /// A step failed after others that were made.
    #[error("stopped half-way, with nothing lost: fix the cause, then run this again or undo it")]
    Stopped(#[source] Box<ChangeError>),
    /// Another process holds the lock: a setup, as a rule.
    #[error(
        "cannot lock {} within {} s: {} holds it; try again when it has finished",
        .path.display(), .waited.as_secs_f32(), who(.holder)
    )]
    Locked {
        /// The folder that is locked.
        path: PathBuf,
        /// How long it was waited for.
        waited: Duration,
        /// The process that holds it, if the kernel says which.
        holder: Option<LockHolder>,
    },
    /// Another program wrote a file between planning and applying.
    #[error("{} was changed by another program while it was being set up; try again", .0.display())]
    ChangedDuringSetup(PathBuf),
    /// Something other than a regular file, where one is needed.
    #[error("{} is not a regular file: replace it by hand first", .0.display())]
    NotAFile(PathBuf),
    /// Something other than a directory, where one has to be made.
    #[error("{} is not a directory: move it elsewhere first", .0.display())]
    NotADirectory(PathBuf),
    /// A directory, where a file has to be written.
    #[error("{} is a directory, where a file is needed: move it elsewhere first", .0.display())]
    IsADirectory(PathBuf),
    /// The record of what was changed.
    #[error(
        "{}: {message}; nothing was changed: if no program reads it, compare the numbered copies beside it with \
         the system's files, restore those by hand, then remove {} to go on",
        .path.display(), .folder.display()
    )]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        message: String,
        /// The folder of the record.
        folder: PathBuf,
    },
    /// The copies of a record without what says which is which.
    #[error(
        "{} is missing, though there are copies beside it: nothing was changed; compare them with the system's \
         files, restore those by hand, then remove {} to go on",
        .path.display(), .folder.display()
    )]
    NoManifest {
        /// The file that is not there.
        path: PathBuf,
        /// The folder of the record.
        folder: PathBuf,
    },
    /// A copy in the record cannot be relied on.
    #[error(
        "{} {what}; it belongs to {}, and nothing was changed: restore that file by hand, and the others from \
         the copies that manifest.json beside it names, then remove {} to go on",
        .path.display(), .of.display(), .folder.display()
    )]
    Copy {
        /// The copy.
        path: PathBuf,
        /// What is wrong.
        what: &'static str,
        /// The file of the system that it is of.
        of: PathBuf,
        /// The folder of the record.
        folder: PathBuf,
    },
    /// A boot partition on which nothing of the setup is.
    #[error("{} has nothing of what the setup wrote there, and nothing was undone", .0.display())]
    Vanished(PathBuf),
    /// Files were changed after the setup.
    #[error("changed since the setup: {}", list(.0))]
    ChangedSince(Vec<Edited>),
}

/// A file in which somebody changed what the setup had written.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Edited {
    /// Where on this machine.
    pub path: PathBuf,
    /// Which lines of it, counted from 1; none where it is about the whole file.
    pub lines: Vec<usize>,
}

impl fmt::Display for Edited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        let numbers: Vec<_> = self.lines.iter().map(ToString::to_string).collect();
        match &*numbers {
            [] => Ok(()),
            [line] => write!(f, " line {line}"),
            lines => write!(f, " lines {}", lines.join(" ")),
        }
    }
}

fn who(holder: &Option<LockHolder>) -> String {
    holder.as_ref().map_or_else(|| "another process".to_owned(), ToString::to_string)
}

fn list(edited: &[Edited]) -> String {
    edited.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl ChangeError {
    /// Whether the folders that were given are wrong.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::NoEtc(_)
                | Self::NoConfigTxt(_)
                | Self::NoBootDir(_)
                | Self::DeadLink { .. }
                | Self::Stub(_)
                | Self::NotMounted(_)
                | Self::Hidden(_)
                | Self::TwoCards { .. }
        )
    }

    /// Whether another setup held the lock for too long.
    #[must_use]
    pub const fn is_timeout(&self) -> bool {
        matches!(self, Self::Locked { .. })
    }

    /// For `map_err`.
    pub(super) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { doing, path, source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_that_are_wrong_are_the_caller_s_and_a_lock_is_not() {
        assert!(ChangeError::NoEtc("/mnt".into()).is_usage());
        let holder = Some(LockHolder { pid: 7, program: Some("clusterhat".to_owned()) });
        for (holder, text) in [
            (holder, "within 9 s: process 7 (clusterhat) holds it; "),
            (None, "within 9 s: another process holds it; "),
        ] {
            let waited = Duration::from_secs(9);
            let error = ChangeError::Locked { path: "/etc".into(), waited, holder };
            assert!(!error.is_usage() && error.is_timeout());
            assert!(error.to_string().contains(text), "{error}");
        }
    }
}
