//! What the kernel knows of a process, and signals to it.

use std::fs;
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process};

/// Sends it a signal; false where there is no such process.
///
/// # Panics
/// If that is no number of a process, or one of another user.
#[must_use]
pub fn signal(pid: u32, signal: Signal) -> bool {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).expect("a process");
    match kill_process(pid, signal) {
        Err(Errno::SRCH) => false,
        sent => {
            sent.expect("a process that may be sent signals");
            true
        }
    }
}

fn read(pid: u32, file: &str) -> String {
    let path = format!("/proc/{pid}/{file}");
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Its processor time so far, of all threads that it has.
///
/// # Panics
/// If there is no such process.
#[must_use]
pub fn cpu(pid: u32) -> Duration {
    // The first field of /proc/PID/schedstat is a thread's time in nanoseconds; `stat` has only hundredths of a second.
    let times = threads(pid, "schedstat");
    let nanoseconds = times.iter().filter_map(|text| text.split(' ').next()?.parse::<u64>().ok());
    Duration::from_nanos(nanoseconds.sum())
}

/// How often its threads have gone to sleep, and so were woken.
///
/// # Panics
/// If there is no such process.
#[must_use]
pub fn wakes(pid: u32) -> u64 {
    threads(pid, "status").iter().map(|text| number(text, "voluntary_ctxt_switches:")).sum()
}

/// Whether all of its threads wait for something.
///
/// # Panics
/// If there is no such process.
#[must_use]
pub fn is_asleep(pid: u32) -> bool {
    threads(pid, "status").iter().all(|text| text.contains("\nState:\tS"))
}

/// Its share of the memory, in kB: pages of several processes count for each by their part (PSS).
///
/// # Panics
/// If there is no such process.
#[must_use]
pub fn memory(pid: u32) -> u64 {
    number(&read(pid, "smaps_rollup"), "Pss:")
}

/// The most that it ever had resident, in kB.
///
/// # Panics
/// If there is no such process.
#[must_use]
pub fn most_memory(pid: u32) -> u64 {
    number(&read(pid, "status"), "VmHWM:")
}

/// A file of each of its threads, below `/proc/PID/task`; a thread may end meanwhile.
///
/// # Panics
/// If there is no such process.
#[must_use]
pub fn threads(pid: u32, file: &str) -> Vec<String> {
    let folder = format!("/proc/{pid}/task");
    let threads = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder}: {error}"));
    threads
        .flatten()
        .filter_map(|thread| fs::read_to_string(thread.path().join(file)).ok())
        .collect()
}

fn number(text: &str, key: &str) -> u64 {
    let value = text.lines().find_map(|line| line.strip_prefix(key)?.split_whitespace().next());
    value.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {key} in {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_takes_time_and_memory() {
        let pid = std::process::id();
        std::thread::sleep(Duration::from_millis(1));
        assert!(cpu(pid) > Duration::ZERO && wakes(pid) > 0);
        assert!(!is_asleep(pid), "it asks");
        assert!(memory(pid) > 100 && most_memory(pid) > 100);
    }
}
