//! A recording platform around a simulated machine, the boards that are tested, and what they show.
//!
//! Numbers here restate the vendor's pages and the chips' datasheets; none comes from the crate.

// Each test program uses its own part, and helpers may fail a test.
#![allow(dead_code, clippy::unwrap_used)]

pub(crate) mod machine;
pub(crate) mod rig;
pub(crate) mod row;
pub(crate) mod told;

use hat_driver::hat::HatStatus;
use hat_driver::linux::{BoardReading, Cluster, ClusterError, Output, OutputResult};
use hat_driver::power::Action;
use hat_driver::sim::Simulation;
use row::Row as _;
use serde_json::{Value, json};

/// BCM lines of P1 to P4 and ALERT on v1.x (header pins 31, 33, 35, 37 and 29).
pub(crate) const NODE_LINES: [u8; 4] = [6, 13, 19, 26];
pub(crate) const ALERT_LINE: u8 = 5;
/// Bits of the expander's pins beside P1 to P4.
pub(crate) const NODES: u8 = 0x0f;
pub(crate) const LED: u8 = 0x10;
pub(crate) const HUB: u8 = 0x20;
pub(crate) const ALERT: u8 = 0x40;
pub(crate) const WP: u8 = 0x80;
/// Where the expander of the tested boards is.
pub(crate) const PLACE: (u32, u8) = (1, 0x20);

/// A board: its version's digits, and its chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wired {
    pub(crate) major: u8,
    pub(crate) minor: u8,
    /// `xra`, `pca`, or none for lines.
    pub(crate) chip: Option<&'static str>,
}

pub(crate) const fn wired(major: u8, minor: u8, chip: Option<&'static str>) -> Wired {
    Wired { major, minor, chip }
}

/// One of each kind of wiring.
pub(crate) const WIRINGS: [Wired; 5] = [
    wired(2, 5, Some("xra")),
    wired(2, 5, Some("pca")),
    wired(2, 0, Some("xra")),
    wired(3, 1, Some("xra")),
    wired(1, 3, None),
];

/// Every revision, with either chip.
pub(crate) fn all_wirings() -> Vec<Wired> {
    let v1 = (0..=3).map(|minor| wired(1, minor, None));
    let expanders = (0..=6).map(|minor| (2, minor)).chain([(3, 0), (3, 1)]);
    let expanders = expanders
        .flat_map(|(major, minor)| ["xra", "pca"].map(|chip| wired(major, minor, Some(chip))));
    v1.chain(expanders).collect()
}

impl Wired {
    pub(crate) const fn is_expander(self) -> bool {
        self.chip.is_some()
    }

    /// What the board can switch.
    pub(crate) const fn meaning(self) -> u8 {
        match self.major {
            1 => NODES | ALERT,
            2 => 0xff,
            _ => !LED,
        }
    }

    /// The pins at which low means on: the hub's, but on v2.0.
    pub(crate) const fn active_low(self) -> u8 {
        match (self.major, self.minor) {
            (1, _) | (2, 0) => 0,
            _ => HUB,
        }
    }

    /// What levels mean.
    pub(crate) const fn signals(self, pins: u8) -> u8 {
        (pins ^ self.active_low()) & self.meaning()
    }

    /// What is on after the first initialisation, with these nodes on before it.
    pub(crate) const fn resting(self, nodes: u8) -> u8 {
        match self.chip {
            None => nodes,
            Some(_) => (LED | HUB | WP | nodes) & self.meaning(),
        }
    }

    /// How messages call it.
    pub(crate) fn label(self) -> String {
        let place = if self.is_expander() { "i2c-1 0x20" } else { "GPIO" };
        format!("board hat1 (v{}.{}, {place})", self.major, self.minor)
    }

    /// A controller with this board, as power comes on. `ext` is what holds the pins.
    pub(crate) fn world(self, ext: [Option<u8>; 8]) -> Simulation {
        let chips = match self.chip {
            Some(kind) => {
                json!({"1": {"kind": kind, "r": [0, 0xff, 0, 0xff, 0xff], "ext": ext}})
            }
            None => json!({}),
        };
        let hat = json!({
            "product": "ZC4:ClusterHAT",
            "product_ver": format!("0x00{}{}", self.major, self.minor),
            "uuid": "00000000-0000-0000-0000-000000000001",
            "vendor": "8086 Consultancy",
            "product_id": "0x0004",
        });
        parse(&json!({"hat": hat, "chips": chips}))
    }
}

pub(crate) fn parse(world: &Value) -> Simulation {
    Simulation::parse(&world.to_string()).unwrap()
}

/// Nodes held low, the write-protect link open.
pub(crate) const USUAL: [Option<u8>; 8] =
    [Some(0), Some(0), Some(0), Some(0), None, None, None, Some(0)];

/// Switches the output of a bit on the only board.
pub(crate) fn set(cluster: &mut Cluster, bit: u8, on: bool) -> Result<OutputResult, ClusterError> {
    let output = match bit {
        LED => Output::Led,
        HUB => Output::Hub,
        ALERT => Output::Alert,
        WP => Output::WriteProtect,
        other => panic!("{other:#04x} is no output"),
    };
    cluster.set(cluster.board(0), output, on, &mut |_| {})
}

/// What the only board, a HAT, says of itself.
pub(crate) fn status(cluster: &mut Cluster) -> Result<HatStatus, ClusterError> {
    cluster.status(cluster.board(0)).map(|status| match status {
        BoardReading::Hat(status) => status,
        other => panic!("no HAT: {other:?}"),
    })
}

/// What is asked of a cluster. Nodes count from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    Init,
    On(&'static [usize]),
    Off(&'static [usize]),
    Set(u8, bool),
}

pub(crate) const ALL_NODES: &[usize] = &[0, 1, 2, 3];

pub(crate) fn bits(nodes: &[usize]) -> u8 {
    nodes.iter().fold(0, |all, node| all | 1 << node)
}

impl Ask {
    /// Asks, and tells whether the board has what was asked for.
    pub(crate) fn run(self, cluster: &mut Cluster) -> Result<bool, ClusterError> {
        match self {
            Self::Init => cluster.init(cluster.board(0)).map(|_| true),
            Self::On(nodes) => {
                cluster.switch(&cluster.pick(nodes), Action::On, &mut |_| {}).map(|_| true)
            }
            Self::Off(nodes) => {
                cluster.switch(&cluster.pick(nodes), Action::Off, &mut |_| {}).map(|_| true)
            }
            Self::Set(signal, on) => {
                set(cluster, signal, on).map(|change| change != OutputResult::Unsupported)
            }
        }
    }

    /// The signals that may change, and what they are to be.
    pub(crate) fn target(self) -> (u8, bool) {
        match self {
            Self::Init => (0, false),
            Self::On(nodes) => (bits(nodes), true),
            Self::Off(nodes) => (bits(nodes), false),
            Self::Set(signal, on) => (signal, on),
        }
    }

    /// The state that these signals are in afterwards.
    pub(crate) fn applied(self, before: u8) -> u8 {
        match self.target() {
            (signals, true) => before | signals,
            (signals, false) => before & !signals,
        }
    }
}
