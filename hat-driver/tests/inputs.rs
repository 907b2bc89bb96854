//! Pins that are inputs: what they show is not what is commanded. And what a status says while somebody
//! else writes.

// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

mod common;

use std::time::Duration;

use std::convert::Infallible;

use common::rig::Rig;
use common::row::{Row as _, places};
use common::{ALERT, ALERT_LINE, NODE_LINES, NODES, PLACE, parse, set, status, wired};
use embedded_hal::i2c::{ErrorType, I2c, Operation};
use hat_driver::Signals;
use hat_driver::expander::{Chip, Expander};
use hat_driver::hat::{Backend, Hat, PinSetup};
use hat_driver::lines::NoLine;
use hat_driver::linux::{Cluster, ClusterError, OutputResult, chain};
use hat_driver::power::{Action, ResultingState};
use hat_driver::revisions::{Revision, Version};
use hat_driver::sim::Simulation;
use hat_driver::sim::chip::{SimChip, SimExpander};
use hat_driver::sim::fault::{Fault, FaultKind};
use serde_json::{Value, json};

/// A v1.3 board on a Pi that has just booted: BCM 0 to 8 are inputs that are pulled up.
fn just_booted() -> Simulation {
    let mut world: Value =
        serde_json::from_str(&wired(1, 3, None).world(common::USUAL).to_text()).unwrap();
    world["gpio_pulled"] = json!({"5": 1, "6": 1});
    parse(&world)
}

fn switch(
    cluster: &mut Cluster,
    nodes: &[usize],
    action: Action,
) -> Result<Vec<usize>, ClusterError> {
    cluster
        .switch(&cluster.pick(nodes), action, &mut |_| {})
        .map(|switched| places(&switched.changed))
}

/// What a line is driven to.
fn driven(rig: &Rig, line: u8) -> Option<bool> {
    rig.machine.simulation().gpio.get(&line).copied()
}

#[test]
fn a_line_that_is_pulled_up_is_driven_when_its_node_is_switched() {
    for (action, level) in [(Action::On, true), (Action::Off, false)] {
        let rig = Rig::new(just_booted());
        let mut cluster = rig.cluster();
        assert!(cluster.status(cluster.board(0)).unwrap().seen().has(0), "by its pull-up");
        assert_eq!(switch(&mut cluster, &[0], action).unwrap(), [0], "{action:?}");
        assert_eq!(driven(&rig, NODE_LINES[0]), Some(level), "{action:?}");
        // From there on it counts.
        assert!(switch(&mut cluster, &[0], action).unwrap().is_empty(), "{action:?}");
        assert_eq!(driven(&rig, NODE_LINES[1]), None, "nobody asked for P2");
    }
    for on in [true, false] {
        let rig = Rig::new(just_booted());
        let mut cluster = rig.cluster();
        assert_eq!(set(&mut cluster, ALERT, on).unwrap(), OutputResult::Switched);
        assert_eq!(driven(&rig, ALERT_LINE), Some(on));
        assert_eq!(set(&mut cluster, ALERT, on).unwrap(), OutputResult::Unchanged);
    }
}

#[test]
fn nothing_is_commanded_of_a_line_that_is_an_input() {
    let rig = Rig::new(just_booted());
    let mut cluster = rig.cluster();
    let untouched = status(&mut cluster).unwrap();
    assert_eq!((untouched.setup, untouched.commanded), (PinSetup::NeverInitialised, None));
    switch(&mut cluster, &[1], Action::On).unwrap();
    let status = cluster.status(cluster.board(0)).unwrap();
    let commanded = [0, 1, 2].map(|position| status.commanded_at(position));
    assert_eq!(commanded, [None, Some(true), None]);
    assert_eq!(status.on_before(Action::On).to_string(), "P2");
    assert_eq!(status.on_before(Action::Off).to_string(), "P1 P2");
}

#[test]
fn initialising_lines_keeps_a_node_that_is_on_and_puts_the_alert_out() {
    let rig = Rig::new(just_booted());
    let mut cluster = rig.cluster();
    cluster.init(cluster.board(0)).unwrap();
    let shown = rig.take_log().into_iter().flat_map(|access| access.shown);
    assert!(shown.into_iter().all(|shown| shown.pins & NODES == 1), "P1 never went off");
    let lines = NODE_LINES.iter().chain([&ALERT_LINE]).map(|&line| driven(&rig, line));
    assert!(lines.eq([Some(true), Some(false), Some(false), Some(false), Some(false)]));
    // An ALERT that somebody switched on is not ours to put out.
    let mut world = just_booted();
    world.gpio.insert(ALERT_LINE, true);
    let rig = Rig::new(world);
    let mut cluster = rig.cluster();
    cluster.init(cluster.board(0)).unwrap();
    assert_eq!(driven(&rig, ALERT_LINE), Some(true));
}

/// A pull-up is no sign of a node that was switched on, and hides none that was not switched off.
#[test]
fn a_line_that_cannot_be_driven_leaves_its_node_as_it_was() {
    // Levels and directions are read first; switching off looks at the levels alone.
    for (action, reads) in [(Action::On, 15), (Action::Off, 10)] {
        let rig = Rig::new(just_booted());
        let mut cluster = rig.cluster();
        let transfer = rig.machine.transfers() + reads + 1;
        let fault = Fault { transfer, kind: FaultKind::Io, lasting: false };
        rig.change(|world| world.faults = vec![fault]);
        let nodes = cluster.pick(&[0]);
        let error = cluster.switch(&nodes, action, &mut |_| {}).unwrap_err();
        let ClusterError::Board { resulting, .. } = &error else { panic!("{error:?}") };
        assert!(error.to_string().contains("cannot write GPIO line 6"), "{action:?}: {error}");
        assert_eq!(*resulting, ResultingState::Old, "{action:?}: {error}");
    }
}

