//! What the bus carries, byte by byte, and what every pin shows at every moment.

#![cfg(feature = "sim")]
// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

mod common;

use common::rig::{Access, Part, Rig, Shown, What};
use common::row::{Row as _, places};
use common::{
    ALERT, ALL_NODES, Ask, HUB, LED, NODES, PLACE, USUAL, WIRINGS, WP, Wired, all_wirings,
};
use hat_driver::Signals;
use hat_driver::init::InitOutcome;
use hat_driver::linux::{Options, Platform, PowerEvent};
use hat_driver::power::Action;

/// What may hold a pin: low, high, nothing.
const LEVELS: [Option<u8>; 3] = [Some(0), Some(1), None];

/// Every way in which the four nodes' pins can be held, with each state of the board's own pins that
/// is known: LED, hub and ALERT float or are held, the write protection's pin is held by its link.
fn outside() -> impl Iterator<Item = [Option<u8>; 8]> {
    let own = [[None, None, None, Some(0)], [Some(0), Some(1), Some(1), Some(1)]];
    (0..81).flat_map(move |number| {
        let node = |position: u32| LEVELS[number / 3_usize.pow(position) % 3];
        own.map(|own| [node(0), node(1), node(2), node(3), own[0], own[1], own[2], own[3]])
    })
}

/// Where a pin ends up after the first initialisation of an expander.
fn documented_end(wired: Wired, before: u8) -> u8 {
    let on = wired.resting(before & NODES);
    let without_meaning = !wired.meaning();
    // What has no meaning shows the latch's reset value: high.
    (on ^ wired.active_low()) & wired.meaning() | without_meaning
}

/// No pin shows anything but its first level and then its last one.
fn check_no_glitch(log: &[Access], before: Shown, end: u8, context: &str) {
    let moments = log.iter().flat_map(|access| &access.shown);
    let mut last = before.pins;
    for shown in moments {
        let changed = shown.pins ^ last;
        assert_eq!(changed & (last ^ before.pins), 0, "{context}: a pin changed twice: {log:#?}");
        assert_eq!(changed & (shown.pins ^ end), 0, "{context}: neither before nor end: {log:#?}");
        last = shown.pins;
    }
    assert_eq!(last, end, "{context}: the end");
}

fn writes(log: &[Access]) -> Vec<&What> {
    log.iter().map(|access| &access.what).filter(|what| what.is_write()).collect()
}

#[test]
fn initialisation_changes_no_node_and_makes_no_glitch() {
    for wired in all_wirings().into_iter().filter(|wired| wired.is_expander()) {
        for ext in outside() {
            let rig = Rig::new(wired.world(ext));
            let mut cluster = rig.cluster();
            let before = rig.shown();
            let context = format!("{wired:?} held at {ext:?}");
            assert!(
                matches!(cluster.init(cluster.board(0)), Ok(InitOutcome::Initialised(_))),
                "{context}"
            );
            let log = rig.take_log();
            for shown in log.iter().flat_map(|access| &access.shown) {
                assert_eq!(shown.pins & NODES, before.pins & NODES, "{context}: {log:#?}");
            }
            check_no_glitch(&log, before, documented_end(wired, before.pins), &context);
            assert_eq!(rig.shown().outputs, 0xff, "{context}");
            assert!(log.len() <= 12, "{context}: {} transfers", log.len());
            // The second one.
            assert!(
                matches!(cluster.init(cluster.board(0)), Ok(InitOutcome::AlreadyDone)),
                "{context}"
            );
            assert!(writes(&rig.take_log()).is_empty(), "{context}: written again");
        }
    }
}

#[test]
fn initialising_lines_changes_none_of_their_levels() {
    for wired in all_wirings().into_iter().filter(|wired| !wired.is_expander()) {
        // Lines that are outputs already, at either level, beside ones that are inputs yet.
        for number in 0..3_usize.pow(5) {
            let rig = Rig::new(wired.world(USUAL));
            rig.change(|world| {
                let lines = common::NODE_LINES.into_iter().chain([common::ALERT_LINE]);
                for (position, line) in lines.enumerate() {
                    if let Some(level) = LEVELS[number / 3_usize.pow(position as u32) % 3] {
                        world.gpio.insert(line, level == 1);
                    }
                }
            });
            let mut cluster = rig.cluster();
            let before = rig.shown();
            cluster.init(cluster.board(0)).unwrap();
            for access in rig.take_log() {
                for shown in &access.shown {
                    assert_eq!(shown.pins, before.pins, "{before:?}: {access:?}");
                }
            }
            assert_eq!(rig.shown().outputs, NODES | ALERT);
            assert!(matches!(cluster.init(cluster.board(0)), Ok(InitOutcome::AlreadyDone)));
            assert!(writes(&rig.take_log()).is_empty());
        }
    }
}

