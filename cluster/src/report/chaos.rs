//! The report of `chaos`: one document per event.

use std::time::Duration;

use hat_driver::linux::Node;
use serde::Serialize;

use crate::chaos::{ChaosPlan, Fault, FaultKind};
use crate::nodes::label;

/// An event of `chaos`. Times are in seconds since the run began.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum ChaosReport {
    /// Nodes that an interrupted run had left without power have it again.
    PutBack {
        /// The nodes.
        nodes: Vec<String>,
    },
    /// The run begins.
    Begin {
        /// The nodes that will fail.
        nodes: Vec<String>,
        /// The nodes that are off, and stay so.
        left_off: Vec<String>,
        /// From which all times follow.
        seed: u64,
        /// Mean time between failures.
        mtbf_s: f64,
        /// Mean time to repair.
        mttr_s: f64,
        /// For how long faults begin.
        duration_s: f64,
        /// The share of faults that are shutdowns.
        graceful_share: f64,
        /// Whether nodes hang instead of losing their power.
        hang: bool,
    },
    /// A node fails.
    Fault {
        /// As planned.
        #[serde(flatten)]
        fault: PlannedFault,
        /// When it has lost its power, or hangs; absent where it does not.
        #[serde(skip_serializing_if = "Option::is_none")]
        actual_s: Option<f64>,
    },
    /// A node is left as it is, since another caller has switched it or asked for its power: off where a fault was planned,
    /// or at the time of its repair.
    Left {
        /// Of which fault, counted from 1.
        fault: u64,
        /// `pN`.
        node: String,
    },
    /// A node is as it was found.
    Repair {
        /// Of which fault, counted from 1.
        fault: u64,
        /// `pN`.
        node: String,
        /// When; absent where it failed, and is tried again.
        #[serde(skip_serializing_if = "Option::is_none")]
        actual_s: Option<f64>,
    },
    /// The run has ended.
    End {
        /// How many faults there were.
        faults: u64,
        /// How many of them failed: those without `actual_s`.
        failed: u64,
        /// The nodes that were off at its end and have their power again.
        put_back: Vec<String>,
    },
}

/// A fault as the plan has it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct PlannedFault {
    /// Its number, counted from 1.
    #[serde(rename = "fault")]
    pub number: u64,
    /// `pN`.
    pub node: String,
    /// When.
    pub at_s: f64,
    /// For how long.
    pub lasts_s: f64,
    /// What happens.
    pub kind: FaultKind,
}

impl PlannedFault {
    pub(crate) fn new(number: u64, fault: &Fault) -> Self {
        let (at_s, lasts_s) = (seconds(fault.at), seconds(fault.lasts));
        Self { number, node: format!("p{}", fault.node), at_s, lasts_s, kind: fault.kind }
    }
}

impl ChaosReport {
    pub(crate) fn begin(plan: &ChaosPlan, nodes: &[Node], left_off: &[Node]) -> Self {
        let labels = |nodes: &[Node]| nodes.iter().copied().map(label).collect();
        Self::Begin {
            nodes: labels(nodes),
            left_off: labels(left_off),
            seed: plan.seed,
            mtbf_s: seconds(plan.mtbf),
            mttr_s: seconds(plan.mttr),
            duration_s: seconds(plan.duration),
            graceful_share: plan.graceful_share,
            hang: plan.hang,
        }
    }
}

/// A time to the millisecond.
pub(crate) fn seconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planned_times_are_told_to_the_millisecond() {
        let (at, lasts) = (Duration::from_millis(1809), Duration::from_nanos(2_300_400_001));
        let planned = PlannedFault::new(1, &Fault { node: 1, at, lasts, kind: FaultKind::Cut });
        let told = serde_json::to_value(&planned).unwrap();
        assert_eq!(
            (told["at_s"].to_string(), told["lasts_s"].to_string()),
            ("1.809".into(), "2.3".into())
        );
    }
}
