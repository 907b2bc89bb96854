//! What the kernel knows of a process.

use std::fs;
use std::time::Duration;

fn read(pid: u32, file: &str) -> String {
    fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap()
}

/// Its processor time so far, of all its threads.
pub(crate) fn cpu(pid: u32) -> Duration {
    // The first field of /proc/PID/schedstat is a thread's time in nanoseconds; `stat` has only hundredths of a second.
    let times = threads(pid, "schedstat");
    let nanoseconds =
        times.iter().map(|text| text.split(' ').next().unwrap().parse::<u64>().unwrap());
    Duration::from_nanos(nanoseconds.sum())
}

/// How often its threads have gone to sleep, and so were woken.
pub(crate) fn wakes(pid: u32) -> u64 {
    threads(pid, "status").iter().map(|text| number(text, "voluntary_ctxt_switches:")).sum()
}

/// Its share of the memory, in kB: pages of several processes count for each by their part (PSS).
pub(crate) fn memory(pid: u32) -> u64 {
    number(&read(pid, "smaps_rollup"), "Pss:")
}

/// The most that it ever had resident, in kB.
pub(crate) fn most_memory(pid: u32) -> u64 {
    number(&read(pid, "status"), "VmHWM:")
}

/// A file of each of its threads; a thread may end meanwhile.
pub(crate) fn threads(pid: u32, file: &str) -> Vec<String> {
    let folders = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    folders
        .filter_map(|folder| fs::read_to_string(folder.unwrap().path().join(file)).ok())
        .collect()
}

fn number(text: &str, key: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(key)).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}
