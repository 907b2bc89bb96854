//! One hook, from its start to its end or the end of its time.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_setfl};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};

use super::lines::Lines;

/// What a hook gets to clean up after SIGTERM.
const GRACE: Duration = Duration::from_secs(5);

/// How often a hook's end is looked for on a kernel that cannot tell it (before Linux 5.3).
const TICK: Duration = Duration::from_millis(20);

/// The kernel reads no more of a script's first line.
const LINE: u64 = 256;

/// How often a hook looks whether it is to be stopped.
const LOOK: Duration = Duration::from_millis(100);

/// Runs a hook in a process group of its own, with its output told line by line. It is stopped at the end of its time, or
/// once `stop` says so.
///
/// # Errors
/// How it failed, with the last line that it printed.
pub(super) fn run(
    command: &mut Command,
    limit: Duration,
    stop: &AtomicBool,
    tell: &mut dyn FnMut(&str),
) -> Result<(), String> {
    let started = start(command);
    let (mut child, output) =
        started.map_err(|error| format!("cannot be run: {}", why(command, &error)))?;
    let mut running = Running { output, lines: Lines::default(), tell };
    let ended = running.watch(&mut child, limit, Some(stop));
    let problem = match ended {
        Ok(Some(status)) => describe(status),
        Ok(None) => {
            let stopped = running.stop(&mut child);
            let why = match stop.load(Ordering::Relaxed) {
                true => "interrupted".to_owned(),
                false => format!("not finished after {} s", limit.as_secs_f64()),
            };
            Some(match stopped {
                Ok(()) => format!("{why}: it was stopped"),
                Err(error) => format!("{why}, and cannot be stopped: {error}"),
            })
        }
        Err(error) => Some(format!("cannot be watched: {error}")),
    };
    running.lines.end(running.tell);
    match (problem, &*running.lines.last) {
        (None, _) => Ok(()),
        (Some(problem), "") => Err(problem),
        (Some(problem), last) => Err(format!("{problem}: {last}")),
    }
}

/// The kernel says of a script whose interpreter is missing what it says of one that is missing itself.
fn why(command: &Command, error: &io::Error) -> String {
    let mut first = Vec::new();
    let is_there = error.kind() == io::ErrorKind::NotFound
        && File::open(command.get_program())
            .and_then(|file| file.take(LINE).read_to_end(&mut first))
            .is_ok();
    let first = String::from_utf8_lossy(&first);
    let interpreter = first.strip_prefix("#!").and_then(|line| line.split_whitespace().next());
    match interpreter.filter(|_| is_there) {
        Some(interpreter) => format!("its interpreter {interpreter:?} does not exist"),
        None => error.to_string(),
    }
}

fn start(command: &mut Command) -> io::Result<(Child, File)> {
    let (output, ours) = pipe_with(PipeFlags::CLOEXEC)?;
    let again = ours.try_clone()?;
    let stdio = |fd: OwnedFd| Stdio::from(fd);
    command.stdin(Stdio::null()).stdout(stdio(ours)).stderr(stdio(again)).process_group(0);
    let child = command.spawn();
    // Our ends go with this; the hook's own stay open in it alone.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    fcntl_setfl(&output, OFlags::NONBLOCK)?;
    Ok((child?, File::from(output)))
}

fn describe(status: ExitStatus) -> Option<String> {
    match (status.success(), status.code(), status.signal()) {
        (true, _, _) => None,
        (_, Some(code), _) => Some(format!("exit status {code}")),
        (_, _, signal) => Some(format!("ended by signal {}", signal.unwrap_or_default())),
    }
}

/// A hook's output, and who hears it.
struct Running<'a> {
    output: File,
    lines: Lines,
    tell: &'a mut dyn FnMut(&str),
}