#[test]
fn status_writes_nothing() {
    for wired in all_wirings() {
        for before in [&[][..], &[Ask::Init], &[Ask::Init, Ask::On(&[0, 3])]] {
            let (rig, mut cluster) = Rig::prepared(wired, before);
            let (shown, text) = (rig.shown(), rig.machine.simulation().to_text());
            cluster.status(cluster.board(0)).unwrap();
            assert!(writes(&rig.take_log()).is_empty(), "{wired:?} {before:?}");
            assert_eq!((rig.shown(), rig.machine.simulation().to_text()), (shown, text));
        }
    }
}

#[test]
fn switching_changes_exactly_the_pins_asked_for() {
    for wired in WIRINGS {
        for number in 0..16_u8 {
            for (asked, on) in (1..16_u8).flat_map(|asked| [(asked, true), (asked, false)]) {
                let (rig, mut cluster) = Rig::prepared(wired, &[Ask::Init]);
                let set = |bits: u8| (0..4).filter(|n| bits >> n & 1 == 1).collect::<Vec<usize>>();
                cluster.switch(&cluster.pick(&set(number)), Action::On, &mut |_| {}).unwrap();
                rig.take_log();
                let before = rig.shown();
                let action = if on { Action::On } else { Action::Off };
                let switched =
                    cluster.switch(&cluster.pick(&set(asked)), action, &mut |_| {}).unwrap();
                let end = if on { before.pins | asked } else { before.pins & !asked };
                let context = format!("{wired:?}, {number:04b} on, {asked:04b} {action:?}");
                let log = rig.take_log();
                check_no_glitch(&log, before, end, &context);
                assert_eq!(places(&switched.changed), set(before.pins ^ end), "{context}");
                if before.pins == end {
                    assert!(writes(&log).is_empty(), "{context}");
                } else if wired.is_expander() {
                    // On one after the other, off at once.
                    let steps = if on { (before.pins ^ end).count_ones() as usize } else { 1 };
                    assert_eq!(writes(&log).len(), steps, "{context}");
                }
            }
        }
    }
}

#[test]
fn outputs_change_their_own_pin_alone() {
    for wired in all_wirings() {
        for signal in [LED, HUB, ALERT, WP] {
            for on in [false, true, false] {
                let (rig, mut cluster) = Rig::prepared(wired, &[Ask::Init, Ask::On(&[1])]);
                let before = rig.shown();
                let has = Ask::Set(signal, on).run(&mut cluster).unwrap();
                assert_eq!(has, wired.meaning() & signal != 0, "{wired:?}");
                let wanted =
                    if has && on != (wired.active_low() & signal != 0) { signal } else { 0 };
                let kept = if has { before.pins & !signal } else { before.pins };
                let context = format!("{wired:?} {signal:#04x} {on}");
                check_no_glitch(&rig.take_log(), before, kept | wanted, &context);
            }
        }
    }
}

#[test]
fn a_power_loss_is_noticed_and_the_board_initialised_again() {
    for wired in WIRINGS {
        let (rig, mut cluster) = Rig::prepared(wired, &[Ask::Init, Ask::On(ALL_NODES)]);
        rig.change(|world| {
            *world = wired.world(USUAL);
        });
        let mut events = Vec::new();
        cluster.switch(&cluster.pick(&[1]), Action::On, &mut |event| events.push(event)).unwrap();
        assert_eq!(wired.signals(rig.shown().pins), wired.resting(0b0010), "{wired:?}");
        if wired.is_expander() {
            assert_eq!(events[0], PowerEvent::Initialised { board: cluster.board(0) });
        }
        assert!(
            events.contains(&PowerEvent::Switched { node: cluster.nth(1), action: Action::On }),
            "{events:?}"
        );
    }
}

/// A power loss while the driver waits between two nodes. The power-on-state jumper may give them power
/// as inputs, too.
#[test]
fn a_power_loss_during_a_wait_is_never_followed_by_an_old_latch() {
    let expanders = WIRINGS.into_iter().filter(|wired| wired.is_expander());
    for (wired, held) in expanders.flat_map(|wired| [(wired, false), (wired, true)]) {
        let (rig, mut cluster) = Rig::prepared(wired, &[Ask::Init, Ask::On(&[3])]);
        let mut lost = false;
        let result = cluster.switch(&cluster.pick(&[0, 1]), Action::On, &mut |event| {
            if matches!(event, PowerEvent::Waiting { .. }) && !lost {
                lost = true;
                rig.change(|world| {
                    let chip = world.expanders.get_mut(&PLACE).unwrap();
                    (chip.latch, chip.direction, chip.pull_up) = (0xff, 0xff, 0xff);
                    chip.external[..4].fill(Some(held));
                });
            }
        });
        let shown = rig.shown();
        // Success would claim that both nodes have power.
        assert!(result.is_err() || shown.outputs & 3 == 3, "{wired:?}: {result:?}, {shown:?}");
    }
}

