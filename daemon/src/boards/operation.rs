//! What can be asked of nodes and boards, and how it is carried out: by the library, as the command does it.

use std::ops::ControlFlow;
use std::time::Duration;

use clusterhat::report::Report;
use clusterhat::{
    Action, AfterShutdown, Cluster, Controller, Error, Event, NodeSet, Numbering, Options, Outcome,
    Output, Shutdown,
};

use crate::log::{self, Level};

/// What can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// Nodes get power, one after the other.
    On,
    /// Nodes lose their power at once.
    Off,
    /// Nodes lose their power, and get it again.
    Cycle,
    /// Nodes are asked to go down, and lose their power once they have halted.
    Shutdown {
        /// How long that may take; absent = as configured.
        limit: Option<Duration>,
        /// Whether nodes that have not halted by then lose their power.
        force: bool,
        /// Whether, where all nodes are meant, positions that no node is meant to be at lose their power, too.
        beyond_size: bool,
    },
    /// Nodes are asked to restart; their power stays.
    Reboot {
        /// How long that may take; absent = as configured.
        limit: Option<Duration>,
    },
    /// The ALERT LEDs of the nodes' boards go on or off.
    Alert {
        /// Which.
        on: bool,
    },
    /// Nodes boot over USB, or from their cards, from their next start on.
    UsbBoot {
        /// Which.
        on: bool,
    },
}

/// What is told of an operation while it runs, and whether it is to go on.
pub(super) type Observer<'a> = dyn FnMut(Event<'_>) -> ControlFlow<()> + 'a;

impl Operation {
    /// The command's word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
            Self::Cycle => "cycle",
            Self::Shutdown { .. } => "shutdown",
            Self::Reboot { .. } => "reboot",
            Self::Alert { .. } => "alert",
            Self::UsbBoot { .. } => "usbboot",
        }
    }

    /// Carries it out on nodes that have the numbers that are known, through handles of its own. A command beside the daemon does the same, so that the file locks and the
    /// record of who wants a node to be what decide between all of them: an `off` ends a staggered `on`, whoever began it.
    pub(super) fn carry_out(
        self,
        options: &Options,
        nodes: &NodeSet,
        known: &Numbering,
        observer: &mut Observer<'_>,
    ) -> Result<Outcome<Report>, Error> {
        let mut cluster = Controller::new(options)?.open()?;
        cluster.check_numbering(known, nodes)?;
        let outcome = self.carry_out_on(&mut cluster, nodes, observer);
        for warning in cluster.unrecorded().into_iter().chain(cluster.take_warnings()) {
            log::tell(Level::Warning, &format!("{}: {warning}", self.name()), &[]);
        }
        outcome
    }

    fn carry_out_on(
        self,
        cluster: &mut Cluster,
        nodes: &NodeSet,
        observer: &mut Observer<'_>,
    ) -> Result<Outcome<Report>, Error> {
        Ok(match self {
            Self::On => cluster.switch(nodes, Action::On, observer)?.map(Report::Power),
            Self::Off => cluster.switch(nodes, Action::Off, observer)?.map(Report::Power),
            Self::Cycle => cluster.cycle(nodes, observer)?.map(Report::Power),
            Self::Shutdown { limit, force, beyond_size } => {
                let how = Shutdown { limit, force, then: AfterShutdown::Off, beyond_size };
                cluster.shut_down(nodes, how, observer)?.map(Report::Shutdown)
            }
            Self::Reboot { limit } => cluster.reboot(nodes, limit, observer)?.map(Report::Reboot),
            Self::Alert { on } => {
                cluster.set_output_of(nodes, Output::Alert, on)?.map(Report::Outputs)
            }
            Self::UsbBoot { on } => cluster.set_usb_boot(nodes, on)?.map(Report::UsbBoot),
        })
    }
}
