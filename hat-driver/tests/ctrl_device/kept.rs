//! What lasts, and what is proven by reading back.

use super::*;

#[test]
fn an_order_is_read_back() {
    let bench = Bench::new(&able());
    let mut device = bench.open();
    for order in [1, 20, 255] {
        device.set_order(order).unwrap();
        assert_eq!(device.describe().unwrap().order, order);
    }
}

/// What a board is set to: all that its EEPROM could keep.
fn settings(bench: &Bench) -> (u8, Vec<u8>, Option<Vec<u8>>, u8, Option<u8>) {
    bench.take(|board| (board.order, board.p.clone(), board.u.clone(), board.led, board.act))
}

fn restart(bench: &Bench, mut device: Handle) -> Handle {
    device.reset().unwrap();
    drop(device);
    bench.open()
}

#[test]
fn what_is_saved_comes_back_after_a_reset() {
    type Settings = (u8, Vec<u8>, Option<Vec<u8>>, u8, Option<u8>);
    let changed: Settings = (7, vec![1, 0, 1], Some(vec![0, 0, 1]), 0, Some(0));
    let fresh: Settings = (20, vec![0, 0, 0], Some(vec![1, 1, 1]), 1, Some(1));
    type Case = (Option<Save>, fn(Settings, Settings) -> Settings);
    let cases: [Case; 7] = [
        (None, |_, fresh| fresh),
        (Some(Save::All), |changed, _| changed),
        (Some(Save::Order), |changed, fresh| (changed.0, fresh.1, fresh.2, fresh.3, fresh.4)),
        (Some(Save::Power), |changed, fresh| (fresh.0, changed.1, fresh.2, fresh.3, fresh.4)),
        (Some(Save::UsbBoot), |changed, fresh| (fresh.0, fresh.1, changed.2, fresh.3, fresh.4)),
        (Some(Save::Leds), |changed, fresh| (fresh.0, fresh.1, fresh.2, changed.3, changed.4)),
        (Some(Save::Defaults), |_, fresh| fresh),
    ];
    for (save, expected) in cases {
        let mut board = able();
        (board["p"], board["u"]) = (json!([0, 0, 0]), json!([1, 1, 1]));
        let bench = Bench::new(&board);
        // The order that the EEPROM holds before anything is saved.
        let mut device = bench.open();
        device.save(Save::All).unwrap();
        device.set_order(7).unwrap();
        device.set_power(1, true).unwrap();
        device.set_power(3, true).unwrap();
        device.set_usb_boot(1, false).unwrap();
        device.set_usb_boot(2, false).unwrap();
        device.set_leds(false).unwrap();
        device.set_act(false).unwrap();
        device.set_alert(true).unwrap();
        if let Some(save) = save {
            device.save(save).unwrap();
            assert_eq!(settings(&bench), changed, "{save:?}: saving changes nothing by itself");
        }
        let mut device = restart(&bench, device);
        let wanted = expected(changed.clone(), fresh.clone());
        assert_eq!(settings(&bench), wanted, "{save:?}");
        assert_eq!(bench.take(|board| board.alert), 0, "{save:?}");
        assert_eq!(device.describe().unwrap().order, wanted.0);
        assert_eq!(device.power(1), Ok(Some(wanted.1[0] == 1)));
    }
}

/// On a board on which nothing was saved yet, either.
#[test]
fn an_order_that_was_not_saved_goes_with_the_reset() {
    let bench = Bench::new(&able());
    let mut device = bench.open();
    device.set_order(7).unwrap();
    let mut device = restart(&bench, device);
    assert_eq!(device.describe().unwrap().order, 20);
}

#[test]
fn nodes_are_switched_and_proven_one_by_one() {
    let bench = Bench::new(&able());
    let mut device = bench.open();
    let all = Positions::from_bits(0b111);
    let before = device.nodes_power(all).unwrap();
    assert_eq!(before.on.bits(), 0b010);
    bench.take_log();
    let after = device.apply(before, Positions::from_bits(0b101), Action::On).unwrap();
    let sent: Vec<_> = bench.take_log().into_iter().filter(|(bytes, _)| bytes.len() > 1).collect();
    assert_eq!(sent, [(vec![0x0c, 1, 0x03], 0), (vec![0x0c, 3, 0x03], 0)]);
    assert_eq!(after.on.bits(), 0b111);
    assert_eq!(device.verify(after, all, Action::On), Ok(()));
    // Nodes that do not follow are named, all of them.
    bench.take(|board| board.p[2] = 0);
    let error = device.verify(after, all, Action::On).unwrap_err();
    let wrong = Positions::from_bits(0b100);
    assert_eq!(error, CtrlError::NotFollowed { command: Command::On, nodes: wrong });
    assert!(error.to_string().contains("node 3 of the board does not"), "{error}");
    let missed = device.not_following(Positions::from_bits(0b101), Action::On);
    assert_eq!(missed, Ok(wrong));
    bench.take(|board| board.p[0] = 0);
    let error = device.verify(after, all, Action::On).unwrap_err();
    let wrong = Positions::from_bits(0b101);
    assert_eq!(error, CtrlError::NotFollowed { command: Command::On, nodes: wrong });
    assert!(error.to_string().contains("nodes 1 3 of the board do not"), "{error}");
    bench.take(|board| board.p[0] = 1);
    let changed = Positions::from_bits(0b101);
    assert_eq!(device.resulting_state(before, changed, Action::On), ResultingState::Unknown);
    bench.take(|board| board.p[0] = 0);
    assert_eq!(device.resulting_state(before, changed, Action::On), ResultingState::Old);
    bench.take(|board| (board.p[0], board.p[2]) = (1, 1));
    assert_eq!(device.resulting_state(before, changed, Action::On), ResultingState::New);
}

/// A setting that the board accepts and does not take.
#[test]
fn what_is_accepted_and_not_done_is_told() {
    let mut board = able();
    board["u"] = json!([1]);
    let mut device = Bench::new(&board).open();
    // The board lacks the entry: it answers 0 (ok) and tells 0xff.
    assert_eq!(
        device.set_usb_boot(3, true),
        Err(CtrlError::Refused { command: Command::UsbBootOn, status: 1 })
    );
}
