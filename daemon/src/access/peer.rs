//! Who is at the other end of the unix socket: the kernel's word (`SO_PEERCRED`, unix(7)), and the group `clusterhat`.

use std::fs;
use std::os::fd::AsFd;

use rustix::net::sockopt::socket_peercred;
use rustix::process::{Uid, geteuid};

use super::role::{By, Caller, Role};

/// Whoever is in it may switch nodes, as with the command.
const GROUP: &str = "clusterhat";

/// The caller at the other end; `None` where the kernel or the group says no.
#[must_use]
pub fn caller(socket: impl AsFd) -> Option<Caller> {
    let peer = socket_peercred(socket).ok()?;
    let (uid, gid) = (peer.uid, peer.gid.as_raw());
    let role = if uid == Uid::ROOT || uid == geteuid() {
        Role::Administrator
    } else if is_member(uid.as_raw(), gid, &read("/etc/group"), &read("/etc/passwd")) {
        Role::Operator
    } else {
        return None;
    };
    let (name, address) = (format!("uid:{}", uid.as_raw()), "unix".to_owned());
    Some(Caller { name, role, by: By::Peer, address, known_by: None })
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// Whether a process with these IDs belongs to the group, by group(5) and passwd(5).
fn is_member(uid: u32, gid: u32, group: &str, passwd: &str) -> bool {
    let mut groups = group.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let Some(group) = groups.find(|fields| fields.len() >= 4 && fields[0] == GROUP) else {
        return false;
    };
    let mut users = passwd.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let user = users.find(|fields| fields.len() >= 4 && fields[2] == uid.to_string());
    let is_named = user.is_some_and(|fields| group[3].split(',').any(|name| name == fields[0]));
    group[2] == gid.to_string() || is_named
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_in_the_group_by_its_name_or_number() {
        let group = "root:x:0:\nclusterhat:x:990:pi,lab\nother:x:5:visitor\n";
        let passwd = "pi:x:1000:1000::/:/bin/sh\nvisitor:x:1001:1001::/:/bin/sh\n";
        assert!(is_member(1000, 1000, group, passwd));
        assert!(is_member(1001, 990, group, passwd));
        assert!(!is_member(1001, 1001, group, passwd));
        assert!(!is_member(1000, 1000, "", passwd));
        assert!(!is_member(7, 7, "clusterhat:x:990:\n", "\n"));
    }
}
