//! All boards of a controller as one row of nodes: first the HATs, then the ClusterCTRL boards.

use std::sync::Arc;

use super::discover;
use super::error::{ClusterError, Target};
use super::handle::{Board, Node};
use super::info::BoardInfo;
use super::initialise::{BeforeInit, Initialiser};
use super::options::Options;
use super::platform::Platform;
use super::slot::Slot;
use super::unit::{BoardReading, Unit};
use crate::init::InitOutcome;
use crate::positions::Positions;
use crate::power::ResultingState;

/// A row of boards. Keeps no copy of their state. Threads may hand it on.
pub struct Cluster {
    pub(super) platform: Arc<dyn Platform>,
    pub(super) options: Options,
    pub(super) slots: Vec<Slot>,
    pub(super) before_init: Option<BeforeInit>,
}

impl Cluster {
    /// Finds and opens the boards. Asks nothing of a HAT yet; a ClusterCTRL board is asked for its
    /// order, which gives its position in the list.
    ///
    /// A board that cannot be opened keeps the others from nothing: it keeps its slot in the list, with
    /// its error ([`Self::check_open`]), which whatever is asked of it returns. A ClusterCTRL board that
    /// somebody has restarted is waited for as long as for a lock.
    ///
    /// # Errors
    /// [`ClusterError::NoBoard`]; [`ClusterError::SamePlace`] where two HATs would be one; where no
    /// board could be opened, the error of each.
    pub fn open(platform: Arc<dyn Platform>, options: Options) -> Result<Self, ClusterError> {
        let cluster = Self::find(platform, options)?;
        match cluster.slots.iter().any(|slot| slot.unit.is_ok()) {
            true => Ok(cluster),
            false => Err(cluster.into_error()),
        }
    }

    /// Finds the boards as [`Self::open`] does, but also succeeds if none of them could be opened: each is there
    /// with its error, and [`Self::rescan`] tries it again.
    ///
    /// # Errors
    /// [`ClusterError::NoBoard`]; [`ClusterError::SamePlace`] where two HATs would be one.
    pub fn find(platform: Arc<dyn Platform>, options: Options) -> Result<Self, ClusterError> {
        let options = options.limited();
        let hats = discover::describe_hats(&*platform, &options.boards, options.detected_size)?;
        let slots = discover::open_all(&platform, hats, Vec::new(), options.lock_limit);
        if slots.is_empty() {
            return Err(ClusterError::NoBoard { searched: platform.searched() });
        }
        Ok(Self { platform, options, slots, before_init: None })
    }

    /// Finds and opens this cluster's boards once more, with handles of their own: for who works with them beside
    /// this cluster.
    ///
    /// # Errors
    /// As of [`Self::find`].
    pub fn open_again(&self) -> Result<Self, ClusterError> {
        Self::find(Arc::clone(&self.platform), self.options.clone())
    }

    /// What its boards failed with.
    fn into_error(self) -> ClusterError {
        // Boards of one order share their error: the last one to let go of it has it.
        let errors = self.slots.into_iter().filter_map(|slot| Arc::into_inner(slot.unit.err()?));
        let mut errors: Vec<_> = errors.collect();
        if errors.len() == 1 { errors.remove(0) } else { ClusterError::Boards(errors) }
    }

    /// The boards in their order, those that could not be opened too. ClusterCTRL boards that could
    /// not be asked for their order come last.
    pub fn boards(&self) -> impl Iterator<Item = (Board, &BoardInfo)> {
        self.slots.iter().map(|slot| (slot.board, &slot.info))
    }

    /// What is known of a board.
    ///
    /// # Errors
    /// [`ClusterError::NoSuchBoard`].
    pub fn info(&self, board: Board) -> Result<&BoardInfo, ClusterError> {
        self.slot(board).map(|slot| &self.slots[slot].info)
    }

    /// Refuses a board that could not be opened, with the error that whatever is asked of it returns.
    ///
    /// # Errors
    /// [`ClusterError::NoSuchBoard`] or [`ClusterError::NotOpened`].
    pub fn check_open(&self, board: Board) -> Result<(), ClusterError> {
        self.slots[self.slot(board)?].check_open(Target::None)
    }

