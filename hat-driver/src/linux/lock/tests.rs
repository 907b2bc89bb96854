use super::*;

use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::sync::mpsc::channel;

use rustix::fs::{CWD, Mode, mkfifoat};

use crate::linux::{Host, Platform, Resource};

const LIMIT: Duration = Duration::from_millis(50);

/// Longer than any test may take on a machine that is busy otherwise.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn a_second_caller_is_told_who_holds_the_lock() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bus");
    let (mut first, mut second) = (FileLock::open(&path).unwrap(), FileLock::open(&path).unwrap());
    first.acquire(LIMIT).unwrap();
    match second.acquire(LIMIT) {
        Err(LockError::TimedOut(Some(holder))) => assert_eq!(holder.pid, std::process::id()),
        other => panic!("{other:?}"),
    }
    first.release();
    second.acquire(LIMIT).unwrap();
    assert!(matches!(first.acquire(LIMIT), Err(LockError::TimedOut(_))));
    assert!(matches!(first.acquire(Duration::ZERO), Err(LockError::TimedOut(_))));
}

#[test]
fn a_waiter_goes_on_when_the_holder_ends() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bus");
    let mut first = FileLock::open(&path).unwrap();
    first.acquire(LIMIT).unwrap();
    let (sender, receiver) = channel();
    let waiter = thread::spawn(move || {
        let mut second = FileLock::open(&path).unwrap();
        assert!(matches!(second.acquire(LIMIT), Err(LockError::TimedOut(_))));
        sender.send(()).unwrap();
        second.acquire(PATIENCE).is_ok()
    });
    receiver.recv().unwrap();
    // By now it waits again, as a rule.
    thread::sleep(LIMIT);
    assert!(!waiter.is_finished());
    drop(first);
    assert!(waiter.join().unwrap());
}

/// A thread begins with the name of who starts it, of which the kernel keeps 15 bytes: other tests' begin alike.
#[test]
fn a_waiter_whose_time_is_over_leaves_no_thread_behind() {
    let threads = || {
        let tasks = fs::read_dir("/proc/self/task").unwrap().flatten();
        // One may end at this moment.
        let names = tasks.filter_map(|task| fs::read_to_string(task.path().join("comm")).ok());
        names.filter(|name| name == "only-waiter\n").count()
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bus");
    let mut first = FileLock::open(&path).unwrap();
    first.acquire(LIMIT).unwrap();
    let wait = move || {
        for _ in 0..3 {
            let mut second = FileLock::open(&path).unwrap();
            assert!(matches!(second.acquire(LIMIT), Err(LockError::TimedOut(Some(_)))));
            assert_eq!(threads(), 1);
        }
    };
    thread::Builder::new().name("only-waiter".to_owned()).spawn(wait).unwrap().join().unwrap();
}

/// However long somebody has waited, a moment is enough in which a busy holder lets go.
#[test]
fn a_busy_holder_does_not_starve_a_waiter() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bus");
    let mut waiter = FileLock::open(&path).unwrap();
    let (sender, receiver) = channel();
    let holder = thread::spawn(move || {
        let mut lock = FileLock::open(&path).unwrap();
        lock.acquire(LIMIT).unwrap();
        sender.send(()).unwrap();
        // If its rests grew without a limit, the waiter would look after 0.8 s and after 1.6 s.
        thread::sleep(Duration::from_secs(1));
        lock.release();
        thread::sleep(Duration::from_millis(500));
        lock.acquire(Duration::ZERO)
    });
    receiver.recv().unwrap();
    waiter.acquire(PATIENCE).unwrap();
    let again = holder.join().unwrap();
    assert!(matches!(again, Err(LockError::TimedOut(_))), "{again:?}: the waiter had it later");
}

#[test]
fn a_device_that_vanished_is_not_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("i2c-1");
    assert_eq!(FileLock::device(&path).unwrap_err().kind(), io::ErrorKind::NotFound);
    assert!(!path.exists());
}

#[test]
fn a_controller_s_bus_is_locked_as_a_device() {
    let root = tempfile::tempdir().unwrap();
    fs::create_dir(root.path().join("dev")).unwrap();
    let Err(error) = Host::new(root.path()).lock(Resource::Bus(1)) else { panic!("locked") };
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    assert_eq!(fs::read_dir(root.path().join("dev")).unwrap().count(), 0);
}

