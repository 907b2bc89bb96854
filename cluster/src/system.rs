//! The system around the boards: this machine's, or one that is only mounted.

use std::path::{Path, PathBuf};
use std::time::Duration;

use system_config::changes::{self, LONGEST_WAIT, Sysroot};

use crate::controller::{Controller, Options};
use crate::error::Error;
use crate::event::{Event, Observer};

/// The system that is set up: this machine's, or one that is mounted at a folder. Knows no boards.
#[derive(Clone, Debug)]
pub struct System {
    root: PathBuf,
    /// How long to wait for another setup, where somebody says.
    limit: Option<Duration>,
}

impl System {
    /// The system at the root of these options. Beside a simulated board the root has to be named: who
    /// plays with one does not mean the machine that it is played on.
    ///
    /// # Errors
    /// [`Error::NoSystem`].
    pub fn new(options: &Options) -> Result<Self, Error> {
        let root = match (&options.root, &options.simulation) {
            (None, Some(_)) => return Err(Error::NoSystem),
            (root, _) => root.clone().unwrap_or_else(|| PathBuf::from("/")),
        };
        Ok(Self { root, limit: limit(options) })
    }

    /// Where its files are.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether it is the one that runs.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.root == Path::new("/")
    }

    /// The same, where it runs.
    pub(crate) fn running(&self) -> Result<&Self, Error> {
        if self.is_running() { Ok(self) } else { Err(Error::NotRunning(self.root.clone())) }
    }

    /// Keeps every other setup away until the sysroot is dropped; looking alone needs no lock.
    pub(crate) fn locked(
        &self,
        sysroot: Sysroot,
        dry_run: bool,
        observer: &mut Observer<'_>,
    ) -> Result<Sysroot, changes::ChangeError> {
        if dry_run {
            return Ok(sysroot);
        }
        let limit = self.limit.unwrap_or(LONGEST_WAIT);
        // The wait ends by itself; nothing is changed that somebody could want to stop.
        sysroot.locked_telling(limit, &mut |wait| {
            let _ = observer(Event::Locked(wait));
        })
    }
}

/// How long to wait for another setup, where the call, the environment or the configuration says. Settings that cannot
/// be read keep nobody from undoing: who needs them says what is wrong with them.
fn limit(options: &Options) -> Option<Duration> {
    match Controller::new(options) {
        Ok(controller) => {
            let settings = controller.settings();
            settings.is_lock_limit_given.then_some(settings.lock_limit)
        }
        Err(_) => options.overrides.lock_limit,
    }
}
