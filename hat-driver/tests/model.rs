//! Any sequence of commands leaves a board as a row of plain switches would be.

#![cfg(feature = "sim")]
// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

mod common;

use std::time::Duration;

use common::rig::Rig;
use common::row::{Row as _, places};
use common::{ALERT, HUB, LED, NODES, PLACE, USUAL, WIRINGS, WP, Wired};
use hat_driver::Signals;
use hat_driver::init::InitOutcome;
use hat_driver::linux::{Cluster, Options, OutputResult, PowerEvent};
use hat_driver::power::Action;
use proptest::collection::vec;
use proptest::prelude::*;

/// One command, or what somebody else does between two commands.
#[derive(Clone, Copy, Debug)]
enum Step {
    Nodes(u8, Action),
    Set(u8, bool),
    Init,
    Status,
    /// Another program writes these levels to the latch.
    Foreign(u8),
    PowerLoss,
}

fn step() -> impl Strategy<Value = Step> {
    let signal = prop::sample::select(vec![LED, HUB, ALERT, WP]);
    prop_oneof![
        4 => (0..16_u8).prop_map(|nodes| Step::Nodes(nodes, Action::On)),
        4 => (0..16_u8).prop_map(|nodes| Step::Nodes(nodes, Action::Off)),
        6 => (signal, any::<bool>()).prop_map(|(signal, on)| Step::Set(signal, on)),
        1 => Just(Step::Init),
        2 => Just(Step::Status),
        2 => any::<u8>().prop_map(Step::Foreign),
        1 => Just(Step::PowerLoss),
    ]
}

/// The switches of one board; `None` as long as nobody has set it up.
struct Model {
    wired: Wired,
    on: Option<u8>,
}

impl Model {
    /// What stands before a change: the first initialisation leaves the nodes off here.
    fn set_up(&mut self) -> u8 {
        *self.on.get_or_insert(self.wired.resting(0))
    }

    /// Switches, and returns what changed.
    fn switch(&mut self, signals: u8, on: bool) -> u8 {
        let before = self.set_up();
        let after = if on { before | signals } else { before & !signals };
        self.on = Some(after);
        before ^ after
    }
}

fn positions(nodes: u8) -> Vec<usize> {
    (0..4).filter(|position| nodes >> position & 1 == 1).collect()
}

fn apply(model: &mut Model, rig: &Rig, cluster: &mut Cluster, step: Step) {
    let wired = model.wired;
    match step {
        Step::Nodes(nodes, action) => {
            let switched =
                cluster.switch(&cluster.pick(&positions(nodes)), action, &mut |_| {}).unwrap();
            // Nothing asked for: nothing touched, not even for the first time.
            let expected = if nodes == 0 { 0 } else { model.switch(nodes, action == Action::On) };
            assert_eq!(places(&switched.changed), positions(expected), "what changed");
        }
        Step::Set(signal, on) => {
            let change = common::set(cluster, signal, on).unwrap();
            let expected = if wired.meaning() & signal == 0 {
                OutputResult::Unsupported
            } else if model.switch(signal, on) == 0 {
                OutputResult::Unchanged
            } else {
                OutputResult::Switched
            };
            assert_eq!(change, expected);
        }
        Step::Init => {
            let outcome = cluster.init(cluster.board(0)).unwrap();
            if wired.is_expander() {
                assert_eq!(outcome == InitOutcome::AlreadyDone, model.on.is_some());
            }
            model.set_up();
        }
        Step::Status => {
            let status = common::status(cluster).unwrap();
            let commanded = status.commanded.map(Signals::bits);
            if wired.is_expander() {
                assert_eq!(commanded, model.on, "status");
            } else {
                // A line that is off already is not driven: it may be an input, which says the same.
                assert_eq!(commanded.unwrap_or(0), model.on.unwrap_or(0), "status");
            }
        }
        Step::Foreign(levels) => foreign(model, rig, levels),
        Step::PowerLoss => {
            rig.change(|world| *world = wired.world(USUAL));
            model.on = None;
        }
    }
}

fn foreign(model: &mut Model, rig: &Rig, levels: u8) {
    rig.change(|world| match world.expanders.get_mut(&PLACE) {
        Some(chip) => chip.latch = levels,
        None => {
            let lines = common::NODE_LINES.into_iter().zip(0..4).chain([(common::ALERT_LINE, 6)]);
            for (line, bit) in lines {
                world.gpio.insert(line, levels >> bit & 1 == 1);
            }
        }
    });
    if !model.wired.is_expander() || model.on.is_some() {
        model.on = Some(model.wired.signals(levels));
    }
}

fn check(model: &Model, rig: &Rig, context: &str) {
    let shown = rig.shown();
    let wired = model.wired;
    match model.on {
        Some(on) => {
            let meaning = wired.meaning();
            assert_eq!(wired.signals(shown.pins), on, "{context}: pins");
            assert_eq!(wired.signals(shown.latch), on & meaning, "{context}: latch");
        }
        None => assert_eq!(shown.outputs, 0, "{context}: outputs of a board nobody set up"),
    }
}

fn follow(wired: Wired, steps: &[Step]) {
    let rig = Rig::new(wired.world(USUAL));
    let mut cluster = rig.cluster();
    let mut model = Model { wired, on: None };
    for (index, &step) in steps.iter().enumerate() {
        apply(&mut model, &rig, &mut cluster, step);
        check(&model, &rig, &format!("{wired:?}, step {index}: {step:?}"));
    }
}

proptest! {
    // A sequence that failed belongs into a test of its own, not into a file beside the tests.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn any_sequence_of_commands_equals_plain_switches(steps in vec(step(), 0..=40)) {
        for wired in WIRINGS {
            follow(wired, &steps);
        }
    }
}

/// Another program's change between two nodes of one command is kept, as one between two commands is.
fn foreign_change_during_a_wait(throttled: Option<u32>) {
    for wired in WIRINGS {
        let mut raw =
            serde_json::from_str::<serde_json::Value>(&wired.world(USUAL).to_text()).unwrap();
        if let Some(flags) = throttled {
            raw["throttled"] = flags.into();
        }
        let rig = Rig::new(common::parse(&raw));
        let mut options = Options::default();
        options.delay = Duration::from_secs(1);
        let mut cluster = Cluster::open(std::sync::Arc::new(rig.clone()), options).unwrap();
        cluster.init(cluster.board(0)).unwrap();
        cluster
            .switch(&cluster.pick(&[0, 1, 2]), Action::On, &mut |event| {
                if matches!(event, PowerEvent::Waiting { .. }) {
                    rig.change(|world| match world.expanders.get_mut(&PLACE) {
                        Some(chip) => chip.latch |= ALERT | 0x08,
                        None => {
                            world.gpio.insert(common::ALERT_LINE, true);
                            world.gpio.insert(common::NODE_LINES[3], true);
                        }
                    });
                }
            })
            .unwrap();
        assert_eq!(rig.shown().latch & (ALERT | NODES), ALERT | NODES, "{wired:?}");
    }
}

#[test]
fn what_another_program_changes_between_two_nodes_is_kept() {
    foreign_change_during_a_wait(None);
}

/// Asking the firmware during the wait must not make the driver forget that the bus was used.
#[test]
fn what_another_program_changes_is_kept_under_a_watched_supply_too() {
    foreign_change_during_a_wait(Some(0));
}
