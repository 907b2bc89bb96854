//! `fan`: switches fans, or lets them follow the temperature.

use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use clusterhat::fan::FanControl;
use clusterhat::report::Report;
use clusterhat::{Fan as Fans, parse_duration};

use super::parse_order;
use crate::call::{Call, Done, Run};
use crate::failure::Failure;
use crate::render::{self, Printout};
use crate::signals::WholeSteps;

/// What `fan` can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FanState {
    On,
    Off,
    Auto,
}

/// How long a round may take until a signal is obeyed.
const SLICE: Duration = Duration::from_millis(200);

const AFTER_HELP: &str = "\
auto follows the highest temperature of the controller and of the nodes whose agents report one. With fan = { on = 60, \
off = 50 } in clusterhat.toml, the fans start at 60 degrees Celsius and stop at 50. They run if no temperature is \
available, and keep running when auto ends. clusterhat-fan.service runs it; without such a line in the configuration, auto \
ends with status 2 and the unit does nothing.";

fn parse_fan_target(text: &str) -> Result<Fans, String> {
    if text == "c" {
        return Ok(Fans::Controller);
    }
    parse_order(text).map(Fans::Board).map_err(|error| format!("{error}; or c, the controller"))
}

#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct Fan {
    /// The state to reach, or auto to follow the temperature until interrupted
    #[arg(value_name = "on|off|auto", hide_possible_values = true)]
    state: FanState,
    /// The order of one board, or c for the controller (default: all fans)
    #[arg(value_parser = parse_fan_target)]
    order: Option<Fans>,
    /// With auto: time between two readings of the temperature (seconds)
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "10", allow_hyphen_values = true)]
    interval: Duration,
}

impl Run for Fan {
    fn name(&self) -> &'static str {
        "fan"
    }

    fn run(&self, call: &mut Call) -> Done {
        match (self.state, self.order) {
            (FanState::Auto, Some(_)) => {
                Err(Failure::Usage("fan auto switches all fans: omit the board".to_owned()))
            }
            (FanState::Auto, None) => self.follow(call),
            (state, order) => {
                let is_on = state == FanState::On;
                Ok(call.open()?.set_fan(is_on, order.unwrap_or_default())?.map(Report::Outputs))
            }
        }
    }
}

impl Fan {
    /// Prints a line or a document for every change; ends when it is interrupted.
    fn follow(&self, call: &mut Call) -> Done {
        let as_json = call.is_json;
        let cluster = call.open()?;
        let Some(curve) = cluster.settings().fan else {
            return Err(Failure::Cluster(clusterhat::Error::NoFanCurve));
        };
        let steps = WholeSteps::watch(|_| {})?;
        let _whole = steps.begin();
        let mut control = FanControl::new(curve);
        let mut last = None;
        loop {
            let end = Instant::now() + self.interval.max(SLICE);
            let outcome = control.round(cluster, Instant::now() + SLICE)?;
            let state =
                (outcome.report.fan, outcome.error.as_ref().map(clusterhat::Error::message));
            if last.as_ref() != Some(&state) {
                last = Some(state);
                let failure = outcome.error.map(Failure::Cluster);
                let report = Report::Fan(outcome.report);
                let printout = Printout {
                    command: self.name(),
                    report: Some(&report),
                    text: &|report| self.text(report),
                    bus: None,
                    warnings: &[],
                    failure: failure.as_ref(),
                };
                // Whoever reads no more is no reason to let anything overheat.
                let _ = render::print(&printout, as_json);
            }
            while Instant::now() < end {
                if let Some(signal) = steps.signal() {
                    // Nobody looks from here on.
                    let left_on = cluster.set_fan(true, Fans::All)?;
                    call.signal = Some(signal);
                    let stopped = Some(clusterhat::Error::FanStopped);
                    return Ok(left_on.map(Report::Outputs).or(stopped));
                }
                std::thread::sleep(SLICE.min(end.saturating_duration_since(Instant::now())));
            }
            cluster.rescan()?;
        }
    }
}