    /// Whether the numbers of a board's nodes are sure. They are not where a ClusterCTRL board that
    /// could not be asked for its order may come before it, nor is anything sure of a board that is
    /// none of the cluster's.
    #[must_use]
    pub fn is_certain(&self, board: Board) -> bool {
        self.slot(board).is_ok_and(|slot| self.is_slot_certain(slot))
    }

    fn is_slot_certain(&self, slot: usize) -> bool {
        !self.slots[slot].could_move() || self.slots.iter().all(|slot| !slot.is_anywhere())
    }

    /// The nodes of all boards, in the order of their numbers.
    pub fn nodes(&self) -> impl Iterator<Item = Node> {
        let of_slot =
            move |slot: usize| (0..self.slots[slot].info.size).map(move |p| self.at(slot, p));
        (0..self.slots.len()).flat_map(of_slot)
    }

    /// The node of a number, as [`Node::number`] has it.
    #[must_use]
    pub fn node(&self, number: u32) -> Option<Node> {
        self.nodes().find(|node| node.number() == number)
    }

    /// The node at a position of a board, 0 for its P1; `None` where there is no such board, or no such
    /// position on it.
    #[must_use]
    pub fn node_at(&self, board: Board, position: u8) -> Option<Node> {
        let slot = self.slot(board).ok()?;
        (position < self.slots[slot].info.size).then(|| self.at(slot, position))
    }

    /// The node at a position of a slot's board.
    fn at(&self, slot: usize, position: u8) -> Node {
        let before: u32 = self.slots[..slot].iter().map(|slot| u32::from(slot.info.size)).sum();
        let number = self.options.first.saturating_add(before).saturating_add(position.into());
        Node::new(number, self.slots[slot].board, position)
    }

    /// Where a slot's first node is, or would be.
    pub(super) fn first(&self, slot: usize) -> Node {
        self.at(slot, 0)
    }

    /// The machine.
    #[must_use]
    pub fn platform(&self) -> &dyn Platform {
        &*self.platform
    }

    /// Transfers made on all I2C buses so far, and how many of them were retries.
    pub fn transfers(&mut self) -> (u32, u32) {
        let units = self.slots.iter_mut().filter_map(|slot| slot.unit.as_mut().ok());
        units.fold((0, 0), |(transfers, retries), unit| {
            let (more, again) = unit.transfers();
            (transfers + more, retries + again)
        })
    }

    /// What a board says of itself. Switches nothing: a HAT is only read, without any lock; a
    /// ClusterCTRL board answers through registers, which its lock keeps others from overwriting.
    ///
    /// # Errors
    /// [`ClusterError::NoSuchBoard`], [`ClusterError::NotOpened`], [`ClusterError::Board`], or
    /// [`ClusterError::Locked`] for a ClusterCTRL board.
    pub fn status(&mut self, board: Board) -> Result<BoardReading, ClusterError> {
        let slot = self.slot(board)?;
        let exclusion = match self.unit(slot)? {
            Unit::Hat(_) => None,
            Unit::Ctrl(_) => Some(self.enter(slot)?),
        };
        let reading = self.read(slot);
        drop(exclusion);
        reading
    }

    /// What a board says of itself, read under its lock, so that no change is under way: what the record says of
    /// it is done by then ([`rules`](super::rules)), or has failed.
    ///
    /// # Errors
    /// As [`Self::status`], and [`ClusterError::Locked`] for a HAT, too.
    pub fn settled_status(&mut self, board: Board) -> Result<BoardReading, ClusterError> {
        let slot = self.slot(board)?;
        let exclusion = self.enter(slot)?;
        let reading = self.read(slot);
        drop(exclusion);
        reading
    }

    fn read(&mut self, slot: usize) -> Result<BoardReading, ClusterError> {
        let result = self.unit(slot)?.status();
        result.map_err(|source| self.failed(slot, Target::None, ResultingState::Old, source))
    }

