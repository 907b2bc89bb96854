//! What is explored: what the boards are like before, who calls what, and what may happen to them.

use std::time::Duration;

/// What one caller does, one call after the other.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) calls: Vec<Call>,
    pub(crate) delay: Duration,
}

/// One call. Nodes count from 0, four to a board.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Call {
    On(&'static [usize]),
    Off(&'static [usize]),
    /// Off, but for those that somebody asks to be on since it began: the end of a shutdown.
    Spare(&'static [usize]),
    Cycle(&'static [usize]),
    Init(usize),
    Status(usize),
}

impl Call {
    pub(crate) fn nodes(self) -> u8 {
        match self {
            Self::On(nodes) | Self::Off(nodes) | Self::Spare(nodes) | Self::Cycle(nodes) => {
                bits(nodes.iter().copied())
            }
            Self::Init(_) | Self::Status(_) => 0,
        }
    }

    /// The nodes that it asks to be off, at least for a while.
    pub(crate) fn off(self) -> u8 {
        if let Self::On(_) = self { 0 } else { self.nodes() }
    }

    /// The nodes that it asks to be on in the end.
    pub(crate) fn on(self) -> u8 {
        if let Self::Off(_) | Self::Spare(_) = self { 0 } else { self.nodes() }
    }
}

pub(crate) fn bits(nodes: impl IntoIterator<Item = usize>) -> u8 {
    nodes.into_iter().fold(0, |all, node| all | 1 << node)
}

/// What may befall a caller at one of its steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Fault {
    /// It is killed before the step.
    Kill,
    /// Its observer wants to stop.
    Stop,
    /// Its transfer fails, and does not reach the chip.
    Refused,
    /// Its transfer reaches the chip, and fails all the same.
    Late,
    /// From this transfer on, the board answers nobody.
    Gone,
    /// What it waits for is not let go in time.
    Timeout,
}

pub(crate) static ALL_FAULTS: [Fault; 6] =
    [Fault::Kill, Fault::Stop, Fault::Refused, Fault::Late, Fault::Gone, Fault::Timeout];

/// What the machine does wrong: what each invariant is there to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// The lock of the boards keeps nobody out.
    BoardLock,
    /// The lock of those who switch nodes on keeps nobody out.
    PowerOnLock,
    /// The record forgets the node that went on last.
    LastOn,
    /// The record forgets what was asked of nodes.
    Asks,
    /// A lock outlives its holder.
    Ownerless,
    /// A chip is read back as if the transfer that failed had not reached it.
    Lie,
}

/// What is explored.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    /// The nodes that are on before, by board; absent = the board just got its power.
    pub(crate) boards: Vec<Option<u8>>,
    pub(crate) callers: Vec<Caller>,
    pub(crate) faults: &'static [Fault],
    /// How many faults one run may have.
    pub(crate) most_faults: u8,
    /// Lets others come between any two steps, also where the rules let them change nothing there.
    pub(crate) finest: bool,
    pub(crate) broken: Option<Broken>,
    /// Whether there is a place for the record.
    pub(crate) has_record: bool,
    /// Whether callers have something to do between their asking and their switching.
    pub(crate) has_hooks: bool,
}

/// The delay that callers ask for: one slice of a wait.
pub(crate) const DELAY: Duration = Duration::from_millis(100);

impl Scenario {
    pub(crate) fn new(name: &'static str, on: u8, calls: &[&[Call]]) -> Self {
        let caller = |calls: &&[Call]| Caller { calls: calls.to_vec(), delay: DELAY };
        Self {
            name,
            boards: vec![Some(on)],
            callers: calls.iter().map(caller).collect(),
            faults: &[],
            most_faults: 0,
            finest: false,
            broken: None,
            has_record: true,
            has_hooks: false,
        }
    }

    /// What else tells it from others of its name.
    pub(crate) fn variant(&self) -> String {
        let faults: String = self.faults.iter().map(|fault| format!(" {fault:?}")).collect();
        let finest = if self.finest { ", at each access" } else { "" };
        let before = if faults.is_empty() { "" } else { ", one of:" };
        format!("{finest}{before}{faults}")
    }

    pub(crate) fn boards(self, boards: &[Option<u8>]) -> Self {
        Self { boards: boards.to_vec(), ..self }
    }

    /// One of these may happen at any step, once.
    pub(crate) fn with(self, faults: &'static [Fault]) -> Self {
        Self { faults, most_faults: 1, ..self }
    }

    pub(crate) fn broken(self, broken: Broken) -> Self {
        Self { broken: Some(broken), ..self }
    }

    pub(crate) fn without_record(self) -> Self {
        Self { has_record: false, ..self }
    }

    pub(crate) fn with_hooks(self) -> Self {
        Self { has_hooks: true, ..self }
    }

    /// The last caller asks for no delay.
    pub(crate) fn last_without_delay(mut self) -> Self {
        if let Some(last) = self.callers.last_mut() {
            last.delay = Duration::ZERO;
        }
        self
    }
}
