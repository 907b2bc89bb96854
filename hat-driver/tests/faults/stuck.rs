//! Pins that show a level whatever drives them: a short circuit, or a transistor that has failed.

use hat_driver::HatError;
use hat_driver::linux::{BoardError, ClusterError, Target};

use crate::common::rig::Rig;
use crate::common::row::Row as _;
use crate::common::{self, ALERT, Ask, NODES, PLACE, WIRINGS, Wired};

/// Makes the pin of a node show this level whatever drives it.
fn stick(rig: &Rig, wired: Wired, position: usize, level: bool) {
    rig.change(|world| match world.expanders.get_mut(&PLACE) {
        Some(chip) => chip.stuck[position] = Some(level),
        None => {
            let mut raw: serde_json::Value = serde_json::from_str(&world.to_text()).unwrap();
            let line = common::NODE_LINES[position].to_string();
            raw["gpio_stuck"] = serde_json::json!({ line: u8::from(level) });
            *world = common::parse(&raw);
            assert!(!wired.is_expander());
        }
    });
}

#[test]
fn a_stuck_pin_is_told_from_a_command() {
    for wired in WIRINGS {
        let (rig, mut cluster) = Rig::prepared(wired, &[Ask::Init]);
        stick(&rig, wired, 0, false);
        let error = Ask::On(&[0]).run(&mut cluster).unwrap_err();
        let ClusterError::Board { target, source: BoardError::Hat(source), .. } = &error else {
            panic!("{error:?}");
        };
        let HatError::PinsDiffer { signals, commanded, seen } = source else {
            panic!("{wired:?}: {source:?}");
        };
        let node = Target::Nodes([cluster.nth(0)].into());
        assert_eq!((target, signals.bits()), (&node, 0x01), "{wired:?}");
        assert_eq!(seen.bits() & NODES, 0, "{wired:?}");
        assert!(error.to_string().contains("node 1"), "{error}");
        assert_eq!(commanded.bits() & NODES, 1, "{wired:?}");
        if wired.is_expander() {
            let status = common::status(&mut cluster).unwrap();
            assert_eq!(status.commanded.unwrap().bits() & NODES, 1, "{wired:?}");
            assert_eq!(status.seen.bits() & NODES, 0, "{wired:?}");
        }
    }
}

/// A short circuit that holds one node's pin is that node's trouble alone.
#[test]
fn a_stuck_pin_of_another_node_does_not_matter() {
    for wired in WIRINGS {
        for (position, level) in [(1, false), (1, true), (3, true)] {
            let (rig, mut cluster) = Rig::prepared(wired, &[Ask::Init, Ask::On(&[1])]);
            stick(&rig, wired, position, level);
            for ask in [Ask::On(&[0]), Ask::Off(&[0]), Ask::Set(ALERT, true), Ask::On(&[0, 2])] {
                let before = rig.shown();
                let result = ask.run(&mut cluster);
                assert!(result.is_ok(), "{wired:?}, pin {position} at {level}: {ask:?} {result:?}");
                // The stuck pin's level must not become its command.
                let (asked, _) = ask.target();
                let kept = NODES & !asked;
                assert_eq!(rig.shown().latch & kept, before.latch & kept, "{wired:?} {ask:?}");
            }
        }
    }
}

/// Node pins that are stuck before the first initialisation keep what they show.
#[test]
fn a_stuck_pin_does_not_keep_a_board_from_being_initialised() {
    for wired in WIRINGS {
        for level in [false, true] {
            let (rig, mut cluster) = Rig::prepared(wired, &[]);
            stick(&rig, wired, 2, level);
            Ask::On(&[0]).run(&mut cluster).unwrap();
            assert_eq!(rig.shown().pins & 0b1011, 0b0001, "{wired:?}");
        }
    }
}
