//! What every handler gets.

use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use clusterhat::Options;
use clusterhat::config::Sources;
use tokio::sync::Semaphore;

use crate::access::Access;
use crate::answers::Answers;
use crate::boards::{Boards, Tasks};
use crate::certificate::Certificate;
use crate::consoles::Consoles;
use crate::events::Events;
use crate::log::{self, Level};
use crate::metrics::Metrics;
use crate::repeats::Repeats;
use crate::settings::{Settings, SettingsError};
use crate::state_folder::StateFolder;
use crate::telemetry::Telemetry;
use crate::watch;

/// That many clients wait for nodes at once.
const WAITS: usize = 32;

/// What the daemon is started with.
#[derive(Clone, Debug)]
pub struct Start {
    /// The machine, the simulation, the configuration.
    pub options: Options,
    /// Overrides `[daemon] listen`.
    pub listen: Option<SocketAddr>,
    /// Where HTTPS is served if neither names an address.
    pub default_listen: Option<SocketAddr>,
    /// Accounts, tokens, the certificate.
    pub state_dir: PathBuf,
    /// Consoles' logs.
    pub consoles_dir: PathBuf,
}

/// All parts of the daemon; cheap to clone.
#[derive(Clone)]
pub struct Service(Arc<Inner>);

/// The parts.
pub struct Inner {
    /// What the daemon was started with.
    pub start: Start,
    /// The folder of what outlives a restart.
    pub state: StateFolder,
    /// Who may do what.
    pub access: Arc<Access>,
    /// What happens.
    pub events: Arc<Events>,
    /// Readings.
    pub boards: Boards,
    /// Operations.
    pub tasks: Arc<Tasks>,
    /// What agents say.
    pub telemetry: Arc<Telemetry>,
    /// Answers that are sent again.
    pub answers: Answers,
    /// Requests that are sent again.
    pub repeats: Repeats,
    /// Turns of clients that wait for nodes: each takes a thread.
    pub waits: Arc<Semaphore>,
    /// The consoles.
    pub consoles: Consoles,
    /// Counters.
    pub metrics: Arc<Metrics>,
    settings: RwLock<Settings>,
    certificate: RwLock<Option<Certificate>>,
    served: RwLock<Option<SocketAddr>>,
    reload: Mutex<()>,
    /// No other daemon has the state folder meanwhile.
    _occupied: File,
}

/// Why the daemon cannot start, or not reload.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The configuration.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The boards' configuration, or the simulation.
    #[error("{}{}", option(.0), .0.message())]
    Boards(clusterhat::Error),
    /// The state folder, or a part of it.
    #[error("cannot use {}", .path.display())]
    State {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The certificate.
    #[error("cannot use the certificate")]
    Certificate(#[source] io::Error),
    /// Where HTTPS is to be served.
    #[error(
        "cannot serve HTTPS at {address} (set another address with --listen, or with listen in [daemon])"
    )]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// Something of the system.
    #[error("cannot start {what}")]
    System {
        /// What.
        what: &'static str,
        /// Why.
        source: io::Error,
    },
}

impl StartError {
    /// Whether it is about how the daemon is called or configured, so that trying again does not help.
    #[must_use]
    pub fn is_configuration(&self) -> bool {
        match self {
            // A file may come yet, with its mount.
            Self::Certificate(source) => source.kind() != io::ErrorKind::NotFound,
            Self::Settings(_) | Self::Boards(_) => true,
            _ => false,
        }
    }
}

/// The option that an error is about, as the command names it.
const fn option(error: &clusterhat::Error) -> &'static str {
    match error {
        clusterhat::Error::Simulation(_) => "--sim ",
        clusterhat::Error::NoRoot(_) => "--root ",
        _ => "",
    }
}

