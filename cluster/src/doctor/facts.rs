//! All that the checks look at, read once. Nothing here switches or writes anything.

use std::path::PathBuf;

use hat_driver::linux::{
    BoardInfo, BoardReading, Candidate, ClusterError as DriverError, Node, Platform, probe,
};
use node_link::NodeId;

use super::agent_facts::{self, AgentFacts};
use super::finding::NotMade;
use super::subject::Subject;
use super::system::SystemFacts;
use crate::chaos::{self, ChaosError};
use crate::cluster::Cluster;
use crate::controller::{Controller, Options};
use crate::desired::DesiredError;
use crate::error::Error;
use crate::life::State;
use crate::nodes::{Labels, label, set_of};
use crate::operations::hub::is_hub_off;
use crate::report::NodeStatus;
use crate::system::System;

/// Why the checks of a system are not made where boards are simulated and no root is named.
pub const NO_SYSTEM: &str = "a simulation covers boards, not a system";

/// What there is.
pub(super) struct Facts {
    /// What in the configuration has no effect.
    pub(super) warnings: Vec<String>,
    /// Why the configuration cannot be used; the rest is looked at without it.
    pub(super) unusable: Option<String>,
    /// The boards, or why there is none.
    pub(super) boards: Result<Vec<BoardFacts>, NoBoards>,
    /// The nodes that were asked for, and all.
    pub(super) nodes: Vec<NodeFacts>,
    /// The firmware's under-voltage flags; none where there is no such firmware.
    pub(super) throttled: Option<u32>,
    /// `linux,revision` of the device tree; none where the machine is no Raspberry Pi.
    pub(super) pi_revision: Option<u32>,
    /// Whether the boards are simulated.
    pub(super) is_simulated: bool,
    /// What calls cannot tell each other, and why.
    pub(super) unrecorded: Option<String>,
    /// Whether the nodes' desired state can be read, or why not; none where none is kept.
    pub(super) desired: Option<Result<(), DesiredError>>,
    /// The nodes, by their numbers, that an interrupted run of `chaos` has left off, or why that cannot be told.
    pub(super) left_by_chaos: Result<Vec<u32>, String>,
    /// The note that `chaos` keeps of them, where it is damaged, and how.
    pub(super) damaged_note: Option<(PathBuf, String)>,
    /// The nodes that were asked for and have power for certain, by their numbers.
    pub(super) powered: Vec<u32>,
    /// Their rows in `status`.
    pub(super) states: Vec<NodeStatus>,
    /// What the agents of nodes with power say of themselves.
    pub(super) agents: Vec<AgentFacts>,
    /// The system around the boards, or why nothing is known of it.
    pub(super) system: Result<SystemFacts, String>,
}

/// A board.
pub(super) struct BoardFacts {
    pub(super) info: BoardInfo,
    pub(super) reading: Result<BoardReading, Trouble>,
    /// The kernel driver that holds its chip.
    pub(super) kernel_driver: Option<String>,
}

impl BoardFacts {
    pub(super) fn is_hub_off(&self) -> bool {
        self.reading.as_ref().is_ok_and(|reading| is_hub_off(&self.info, reading))
    }
}

/// Why a board says nothing of itself.
pub(super) struct Trouble {
    pub(super) what: String,
    pub(super) advice: Option<String>,
    pub(super) obstacle: Option<hat_driver::linux::Obstacle>,
}

/// Why there are no boards.
pub(super) struct NoBoards {
    pub(super) what: String,
    /// Whether they were looked for, and none was found.
    pub(super) is_absence: bool,
    /// What answers at the addresses of Cluster HATs.
    pub(super) candidates: Vec<Candidate>,
    /// The kernel driver that holds a chip at such an address: bus, address, driver.
    pub(super) held: Vec<(u32, u8, String)>,
}

/// A node.
pub(super) struct NodeFacts {
    pub(super) label: String,
    pub(super) number: u32,
    /// Where that is known.
    pub(super) usb_path: Option<String>,
    /// Whether it was asked for.
    pub(super) is_asked: bool,
}

impl NodeFacts {
    pub(super) fn id(&self) -> Option<NodeId> {
        NodeId::from_number(self.number).ok()
    }
}

