//! A program while it runs.

use std::{
    process::{Child, Command},
    thread::sleep,
    time::{Duration, Instant},
};

use crate::command::{Output, status};

/// The longest that anything may take on a machine that is busy otherwise.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until it is so.
///
/// # Panics
/// If it does not happen.
#[track_caller]
pub fn until(what: &str, so: impl FnMut() -> bool) {
    until_within(PATIENCE, what, so);
}

/// Waits this long at most until it is so.
///
/// # Panics
/// If it does not happen.
#[track_caller]
pub fn until_within(limit: Duration, what: &str, mut so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !so() {
        assert!(start.elapsed() < limit, "{what} does not happen within {limit:?}");
        sleep(Duration::from_millis(2));
    }
}

/// A running program, killed when it is dropped.
#[derive(Debug)]
pub struct Running(Option<Child>);

impl Running {
    /// Starts a command, whose outputs are to be pipes.
    ///
    /// # Panics
    /// If it cannot be started.
    #[must_use]
    pub fn spawn(command: &mut Command) -> Self {
        let child = command.spawn();
        Self(Some(child.unwrap_or_else(|error| panic!("{command:?} cannot be run: {error}"))))
    }

    /// One that runs already.
    #[must_use]
    pub const fn of(child: Child) -> Self {
        Self(Some(child))
    }

    fn child(&mut self) -> &mut Child {
        self.0.as_mut().unwrap_or_else(|| unreachable!("only the end takes it"))
    }

    /// The process.
    #[must_use]
    pub fn id(&mut self) -> u32 {
        self.child().id()
    }

    /// Whether it has not ended yet.
    ///
    /// # Panics
    /// If that cannot be told.
    #[must_use]
    pub fn is_running(&mut self) -> bool {
        self.child().try_wait().unwrap_or_else(|error| panic!("{error}")).is_none()
    }

    /// Ends it by SIGKILL.
    ///
    /// # Panics
    /// If that cannot be done.
    pub fn kill(&mut self) {
        self.child().kill().unwrap_or_else(|error| panic!("{error}"));
    }

    /// Whether it has a file open whose name ends so.
    #[must_use]
    pub fn has_open(&mut self, end: &str) -> bool {
        let Ok(entries) = std::fs::read_dir(format!("/proc/{}/fd", self.id())) else {
            return false;
        };
        let targets = entries.flatten().filter_map(|entry| entry.path().read_link().ok());
        targets.into_iter().any(|target| target.to_string_lossy().ends_with(end))
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// If it cannot be waited for.
    #[must_use]
    pub fn finish(mut self) -> Output {
        let child = self.0.take().unwrap_or_else(|| unreachable!("only the end takes it"));
        let output = child.wait_with_output().unwrap_or_else(|error| panic!("{error}"));
        Output {
            status: status(output.status),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            // It may have ended.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