#[test]
fn the_fan_is_not_on_a_line_of_a_board() {
    let rig = Rig::new(just_booted());
    let cluster = rig.cluster();
    for line in [5, 6, 13, 19, 26] {
        let error = cluster.set_line(line, true).unwrap_err();
        let text = chain(&error);
        assert!(
            matches!(error, ClusterError::LineTaken { .. }) && text.contains("v1.3"),
            "{line}: {text}"
        );
        assert_eq!(driven(&rig, line), None);
    }
    assert!(cluster.set_line(18, true).unwrap());
    // With another board they are free.
    let rig = Rig::new(wired(2, 5, Some("xra")).world(common::USUAL));
    assert!(rig.cluster().set_line(6, true).unwrap());
}

/// Another program has made P1's pin an output; `ext` is what holds the other pins.
fn partly_configured(ext: [Option<u8>; 8]) -> Rig {
    let rig = Rig::new(wired(2, 5, Some("xra")).world(ext));
    rig.change(|world| world.expanders.get_mut(&PLACE).unwrap().direction = 0xfe);
    rig
}

#[test]
fn a_node_whose_pin_is_an_output_goes_off_on_a_partly_configured_chip() {
    let rig = partly_configured(common::USUAL);
    let mut cluster = rig.cluster();
    for nodes in [&[0][..], &[1], &[0, 1, 2, 3]] {
        let text = chain(&switch(&mut cluster, nodes, Action::On).unwrap_err());
        assert!(text.contains("the direction register is 0xfe"), "on {nodes:?}: {text}");
    }
    let text = chain(&switch(&mut cluster, &[1], Action::Off).unwrap_err());
    assert!(text.contains("the direction register is 0xfe"), "{text}");
    assert_eq!(rig.shown().latch, 0xff);
    assert_eq!(switch(&mut cluster, &[0, 1, 2, 3], Action::Off).unwrap(), [0]);
    assert_eq!((rig.shown().latch, rig.shown().outputs), (0xfe, 0x01), "and nothing else");
}

/// It could be switched off, but not on again.
#[test]
fn a_cycle_leaves_a_partly_configured_chip_alone() {
    let rig = partly_configured(common::USUAL);
    let mut cluster = rig.cluster();
    let error = cluster.cycle(&cluster.pick(&[0]), Duration::ZERO, &mut |_| {}).unwrap_err();
    assert!(chain(&error).contains("the direction register is 0xfe"), "{error}");
    assert!(rig.take_log().iter().all(|access| !access.what.is_write()), "nothing was switched");
}

#[test]
fn a_node_that_is_held_on_at_an_input_is_told() {
    let mut ext = common::USUAL;
    ext[1] = Some(1);
    let rig = partly_configured(ext);
    let mut cluster = rig.cluster();
    let error = switch(&mut cluster, &[0, 1, 2], Action::Off).unwrap_err();
    assert_eq!(places(&error.done().unwrap().nodes), [0]);
    let text = chain(&error);
    assert!(text.contains(": node 2: the pin is an input and shows on"), "{text}");
    assert_eq!(rig.shown().pins & NODES, 0b0010);
}

/// A chip whose P1 somebody switches, over the same bus, after so many transfers.
struct Racing {
    chip: SimExpander,
    transfers: u32,
    writes_after: Vec<u32>,
}

impl ErrorType for Racing {
    type Error = Infallible;
}

impl I2c for Racing {
    fn transaction(&mut self, _: u8, operations: &mut [Operation<'_>]) -> Result<(), Infallible> {
        for operation in operations {
            match operation {
                Operation::Write(bytes) => self.chip.write(bytes).unwrap(),
                Operation::Read(buffer) => self.chip.read(buffer).unwrap(),
            }
        }
        self.transfers += 1;
        if self.writes_after.contains(&self.transfers) {
            self.chip.latch ^= 1;
        }
        Ok(())
    }
}

fn racing(writes_after: Vec<u32>) -> Hat<Racing, NoLine<Infallible>> {
    let mut chip = SimExpander::new(Chip::Xra1200p, [None; 8]);
    (chip.latch, chip.direction) = (0x90, 0x00);
    let bus = Racing { chip, transfers: 0, writes_after };
    let revision = Revision::of(Version { major: 2, minor: 5 }).unwrap();
    Hat::new(Backend::Expander(Expander::new(bus, 0x20)), revision)
}

/// Direction, latch, and then the pins: whoever switches a node between them makes the two differ.
#[test]
fn a_mismatch_is_read_once_more() {
    let mut board = racing(vec![2]);
    let status = board.status().unwrap();
    assert!(!status.differs(), "{status:?}");
    assert!(status.commanded.unwrap().contains(Signals::node(0)));
    // Twice in a row is told as it is seen, and a quiet board is read once.
    assert!(racing(vec![2, 6]).status().unwrap().differs());
    let mut board = racing(vec![]);
    board.status().unwrap();
    let Backend::Expander(chip) = board.backend() else { panic!("no chip") };
    assert_eq!(chip.bus().transfers, 4);
}

/// A fault at P2's pin shows in `status` however often it is read.
#[test]
fn a_lasting_mismatch_is_told() {
    let rig = Rig::new(wired(2, 5, Some("xra")).world(common::USUAL));
    let mut cluster = rig.cluster();
    cluster.init(cluster.board(0)).unwrap();
    rig.change(|world| world.expanders.get_mut(&PLACE).unwrap().stuck[1] = Some(true));
    assert!(status(&mut cluster).unwrap().differs());
}
