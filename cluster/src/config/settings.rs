//! Validated settings: what the rest of the program works with.

use std::collections::BTreeMap;
use std::time::Duration;

use hat_driver::revisions::{V1_ALERT_LINE, V1_NODE_LINES};

use super::boards::{self, Attachment, BoardSetting};
use super::defaults::{Legacy, Role};
use super::error::ConfigError;
use super::fan;
use super::given::Given;
use super::inputs::Inputs;
use super::limits;
use super::nodes;
use crate::desired::AtBoot;
use crate::fan::FanCurve;

/// Between two nodes switched on, as the vendor's tool waits.
const DELAY: Duration = Duration::from_secs(1);

/// How long a power cycle keeps a node off.
const OFF_TIME: Duration = Duration::from_secs(2);

/// systemd gives each service 90 seconds to stop (DefaultTimeoutStopSec=), one after another where they depend on each other.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(120);

/// How long to wait for another process.
const LOCK_LIMIT: Duration = Duration::from_secs(10);

/// How long a hook may run.
const HOOK_LIMIT: Duration = Duration::from_secs(60);

/// The fan's BCM line on the vendor's controllers.
const FAN_GPIO: u8 = 18;

/// The configuration, every value within its limits. Nodes are counted from 1 over all boards.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// The boards in the order of their nodes; empty = detect them.
    pub boards: Vec<BoardSetting>,
    /// Number of the first node in its `pN` name.
    pub first: u32,
    /// Between two nodes switched on.
    pub delay: Duration,
    /// Nodes with a delay of their own. Empty where a flag or the environment gave the delay: that wins over files.
    pub node_delay: BTreeMap<usize, Duration>,
    /// Configured names.
    pub names: BTreeMap<usize, String>,
    /// Configured USB paths.
    pub usb_paths: BTreeMap<usize, String>,
    /// The ssh destination of a node.
    pub ssh: BTreeMap<usize, String>,
    /// Whether `off` shuts nodes down first.
    pub graceful_off: bool,
    /// How long nodes may take to shut down.
    pub shutdown_limit: Duration,
    /// How long a power cycle keeps a node off.
    pub off_time: Duration,
    /// How long to wait for another process; zero = do not wait.
    pub lock_limit: Duration,
    /// Whether somebody gave that: a set-up waits longer by default.
    pub is_lock_limit_given: bool,
    /// How long a hook may run.
    pub hook_limit: Duration,
    /// What becomes of nodes after a loss of power.
    pub at_boot: AtBoot,
    /// The same for single nodes.
    pub node_at_boot: BTreeMap<usize, AtBoot>,
    /// BCM number of the fan's pin; `None` where the vendor's file is in use and names none.
    pub fan_gpio: Option<u8>,
    /// At which temperatures fans go on and off by themselves, where that was configured.
    pub fan: Option<FanCurve>,
    /// Nodes on a detected HAT (CLUSTERHAT_SIZE); `None` = 4.
    pub size: Option<u8>,
    /// Version of a HAT that is there though no EEPROM says so (CLUSTERHAT_FORCE).
    pub force: Option<(u8, u8)>,
    /// What this machine is; a controller where the vendor's file is not in use.
    pub role: Role,
    /// The vendor's file, where it is in use.
    pub legacy: Option<Legacy>,
}

impl Settings {
    /// A node's number among all nodes, from 1: what the settings of single nodes are kept by.
    pub(crate) fn ordinal(&self, number: u32) -> usize {
        let before = number.saturating_sub(self.first);
        usize::try_from(before).map_or(usize::MAX, |before| before.saturating_add(1))
    }

    /// What becomes of the node of this number after a loss of power.
    pub(crate) fn at_boot_of(&self, number: u32) -> AtBoot {
        self.node_at_boot.get(&self.ordinal(number)).copied().unwrap_or(self.at_boot)
    }

    /// Whether any node may be switched after a loss of power.
    pub(crate) fn restores_any(&self) -> bool {
        self.node_at_boot.values().chain([&self.at_boot]).any(|policy| *policy != AtBoot::Keep)
    }
}

pub(super) fn validate(inputs: Inputs) -> Result<Settings, ConfigError> {
    let Inputs { fragment, legacy } = inputs;
    let first = limits::FIRST.check_or(fragment.first.as_ref(), 1)?;
    let mut nodes = nodes::validate(&fragment.nodes, first)?;
    if fragment.delay.as_ref().is_some_and(|given| given.is_for_this_call()) {
        nodes.delays.clear();
    }
    let default_delay = legacy.as_ref().and_then(|legacy| legacy.delay).unwrap_or(DELAY);
    let default_fan = legacy.as_ref().map_or(Some(FAN_GPIO), |legacy| legacy.fan_gpio);
    let boards = boards::validate(&fragment.boards)?;
    let fan_gpio = fragment.fan_gpio.as_ref().map(|given| fan_gpio(given, &boards));
    Ok(Settings {
        boards,
        first,
        delay: limits::DELAY.check_or(fragment.delay.as_ref(), default_delay)?,
        node_delay: nodes.delays,
        names: nodes.names,
        usb_paths: nodes.usb_paths,
        ssh: nodes.ssh,
        graceful_off: fragment.graceful_off.as_ref().is_some_and(|given| given.value),
        shutdown_limit: limits::SHUTDOWN_LIMIT
            .check_or(fragment.shutdown_limit.as_ref(), SHUTDOWN_LIMIT)?,
        off_time: limits::OFF_TIME.check_or(fragment.off_time.as_ref(), OFF_TIME)?,
        hook_limit: limits::HOOK_LIMIT.check_or(fragment.hook_limit.as_ref(), HOOK_LIMIT)?,
        at_boot: fragment.at_boot.map(|given| given.value).unwrap_or_default(),
        node_at_boot: nodes.at_boot,
        is_lock_limit_given: fragment.lock_limit.is_some(),
        lock_limit: limits::LOCK_LIMIT.check_or(fragment.lock_limit.as_ref(), LOCK_LIMIT)?,
        fan_gpio: fan_gpio.transpose()?.or(default_fan),
        fan: fragment.fan.as_ref().map(fan::validate).transpose()?,
        size: legacy.as_ref().and_then(|legacy| legacy.size),
        force: legacy.as_ref().and_then(|legacy| legacy.force.as_ref()).map(|force| force.revision),
        role: legacy.as_ref().map_or(Role::Controller, |legacy| legacy.role.clone()),
        legacy,
    })
}

/// The fan's line, which no configured board may be switched by.
fn fan_gpio(given: &Given<i64>, boards: &[BoardSetting]) -> Result<u8, ConfigError> {
    let line = limits::FAN_GPIO.check(given)?;
    let on_lines = boards.iter().any(|board| board.attachment == Attachment::Gpio);
    if on_lines && (V1_NODE_LINES.contains(&line) || line == V1_ALERT_LINE) {
        return Err(given.clash("a v1.x board is configured, which is switched by this line"));
    }
    Ok(line)
}
