//! The controller: the machine with the boards, and its configuration. Touches no board.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hat_driver::linux::{
    BoardOptions, Cluster as Driver, Host, Options as DriverOptions, Platform,
};
use hat_driver::revisions::Version;
use hat_driver::sim::{Machine, StoreError, builtin};
use system_config::changes::check_inside;

use crate::backend::Backend;
use crate::cluster::Cluster;
use crate::config::{self, Attachment, BoardSetting, Overrides, Role, Settings, Sources, Warning};
use crate::desired::Store;
use crate::error::Error;
use crate::hooks::{self, HookFolder};
use crate::losses::Losses;
use crate::nodes::Names;

/// Which machine, which configuration, and what one call sets itself. The default is this machine as its
/// files and the environment say.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Takes all files and devices from below this folder; absent = `/`.
    pub root: Option<PathBuf>,
    /// Simulated boards instead: the name of a built-in simulation, or a file of one. Its own configuration counts where neither
    /// `config` nor `root` has one.
    pub simulation: Option<String>,
    /// Simulated time passes at once.
    pub without_waits: bool,
    /// Reads this file instead of `/etc/clusterhat/clusterhat.toml`.
    pub config: Option<PathBuf>,
    /// Goes by what was read before ([`Controller::sources`]), for a program that runs long: whoever edits a file has not finished
    /// yet. Absent = by what the files say now.
    pub sources: Option<Arc<Sources>>,
    /// Times that override those of the configuration.
    pub overrides: Overrides,
    /// Switches nodes on even where the Pi reports under-voltage.
    pub ignore_under_voltage: bool,
    /// Runs no hooks: nothing can refuse a node then.
    pub without_hooks: bool,
    /// Opens a cluster even if none of its boards could be opened, to report why.
    pub without_boards: bool,
}

#[cfg(test)]
impl Options {
    /// Those of tests: the simulation of a file, whose time passes at once.
    pub(crate) fn of_file(file: &Path) -> Self {
        let simulation = Some(file.display().to_string());
        Self { simulation, without_waits: true, ..Self::default() }
    }

    /// The cluster that they open.
    pub(crate) fn cluster(&self) -> Cluster {
        Controller::new(self).and_then(Controller::open).expect("the boards are there")
    }
}

/// Where something is made or switched below a root: devices, locks and records, the service's socket, the journal's, nodes' notes,
/// what nodes are to do.
const USED: [&str; 7] = [
    "dev",
    "run/systemd/journal",
    "run/lock",
    "run/clusterhat",
    "run/clusterhat-nodes",
    "var/lib/clusterhat/power",
    "var/lib/clusterctrl/boot",
];

impl Options {
    /// Checks that what is made or switched below the root is below it. A system that is only mounted, such as a card, may have links there
    /// that lead to this machine's files.
    ///
    /// # Errors
    /// [`Error::LeadsOut`].
    pub fn check_root(&self) -> Result<(), Error> {
        let root = self.root.as_deref().filter(|root| *root != Path::new("/"));
        let check = |root| USED.iter().try_for_each(|folder| check_inside(root, Path::new(folder)));
        root.map_or(Ok(()), check).map_err(Error::LeadsOut)
    }
}

/// The machine and its settings, before any board is looked for.
pub struct Controller {
    machine: Arc<dyn Platform>,
    backend: Backend,
    sources: Arc<Sources>,
    settings: Settings,
    warnings: Vec<Warning>,
    options: Options,
}

impl Controller {
    /// Finds the machine and reads its configuration, and the environment variables for a
    /// part of it ([`config`]). Touches no hardware.
    ///
    /// # Errors
    /// [`Error::NoRoot`], [`Error::LeadsOut`], [`Error::Simulation`], [`Error::Config`], or [`Error::NotController`].
    pub fn new(options: &Options) -> Result<Self, Error> {
        options.check_root()?;
        let root = options.root.as_deref().unwrap_or(Path::new("/"));
        if !root.is_dir() {
            return Err(Error::NoRoot(root.to_owned()));
        }
        let (machine, backend): (Arc<dyn Platform>, _) = match options.simulation.as_deref() {
            Some(name) => {
                let machine = simulated(name, options)?;
                (Arc::new(machine.clone()), Backend::Simulation(machine))
            }
            None => (Arc::new(Host::new(root)), Backend::System { root: root.to_owned() }),
        };
        let sources = match &options.sources {
            Some(sources) => Arc::clone(sources),
            None => Arc::new(read(&backend, options)?),
        };
        // What is not UTF-8 is refused as any other word that is no time.
        let env = |name: &str| Some(std::env::var_os(name)?.to_string_lossy().into_owned());
        let (settings, warnings) = config::load(&sources, &options.overrides, &env)?;
        if settings.role.is_node() {
            return Err(Error::NotController);
        }
        Ok(Self { machine, backend, sources, settings, warnings, options: options.clone() })
    }

    /// Where the machine's files are; a simulation has none.
    #[must_use]
    pub fn root(&self) -> Option<&Path> {
        self.backend.root()
    }

    /// What the machine is to the vendor's image.
    #[must_use]
    pub const fn role(&self) -> &Role {
        &self.settings.role
    }

    /// The settings that are in force.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The texts that the settings were read from.
    #[must_use]
    pub fn sources(&self) -> Arc<Sources> {
        Arc::clone(&self.sources)
    }

