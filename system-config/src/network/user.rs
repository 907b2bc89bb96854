//! Through which of the controller's addresses the user came.

use std::fs;
use std::net::IpAddr;
use std::path::Path;

/// The controller's end of the user's ssh session: sshd tells it in SSH_CONNECTION (ssh(1)), which
/// sudo takes away, hence the look at the processes above.
pub(super) fn came_through(root: &Path) -> Option<IpAddr> {
    let mut process = "self".to_owned();
    loop {
        let folder = root.join("proc").join(&process);
        if let Some(address) = fs::read(folder.join("environ")).ok().and_then(|text| session(&text))
        {
            return Some(address);
        }
        process = parent(&fs::read_to_string(folder.join("status")).ok()?)?;
    }
}

/// `SSH_CONNECTION=client port server port`.
fn session(environ: &[u8]) -> Option<IpAddr> {
    let value =
        environ.split(|byte| *byte == 0).find_map(|one| one.strip_prefix(b"SSH_CONNECTION="))?;
    std::str::from_utf8(value).ok()?.split(' ').nth(2)?.parse().ok()
}

/// proc_pid_status(5).
fn parent(status: &str) -> Option<String> {
    let parent = status.lines().find_map(|line| line.strip_prefix("PPid:"))?.trim();
    (parent != "0").then(|| parent.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_is_found_above_sudo() {
        let root = tempfile::tempdir().unwrap();
        let process = |pid: &str, parent: &str, environ: &str| {
            let folder = root.path().join("proc").join(pid);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("status"), format!("Name:\tx\nPPid:\t{parent}\n")).unwrap();
            fs::write(folder.join("environ"), environ).unwrap();
        };
        process("self", "20", "HOME=/root\0");
        process("20", "1", "A=b\0SSH_CONNECTION=192.0.2.1 5 192.0.2.9 22\0");
        process("1", "0", "SSH_CONNECTION=192.0.2.1 5 192.0.2.8 22\0");
        assert_eq!(came_through(root.path()), Some("192.0.2.9".parse().unwrap()));
        process("20", "1", "A=b\0");
        process("1", "0", "");
        assert_eq!(came_through(root.path()), None);
    }
}
