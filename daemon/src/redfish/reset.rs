//! `Reset` of nodes, alone or several at once: what each type of it does.

use serde_json::{Value, json};

use crate::boards::Operation;

/// The action of one node.
pub(crate) const RESET: &str = "ComputerSystem.Reset";
/// The action of several nodes.
pub(crate) const RESET_SEVERAL: &str = "AggregationService.Reset";

/// The types of reset. A node has no power button and no reset line: what forces it to restart is that it loses
/// its power for a moment.
pub(crate) const TYPES: [(&str, Operation); 6] = [
    ("On", Operation::On),
    ("ForceOff", Operation::Off),
    ("GracefulShutdown", Operation::Shutdown { limit: None, force: false, beyond_size: false }),
    ("GracefulRestart", Operation::Reboot { limit: None }),
    ("ForceRestart", Operation::Cycle),
    ("PowerCycle", Operation::Cycle),
];

/// What a node's `Actions` say.
pub(crate) fn actions(system: &str) -> Value {
    json!({"#ComputerSystem.Reset": {
        "target": format!("{system}/Actions/ComputerSystem.Reset"),
        "ResetType@Redfish.AllowableValues": allowable(),
    }})
}

/// The words of all types.
pub(crate) fn allowable() -> Vec<&'static str> {
    TYPES.iter().map(|(word, _)| *word).collect()
}
