//! Which files are hooks. Whoever may write such a file decides what the next caller runs, who may be root.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::geteuid;

/// Below the root.
const FOLDER: &str = "etc/clusterhat/hooks.d";

/// Write permission for the group or for everybody.
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// One hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hook {
    /// Its file name.
    pub(super) name: String,
    path: PathBuf,
}

impl Hook {
    pub(super) fn command(&self) -> Command {
        Command::new(&self.path)
    }
}

/// The hooks in the order of their names, and why other files are not run. Links do not lead out of the root: a system that is
/// only mounted does not choose among this machine's programs.
pub(super) fn hooks(root: &Path) -> (Vec<Hook>, Vec<String>) {
    let folder = root.join(FOLDER);
    let skipped = |path: &Path, why: &str| format!("{} is not run: {why}", path.display());
    let entries = match look(root, &folder) {
        Ok(entries) => entries,
        Err(Skip::Absent) => return Default::default(),
        Err(Skip::Why(why)) => return (Vec::new(), vec![format!("{}: {why}", folder.display())]),
    };
    let (mut hooks, mut warnings) = (Vec::new(), Vec::new());
    for path in entries {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // As Debian's run-parts(8) does: dots belong to what editors and dpkg leave behind.
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if !name.chars().all(is_plain) {
            let why = "its name has characters other than letters, digits, - and _";
            warnings.push(skipped(&path, why));
            continue;
        }
        match check_file(root, &path) {
            Ok(()) => hooks.push(Hook { name, path }),
            Err(why) => warnings.push(skipped(&path, &why)),
        }
    }
    (hooks, warnings)
}

enum Skip {
    Absent,
    Why(String),
}

/// What is in the folder, without hidden files.
fn look(root: &Path, folder: &Path) -> Result<Vec<PathBuf>, Skip> {
    let io = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => Skip::Absent,
        _ => Skip::Why(format!("no hook is run: {error}")),
    };
    let metadata = fs::metadata(folder).map_err(io)?;
    if !is_inside(root, folder).map_err(io)? {
        return Err(Skip::Why("no hook is run: a symbolic link leads out of the root".to_owned()));
    }
    check_owner(&metadata).map_err(|why| Skip::Why(format!("no hook is run: the folder {why}")))?;
    let entries = fs::read_dir(folder).map_err(io)?;
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| {
        let name = path.file_name().unwrap_or_default();
        !name.as_encoded_bytes().starts_with(b".")
    });
    paths.sort();
    Ok(paths)
}

fn check_file(root: &Path, path: &Path) -> Result<(), String> {
    let metadata = fs::metadata(path).map_err(|error| error.to_string())?;
    if !is_inside(root, path).map_err(|error| error.to_string())? {
        return Err("it is a symbolic link that leads out of the root".to_owned());
    }
    if !metadata.is_file() {
        return Err("it is not a regular file".to_owned());
    }
    if metadata.mode() & 0o111 == 0 {
        return Err("it is not executable".to_owned());
    }
    check_owner(&metadata).map_err(|why| format!("it {why}"))
}

/// Whether what is found at a path, through all links, is below the root.
fn is_inside(root: &Path, path: &Path) -> io::Result<bool> {
    Ok(fs::canonicalize(path)?.starts_with(fs::canonicalize(root)?))
}

