//! Paths below a folder that never lead out of it, whatever links it has.
//!
//! A card that somebody else has prepared is written to as root: a link on it means a file of the card,
//! as chroot(2) would see it, never one of this machine. Folders are held open and every operation names
//! one entry of such a folder, so that nothing changes between looking and writing.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags, fstat, openat, openat2, statat,
};
use rustix::io::Errno;

use super::target::{TargetFile, link_at};

/// As the kernel does it: more links than this in one path are a loop.
pub(super) const MOST_LINKS: usize = 40;

/// So often a folder is looked at that another setup makes or removes between two looks.
const MOST_LOOKS: usize = 100;

const FOLDER: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// The folder that a user names, through links.
pub(super) fn top(path: &Path) -> io::Result<OwnedFd> {
    Ok(openat(CWD, path, FOLDER, Mode::empty())?)
}

/// The file at a path below a root, if there is one, where links and `..` do not lead out of it.
///
/// # Errors
/// What cannot be read, or is no regular file.
pub fn read(root: &Path, path: &Path) -> io::Result<Option<Vec<u8>>> {
    let absent = |error: io::Error| if is_absence(&error) { Ok(None) } else { Err(error) };
    let read = |mut path: PathBuf| {
        let top = top(root)?;
        for _ in 0..MOST_LINKS {
            let parent = path.parent().unwrap_or(Path::new("")).to_owned();
            let name = path.file_name().unwrap_or(OsStr::new("."));
            let at = TargetFile::new(folder(&top, &parent)?, name, root.join(&path));
            match at.look()? {
                None => return Ok(None),
                Some(found) if FileType::from_raw_mode(found.st_mode) == FileType::Symlink => {
                    path = relative(&parent.join(at.read_link()?));
                }
                Some(_) => return at.read().map(Some),
            }
        }
        Err(Errno::LOOP.into())
    };
    read(relative(path)).or_else(absent)
}

/// Checks that no link on the way to a path below a root leads out of the root, so that a program which opens the path as it stands, and
/// makes what is missing of it, stays below the root.
///
/// # Errors
/// A link on the way that leads out of the root, or what cannot be looked at. A root that is not there has none.
pub fn check_inside(root: &Path, path: &Path) -> io::Result<()> {
    let at = |opened: io::Result<OwnedFd>| match opened {
        // Who may not go in makes nothing there either.
        Err(error) if is_absence(&error) || error.kind() == io::ErrorKind::PermissionDenied => {
            Ok(None)
        }
        opened => {
            opened.and_then(|folder| Ok(fstat(folder)?)).map(|it| Some((it.st_dev, it.st_ino)))
        }
    };
    let mut way = PathBuf::new();
    for part in parts(path) {
        way.push(part);
        let shown = root.join(&way);
        let failed = |error: io::Error| {
            io::Error::new(error.kind(), format!("cannot look at {}: {error}", shown.display()))
        };
        let look = || {
            let outside = at(top(&shown)).map_err(failed)?;
            let inside = match top(root).and_then(|top| folder(top, &way)) {
                // `dev`, a link to `/dev`, leads to itself in the root only.
                Err(error) if Errno::from_io_error(&error) == Some(Errno::LOOP) => None,
                opened => at(opened).map_err(failed)?,
            };
            Ok::<_, io::Error>((inside, outside))
        };
        let mut seen = look()?;
        for _ in 0..MOST_LOOKS {
            if seen.0 == seen.1 {
                break;
            }
            let before = std::mem::replace(&mut seen, look()?);
            if seen == before {
                break;
            }
        }
        if seen.0 != seen.1 {
            let text = format!(
                "{}: a symbolic link there leads out of {}; put a directory in its place",
                shown.display(),
                root.display()
            );
            return Err(io::Error::other(text));
        }
    }
    Ok(())
}

/// A folder below another: `..` and absolute links stop at `top`.
pub(super) fn folder(top: impl AsFd, path: &Path) -> io::Result<OwnedFd> {
    let path = relative(path);
    match by_kernel(&top, &path) {
        // A kernel before 5.6, a filter of system calls that is older than the call, or a folder that
        // is being moved at this moment.
        Err(Errno::NOSYS | Errno::PERM | Errno::AGAIN) => by_steps(&top, &path),
        found => Ok(found?),
    }
}