impl Deref for Service {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Service {
    /// Starts the threads. Serves nobody yet, and switches nothing.
    ///
    /// # Errors
    /// A configuration that is wrong, or a folder that cannot be used. Boards that are not there are no error: they may come.
    pub fn start(start: Start) -> Result<Self, StartError> {
        let (settings, sources) = read(&start)?;
        let of_state = |source| StartError::State { path: start.state_dir.clone(), source };
        let state = StateFolder::open(&start.state_dir).map_err(of_state)?;
        let occupied = state.occupy().map_err(of_state)?;
        let access = Access::open(&state, settings.session_timeout).map_err(of_state)?;
        let access = Arc::new(access);
        let events = Arc::new(Events::default());
        let metrics = Arc::new(Metrics::new());
        let system = |what| move |source| StartError::System { what, source };
        let options = Options { sources: Some(sources), ..start.options.clone() };
        let boards = Boards::start(options, Arc::clone(&events));
        let boards = boards.map_err(system("the boards' thread"))?;
        let counted = Arc::clone(&metrics);
        let told = Box::new(move |node: &str, state| counted.state_changed(node, state));
        let consoles = consoles(&start, &boards, &events).map_err(system("the consoles"))?;
        let renewed = consoles.clone();
        let begun = move || renewed.renew();
        let watch = watch::start(boards.clone(), Arc::clone(&events), told, begun);
        watch.map_err(system("the watch"))?;
        let interval = settings.telemetry_interval;
        let telemetry = Telemetry::start(boards.clone(), Arc::clone(&events), interval);
        let telemetry = telemetry.map_err(system("telemetry"))?;
        let tasks = Tasks::new(
            boards.clone(),
            Arc::clone(&events),
            Arc::clone(&access),
            Arc::clone(&metrics),
        );
        let tasks = Arc::new(tasks);
        let certificate = certificate(&state, &settings)?;
        Ok(Self(Arc::new(Inner {
            start,
            state,
            access,
            events,
            boards,
            tasks,
            telemetry,
            answers: Answers::default(),
            repeats: Repeats::default(),
            waits: Arc::new(Semaphore::new(WAITS)),
            consoles,
            metrics,
            settings: RwLock::new(settings),
            certificate: RwLock::new(certificate),
            served: RwLock::default(),
            reload: Mutex::default(),
            _occupied: occupied,
        })))
    }

    /// The simulation's name or file; absent on real hardware.
    #[must_use]
    pub fn simulated(&self) -> Option<String> {
        self.start.options.simulation.clone()
    }

    /// The settings that are in force.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.settings.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The certificate, where HTTPS is served.
    #[must_use]
    pub fn certificate(&self) -> Option<Certificate> {
        self.certificate.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Where HTTPS is served: what is bound, whatever the settings say.
    #[must_use]
    pub fn served(&self) -> Option<SocketAddr> {
        *self.served.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_served(&self, address: Option<SocketAddr>) {
        *self.served.write().unwrap_or_else(PoisonError::into_inner) = address;
    }

    /// Reads configuration and certificate again. Connections, consoles and tasks go on.
    ///
    /// # Errors
    /// As [`Self::start`]: all stays as it was.
    pub fn reload(&self) -> Result<(), StartError> {
        let _turn = self.reload.lock().unwrap_or_else(PoisonError::into_inner);
        let (settings, sources) = read(&self.start)?;
        let certificate = certificate(&self.state, &settings)?;
        self.access.sessions.set_limit(settings.session_timeout);
        self.telemetry.set_interval(settings.telemetry_interval);
        *self.settings.write().unwrap_or_else(PoisonError::into_inner) = settings;
        *self.certificate.write().unwrap_or_else(PoisonError::into_inner) = certificate;
        self.boards.reload(sources);
        Ok(())
    }
}

/// The settings, and the texts that they and the boards' are from: all goes by these until the next reading.
fn read(start: &Start) -> Result<(Settings, Arc<Sources>), StartError> {
    // What is wrong with the boards' part of the configuration is told at the start, not at the first request.
    let controller = clusterhat::Controller::new(&start.options).map_err(StartError::Boards)?;
    let sources = controller.sources();
    let (settings, warnings) = Settings::of(&sources, &start.options)?;
    for warning in controller.warnings().iter().chain(&warnings) {
        log::tell(Level::Warning, &format!("warning: {warning}"), &[]);
    }
    let listen = start.listen.or(settings.listen).or(start.default_listen);
    Ok((Settings { listen, ..settings }, sources))
}

fn consoles(start: &Start, boards: &Boards, events: &Arc<Events>) -> io::Result<Consoles> {
    let warn = |text: String| log::tell(Level::Warning, &text, &[]);
    Consoles::start(boards.clone(), start.consoles_dir.clone(), Arc::clone(events), warn)
}

fn certificate(
    state: &StateFolder,
    settings: &Settings,
) -> Result<Option<Certificate>, StartError> {
    let load = |_| Certificate::load(state, settings).map_err(StartError::Certificate);
    settings.listen.map(load).transpose()
}