    /// Initialises a board that has not been initialised since power-up. Nothing is written where it
    /// has been. A ClusterCTRL board initialises itself.
    ///
    /// # Errors
    /// [`ClusterError::NoSuchBoard`], [`ClusterError::NotOpened`], [`ClusterError::Board`],
    /// [`ClusterError::Locked`] or [`ClusterError::Lock`].
    pub fn init(&mut self, board: Board) -> Result<InitOutcome, ClusterError> {
        self.init_slot(self.slot(board)?)
    }

    /// The same for the board of a slot.
    pub(super) fn init_slot(&mut self, slot: usize) -> Result<InitOutcome, ClusterError> {
        let exclusion = self.enter(slot)?;
        let initialiser = self.initialiser(slot);
        let Unit::Hat(hat) = self.unit(slot)? else { return Ok(InitOutcome::AlreadyDone) };
        let result = initialiser.init(hat);
        drop(exclusion);
        result.map_err(|source| self.failed(slot, Target::None, ResultingState::Old, source.into()))
    }

    /// Has something done before a HAT is initialised that never was since its power-up, whatever it is initialised for: afterwards
    /// nothing shows any more that it had lost its power. The board is kept from others meanwhile, so that this has to be
    /// short, and may not ask any board.
    pub fn before_init(&mut self, listener: impl Fn(&BoardInfo, &[Node]) + Send + Sync + 'static) {
        self.before_init = Some(BeforeInit::new(listener));
    }

    /// Initialises the HAT of a slot, which is kept from others.
    pub(super) fn initialiser(&self, slot: usize) -> Initialiser {
        let board = self.slots[slot].board;
        let nodes = self.nodes().filter(|node| node.board() == board);
        let heard = self.before_init.clone();
        let heard = heard.map(|heard| (heard, self.slots[slot].info.clone(), nodes.collect()));
        Initialiser(heard)
    }

    /// Refuses nodes of a board that could not be opened, and nodes of uncertain numbers, as
    /// [`Self::switch`] does.
    ///
    /// # Errors
    /// [`ClusterError::NoSuchBoard`], [`ClusterError::NotOpened`] or [`ClusterError::Uncertain`].
    pub fn check_ready(&self, board: Board, nodes: Positions) -> Result<(), ClusterError> {
        self.check_slot_ready(self.slot(board)?, nodes)
    }

    /// The same for the board of a slot.
    pub(super) fn check_slot_ready(
        &self,
        slot: usize,
        nodes: Positions,
    ) -> Result<(), ClusterError> {
        let nodes = self.first(slot).all_beside(nodes);
        if self.slots[slot].unit.is_err() {
            return self.slots[slot].check_open(Target::nodes(nodes));
        }
        if self.is_slot_certain(slot) {
            return Ok(());
        }
        let anywhere = self.slots.iter().filter(|slot| slot.is_anywhere());
        let boards = anywhere.map(|slot| slot.info.label()).collect();
        Err(ClusterError::Uncertain { nodes: nodes.collect(), boards })
    }

    /// The slot of a board.
    pub(super) fn slot(&self, board: Board) -> Result<usize, ClusterError> {
        let slot = self.slots.iter().position(|slot| slot.board == board);
        slot.ok_or(ClusterError::NoSuchBoard { board })
    }

    /// The open board of a slot.
    pub(super) fn unit(&mut self, slot: usize) -> Result<&mut Unit, ClusterError> {
        self.slots[slot].unit()
    }

    /// Whether these are nodes of this cluster.
    pub(super) fn check_nodes(&self, nodes: &[Node]) -> Result<(), ClusterError> {
        let is_ours = |node: &&Node| self.node_at(node.board(), node.position()) == Some(**node);
        match nodes.iter().find(|node| !is_ours(node)) {
            Some(&node) => Err(ClusterError::NoSuchNode { node }),
            None => Ok(()),
        }
    }

    /// The slot of a node that is one of this cluster's, and whose board is known for sure.
    pub(super) fn ready_slot(&self, node: Node) -> Result<usize, ClusterError> {
        self.check_nodes(&[node])?;
        let slot = self.slot(node.board())?;
        self.check_slot_ready(slot, Positions::one(node.position()))?;
        Ok(slot)
    }
}
