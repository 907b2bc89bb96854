//! `alert`, `led`, `hub`, `wp` and `act`: outputs of boards.

use clap::{Args, ValueEnum};
use clusterhat::Output;
use clusterhat::report::Report;

use super::{OnOff, parse_order};
use crate::call::{Call, Done, Run};
use crate::signals::{self, WholeSteps};
use crate::watch::HubWatch;

#[derive(Debug, Args)]
pub(crate) struct Switch {
    /// The state to reach
    #[arg(value_name = "on|off", hide_possible_values = true)]
    pub(crate) state: OnOff,
}

/// A command that switches one output of every board.
pub(crate) struct SetOutput {
    command: &'static str,
    output: Output,
    on: bool,
}

impl SetOutput {
    pub(crate) const fn new(command: &'static str, output: Output, switch: &Switch) -> Self {
        Self { command, output, on: switch.state.is_on() }
    }
}

impl Run for SetOutput {
    fn name(&self) -> &'static str {
        self.command
    }

    fn run(&self, call: &mut Call) -> Done {
        Ok(call.open()?.set_output(self.output, self.on).map(Report::Outputs))
    }
}

/// What can be done to the hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum HubAction {
    On,
    Off,
    Reset,
}

#[derive(Debug, Args)]
pub(crate) struct Hub {
    /// What to do; reset = off and on again
    #[arg(value_name = "on|off|reset", hide_possible_values = true)]
    pub(crate) action: HubAction,
}

impl Run for Hub {
    fn name(&self) -> &'static str {
        "hub"
    }

    fn run(&self, call: &mut Call) -> Done {
        let on = match self.action {
            HubAction::On => true,
            HubAction::Off => false,
            HubAction::Reset => return reset(call),
        };
        Ok(call.open()?.set_output(Output::Hub, on).map(Report::Outputs))
    }
}

fn reset(call: &mut Call) -> Done {
    let as_json = call.is_json;
    let cluster = call.open()?;
    let steps = WholeSteps::watch(move |signal| signals::end_hub_reset(as_json, signal))?;
    let mut watch = HubWatch::new(&steps);
    let outcome = cluster.reset_hubs(&mut |event| watch.see(&event));
    call.signal = steps.signal();
    Ok(outcome.map(Report::Outputs))
}

#[derive(Debug, Args)]
pub(crate) struct Act {
    /// The state to reach
    #[arg(value_name = "on|off", hide_possible_values = true)]
    pub(crate) state: OnOff,
    /// The order of one board (default: all)
    #[arg(value_parser = parse_order)]
    pub(crate) order: Option<u8>,
}

impl Run for Act {
    fn name(&self) -> &'static str {
        "act"
    }

    fn run(&self, call: &mut Call) -> Done {
        Ok(call.open()?.set_act(self.state.is_on(), self.order)?.map(Report::Outputs))
    }
}