/// Root's, or the caller's own, and writable by nobody else.
fn check_owner(metadata: &Metadata) -> Result<(), String> {
    let owner = metadata.uid();
    if owner != 0 && owner != geteuid().as_raw() {
        return Err(format!("belongs to the user {owner}, not to root"));
    }
    match metadata.mode() & WRITABLE_BY_OTHERS {
        0 => Ok(()),
        _ => Err(format!(
            "can be written by other users than its owner (mode {:o})",
            metadata.mode() & 0o7777
        )),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use tempfile::TempDir;

    use super::*;

    fn root() -> (TempDir, PathBuf) {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join(FOLDER);
        fs::create_dir_all(&folder).unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        (root, folder)
    }

    fn write(path: &Path, mode: u32) {
        fs::write(path, "#!/bin/sh\n").unwrap();
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn without_a_folder_there_are_none() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(hooks(root.path()), (Vec::new(), Vec::new()));
    }

    #[test]
    fn hooks_come_in_the_order_of_their_names_and_all_else_is_named() {
        let (root, folder) = root();
        for (name, mode) in [
            ("50-slurm", 0o755),
            ("10_first", 0o700),
            ("50-slurm~", 0o755),
            ("50-slurm.dpkg-old", 0o755),
            ("60-notes", 0o644),
            ("70-group", 0o775),
            ("71-world", 0o757),
            (".hidden", 0o755),
        ] {
            write(&folder.join(name), mode);
        }
        fs::create_dir(folder.join("80-folder")).unwrap();
        symlink("50-slurm", folder.join("90-link")).unwrap();
        symlink("nothing", folder.join("91-dangling")).unwrap();
        let (found, warnings) = hooks(root.path());
        let names: Vec<_> = found.iter().map(|hook| &*hook.name).collect();
        assert_eq!(names, ["10_first", "50-slurm", "90-link"]);
        let told = |name: &str, why: &str| {
            let start = format!("{} is not run: ", folder.join(name).display());
            warnings.iter().any(|text| text.starts_with(&start) && text.contains(why))
        };
        assert!(told("50-slurm~", "letters, digits"), "{warnings:?}");
        assert!(told("50-slurm.dpkg-old", "letters, digits"), "{warnings:?}");
        assert!(told("60-notes", "not executable"), "{warnings:?}");
        assert!(told("70-group", "written by other users"), "{warnings:?}");
        assert!(told("71-world", "(mode 757)"), "{warnings:?}");
        assert!(told("80-folder", "not a regular file"), "{warnings:?}");
        assert!(told("91-dangling", "No such file"), "{warnings:?}");
        assert_eq!(warnings.len(), 7, "{warnings:?}");
    }

    /// Seen: a mounted card's link had another program of this machine run, as root.
    #[test]
    fn what_is_outside_of_the_root_is_not_run() {
        let (outside, elsewhere) = root();
        write(&elsewhere.join("50-outside"), 0o755);
        let (inside, folder) = root();
        write(&folder.join("10-inside"), 0o755);
        symlink(elsewhere.join("50-outside"), folder.join("50-absolute")).unwrap();
        let up = format!("{}{}", "../".repeat(20), elsewhere.join("50-outside").display());
        symlink(up, folder.join("60-relative")).unwrap();
        symlink("../hooks.d/10-inside", folder.join("70-link")).unwrap();
        let (found, warnings) = hooks(inside.path());
        let names: Vec<_> = found.iter().map(|hook| &*hook.name).collect();
        assert_eq!(names, ["10-inside", "70-link"]);
        assert_eq!(warnings.len(), 2, "{warnings:?}");
        let told = |text: &String| {
            text.ends_with("is not run: it is a symbolic link that leads out of the root")
        };
        assert!(warnings.iter().all(told), "{warnings:?}");
        fs::remove_dir_all(&folder).unwrap();
        symlink(outside.path().join(FOLDER), &folder).unwrap();
        let (found, warnings) = hooks(inside.path());
        assert!(found.is_empty());
        assert!(
            warnings[0].ends_with("no hook is run: a symbolic link leads out of the root"),
            "{warnings:?}"
        );
    }

    #[test]
    fn a_folder_that_others_can_write_to_has_no_hooks() {
        let (root, folder) = root();
        write(&folder.join("50-slurm"), 0o755);
        fs::set_permissions(&folder, Permissions::from_mode(0o775)).unwrap();
        let (found, warnings) = hooks(root.path());
        assert!(found.is_empty());
        assert!(warnings[0].contains("no hook is run: the folder can be written"), "{warnings:?}");
    }

    /// `/proc/1` is root's, whoever runs this; another user's needs root to make.
    #[test]
    fn an_owner_is_root_or_the_caller() {
        assert_eq!(check_owner(&fs::metadata("/proc/1").unwrap()), Ok(()));
        let (_root, folder) = root();
        let file = folder.join("theirs");
        write(&file, 0o755);
        if std::os::unix::fs::chown(&file, Some(12345), None).is_ok() {
            let why = check_owner(&fs::metadata(&file).unwrap()).unwrap_err();
            assert_eq!(why, "belongs to the user 12345, not to root");
        }
    }
}
