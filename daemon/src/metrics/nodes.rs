//! Metrics of nodes and boards.

use clusterhat::life::State;
use clusterhat::report::{BoardState, ModelName, TopReport};
use prometheus_client::registry::Unit;

use super::gauges::{Gauges, Name};
use crate::boards::Reading;

const POWER: Name = Name("node_power", "Whether a node has power, as the pins show", None);
const STATE: Name =
    Name("node_state", "How far a node has come: 1 for the state that it is in", None);
const BOARD_UP: Name = Name("board_up", "Whether a board answers", None);
const BOARD_INFO: Name = Name("board_info", "What a board is, and where", None);
const BOARD_TEMPERATURE: Name =
    Name("board_temperature", "Temperature that a ClusterCTRL board measures", Some(celsius));
const BOARD_VOLTAGE: Name =
    Name("board_voltage", "Voltage that a ClusterCTRL board measures, by ADC", Some(volts));
const UNDER_VOLTAGE: Name =
    Name("under_voltage", "Whether the controller's supply sags now, as its firmware says", None);
const CONTROLLER: Name =
    Name("controller_temperature", "The controller's temperature", Some(celsius));
const REACHED: Name = Name("agent_reached", "Whether a node's agent answers", None);
const SEEN: Name =
    Name("agent_last_answer_timestamp", "When a node's agent answered last", Some(seconds));
const TEMPERATURE: Name =
    Name("node_temperature", "Temperature of a node's processor", Some(celsius));
const LOAD: Name = Name("node_load1", "Runnable tasks of a node on average over a minute", None);
const MEMORY: Name = Name("node_memory_total", "Memory of a node", Some(bytes));
const AVAILABLE: Name =
    Name("node_memory_available", "Memory that programs of a node could still get", Some(bytes));
const SAGS: Name =
    Name("node_under_voltage", "Whether a node's supply sags now, as its firmware says", None);
const THROTTLED: Name = Name("node_throttled", "Whether a node is throttled now", None);
const UPTIME: Name = Name("node_uptime", "Time since a node started", Some(seconds));

fn celsius() -> Unit {
    Unit::Celsius
}

fn volts() -> Unit {
    Unit::Volts
}

fn seconds() -> Unit {
    Unit::Seconds
}

fn bytes() -> Unit {
    Unit::Bytes
}

fn number(is: bool) -> f64 {
    f64::from(u8::from(is))
}

/// What the boards tell of their nodes.
pub(super) fn power_and_state(gauges: &mut Gauges<'_>, reading: &Reading) {
    for row in reading.nodes() {
        gauges.set_some(POWER, &[("node", &row.node)], row.seen.map(number));
        for state in State::ALL {
            let is = row.state == Some(state);
            gauges.set(STATE, &[("node", &row.node), ("state", state.name())], number(is));
        }
    }
    let status = reading.status.as_ref();
    gauges.set_some(UNDER_VOLTAGE, &[], status.and_then(|status| status.under_voltage).map(number));
}

/// What boards tell of themselves.
pub(super) fn boards(gauges: &mut Gauges<'_>, reading: &Reading) {
    for board in reading.status.iter().flat_map(|status| &status.boards) {
        let name = &*board.board;
        gauges.set(BOARD_UP, &[("board", name)], number(board.state.is_some()));
        let model = match &board.model {
            ModelName::Revision(version) => format!("v{version}"),
            ModelName::Unknown(_) => "unknown".to_owned(),
            ModelName::ClusterCtrl(kind) => (*kind).to_owned(),
        };
        let labels = [("board", name), ("model", &model), ("place", &board.place)];
        gauges.set(BOARD_INFO, &labels, 1.0);
        let Some(BoardState::Ctrl(ctrl)) = &board.state else { continue };
        gauges.set_some(BOARD_TEMPERATURE, &[("board", name)], ctrl.temperature_c);
        for (adc, millivolts) in ctrl.voltages_mv.iter().enumerate() {
            let volts = millivolts.map(|millivolts| f64::from(millivolts) / 1000.0);
            gauges.set_some(BOARD_VOLTAGE, &[("board", name), ("adc", &adc.to_string())], volts);
        }
    }
}

/// What agents told when they were asked last.
pub(super) fn agents(gauges: &mut Gauges<'_>, report: &TopReport, taken: u64) {
    gauges.set_some(CONTROLLER, &[], report.controller_c);
    for row in &report.nodes {
        let labels = [("node", &*row.node)];
        gauges.set(REACHED, &labels, number(row.transport.is_some()));
        let Some(said) = &row.telemetry else { continue };
        gauges.set(SEEN, &labels, taken as f64);
        gauges.set_some(TEMPERATURE, &labels, said.temperature_c);
        gauges.set_some(LOAD, &labels, said.load.map(|load| load[0]));
        gauges.set_some(UPTIME, &labels, said.uptime_s.map(|seconds| seconds as f64));
        if let Some(memory) = said.memory {
            gauges.set(MEMORY, &labels, (memory.total_kib * 1024) as f64);
            gauges.set(AVAILABLE, &labels, (memory.available_kib * 1024) as f64);
        }
        // As `vcgencmd get_throttled` has them: bit 0 under-voltage now, bit 2 throttled now.
        let bit = |bit: u32| said.throttled.map(|flags| number(flags >> bit & 1 != 0));
        gauges.set_some(SAGS, &labels, bit(0));
        gauges.set_some(THROTTLED, &labels, bit(2));
    }
}
