//! What the callers share: chips, locks, the record and the clock.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::time::Duration;

use hat_driver::expander::Chip;
use hat_driver::sim::chip::SimExpander;

use super::scenario::{Broken, Scenario};

/// The bits of a v2.5 board: LEDs of the nodes, and write protection; the hub's is low where it is on.
const RESTING: u8 = 0x90;
const PULL_UPS: u8 = 0x7f;
const NODES: u8 = 0x0f;
pub(crate) const ADDRESS: u8 = 0x20;
/// The machine has been up that long.
const START: Duration = Duration::from_secs(1000);

/// What keeps others out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Lock {
    Board(usize),
    PowerOn,
}

pub(crate) struct Simulation {
    pub(crate) now: Duration,
    pub(crate) boards: Vec<Board>,
    holders: BTreeMap<Lock, usize>,
    record: String,
    broken: Option<Broken>,
}

pub(crate) struct Board {
    pub(crate) chip: SimExpander,
    pub(crate) is_gone: bool,
    /// What it tells of its latch instead of the truth.
    pub(crate) told: Option<u8>,
}

impl Simulation {
    pub(crate) fn new(scenario: &Scenario) -> Self {
        Self {
            now: START,
            boards: scenario.boards.iter().map(|nodes| Board::new(*nodes)).collect(),
            holders: BTreeMap::new(),
            record: String::new(),
            broken: scenario.broken,
        }
    }

    pub(crate) fn is_free(&self, lock: Lock) -> bool {
        !self.holders.contains_key(&lock)
    }

    pub(crate) fn holds(&self, lock: Lock, caller: usize) -> bool {
        self.holders.get(&lock) == Some(&caller)
    }

    /// The callers that hold the lock of a board.
    pub(crate) fn at_board(&self) -> u8 {
        let boards = self.holders.iter().filter(|(lock, _)| matches!(lock, Lock::Board(_)));
        boards.fold(0, |callers, (_, caller)| callers | 1 << caller)
    }

    pub(crate) fn take(&mut self, lock: Lock, caller: usize) {
        let open = match lock {
            Lock::PowerOn => Broken::PowerOnLock,
            Lock::Board(_) => Broken::BoardLock,
        };
        if self.broken != Some(open) {
            self.holders.insert(lock, caller);
        }
    }

    pub(crate) fn give_back(&mut self, lock: Lock, caller: usize) {
        if self.holds(lock, caller) {
            self.holders.remove(&lock);
        }
    }

    /// The kernel takes all that a killed caller held.
    pub(crate) fn bury(&mut self, caller: usize) {
        if self.broken != Some(Broken::Ownerless) {
            self.holders.retain(|_, holder| *holder != caller);
        }
    }

    /// The record, as whoever reads it has it.
    pub(crate) fn record(&self) -> String {
        let forgotten = match self.broken {
            Some(Broken::LastOn) => "on ",
            Some(Broken::Asks) => "asked ",
            _ => return self.record.clone(),
        };
        let lines = self.record.lines().filter(|line| !line.starts_with(forgotten));
        lines.map(|line| format!("{line}\n")).collect()
    }

    pub(crate) fn write_record(&mut self, text: String) {
        self.record = text;
    }

    /// The nodes that have power, four bits a board.
    pub(crate) fn powered(&self) -> u8 {
        let boards = self.boards.iter().rev();
        boards.fold(0, |all, board| all << 4 | board.chip.pins() & NODES)
    }

    /// The other outputs of a board, once they are outputs.
    pub(crate) fn others(&self, board: usize) -> Option<u8> {
        let chip = &self.boards[board].chip;
        (chip.direction == 0).then_some(chip.latch & !NODES)
    }

    pub(crate) fn lies(&self) -> bool {
        self.broken == Some(Broken::Lie)
    }
}

impl Board {
    fn new(nodes: Option<u8>) -> Self {
        let low = Some(false);
        let external = [low, low, low, low, None, None, None, low];
        let mut chip = SimExpander::new(Chip::Xra1200p, external);
        if let Some(nodes) = nodes {
            (chip.latch, chip.pull_up, chip.direction) = (RESTING | nodes, PULL_UPS, 0);
        }
        Self { chip, is_gone: false, told: None }
    }
}

impl Hash for Simulation {
    /// A chip's pointer is set by each transfer before it is used.
    fn hash<H: Hasher>(&self, state: &mut H) {
        for Board { chip, is_gone, told } in &self.boards {
            (chip.latch, chip.polarity, chip.direction, chip.pull_up, is_gone, told).hash(state);
        }
        (self.now, &self.record, &self.holders).hash(state);
    }
}
