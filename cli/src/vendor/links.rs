//! The links by which the vendor's image boots nodes over USB: from a node's USB path to its files.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// Where `rpiboot` looks for a node's files, by USB path.
const BOOT: &str = "var/lib/clusterctrl/boot";
/// Where the nodes' root folders are.
const NFS: &str = "var/lib/clusterctrl/nfs";

/// Links each node's USB path to its boot folder, and removes links of these nodes that are no
/// longer right. Does nothing where the image's folders are absent, or without root's rights.
pub(super) fn update(root: &Path, paths: &[(String, String)]) -> io::Result<()> {
    let (boot, nfs) = (root.join(BOOT), root.join(NFS));
    if !rustix::process::geteuid().is_root() || !boot.is_dir() || !nfs.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(&boot)? {
        let link = entry?.path();
        if is_link_of(&link, &nfs, paths) {
            fs::remove_file(&link)?;
        }
    }
    for (node, path) in paths {
        let link = boot.join(path);
        if link.is_symlink() {
            fs::remove_file(&link)?;
        }
        symlink(target(&nfs, node), &link)?;
    }
    Ok(())
}

/// Newer images have the boot partition at `boot/firmware`.
fn target(nfs: &Path, node: &str) -> PathBuf {
    let boot = nfs.join(node).join("boot");
    let firmware = boot.join("firmware");
    if firmware.is_dir() { firmware } else { boot }
}

/// Whether a link leads to one of these nodes' folders.
fn is_link_of(link: &Path, nfs: &Path, paths: &[(String, String)]) -> bool {
    let Ok(target) = fs::read_link(link) else { return false };
    let node = target.strip_prefix(nfs).ok().and_then(|rest| rest.components().next());
    let node = node.map(|component| component.as_os_str().to_string_lossy().into_owned());
    node.is_some_and(|node| paths.iter().any(|(name, _)| *name == node))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_follow_the_nodes_and_leave_others_alone() {
        if !rustix::process::geteuid().is_root() {
            // Only root may touch the links, and so the test.
            return;
        }
        let root = tempfile::tempdir().unwrap();
        let (boot, nfs) = (root.path().join(BOOT), root.path().join(NFS));
        let path = |node: &str, path: &str| (node.to_owned(), path.to_owned());
        update(root.path(), &[path("p1", "1-1.4")]).unwrap();
        assert!(!boot.exists(), "nothing is made where the image's folders are absent");

        fs::create_dir_all(&boot).unwrap();
        fs::create_dir_all(nfs.join("p1/boot/firmware")).unwrap();
        fs::create_dir_all(nfs.join("p2/boot")).unwrap();
        symlink(nfs.join("p1/boot"), boot.join("1-9.9")).unwrap();
        symlink("/elsewhere", boot.join("1-8")).unwrap();
        update(root.path(), &[path("p1", "1-1.4"), path("p2", "1-1.3")]).unwrap();
        assert_eq!(fs::read_link(boot.join("1-1.4")).unwrap(), nfs.join("p1/boot/firmware"));
        assert_eq!(fs::read_link(boot.join("1-1.3")).unwrap(), nfs.join("p2/boot"));
        assert!(!boot.join("1-9.9").is_symlink(), "p1's old link");
        assert!(boot.join("1-8").is_symlink(), "somebody else's link");
    }
}