/// As an older version left it.
#[test]
fn a_file_in_a_device_s_place_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("i2c-1");
    File::create(&path).unwrap();
    let error = FileLock::device(&path).unwrap_err().to_string();
    assert_eq!(error, "it is not a device: remove it and plug the board in again");
    FileLock::device(Path::new("/dev/null")).unwrap().acquire(LIMIT).unwrap();
}

/// In a folder that everybody may write to.
#[test]
fn what_others_put_in_a_lock_s_place_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    let target = place("target");
    symlink(&target, place("dangling")).unwrap();
    symlink("/etc/passwd", place("link")).unwrap();
    mkfifoat(CWD, place("pipe"), Mode::RUSR).unwrap();
    fs::create_dir(place("folder")).unwrap();
    symlink("/dev/null", place("null")).unwrap();
    let _socket = UnixListener::bind(place("socket")).unwrap();
    for name in ["dangling", "link", "null", "pipe", "folder"] {
        let error = FileLock::open(&place(name)).unwrap_err().to_string();
        assert!(error.ends_with(": remove it"), "{name}: {error}");
    }
    // Its opening is refused by the kernel.
    let error = FileLock::open(&place("socket")).unwrap_err();
    assert_eq!(Errno::from_io_error(&error), Some(Errno::NXIO), "{error}");
    assert!(!target.exists(), "a link was followed");
}

#[test]
fn a_lock_file_that_was_removed_is_no_lock() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bus");
    let mut first = FileLock::open(&path).unwrap();
    let mut second = FileLock::open(&path).unwrap();
    fs::remove_file(&path).unwrap();
    let mut third = FileLock::open(&path).unwrap();
    third.acquire(LIMIT).unwrap();
    // Each of them takes the file that is there, not the one that it opened.
    assert!(matches!(first.acquire(LIMIT), Err(LockError::TimedOut(Some(_)))));
    drop(third);
    second.acquire(LIMIT).unwrap();
    assert!(matches!(first.acquire(LIMIT), Err(LockError::TimedOut(_))));
}

#[test]
fn a_device_that_is_gone_when_it_is_locked_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("i2c-1");
    // A link replaces the device, since only root can make devices.
    symlink("/dev/null", &path).unwrap();
    let mut lock = FileLock::device(&path).unwrap();
    fs::remove_file(&path).unwrap();
    match lock.acquire(LIMIT) {
        Err(LockError::Io(error)) => assert_eq!(error.kind(), io::ErrorKind::NotFound),
        other => panic!("{other:?}"),
    }
    assert!(!path.exists());
    // It came back as another device.
    symlink("/dev/zero", &path).unwrap();
    lock.acquire(LIMIT).unwrap();
    lock.release();
}

/// A minimal system may lack /run/lock.
#[test]
fn a_folder_that_is_absent_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run/lock/bus");
    FileLock::open(&path).unwrap().acquire(LIMIT).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
    // In a file's place there can be none.
    assert_eq!(FileLock::open(&path.join("bus")).unwrap_err().kind(), io::ErrorKind::NotADirectory);
}

#[test]
fn callers_that_make_the_file_at_once_all_get_it() {
    let folder = tempfile::tempdir().unwrap();
    let start = std::sync::Barrier::new(4);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for round in 0..100 {
                    start.wait();
                    FileLock::open(&folder.path().join(round.to_string())).unwrap();
                }
            });
        }
    });
}

/// Another user's process may look in any moment: until the file has its permissions it must not be there.
#[test]
fn a_file_that_is_made_has_its_permissions_as_soon_as_it_is_there() {
    let folder = tempfile::tempdir().unwrap();
    // Less than what is asked for, whatever the umask is.
    let mode = 0o666;
    for number in 0..500 {
        let path = folder.path().join(number.to_string());
        let seen = path.clone();
        let watcher = thread::spawn(move || {
            loop {
                if let Ok(metadata) = fs::metadata(&seen) {
                    return metadata.mode() & 0o777;
                }
            }
        });
        create(&path, mode).unwrap();
        assert_eq!(watcher.join().unwrap(), mode, "{number}");
    }
}
