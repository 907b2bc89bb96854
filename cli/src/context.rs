//! From the command line to an opened cluster: machine or world, configuration, boards.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hat_driver::linux::{BoardOptions, Cluster, Error as DriverError, Host, Options, Platform};
use hat_driver::revisions::Version;
use hat_driver::sim::{Machine, StoreError, builtin};

use crate::args::Global;
use crate::config::{self, Attachment, BoardSetting, Overrides, Role, Settings, Sources, Warning};
use crate::failure::Failure;
use crate::nodes::{Names, NodeSet};

/// The machine and its settings, before any board is looked for.
pub(crate) struct Ground {
    machine: Arc<dyn Platform>,
    /// Where the machine's files are; a world has none.
    root: Option<PathBuf>,
    json: bool,
    settings: Settings,
    pub(crate) warnings: Vec<Warning>,
}

/// An opened cluster.
pub(crate) struct Context {
    pub(crate) cluster: Cluster,
    pub(crate) settings: Settings,
    pub(crate) names: Names,
    /// Whether output is for machines.
    pub(crate) json: bool,
}

/// What a command overrides in the settings.
#[derive(Debug, Default)]
pub(crate) struct Wishes {
    pub(crate) overrides: Overrides,
    pub(crate) ignore_under_voltage: bool,
    /// Goes on where not one board could be opened, to tell why.
    pub(crate) without_boards: bool,
}

impl Ground {
    /// Finds the machine and reads its configuration. Touches no hardware.
    pub(crate) fn new(global: &Global, wishes: &Wishes) -> Result<Self, Failure> {
        let config = global.config.as_deref();
        let (machine, sources, root) = match global.sim.as_deref() {
            Some(world) => {
                let (machine, sources) = simulated(world, config)?;
                (machine, sources, None)
            }
            None => {
                let root = global.root.as_deref().unwrap_or(Path::new("/"));
                let (machine, sources) = real(root, config)?;
                (machine, sources, Some(root.to_owned()))
            }
        };
        let overrides = Overrides { lock_limit: global.lock_limit, ..wishes.overrides };
        // What is not UTF-8 is refused as any other word that is no time.
        let env = |name: &str| Some(std::env::var_os(name)?.to_string_lossy().into_owned());
        let (settings, warnings) = config::load(&sources, &overrides, &env)?;
        if settings.role.is_node() {
            return Err(Failure::NotController(
                "/etc/default/clusterctrl makes this machine a node (TYPE), and a node has no boards; \
                 run this on the controller"
                    .to_owned(),
            ));
        }
        Ok(Self { machine, root, json: global.json, settings, warnings })
    }

    /// Where the machine's files are; a world has none.
    pub(crate) fn root(&self) -> Option<&Path> {
        self.root.as_deref()
    }

    /// What the machine is to the vendor's image.
    pub(crate) const fn role(&self) -> &Role {
        &self.settings.role
    }

    /// The machine.
    pub(crate) fn machine(&self) -> Arc<dyn Platform> {
        Arc::clone(&self.machine)
    }

    /// Finds and opens the boards.
    pub(crate) fn open(self, wishes: &Wishes) -> Result<Context, Failure> {
        let options = options(&self.settings, wishes);
        let find = if wishes.without_boards { Cluster::find } else { Cluster::open };
        let cluster = find(self.machine, options)?;
        let names = Names::new(cluster.nodes(), self.settings.first, &self.settings.names);
        Ok(Context { cluster, settings: self.settings, names, json: self.json })
    }
}

impl Context {
    /// Looks for boards that came or went, and numbers their nodes anew.
    pub(crate) fn rescan(&mut self) -> Result<(), Failure> {
        if !self.cluster.rescan()?.is_empty() {
            let Settings { first, names, .. } = &self.settings;
            self.names = Names::new(self.cluster.nodes(), *first, names);
        }
        Ok(())
    }

    /// The nodes, counted from 0, that a set means; all for no words.
    pub(crate) fn nodes(&self, set: &NodeSet) -> Result<Vec<usize>, Failure> {
        if set.is_empty() {
            return Ok((0..self.cluster.nodes()).collect());
        }
        let numbers = set.resolve(&self.names)?;
        Ok(numbers.into_iter().map(|number| number - 1).collect())
    }

    /// The nodes whose boards can be asked, and why the others' cannot.
    pub(crate) fn ready(&self, nodes: Vec<usize>) -> (Vec<usize>, Vec<DriverError>) {
        let mut errors = Vec::new();
        let mut ready = nodes.clone();
        for board in 0..self.cluster.boards().count() {
            let wanted = self.cluster.on_board(&nodes, board);
            let result =
                if wanted.is_empty() { Ok(()) } else { self.cluster.check_ready(board, wanted) };
            if let Err(error) = result {
                ready.retain(|&node| self.cluster.on_board(&[node], board).is_empty());
                errors.push(error);
            }
        }
        (ready, errors)
    }