/// The transfers of an XRA1200P board v2.5. Registers: 0 pins, 1 latch, 2 polarity, 3 direction,
/// 4 pull-ups. If this fails, the bytes on the bus have changed: do not change the test.
#[test]
fn the_bytes_on_the_bus_are_frozen() {
    let read = |register: u8| vec![Part::Write(vec![register]), Part::Read(1)];
    let write = |register: u8, value: u8| vec![Part::Write(vec![register, value]), Part::Read(1)];
    let fresh: &[Ask] = &[];
    let init = vec![
        read(3),
        read(2),
        read(4),
        write(4, 0x7f),
        read(0),
        read(1),
        write(1, 0x90),
        write(3, 0x00),
        read(0),
    ];
    let status = vec![read(3), read(1), read(0), read(4)];
    let on = vec![read(3), read(1), write(1, 0x91), read(0)];
    let off = vec![read(3), read(1), write(1, 0x90), read(0)];
    check_bytes("status", fresh, &status, |cluster| {
        cluster.status(cluster.board(0)).unwrap();
    });
    check_bytes("init", fresh, &init, |cluster| {
        cluster.init(cluster.board(0)).unwrap();
    });
    check_bytes("on p1", &[Ask::Init], &on, |cluster| {
        cluster.switch(&cluster.pick(&[0]), Action::On, &mut |_| {}).unwrap();
    });
    check_bytes("off all", &[Ask::Init, Ask::On(ALL_NODES)], &off, |cluster| {
        cluster.switch(&cluster.pick(ALL_NODES), Action::Off, &mut |_| {}).unwrap();
    });
}

fn check_bytes(
    name: &str,
    before: &[Ask],
    expected: &[Vec<Part>],
    act: impl FnOnce(&mut hat_driver::linux::Cluster),
) {
    let (rig, mut cluster) = Rig::prepared(WIRINGS[0], before);
    act(&mut cluster);
    let expected = expected.iter().map(|parts| What::Bus(0x20, parts.clone())).collect::<Vec<_>>();
    let seen = rig.take_log().into_iter().map(|access| access.what).collect::<Vec<_>>();
    assert_eq!(seen, expected, "{name}");
}

fn count(wired: Wired, before: &[Ask], act: impl FnOnce(&mut hat_driver::linux::Cluster)) -> usize {
    let (rig, mut cluster) = Rig::prepared(wired, before);
    act(&mut cluster);
    rig.take_log().len()
}

#[test]
fn operations_stay_within_their_transfers() {
    assert_eq!(Options::default().delay, std::time::Duration::from_secs(1));
    for wired in all_wirings().into_iter().filter(|wired| wired.is_expander()) {
        let init: &[Ask] = &[Ask::Init];
        let on = count(wired, init, |cluster| {
            cluster.switch(&cluster.pick(&[0, 1, 2]), Action::On, &mut |_| {}).unwrap();
        });
        // Two pauses, after each of which the latch is read again.
        assert!(on <= 8, "{wired:?}: on of three nodes: {on}");
        let off = count(wired, &[Ask::Init, Ask::On(ALL_NODES)], |cluster| {
            cluster.switch(&cluster.pick(ALL_NODES), Action::Off, &mut |_| {}).unwrap();
        });
        assert!(off <= 4, "{wired:?}: off of all: {off}");
        let fresh = count(wired, &[], |cluster| {
            cluster.init(cluster.board(0)).unwrap();
        });
        assert!(fresh <= 12, "{wired:?}: init: {fresh}");
    }
}

#[test]
fn status_stays_within_its_transfers() {
    for wired in all_wirings().into_iter().filter(|wired| wired.is_expander()) {
        let status = count(wired, &[Ask::Init], |cluster| {
            cluster.status(cluster.board(0)).unwrap();
        });
        // A PCA9554 refuses register 4, which is tried three times: one refusal may be an accident.
        let most = if wired.chip == Some("pca") { 6 } else { 4 };
        assert!(status <= most, "{wired:?}: {status}");
    }
}

/// Retries are reported to the user as a sign of trouble: a healthy board has none.
#[test]
fn an_undisturbed_board_has_no_retries() {
    for wired in all_wirings() {
        let (_rig, mut cluster) = Rig::prepared(wired, &[Ask::Init, Ask::Set(WP, false)]);
        cluster.status(cluster.board(0)).unwrap();
        assert_eq!(cluster.transfers().1, 0, "{wired:?}");
    }
}

/// Nothing is asked of a board before somebody asks for something.
#[test]
fn opening_touches_nothing() {
    for wired in all_wirings() {
        let rig = Rig::new(wired.world(USUAL));
        let cluster = rig.cluster();
        assert_eq!(cluster.boards().count(), 1);
        assert_eq!(rig.take_log(), []);
        assert_eq!(rig.eeprom().unwrap().product, "ZC4:ClusterHAT");
        assert_eq!(Signals::NODES.bits(), NODES);
    }
}