/// The folder right in another; a link is none.
pub(super) fn folder_itself(parent: impl AsFd, name: &OsStr) -> io::Result<OwnedFd> {
    Ok(openat(parent, name, FOLDER | OFlags::NOFOLLOW, Mode::empty())?)
}

/// Without what would make it absolute.
pub(super) fn relative(path: &Path) -> PathBuf {
    parts(path).into_iter().collect()
}

/// Whether something is not there.
pub(super) fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn by_kernel(top: impl AsFd, path: &Path) -> Result<OwnedFd, Errno> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    let within = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
    openat2(top, path, FOLDER, Mode::empty(), within)
}

/// The same by hand: each part is opened in the folder that was opened before it, and never through a
/// link.
fn by_steps(top: impl AsFd, path: &Path) -> io::Result<OwnedFd> {
    let mut way = vec![openat(&top, ".", FOLDER, Mode::empty())?];
    let mut todo = parts(path);
    let mut links = 0;
    while let Some(part) = todo.pop_front() {
        if part == ".." {
            way.truncate((way.len() - 1).max(1));
            continue;
        }
        let here = &way[way.len() - 1];
        let found = statat(here, &part, AtFlags::SYMLINK_NOFOLLOW)?;
        if FileType::from_raw_mode(found.st_mode) != FileType::Symlink {
            let next = folder_itself(here, &part)?;
            way.push(next);
            continue;
        }
        links += 1;
        if links > MOST_LINKS {
            return Err(Errno::LOOP.into());
        }
        let target = link_at(here, &part)?;
        if target.is_absolute() {
            way.truncate(1);
        }
        for part in parts(&target).into_iter().rev() {
            todo.push_front(part);
        }
    }
    way.pop().ok_or_else(|| io::ErrorKind::NotFound.into())
}

