//! Who has a terminal open.

use std::fs;
use std::io;
use std::path::Path;
use std::process;

use crate::TtyHolder;

/// Other processes that have one of these terminals open, by `/proc/PID/fd`. Only root sees
/// everybody's.
pub(super) fn holders(ttys: &[String]) -> io::Result<Vec<TtyHolder>> {
    let mut holders = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let entry = entry?;
        let pid = entry.file_name().to_str().and_then(|name| name.parse().ok());
        let Some(pid) = pid.filter(|pid| *pid != process::id()) else {
            continue;
        };
        let open = open_files(&entry.path());
        for tty in ttys.iter().filter(|tty| open.contains(tty)) {
            let program = fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
            holders.push(TtyHolder { tty: tty.clone(), pid, program: program.trim().to_owned() });
        }
    }
    holders.sort_by(|a, b| (&a.tty, a.pid).cmp(&(&b.tty, b.pid)));
    Ok(holders)
}

/// What a process has open; nothing if it has ended or is somebody else's.
fn open_files(process: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(process.join("fd")) else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| fs::read_link(entry.path()).ok())
        .map(|path| path.to_string_lossy().into_owned())
        .collect()
}