    /// What in the configuration has no effect, or not the one written.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The machine.
    #[must_use]
    pub fn machine(&self) -> Arc<dyn Platform> {
        Arc::clone(&self.machine)
    }

    /// Finds and opens the boards.
    ///
    /// # Errors
    /// [`Error::Driver`]: no board was found, or none could be opened.
    pub fn open(self) -> Result<Cluster, Error> {
        let options = driver_options(&self.settings, &self.options);
        let find = if self.options.without_boards { Driver::find } else { Driver::open };
        let mut driver = find(self.machine, options)?;
        let names = Names::new(driver.nodes().count(), self.settings.first, &self.settings.names);
        let desired = match &self.backend {
            Backend::System { root } => Some(Store::of_system(root)),
            Backend::Simulation(machine) => machine.file().as_deref().map(Store::of_simulation),
        };
        let losses = Losses::default();
        if let Some(store) = &desired {
            losses.watch(&mut driver, store.clone(), &self.settings);
        }
        let hooks = hook_folder(&self.options, &self.settings);
        let (settings, backend, warnings) = (self.settings, self.backend, Vec::new());
        Ok(Cluster { driver, settings, names, backend, desired, losses, hooks, warnings })
    }
}

/// A simulated board does not run this machine's hooks. A command that a hook calls runs none.
fn hook_folder(options: &Options, settings: &Settings) -> Option<HookFolder> {
    let is_unwanted = options.without_hooks || std::env::var_os(hooks::MARK).is_some();
    let root = match (&options.root, &options.simulation) {
        (None, Some(_)) => return None,
        (root, _) => root.as_deref().unwrap_or(Path::new("/")),
    };
    (!is_unwanted).then(|| HookFolder::new(root, settings.hook_limit))
}

/// A simulation brings its own configuration: the machine's belongs to other boards. One that the caller names replaces it,
/// and so do the files of a root that the caller names, each where it is there: also a simulation's clusterhat.toml counts before the
/// vendor's file.
fn read(backend: &Backend, options: &Options) -> Result<Sources, Error> {
    let config = options.config.as_deref();
    let simulation = match backend {
        Backend::System { root } => return Ok(Sources::read(root, config)?),
        Backend::Simulation(machine) => machine.simulation(),
    };
    let name = options.simulation.as_deref().unwrap_or_default();
    let text = |file: &str, text: Option<&str>| {
        text.map(|text| (PathBuf::from(format!("{name}:{file}")), text.to_owned()))
    };
    let mut sources = match &options.root {
        Some(root) => Sources::read(root, None)?,
        None => Sources::default(),
    };
    if sources.toml.is_none() {
        sources.toml = text("clusterhat_toml", simulation.config());
        sources.legacy = sources.legacy.or_else(|| text("config", simulation.legacy_config()));
    }
    if let Some(path) = config {
        sources.toml = Some(Sources::read_own(path)?);
    }
    Ok(sources)
}

fn simulated(name: &str, options: &Options) -> Result<Machine, Error> {
    if !is_builtin(name) && !Path::new(name).exists() {
        let known: Vec<_> = builtin::names().collect();
        return Err(Error::Simulation(format!(
            "{name}: neither a file nor one of the built-in simulations {}",
            known.join(" ")
        )));
    }
    let machine = Machine::open(name).map_err(|error| {
        if let StoreError::Folder { .. } = error {
            return Error::SimulationFolder(error);
        }
        let is_damaged = is_builtin(name) && matches!(error, StoreError::Simulation { .. });
        let fix = if is_damaged { "; remove this file for a fresh board" } else { "" };
        Error::Simulation(format!("{error}{fix}"))
    })?;
    Ok(if options.without_waits { machine.without_waits() } else { machine })
}

fn is_builtin(name: &str) -> bool {
    builtin::names().any(|known| known == name)
}

fn driver_options(settings: &Settings, call: &Options) -> DriverOptions {
    let forced = settings.force.map(|revision| {
        let mut board = BoardOptions::default();
        board.revision = Some(version(revision));
        board.size = settings.size;
        board
    });
    let number = |place: usize| u32::try_from(place - 1).ok()?.checked_add(settings.first);
    let delays = settings.node_delay.iter();
    let delays = delays.filter_map(|(&place, &delay)| Some((number(place)?, delay)));
    let mut options = DriverOptions::default();
    options.boards = settings.boards.iter().map(board_options).chain(forced).collect();
    options.detected_size = settings.size;
    options.first = settings.first;
    options.delay = settings.delay;
    options.node_delays = delays.collect();
    options.lock_limit = settings.lock_limit;
    options.v1_hub = settings.legacy.as_ref().and_then(|legacy| legacy.v1_usb_path.clone());
    options.ignore_under_voltage = call.ignore_under_voltage;
    options
}

fn board_options(board: &BoardSetting) -> BoardOptions {
    let (bus, address) = match board.attachment {
        Attachment::Gpio => (None, None),
        Attachment::I2c { bus, address } => (Some(bus.into()), Some(address)),
    };
    let mut options = BoardOptions::default();
    options.name.clone_from(&board.name);
    options.bus = bus;
    options.address = address;
    options.revision = board.revision.map(version);
    options.size = Some(board.size);
    options
}

const fn version((major, minor): (u8, u8)) -> Version {
    Version { major, minor }
}
