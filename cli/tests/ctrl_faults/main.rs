//! Every command on every kind of ClusterCTRL board, with a fault at each of its transfers and a kill at
//! each: a setting is as it was or as it was to be, the error says which, nothing else has changed, and the
//! next call works.

// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

#[path = "../command/mod.rs"]
mod command;
mod faults;
mod kills;

use std::collections::BTreeSet;
use std::fs;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use command::Run as _;
use hat_driver::ctrl::device::Save;
use hat_driver::linux::{
    Board, Cluster, ClusterError, Missing, Node, Options, Output, OutputResult, Platform, Resource,
    chain,
};
use hat_driver::power::{Action, ResultingState};
use hat_driver::sim::fault::{Fault, FaultKind};
use hat_driver::sim::{Machine, Simulation, builtin};
use serde_json::{Map, Value, json};

/// One call. Nodes count from 0 on the last board, which the others of a world come before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ask {
    On(&'static [usize]),
    Off(&'static [usize]),
    Set(Output, bool),
    UsbBoot(usize, bool),
    Order(u8),
    Save(Save),
    Cycle,
    Reset,
    Status,
    Path,
}

const ASKS: &[Ask] = &[
    Ask::On(&[0]),
    Ask::On(&[0, 1, 2]),
    Ask::On(&[1, 2]),
    Ask::Off(&[0, 1, 2]),
    Ask::Set(Output::Alert, true),
    Ask::Set(Output::Led, false),
    Ask::Set(Output::Led, true),
    Ask::Set(Output::Act, false),
    Ask::Set(Output::Fan, true),
    Ask::UsbBoot(0, false),
    Ask::Order(77),
    Ask::Save(Save::All),
    Ask::Save(Save::Power),
    Ask::Save(Save::Defaults),
    Ask::Cycle,
    Ask::Reset,
    Ask::Status,
    Ask::Path,
];

impl Ask {
    fn run(self, cluster: &mut Cluster) -> Result<(), ClusterError> {
        let (board, all) = last_board(cluster);
        let nodes = |nodes: &[usize]| -> Vec<Node> {
            nodes.iter().filter_map(|&node| all.get(node).copied()).collect()
        };
        match self {
            Self::On(n) => cluster.switch(&nodes(n), Action::On, &mut |_| {}).map(drop),
            Self::Off(n) => cluster.switch(&nodes(n), Action::Off, &mut |_| {}).map(drop),
            Self::Set(output, on) => cluster.set(board, output, on, &mut |_| {}).map(drop),
            Self::UsbBoot(node, on) => cluster.set_usb_boot(all[node], on).map(drop),
            Self::Order(order) => cluster.set_order(board, order),
            Self::Save(what) => cluster.save(board, what),
            Self::Cycle => {
                cluster.cycle_hub(board, Duration::from_millis(200), &mut |_| {}).map(drop)
            }
            Self::Reset => cluster.reset(board),
            Self::Status => cluster.status(board).map(drop),
            Self::Path => cluster.usb_path(all[0]).map(drop),
        }
    }

    /// The settings that it may change, by their key in the board's object.
    fn changes(self) -> &'static [&'static str] {
        match self {
            Self::On(_) | Self::Off(_) => &["p"],
            Self::Set(Output::Alert, _) => &["alert"],
            Self::Set(Output::Led, _) => &["led"],
            Self::Set(Output::Act, _) => &["act"],
            Self::Set(Output::Fan, _) => &["fan"],
            Self::UsbBoot(..) => &["u"],
            Self::Order(_) => &["order"],
            Self::Save(_) => &["eeprom"],
            // The firmware's restart: all that its EEPROM keeps, and ALERT and fan go off.
            Self::Reset => &["p", "u", "order", "led", "act", "alert", "fan", "eeprom"],
            Self::Set(..) | Self::Cycle | Self::Status | Self::Path => &[],
        }
    }

    /// Sent once only, so that a spoilt transfer is an error.
    const fn is_sent_once(self) -> bool {
        matches!(self, Self::Cycle | Self::Reset)
    }
}

/// The last board, and its nodes.
fn last_board(cluster: &Cluster) -> (Board, Vec<Node>) {
    let (board, _) = cluster.boards().last().unwrap();
    (board, cluster.nodes().filter(|node| node.board() == board).collect())
}

/// A world whose last board has P2 on and whose others have a node on too.
fn start(name: &str) -> Value {
    let mut world: Value =
        serde_json::from_str(&builtin::simulation(name).unwrap().to_text()).unwrap();
    for (_, chip) in world["chips"].as_object_mut().unwrap() {
        match chip["p"].as_array_mut() {
            Some(nodes) => {
                let node = 1.min(nodes.len() - 1);
                nodes[node] = json!(1);
            }
            None => chip["r"] = json!([0x94, 0x94, 0, 0, 0x7f]),
        }
    }
    world
}

fn parse(world: &Value) -> Simulation {
    Simulation::parse(&world.to_string()).unwrap()
}

/// A machine whose locks go with it.
struct Bench(Machine);

impl Deref for Bench {
    type Target = Machine;

    fn deref(&self) -> &Machine {
        &self.0
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        for resource in [Resource::Bus(1), Resource::Bus(11), Resource::Bus(12), Resource::PowerOn]
        {
            // Most were never taken.
            let _ = self.0.lock_path(resource).and_then(fs::remove_file);
        }
    }
}

