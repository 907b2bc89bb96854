//! The machine with the programs under test.

use clusterhat_tests::{
    chips::{ADDRESS, Expanders},
    command,
    vm::system::{Network, System},
};
use hat_driver::expander::Chip;

/// Boots it; its HAT has just got its power.
///
/// # Panics
/// If it does not come up.
pub(crate) fn boot(network: Network) -> System {
    let programs = [
        (command::clusterhat(), "/usr/bin/clusterhat"),
        (command::clusterhat_node(), "/usr/bin/clusterhat-node"),
    ];
    let expanders = Expanders::new(Chip::Xra1200p, &[ADDRESS]);
    System::boot(network, &programs, expanders).unwrap_or_else(|e| panic!("{e}"))
}