impl Facts {
    /// Looks at everything.
    ///
    /// # Errors
    /// [`Error::Nodes`], [`Error::NoRoot`], [`Error::LeadsOut`], [`Error::Simulation`] or [`Error::NotController`]: there is
    /// nothing to look at, it is not said what, or looking would make files elsewhere.
    pub(super) fn gather(subject: &Subject<'_>) -> Result<Self, Error> {
        let options = Options { without_boards: true, ..subject.options.clone() };
        let mut facts = Self {
            warnings: Vec::new(),
            unusable: None,
            boards: Ok(Vec::new()),
            nodes: Vec::new(),
            throttled: None,
            pi_revision: None,
            is_simulated: options.simulation.is_some(),
            unrecorded: None,
            desired: None,
            powered: Vec::new(),
            states: Vec::new(),
            agents: Vec::new(),
            damaged_note: None,
            left_by_chaos: Err("no board is known here".to_owned()),
            system: Err(String::new()),
        };
        let mut cluster = match Controller::new(&options) {
            Ok(controller) => facts.open(controller, subject)?,
            Err(error @ Error::Config(_)) => {
                facts.unusable = Some(error.message());
                facts.boards = Err(NoBoards::unknown("the configuration cannot be used"));
                None
            }
            Err(error) => return Err(error),
        };
        facts.system = match System::new(&options) {
            Ok(system) => SystemFacts::gather(&system, subject, cluster.as_mut()),
            Err(_) => Err(NO_SYSTEM.to_owned()),
        };
        Ok(facts)
    }