fn parts(path: &Path) -> VecDeque<OsString> {
    let named = |part: Component<'_>| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        _ => None,
    };
    path.components().filter_map(named).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use proptest::prelude::*;

    use super::*;

    fn identity(folder: io::Result<OwnedFd>) -> Result<(u64, u64), Option<i32>> {
        let found = folder.and_then(|folder| Ok(fstat(folder)?));
        found.map(|found| (found.st_dev, found.st_ino)).map_err(|error| error.raw_os_error())
    }

    /// A folder with folders, and links anywhere; and one beside it that must never be reached.
    fn world(links: &[(String, String)]) -> tempfile::TempDir {
        let world = tempfile::tempdir().unwrap();
        for folder in ["card/a/b", "card/b", "card/c/a", "a/b", "c"] {
            fs::create_dir_all(world.path().join(folder)).unwrap();
        }
        for (name, target) in links {
            let target = target.replace("WORLD", world.path().to_str().unwrap());
            // The name of a folder that is there stays a folder's.
            let _ = symlink(target, world.path().join("card").join(name));
        }
        world
    }

    fn path() -> impl Strategy<Value = String> {
        let part = prop::sample::select(vec!["a", "b", "c", "l", "m", "a/l", "b/m", "..", "."]);
        prop::collection::vec(part, 0..6).prop_map(|parts| parts.join("/"))
    }

    fn link() -> impl Strategy<Value = (String, String)> {
        let name = prop::sample::select(vec!["l", "m", "a/l", "b/m"]).prop_map(str::to_owned);
        let start = prop::sample::select(vec!["", "/", "../../", "WORLD/"]);
        (name, (start, path()).prop_map(|(start, path)| format!("{start}{path}x").replace('x', "")))
            .prop_filter("a link says something", |(_, target)| !target.is_empty())
    }

    proptest! {
        #[test]
        fn the_kernel_and_the_steps_find_the_same(
            links in prop::collection::vec(link(), 0..4),
            path in path(),
        ) {
            let world = world(&links);
            let card = top(&world.path().join("card")).unwrap();
            let steps = identity(by_steps(&card, Path::new(&path)));
            let outside = ["", "a", "a/b", "c"].map(|name| identity(top(&world.path().join(name))));
            prop_assert!(!outside.contains(&steps) || steps.is_err());
            match by_kernel(&card, Path::new(&path)) {
                // The last where another program renames anything meanwhile: openat2(2).
                Err(Errno::NOSYS | Errno::PERM | Errno::AGAIN) => {}
                kernel => prop_assert_eq!(identity(kernel.map_err(Into::into)), steps),
            }
        }
    }

    #[test]
    fn a_link_to_itself_is_a_loop() {
        let world = world(&[("l".to_owned(), "m".to_owned()), ("m".to_owned(), "l".to_owned())]);
        let card = top(&world.path().join("card")).unwrap();
        assert_eq!(by_steps(&card, Path::new("l")).unwrap_err().raw_os_error(), Some(40));
    }

    #[test]
    fn as_many_links_are_followed_as_the_kernel_follows() {
        let link = |number: usize| (format!("l{number}"), format!("l{}", number + 1));
        let mut links: Vec<_> = (0..=MOST_LINKS).map(link).collect();
        links[MOST_LINKS].1 = "a".to_owned();
        let world = world(&links);
        let card = top(&world.path().join("card")).unwrap();
        for (start, is_found) in [("l1", true), ("l0", false)] {
            assert_eq!(by_steps(&card, Path::new(start)).is_ok(), is_found, "{start}");
            assert_eq!(top(&world.path().join("card").join(start)).is_ok(), is_found, "{start}");
        }
    }

    #[test]
    fn a_file_is_read_through_links_that_stay_inside() {
        let links = [
            ("l", "/a/file"),
            ("m", "../../c/secret"),
            ("a/l", "../../../b/file"),
            ("b/m", "loop"),
        ];
        let world = world(&links.map(|(name, to)| (name.to_owned(), to.to_owned())));
        let card = world.path().join("card");
        fs::write(card.join("a/file"), "a").unwrap();
        fs::write(card.join("b/file"), "b").unwrap();
        fs::write(world.path().join("c/secret"), "outside").unwrap();
        symlink("loop", card.join("b/loop")).unwrap();
        let read = |path: &str| super::read(&card, Path::new(path));
        for (path, found) in [
            ("a/file", Some(&b"a"[..])),
            ("/a/file", Some(b"a")),
            ("l", Some(b"a")),
            ("a/l", Some(b"b")),
            ("../../a/file", Some(b"a")),
            // Below the card there is no c/secret.
            ("m", None),
            ("a/nothing", None),
            ("nowhere/file", None),
        ] {
            assert_eq!(read(path).unwrap().as_deref(), found, "{path}");
        }
        assert_eq!(read("b/m").unwrap_err().raw_os_error(), Some(Errno::LOOP.raw_os_error()));
        assert!(read("a").is_err(), "a folder is no file");
    }

    /// Seen: a state folder below a root was made on the machine that it was mounted on.
    #[test]
    fn a_link_that_leads_out_is_found_before_anything_is_made_behind_it() {
        let links = [
            ("l", "WORLD/c"),
            ("m", "/a"),
            ("a/l", "../b"),
            ("b/m", "/nowhere"),
            ("c/loop", "loop"),
            ("etc", "/etc"),
        ];
        let world = world(&links.map(|(name, to)| (name.to_owned(), to.to_owned())));
        let card = world.path().join("card");
        let check = |path: &str| super::check_inside(&card, Path::new(path));
        for path in ["a/b", "a/l/new", "new/new", "b/m"] {
            check(path).unwrap();
        }
        for (path, link) in [("l", "l"), ("l/new/x", "l"), ("m/b", "m"), ("etc/x", "etc")] {
            let error = check(path).unwrap_err().to_string();
            let told = format!("card/{link}: a symbolic link there leads out of ");
            assert!(error.contains(&told), "{path}: {error}");
        }
        super::check_inside(&card.join("nowhere"), Path::new("a")).unwrap();
        // Seen: an error without a path.
        let error = check("c/loop/new").unwrap_err().to_string();
        assert!(error.starts_with("cannot look at ") && error.contains("card/c/loop: "), "{error}");
    }
}
