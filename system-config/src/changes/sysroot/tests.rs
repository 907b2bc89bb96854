use std::fs;
use std::os::unix::fs::symlink;
use std::time::Duration;

use tempfile::TempDir;

use super::super::snapshot::read_file;
use super::*;

/// Two roots, of which one has its boot partition below it, and a boot partition.
fn systems() -> TempDir {
    let folder = TempDir::new().unwrap();
    for path in ["one/etc", "one/boot/firmware", "two/etc", "boot"] {
        fs::create_dir_all(folder.path().join(path)).unwrap();
    }
    for boot in ["one/boot/firmware", "boot"] {
        fs::write(folder.path().join(boot).join("config.txt"), "").unwrap();
    }
    folder
}

fn below(folder: &TempDir, root: &str, boot: Option<&str>) -> Sysroot {
    let sysroot = Sysroot::new("test", &folder.path().join(root)).unwrap();
    let boot = boot.map(|boot| folder.path().join(boot));
    sysroot.with_boot(boot.as_deref()).unwrap()
}

#[test]
fn an_absolute_link_of_a_boot_folder_below_the_root_starts_at_the_root() {
    let folder = systems();
    for (boot, text) in [("one/boot/firmware", "of the root"), ("boot", "of the partition")] {
        let path = folder.path().join(boot).join("config.txt");
        fs::remove_file(&path).unwrap();
        symlink("/other.txt", &path).unwrap();
        let top = folder.path().join(if boot == "boot" { "boot" } else { "one" });
        fs::write(top.join("other.txt"), text).unwrap();
        let sysroot = below(&folder, "one", (boot == "boot").then_some("boot"));
        let found = read_file(&sysroot, &SysPath::boot("config.txt")).unwrap().unwrap();
        assert_eq!(String::from_utf8_lossy(&found.bytes), text);
    }
}

#[test]
fn links_among_other_programs_states_are_followed() {
    let folder = systems();
    let states = folder.path().join("one/var/lib");
    fs::create_dir_all(states.join("clusterhat")).unwrap();
    fs::create_dir_all(folder.path().join("one/srv/dhcp")).unwrap();
    symlink("/srv/dhcp", states.join("dhcp")).unwrap();
    symlink("/srv/dhcp", states.join("clusterhat/test")).unwrap();
    let sysroot = below(&folder, "one", None);
    let look = |path| sysroot.folder(Partition::Root, Path::new(path));
    assert!(look("var/lib/dhcp").unwrap().is_some());
    look("var/lib/clusterhat/test").unwrap_err();
}

#[test]
fn one_boot_partition_of_two_roots_is_locked_for_both() {
    let folder = systems();
    let one = below(&folder, "one", Some("boot")).locked(Duration::ZERO).unwrap();
    let two = || below(&folder, "two", Some("boot"));
    let error = two().locked(Duration::ZERO).unwrap_err();
    assert!(
        matches!(&error, ChangeError::Locked { path, .. } if path.ends_with("boot")),
        "{error}"
    );
    drop(one);
    two().locked(Duration::ZERO).unwrap();
}

#[test]
fn a_boot_folder_that_is_not_there_is_told_from_one_that_cannot_be_opened() {
    let folder = systems();
    let loops = folder.path().join("loop");
    symlink(&loops, &loops).unwrap();
    let with = |boot: &Path| {
        let sysroot = Sysroot::new("test", &folder.path().join("one")).unwrap();
        sysroot.with_boot(Some(boot)).unwrap_err()
    };
    let absent = with(&folder.path().join("absent"));
    assert!(matches!(absent, ChangeError::NoConfigTxt(_)), "{absent}");
    let unfit = with(&loops);
    assert!(matches!(unfit, ChangeError::Io { .. }), "{unfit}");
}
