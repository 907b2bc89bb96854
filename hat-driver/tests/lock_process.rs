//! Locks and what belongs to the whole process. One test alone, since others run beside it on threads.

#![cfg(feature = "linux")]
// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use hat_driver::linux::lock::{FileLock, LockError};
use rustix::fs::Mode;
use rustix::process::umask;

fn count(folder: &str) -> usize {
    fs::read_dir(folder).unwrap().count()
}

#[test]
fn a_lock_is_everybody_s_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bus");
    let before = umask(Mode::RWXG | Mode::RWXO);
    let mut holder = FileLock::open(&path).unwrap();
    umask(before);
    // Else the first caller's umask would keep all others out.
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
    holder.acquire(Duration::ZERO).unwrap();
    waiters_leave_no_thread_and_no_file(&path);
    holder.release();
    FileLock::open(&path).unwrap().acquire(Duration::ZERO).unwrap();
}

fn waiters_leave_no_thread_and_no_file(path: &Path) {
    let before = (count("/proc/self/task"), count("/proc/self/fd"));
    for _ in 0..10 {
        let limit = Duration::from_millis(5);
        let result = FileLock::open(path).unwrap().acquire(limit);
        assert!(matches!(result, Err(LockError::TimedOut(_))), "{result:?}");
    }
    assert_eq!((count("/proc/self/task"), count("/proc/self/fd")), before);
}
