//! Lines on standard error. A thread of its own writes them: whoever reads standard error may stop reading, and no operation waits
//! for that.

use std::io::Write as _;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::Duration;

/// Lines that wait to be read. Others are lost, which is told once there is room again.
const LONGEST_QUEUE: usize = 1000;

/// What the daemon's end waits for a reader.
const LAST_WAIT: Duration = Duration::from_secs(1);

enum Entry {
    Line(String),
    /// All before it is written.
    End(SyncSender<()>),
}

static LOST: AtomicUsize = AtomicUsize::new(0);

pub(super) fn tell(line: String) {
    let Some(queue) = queue() else {
        // Better late than not at all.
        return write(&line);
    };
    if let Err(TrySendError::Full(_)) = queue.try_send(Entry::Line(line)) {
        LOST.fetch_add(1, Ordering::Relaxed);
    }
}

/// Waits until all that was told is written, but not long for somebody who does not read it.
pub fn finish() {
    let (ended, end) = sync_channel(1);
    if queue().is_some_and(|queue| queue.try_send(Entry::End(ended)).is_ok()) {
        // Lines that nobody reads are lost with the process.
        let _ = end.recv_timeout(LAST_WAIT);
    }
}

/// Absent without a thread to be had.
fn queue() -> Option<&'static SyncSender<Entry>> {
    static QUEUE: OnceLock<Option<SyncSender<Entry>>> = OnceLock::new();
    let start = || {
        let (queue, entries) = sync_channel(LONGEST_QUEUE);
        let thread = thread::Builder::new().name("log".to_owned());
        thread.spawn(move || write_all(&entries)).ok().map(|_| queue)
    };
    QUEUE.get_or_init(start).as_ref()
}

fn write_all(entries: &Receiver<Entry>) {
    for entry in entries {
        match entry {
            Entry::Line(line) => write(&line),
            // Whoever waited for it may have given up.
            Entry::End(ended) => drop(ended.send(())),
        }
        let lost = LOST.swap(0, Ordering::Relaxed);
        if lost > 0 {
            write(&format!("clusterhatd: {lost} lines were lost here, as nobody read them\n"));
        }
    }
}

fn write(line: &str) {
    // Nothing is left to tell where this cannot be written.
    let _ = std::io::stderr().write_all(line.as_bytes());
}
