//! `board` and `usbboot`: what ClusterCTRL boards alone can do.

use clap::{Args, Subcommand, ValueEnum};
use clusterhat::NodeSet;
use clusterhat::report::{BoardSettings, Report};

use super::confirm::confirm;
use super::{OnOff, parse_order};
use crate::call::{Call, Done, Run};
use crate::progress;

/// What can be done to a ClusterCTRL board.
#[derive(Debug, Subcommand)]
pub(crate) enum BoardCommand {
    /// Give a board another order; it lasts until its next reset unless it is saved
    Order(Order),
    /// Write settings to a board's EEPROM
    Save(Save),
    /// Restart a board; its nodes return to the power state saved in its EEPROM
    Reset(Reset),
}

#[derive(Debug, Args)]
pub(crate) struct Order {
    /// The board's current order, 1 to 255
    #[arg(value_parser = parse_order)]
    pub(crate) old: u8,
    /// The order to give it, 1 to 255
    #[arg(value_parser = parse_order)]
    pub(crate) new: u8,
}

/// Settings that a board can keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum What {
    /// All of its settings
    All,
    /// Its order
    Order,
    /// The nodes' USB boot settings
    Usbboot,
    /// The nodes' current power state, restored when the board powers up
    Power,
    /// The LEDs
    Led,
    /// Factory settings: order 20, all nodes off, USB boot on
    Defaults,
}

#[derive(Debug, Args)]
pub(crate) struct Save {
    /// The board's order, 1 to 255
    #[arg(value_parser = parse_order)]
    pub(crate) order: u8,
    /// The settings to save
    #[arg(long, value_enum, default_value = "all")]
    pub(crate) what: What,
    /// Do not ask for confirmation before factory settings replace the saved ones
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct VendorSave {
    /// The board's order, 1 to 255
    #[arg(value_parser = parse_order)]
    pub(crate) order: u8,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
}

impl VendorSave {
    pub(crate) const fn of(&self, what: What) -> Save {
        Save { order: self.order, what, yes: self.yes }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Reset {
    /// The board's order, 1 to 255
    #[arg(value_parser = parse_order)]
    pub(crate) order: u8,
    /// Do not ask for confirmation, although nodes may lose power
    #[arg(long)]
    pub(crate) yes: bool,
}

impl BoardCommand {
    pub(crate) fn run(self) -> Box<dyn Run> {
        match self {
            Self::Order(order) => Box::new(order),
            Self::Save(save) => Box::new(save),
            Self::Reset(reset) => Box::new(reset),
        }
    }
}

impl From<What> for BoardSettings {
    fn from(what: What) -> Self {
        match what {
            What::All => Self::All,
            What::Order => Self::Order,
            What::Usbboot => Self::UsbBoot,
            What::Power => Self::Power,
            What::Led => Self::Led,
            What::Defaults => Self::Defaults,
        }
    }
}

impl Run for Order {
    fn name(&self) -> &'static str {
        "board"
    }

    fn run(&self, call: &mut Call) -> Done {
        Ok(call.open()?.set_order(self.old, self.new)?.map(Report::Board))
    }
}

impl Run for Save {
    fn name(&self) -> &'static str {
        "board"
    }

    fn run(&self, call: &mut Call) -> Done {
        let cluster = call.open()?;
        cluster.check_save(self.order, self.what.into())?;
        if self.what == What::Defaults {
            let danger = "factory settings replace all saved ones: order 20, all nodes off";
            confirm(self.yes, danger)?;
        }
        Ok(cluster.save(self.order, self.what.into())?.map(Report::Board))
    }
}

impl Run for Reset {
    fn name(&self) -> &'static str {
        "board"
    }

    fn run(&self, call: &mut Call) -> Done {
        let cluster = call.open()?;
        cluster.check_order(self.order)?;
        confirm(
            self.yes,
            "its nodes return to the power state saved in its EEPROM, and running ones may lose power",
        )?;
        Ok(cluster.reset(self.order, &mut progress::task)?.map(Report::Board))
    }
}

#[derive(Debug, Args)]
pub(crate) struct UsbBoot {
    /// The state to reach
    #[arg(value_name = "on|off", hide_possible_values = true)]
    pub(crate) state: OnOff,
    /// Nodes, such as p1 p3, p1..p4 or p[1-3,5]
    #[arg(value_name = "NODES", required = true)]
    pub(crate) nodes: Vec<String>,
}

impl Run for UsbBoot {
    fn name(&self) -> &'static str {
        "usbboot"
    }

    fn run(&self, call: &mut Call) -> Done {
        let nodes = NodeSet::parse(&self.nodes)?;
        Ok(call.open()?.set_usb_boot(&nodes, self.state.is_on())?.map(Report::UsbBoot))
    }
}
