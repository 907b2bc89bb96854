//! The groups whose members need no root.

use std::io;
use std::path::Path;

use crate::Tools;
use crate::changes::{Snapshot, Spot};

/// I2C buses, GPIO lines, and the nodes' serial ports.
pub const GROUPS: [&str; 3] = ["i2c", "gpio", "clusterhat"];

/// A user in a group.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Membership {
    /// The user's name.
    pub user: String,
    /// The group's.
    pub group: String,
}

/// group(5): who of these users is in which of the groups not yet; groups that are not there at all
/// come second.
#[must_use]
pub fn missing(system: &Snapshot, users: &[String]) -> (Vec<Membership>, Vec<&'static str>) {
    let bytes = system.file(&Spot::root("etc/group")).map_or(&[][..], |state| &state.bytes);
    let text = String::from_utf8_lossy(bytes);
    let members = |group: &str| {
        let line = text.lines().find(|line| line.split(':').next() == Some(group))?;
        Some(line.rsplit(':').next().unwrap_or_default().split(',').collect::<Vec<_>>())
    };
    let (mut memberships, mut absent) = (Vec::new(), Vec::new());
    for group in GROUPS {
        let Some(members) = members(group) else {
            absent.push(group);
            continue;
        };
        for user in users.iter().filter(|user| !members.contains(&&***user)) {
            memberships.push(Membership { user: user.clone(), group: group.to_owned() });
        }
    }
    (memberships, absent)
}

/// Whom the set-up made a member, for undoing it.
pub(super) const RECORD: &str = "var/lib/clusterhat/members";

/// Those that an earlier set-up made.
#[must_use]
pub fn made(system: &Snapshot) -> Vec<Membership> {
    let bytes = system.file(&Spot::root(RECORD)).map_or(&[][..], |state| &state.bytes);
    let text = String::from_utf8_lossy(bytes);
    let pairs = text.lines().filter_map(|line| line.split_once(' '));
    pairs
        .map(|(user, group)| Membership { user: user.to_owned(), group: group.to_owned() })
        .collect()
}

pub(super) fn record(memberships: &[Membership]) -> String {
    memberships.iter().map(|one| format!("{} {}\n", one.user, one.group)).collect()
}

/// Makes a user a member, or ends that: gpasswd(1), which locks the files that it changes.
///
/// # Errors
/// What gpasswd says.
pub fn change(
    membership: &Membership,
    is_member: bool,
    root: &Path,
    tools: &dyn Tools,
) -> io::Result<()> {
    let root = root.display().to_string();
    let mut words = Vec::new();
    if root != "/" {
        words.extend(["--root", &root]);
    }
    words.extend([
        if is_member { "--add" } else { "--delete" },
        &membership.user,
        &membership.group,
    ]);
    let printed = tools.run("gpasswd", &words)?;
    if printed.success {
        return Ok(());
    }
    let (call, said) = (words.join(" "), printed.stderr.trim());
    Err(io::Error::other(format!("`gpasswd {call}` failed: {said}")))
}