    fn open(
        &mut self,
        controller: Controller,
        subject: &Subject<'_>,
    ) -> Result<Option<Cluster>, Error> {
        self.warnings = controller.warnings().iter().map(ToString::to_string).collect();
        let machine = controller.machine();
        self.throttled = machine.throttled();
        self.pi_revision = machine.pi_revision();
        let mut cluster = match controller.open() {
            Ok(cluster) => cluster,
            Err(Error::Driver(error)) => {
                self.boards = Err(NoBoards::looked_for(&error, &*machine));
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        self.warnings.extend(cluster.surplus());
        self.unrecorded = cluster.would_be_unrecorded();
        self.desired = cluster.desired.as_ref().map(|store| store.read().map(drop));
        self.left_by_chaos = chaos::left(&cluster).map_err(|error| {
            if let ChaosError::Damaged { path, problem } = &error {
                self.damaged_note = Some((path.clone(), problem.clone()));
            }
            Error::from(error).message()
        });
        self.nodes = nodes(&mut cluster, subject)?;
        self.boards = Ok(boards(&mut cluster, subject));
        let powered = powered(&mut cluster, subject)?;
        self.powered = powered.iter().map(|node| node.number()).collect();
        self.states = states(&mut cluster, &powered)?;
        self.agents = agent_facts::ask(&cluster, &powered);
        Ok(Some(cluster))
    }

    /// The nodes that were asked for.
    pub(super) fn asked(&self) -> impl Iterator<Item = &NodeFacts> {
        self.nodes.iter().filter(|node| node.is_asked)
    }

    /// Why there is no node with power to look at: a board that does not answer does not say that there is none.
    pub(super) fn no_power(&self) -> NotMade {
        match &self.boards {
            Err(none) => NotMade::because(&none.what),
            Ok(boards) if boards.iter().any(|board| board.reading.is_err()) => {
                NotMade::because("a board does not answer: which nodes have power is not known")
            }
            Ok(_) => NotMade::because("none of these nodes has power"),
        }
    }

    /// Whether a node has power, and the USB hub of its board is off: nothing of it can be seen.
    pub(super) fn is_hidden(&self, node: &str) -> bool {
        let is_unseen = |row: &&NodeStatus| {
            row.node == node && matches!(row.state, Some(State::Powered | State::Failed))
        };
        let row = self.states.iter().find(is_unseen);
        let boards = self.boards.as_deref().unwrap_or_default();
        row.is_some_and(|row| {
            boards.iter().any(|board| board.info.name == row.board && board.is_hub_off())
        })
    }

    /// The node that belongs at a USB path.
    pub(super) fn node_at(&self, usb_path: &str) -> Option<&NodeFacts> {
        self.nodes.iter().find(|node| node.usb_path.as_deref() == Some(usb_path))
    }

    /// Whether something at a USB path is of interest: all of it where no nodes were named.
    pub(super) fn concerns(&self, usb_path: &str) -> bool {
        let all = self.nodes.iter().all(|node| node.is_asked);
        all || self.node_at(usb_path).is_some_and(|node| node.is_asked)
    }
}

impl NoBoards {
    fn unknown(what: &str) -> Self {
        Self { what: what.to_owned(), is_absence: false, candidates: Vec::new(), held: Vec::new() }
    }

    /// Asks the chips themselves only where nothing else is known.
    fn looked_for(error: &DriverError, machine: &dyn Platform) -> Self {
        use hat_driver::expander::{FIRST_ADDRESS, LAST_ADDRESS};
        let is_absence = matches!(error.cause(), DriverError::NoBoard { .. });
        let places = machine.buses().into_iter();
        let places = places.flat_map(|bus| (FIRST_ADDRESS..=LAST_ADDRESS).map(move |at| (bus, at)));
        let held = |(bus, at)| Some((bus, at, machine.kernel_driver(bus, at)?));
        Self {
            what: error.describe(&Labels).to_string(),
            is_absence,
            candidates: if is_absence { probe(machine) } else { Vec::new() },
            held: places.filter_map(held).collect(),
        }
    }
}

fn nodes(cluster: &mut Cluster, subject: &Subject<'_>) -> Result<Vec<NodeFacts>, Error> {
    let asked = cluster.nodes(subject.nodes)?;
    let all: Vec<_> = cluster.driver.nodes().collect();
    let facts = |node| NodeFacts {
        label: label(node),
        number: node.number(),
        // A board that cannot tell says so itself.
        usb_path: cluster.usb_path(node).ok().flatten(),
        is_asked: asked.contains(&node),
    };
    Ok(all.into_iter().map(facts).collect())
}

fn boards(cluster: &mut Cluster, subject: &Subject<'_>) -> Vec<BoardFacts> {
    let all: Vec<_> = cluster.driver.boards().map(|(board, info)| (board, info.clone())).collect();
    let facts = |(board, info): (_, BoardInfo)| BoardFacts {
        reading: cluster.driver.status(board).map_err(|error| trouble(&error, subject)),
        kernel_driver: info
            .bus
            .zip(info.address)
            .and_then(|(bus, at)| cluster.driver.platform().kernel_driver(bus, at)),
        info,
    };
    all.into_iter().map(facts).collect()
}

/// The nodes that were asked for and have power for certain.
fn powered(cluster: &mut Cluster, subject: &Subject<'_>) -> Result<Vec<Node>, Error> {
    let mut nodes = cluster.nodes(subject.nodes)?;
    let boards: Vec<_> = cluster.driver.boards().map(|(board, _)| board).collect();
    let on = boards.into_iter().filter_map(|board| {
        // A board that cannot tell says so itself.
        Some((board, cluster.driver.status(board).ok()?.seen()))
    });
    let on: Vec<_> = on.collect();
    nodes.retain(|node| {
        on.iter().any(|(board, on)| node.board() == *board && on.has(node.position()))
    });
    Ok(nodes)
}

/// How far nodes have come. The empty set would be all.
fn states(cluster: &mut Cluster, nodes: &[Node]) -> Result<Vec<NodeStatus>, Error> {
    if nodes.is_empty() {
        return Ok(Vec::new());
    }
    Ok(cluster.status(&set_of(nodes)?)?.report.nodes)
}

fn trouble(error: &DriverError, subject: &Subject<'_>) -> Trouble {
    let cause = error.cause();
    let source = match cause {
        DriverError::NotOpened { source, .. } => source.cause(),
        cause => cause,
    };
    let obstacle = match source {
        DriverError::Open { obstacle, .. } => Some(obstacle.clone()),
        _ => None,
    };
    Trouble {
        what: error.describe(&Labels).to_string(),
        advice: subject.wording.advice(source),
        obstacle,
    }
}
