//! `clusterhat-shutdown.service`: the controller's end, and the nodes' before it.

use crate::{
    agent::{AGENT, NO_AGENT, await_agent},
    guest::sh,
    power::{NCM, await_node},
    start::{desired, nodes},
    system,
};

/// Node 1 has an agent; nobody can ask node 3.
#[test]
fn when_the_controller_is_powered_off_nodes_are_shut_down_first() {
    let mut system = system();
    sh(&system, "clusterhat off; clusterhat on p1 p3 --delay 0");
    for node in [1, 3] {
        await_node(&system, node, &NCM);
    }
    sh(&system, AGENT);
    await_agent(&system);
    let before = desired(&system);
    system.power_off().unwrap();
    assert_eq!(
        nodes(&system),
        0b0100,
        "one has halted and lost its power, and the other one has it"
    );

    system.start().unwrap();
    // What went down with its controller is meant to be on again.
    assert_eq!(desired(&system), before);
    assert_eq!(nodes(&system), 0b0100, "the board had not lost its power");
    sh(&system, NO_AGENT);
}