/// A machine with a fault ahead of it.
fn machine(world: &Value, faults: &[Fault]) -> Bench {
    let mut world = parse(world);
    world.faults.extend(faults);
    Bench(Machine::memory(world).unwrap().without_waits())
}

fn open(machine: &Machine) -> Result<Cluster, ClusterError> {
    let mut options = Options::default();
    options.delay = Duration::from_millis(1);
    let cluster = Cluster::open(Arc::new(machine.clone()), options)?;
    // A board that cannot be opened leaves the others alone; here the last one is asked.
    cluster.check_open(last_board(&cluster).0).map(|()| cluster)
}

fn call(machine: &Machine, ask: Ask) -> Result<(), ClusterError> {
    open(machine).and_then(|mut cluster| ask.run(&mut cluster))
}

/// A world's boards, but for registers that any attempt leaves behind.
fn boards(machine: &Machine) -> Map<String, Value> {
    boards_of(&serde_json::from_str(&machine.simulation().to_text()).unwrap())
}

fn boards_of(world: &Value) -> Map<String, Value> {
    let mut boards = world["chips"].as_object().unwrap().clone();
    for (_, board) in &mut boards {
        for key in ["data", "status", "busy", "saved", "away", "returns"] {
            board.as_object_mut().unwrap().remove(key);
        }
    }
    boards
}

/// What a call was to do.
struct Case<'a> {
    ask: Ask,
    before: &'a Map<String, Value>,
    end: &'a Map<String, Value>,
    context: String,
}

impl Case<'_> {
    /// Each setting is old or new, and what was not asked for is old. Returns whether all is old, and
    /// whether all is new.
    fn check(&self, left: &Map<String, Value>) -> (bool, bool) {
        let context = &self.context;
        let last = left.keys().max_by_key(|bus| bus.parse::<u32>().unwrap()).unwrap();
        for (bus, board) in left {
            if bus != last {
                assert_eq!(board, &self.before[bus], "{context}: another board");
                continue;
            }
            let (before, end) = (&self.before[bus], &self.end[bus]);
            let keys: BTreeSet<_> = [before, board, end]
                .iter()
                .flat_map(|board| board.as_object().unwrap().keys())
                .collect();
            for key in keys {
                let [old, now, new] = [before, board, end].map(|board| &board[key]);
                if !self.ask.changes().contains(&key.as_str()) {
                    assert_eq!(now, old, "{context}: {key}");
                } else if let (Some(old), Some(now), Some(new)) =
                    (old.as_array(), now.as_array(), new.as_array())
                {
                    for (node, now) in now.iter().enumerate() {
                        let either = *now == old[node] || *now == new[node];
                        assert!(either, "{context}: {key} {node} is {now}");
                    }
                } else {
                    assert!(now == old || now == new, "{context}: {key} is {now}");
                }
            }
        }
        (left == self.before, left == self.end)
    }

    /// The error names its board, and what it says of the state is so.
    fn check_error(&self, error: &ClusterError, (is_old, is_new): (bool, bool)) {
        let context = format!("{}: {}", self.context, chain(error));
        let error = match error {
            ClusterError::NotOpened { source, .. } => source,
            error => error,
        };
        if let ClusterError::NotBack { board, missing, .. } = error {
            assert!(board.contains("ClusterCTRL"), "{context}");
            assert!(is_old || *missing != Missing::Leaving, "{context}");
            return;
        }
        let ClusterError::Board { board, resulting, done, .. } = error else { panic!("{context}") };
        assert!(board.contains("ClusterCTRL"), "{context}");
        match resulting {
            ResultingState::Old if done.nodes.is_empty() => assert!(is_old, "{context}"),
            ResultingState::New if matches!(self.ask, Ask::On(&[_])) => {
                assert!(is_new, "{context}")
            }
            // Several nodes: those that are told as done have changed, and there may be no others.
            ResultingState::Old | ResultingState::New | ResultingState::Unknown => {}
        }
    }

    /// Nodes that the error tells as switched have been, and with the old state no others.
    fn check_done(&self, error: &ClusterError, left: &Map<String, Value>) {
        let ClusterError::Board { resulting, done, .. } = error else { return };
        let bus = left.keys().max_by_key(|bus| bus.parse::<u32>().unwrap()).unwrap();
        let [old, now] = [self.before, left].map(|boards| boards[bus]["p"].as_array().unwrap());
        let changed: Vec<_> = (0..old.len()).filter(|node| old[*node] != now[*node]).collect();
        let told: Vec<_> = done.nodes.iter().map(|node| usize::from(node.position())).collect();
        assert!(told.iter().all(|node| changed.contains(node)), "{}: {told:?}", self.context);
        // Seen: told as commanded where the board had not said what the node is, and nothing had been sent to it.
        for result in &done.results {
            let node = usize::from(result.node.position());
            let context = format!("{}: {}", self.context, chain(error));
            match result.resulting {
                ResultingState::Old => assert_eq!(now[node], old[node], "{context}"),
                ResultingState::New => assert_eq!(now[node], u8::from(done.on), "{context}"),
                ResultingState::Unknown => {}
            }
        }
        if chain(error).contains("was accepted") {
            assert_ne!(*resulting, ResultingState::Old, "{}: {}", self.context, chain(error));
        }
        if *resulting == ResultingState::Old {
            assert_eq!(changed, told, "{}: {}", self.context, chain(error));
        }
    }
}