impl Running<'_> {
    /// Reads until the hook ends, and says how; `None` where it is to be stopped. What it has started may
    /// keep its output open: that is not waited for.
    fn watch(
        &mut self,
        child: &mut Child,
        limit: Duration,
        stop: Option<&AtomicBool>,
    ) -> io::Result<Option<ExitStatus>> {
        let deadline = Instant::now() + limit;
        let exit = pidfd_open(Pid::from_child(child), PidfdFlags::empty()).ok();
        let mut is_open = true;
        loop {
            let ended = child.try_wait()?;
            is_open = is_open && self.read()?;
            if ended.is_some() {
                return Ok(ended);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || stop.is_some_and(|stop| stop.load(Ordering::Relaxed)) {
                return Ok(None);
            }
            let wait = left.min(if exit.is_some() { LOOK } else { TICK });
            let output = is_open.then(|| PollFd::new(&self.output, PollFlags::IN));
            let exit = exit.as_ref().map(|exit| PollFd::new(exit, PollFlags::IN));
            let mut fds: Vec<_> = output.into_iter().chain(exit).collect();
            let wait = Timespec::try_from(wait).map_err(io::Error::other)?;
            match poll(&mut fds, Some(&wait)) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Takes in all that has come; whether more may come.
    fn read(&mut self) -> io::Result<bool> {
        let mut bytes = [0; 4096];
        loop {
            match self.output.read(&mut bytes) {
                Ok(0) => return Ok(false),
                Ok(count) => self.lines.add(&bytes[..count], self.tell),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Ends the hook with all that it has started in its process group.
    fn stop(&mut self, child: &mut Child) -> io::Result<()> {
        let group = Pid::from_child(child);
        kill_process_group(group, Signal::TERM)?;
        if self.watch(child, GRACE, None)?.is_none() {
            kill_process_group(group, Signal::KILL)?;
            child.wait()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);
    static NEVER: AtomicBool = AtomicBool::new(false);

    fn sh(script: &str, limit: Duration) -> (Result<(), String>, Vec<String>) {
        let mut told = Vec::new();
        let mut tell = |line: &str| told.push(line.to_owned());
        let result = run(Command::new("sh").args(["-c", script]), limit, &NEVER, &mut tell);
        (result, told)
    }

    #[test]
    fn output_of_both_kinds_is_told_and_the_end_is() {
        let (result, told) = sh("echo one; echo two >&2", LONG);
        assert_eq!((result, told), (Ok(()), vec!["one".to_owned(), "two".to_owned()]));
        let (result, _) = sh("echo jobs are running; exit 3", LONG);
        assert_eq!(result, Err("exit status 3: jobs are running".to_owned()));
        assert_eq!(sh("kill -9 $$", LONG).0, Err("ended by signal 9".to_owned()));
        let mut absent = Command::new("/nonexistent/hook");
        let problem = run(&mut absent, LONG, &NEVER, &mut |_| {}).unwrap_err();
        assert!(problem.starts_with("cannot be run: "), "{problem}");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hook");
        std::fs::write(&path, "#! /nonexistent/sh -e\n").unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
        let problem = run(&mut Command::new(&path), LONG, &NEVER, &mut |_| {}).unwrap_err();
        assert_eq!(problem, "cannot be run: its interpreter \"/nonexistent/sh\" does not exist");
    }

    /// Also where it ignores the signal, and with what it has started.
    #[test]
    fn a_hook_that_does_not_end_is_stopped() {
        let start = Instant::now();
        let script = "sleep 600 & echo started; wait";
        let (result, told) = sh(script, Duration::from_millis(200));
        assert_eq!(result, Err("not finished after 0.2 s: it was stopped: started".to_owned()));
        assert_eq!(told, ["started"]);
        assert!(start.elapsed() < Duration::from_secs(60));
        let (result, _) = sh("trap '' TERM; while :; do sleep 1; done", Duration::from_millis(50));
        assert_eq!(result, Err("not finished after 0.05 s: it was stopped".to_owned()));
    }

    #[test]
    fn a_hook_that_is_not_wanted_any_more_is_stopped() {
        let stop = AtomicBool::new(false);
        let mut tell = |_: &str| stop.store(true, Ordering::Relaxed);
        let mut command = Command::new("sh");
        let result = run(command.args(["-c", "echo x; sleep 600"]), LONG, &stop, &mut tell);
        assert_eq!(result, Err("interrupted: it was stopped: x".to_owned()));
    }

    #[test]
    fn what_a_hook_leaves_running_is_not_waited_for() {
        let start = Instant::now();
        let (result, told) = sh("sleep 30 & echo done", LONG);
        assert_eq!((result, told), (Ok(()), vec!["done".to_owned()]));
        assert!(start.elapsed() < Duration::from_secs(25), "{:?}", start.elapsed());
    }

    #[test]
    fn a_hook_that_prints_without_end_is_stopped_all_the_same() {
        let (result, told) = sh("yes", Duration::from_millis(300));
        let problem = result.unwrap_err();
        assert!(problem.starts_with("not finished after 0.3 s: it was stopped"), "{problem}");
        assert!(told.len() < 100_000, "{}", told.len());
    }

    #[test]
    fn a_hook_has_none_of_our_files() {
        let ours = tempfile::NamedTempFile::with_prefix("a-file-of-ours").unwrap();
        let (result, told) = sh("ls -l /proc/self/fd; cat", LONG);
        drop(ours);
        assert_eq!(result, Ok(()));
        assert!(told.iter().any(|line| line.contains("0 -> /dev/null")), "{told:?}");
        assert!(told.iter().all(|line| !line.contains("a-file-of-ours")), "{told:?}");
    }
}
