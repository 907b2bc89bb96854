//! The groups whose members need no root.

use std::io;

use crate::Tools;
use crate::changes::{ChangeError, Snapshot, SysPath, Sysroot, remove_draft, rewrite};

/// I2C buses, GPIO lines, and the nodes' serial ports.
pub const GROUPS: [&str; 3] = ["i2c", "gpio", "clusterhat"];

/// A user in a group.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    let (mut memberships, mut absent) = (Vec::new(), Vec::new());
    for group in GROUPS {
        let Some(members) = members(system, group) else {
            absent.push(group);
            continue;
        };
        for user in users.iter().filter(|user| !members.contains(user)) {
            memberships.push(Membership { user: user.clone(), group: group.to_owned() });
        }
    }
    (memberships, absent)
}

/// Whether group(5) has a user in a group.
///
/// # Errors
/// A file that cannot be read, or is no file.
pub fn is_member(sysroot: &Sysroot, membership: &Membership) -> Result<bool, ChangeError> {
    let mut system = Snapshot::new(sysroot);
    system.add_file(SysPath::root("etc/group"))?;
    let Membership { user, group } = membership;
    Ok(members(&system, group).is_some_and(|members| members.contains(user)))
}

/// group(5): a group's members; none where it is not there.
fn members(system: &Snapshot, group: &str) -> Option<Vec<String>> {
    let bytes = system.file(&SysPath::root("etc/group")).map_or(&[][..], |state| &state.bytes);
    let text = String::from_utf8_lossy(bytes);
    let line = text.lines().find(|line| line.split(':').next() == Some(group))?;
    Some(line.rsplit(':').next().unwrap_or_default().split(',').map(str::to_owned).collect())
}

/// passwd(5): whether a system that is only mounted has a user.
///
/// # Errors
/// A file that cannot be read, or is no file.
pub fn has_user(sysroot: &Sysroot, user: &str) -> Result<bool, ChangeError> {
    let file = SysPath::root("etc/passwd");
    let mut system = Snapshot::new(sysroot);
    system.add_file(file.clone())?;
    let text = system.file(&file).map_or(&[][..], |state| &state.bytes);
    let mut names =
        text.split(|byte| *byte == b'\n').map(|line| line.split(|byte| *byte == b':').next());
    Ok(!user.is_empty() && names.any(|name| name == Some(user.as_bytes())))
}

/// Whom the setup made a member, for undoing it.
pub(super) const RECORD: &str = "var/lib/clusterhat/members";

/// All that undoing looks at.
///
/// # Errors
/// A record that cannot be read, or is no file.
pub fn read_made(sysroot: &Sysroot) -> Result<Vec<Membership>, ChangeError> {
    let mut system = Snapshot::new(sysroot);
    system.add_file(SysPath::root(RECORD))?;
    Ok(made(&system))
}

/// Those that an earlier setup made.
#[must_use]
pub fn made(system: &Snapshot) -> Vec<Membership> {
    let bytes = system.file(&SysPath::root(RECORD)).map_or(&[][..], |state| &state.bytes);
    let text = String::from_utf8_lossy(bytes);
    let pairs = text.lines().filter_map(|line| line.split_once(' '));
    pairs
        .map(|(user, group)| Membership { user: user.to_owned(), group: group.to_owned() })
        .collect()
}

pub(super) fn record(memberships: &[Membership]) -> String {
    memberships.iter().map(|one| format!("{} {}\n", one.user, one.group)).collect()
}

/// Makes a user of the running system a member, or ends that: gpasswd(1), which locks the files that it
/// changes.
///
/// # Errors
/// What gpasswd says.
pub fn change(membership: &Membership, is_member: bool, tools: &dyn Tools) -> io::Result<()> {
    let how = if is_member { "--add" } else { "--delete" };
    let words = [how, &membership.user, &membership.group];
    let printed = tools.run("gpasswd", &words)?;
    if printed.success {
        return Ok(());
    }
    let (call, said) = (words.join(" "), printed.stderr.trim());
    Err(io::Error::other(format!("`gpasswd {call}` failed: {said}")))
}

/// The same on a system that is only mounted. `gpasswd --root` would run there, and load what that system's
/// nsswitch.conf names: code of whoever made the card, as root of this machine.
///
/// # Errors
/// A file that cannot be read or replaced.
pub fn change_mounted(
    membership: &Membership,
    is_member: bool,
    sysroot: &Sysroot,
) -> Result<(), ChangeError> {
    FILES.iter().try_for_each(|file| {
        rewrite(sysroot, &SysPath::root(*file), |text| with_member(text, membership, is_member))
    })
}

/// Removes what a change of a mounted system that was cut left behind: a copy of its groups' passwords.
///
/// # Errors
/// What cannot be removed.
pub fn remove_drafts(sysroot: &Sysroot) -> Result<(), ChangeError> {
    FILES.iter().try_for_each(|file| remove_draft(sysroot, &SysPath::root(*file)))
}

/// Both end their lines with the list of members: group(5), gshadow(5).
const FILES: [&str; 2] = ["etc/group", "etc/gshadow"];

/// The file with a group's list changed; every other byte stays.
fn with_member(text: &[u8], membership: &Membership, is_member: bool) -> Vec<u8> {
    let mut new = Vec::new();
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let end = line.len() - usize::from(line.ends_with(b"\n"));
        let (fields, end) = line.split_at(end);
        let is_it = fields.split(|byte| *byte == b':').next() == Some(membership.group.as_bytes());
        let colon = fields.iter().rposition(|byte| *byte == b':').filter(|_| is_it);
        let Some(colon) = colon else {
            new.extend_from_slice(line);
            continue;
        };
        let (head, list) = fields.split_at(colon + 1);
        let mut members: Vec<_> =
            list.split(|byte| *byte == b',').filter(|name| !name.is_empty()).collect();
        members.retain(|name| *name != membership.user.as_bytes());
        members.extend(is_member.then_some(membership.user.as_bytes()));
        new.extend([head, &members.join(&b","[..]), end].concat());
    }
    new
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_that_list_changes() {
        let member = Membership { user: "lab".into(), group: "i2c".into() };
        let becomes = |old: &str, is_member, new: &str| {
            let found = with_member(old.as_bytes(), &member, is_member);
            assert_eq!(String::from_utf8_lossy(&found), new);
        };
        becomes("a:x:1:\ni2c:x:994:\ni2cx:x:9:", true, "a:x:1:\ni2c:x:994:lab\ni2cx:x:9:");
        becomes("i2c:!::pi,guest", true, "i2c:!::pi,guest,lab");
        becomes("i2c:!::pi,lab,guest\n", false, "i2c:!::pi,guest\n");
        becomes("i2c:x:994:lab2\n", false, "i2c:x:994:lab2\n");
        becomes("i2c\n\nno\n", true, "i2c\n\nno\n");
    }
}