    /// A node's `pN` name; nodes count from 0.
    pub(crate) fn label(&self, node: usize) -> String {
        self.names.label(node + 1)
    }

    /// Where a node, counted from 0, is on the USB: as configured, else as it can be told.
    pub(crate) fn usb_path(&mut self, node: usize) -> Result<Option<String>, DriverError> {
        match self.settings.usb_paths.get(&(node + 1)) {
            Some(path) => Ok(Some(path.clone())),
            None => self.cluster.usb_path(node),
        }
    }

    /// The boards' names in their order.
    pub(crate) fn board_names(&self) -> Vec<String> {
        self.cluster.boards().map(|info| info.name.clone()).collect()
    }

    /// Why nobody can tell how many nodes there are, where that is so.
    pub(crate) fn uncounted(&self) -> Option<Failure> {
        let boards = self.cluster.boards().enumerate();
        let mut unknown = boards.filter(|(_, info)| info.size == 0).map(|(board, _)| board);
        unknown.next().and_then(|board| Some(self.cluster.not_opened(board)?.into()))
    }

    /// What the configuration says of nodes that are not there.
    pub(crate) fn surplus(&self) -> Option<String> {
        if self.uncounted().is_some() {
            return None;
        }
        let count = self.names.count();
        let Settings { names, node_delay, usb_paths, .. } = &self.settings;
        let configured = names.keys().chain(node_delay.keys()).chain(usb_paths.keys());
        let mut surplus: Vec<_> = configured.copied().filter(|&node| node > count).collect();
        surplus.sort_unstable();
        surplus.dedup();
        let last = self.names.label(count);
        (!surplus.is_empty()).then(|| {
            let nodes = self.names.fold(&surplus);
            format!("the configuration describes {nodes}, but the last node here is {last}")
        })
    }

    /// What other calls do not get to know of nodes that are switched here, and why.
    pub(crate) fn unrecorded(&self) -> Option<String> {
        let (path, result) = self.cluster.check_record();
        let error = result.err()?;
        Some(format!(
            "cannot use the record {}: {error}; other calls do not wait for the delay of nodes that are \
             switched on here, and an `off` may not stop an `on` that runs; remove it, or make it writable",
            path.display()
        ))
    }

    /// A node's configured name.
    pub(crate) fn alias(&self, node: usize) -> Option<String> {
        self.settings.names.get(&(node + 1)).cloned()
    }
}

fn real(root: &Path, config: Option<&Path>) -> Result<(Arc<dyn Platform>, Sources), Failure> {
    if !root.is_dir() {
        let problem = format!("--root {}: no such folder", root.display());
        return Err(Failure::Usage(problem));
    }
    Ok((Arc::new(Host::new(root)), Sources::read(root, config)?))
}

/// A world brings its own configuration: the machine's belongs to other boards.
fn simulated(name: &str, config: Option<&Path>) -> Result<(Arc<dyn Platform>, Sources), Failure> {
    if builtin::world(name).is_none() && !Path::new(name).exists() {
        let known: Vec<_> = builtin::names().collect();
        return Err(Failure::World(format!(
            "--sim {name}: neither a file nor one of the built-in worlds {}",
            known.join(" ")
        )));
    }
    let machine = Machine::open(name).map_err(|error| {
        let is_spoilt = builtin::world(name).is_some() && matches!(error, StoreError::World { .. });
        let cure = if is_spoilt { "; remove this file for a fresh board" } else { "" };
        Failure::World(format!("--sim {error}{cure}"))
    })?;
    let world = machine.world();
    let text = |file: &str, text: Option<&str>| {
        text.map(|text| (PathBuf::from(format!("{name}:{file}")), text.to_owned()))
    };
    let mut sources = Sources {
        toml: text("clusterhat_toml", world.config()),
        legacy: text("config", world.legacy_config()),
    };
    if let Some(config) = config {
        sources.toml = Some(Sources::read_own(config)?);
    }
    let nowait = std::env::var_os("CLUSTERHAT_SIM_NOWAIT").is_some_and(|value| value == "1");
    let machine = if nowait { machine.without_waits() } else { machine };
    Ok((Arc::new(machine), sources))
}

fn options(settings: &Settings, wishes: &Wishes) -> Options {
    let forced = settings.force.map(|revision| {
        let mut board = BoardOptions::default();
        board.revision = Some(version(revision));
        board.size = settings.size;
        board
    });
    let delays = settings.node_delay.iter().map(|(&node, &delay)| (node - 1, delay));
    let mut options = Options::default();
    options.boards = settings.boards.iter().map(board_options).chain(forced).collect();
    options.detected_size = settings.size;
    options.first = settings.first;
    options.delay = settings.delay;
    options.node_delays = delays.collect();
    options.lock_limit = settings.lock_limit;
    options.v1_hub = settings.legacy.as_ref().and_then(|legacy| legacy.v1_usb_path.clone());
    options.ignore_under_voltage = wishes.ignore_under_voltage;
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
