//! How long commands are waited for.

use super::*;

#[test]
fn a_slow_board_is_waited_for() {
    for slow in [1, 2, 3, 7, 40] {
        for op in OPS {
            let mut board = able();
            board["slow"] = json!(slow);
            let bench = Bench::new(&board);
            let mut device = bench.open();
            let fast = (op.run)(&mut Bench::new(&able()).open());
            assert_eq!((op.run)(&mut device), fast, "{} with {slow} refusals", op.name);
        }
    }
}

#[test]
fn a_board_that_stays_busy_is_left_in_time() {
    for op in OPS {
        let bench = Bench::new(&able());
        let mut device = bench.open();
        bench.take(|board| board.busy = u32::MAX);
        let error = (op.run)(&mut device).unwrap_err();
        let CtrlError::Timeout { command, waited_ms } = error else {
            panic!("{}: {error}", op.name)
        };
        let limit = limit_ms(command, 100);
        assert_eq!(u64::from(waited_ms), bench.slept_ms(), "{}", op.name);
        assert!(bench.slept_ms() <= limit, "{}: {} ms", op.name, bench.slept_ms());
        assert!(bench.slept_ms() >= limit / 2, "{}: gave up after {}", op.name, bench.slept_ms());
        assert!(bench.take_log().len() as u64 <= limit, "{}: too many transfers", op.name);
    }
    // It takes the command, and never ends it.
    for op in OPS.iter().filter(|op| !ONCE.contains(&op.name)) {
        let bench = Bench::new(&able());
        let mut device = bench.open();
        bench.takes_ms.set(u64::from(u32::MAX));
        let error = (op.run)(&mut device).unwrap_err();
        let CtrlError::Timeout { command, .. } = error else { panic!("{}: {error}", op.name) };
        assert!(bench.slept_ms() <= limit_ms(command, 100), "{}: {}", op.name, bench.slept_ms());
        assert!(error.to_string().contains(" ms"), "{error}");
    }
}

#[test]
fn a_busy_board_cannot_be_opened() {
    let mut board = able();
    board["busy"] = json!(u32::MAX);
    let bench = Bench::new(&board);
    let error = Device::open(bench.clone(), bench.clone()).map(drop).unwrap_err();
    assert_eq!(error, CtrlError::Bus { command: None, source: NAK });
    assert!(bench.slept_ms() <= 1000, "{}", bench.slept_ms());
    board["busy"] = json!(50);
    let bench = Bench::new(&board);
    assert!(Device::open(bench.clone(), bench.clone()).is_ok(), "it only took its time");
}

#[test]
fn commands_are_waited_for_as_long_as_they_take() {
    // A save of 14 bytes at 3.4 ms, a DA's multiplexer, and what is close to the limits.
    for (name, takes) in [("save all", 48), ("power on", 100), ("save all", 490), ("power", 990)] {
        let op = OPS.iter().find(|op| op.name == name).unwrap();
        let bench = Bench::new(&able());
        let mut device = bench.open();
        bench.takes_ms.set(takes);
        (op.run)(&mut device).unwrap_or_else(|error| panic!("{name}, {takes} ms: {error}"));
        assert!((takes..takes + 10).contains(&bench.slept_ms()), "{name}: {}", bench.slept_ms());
    }
}

/// The board is off the USB by then: to ask it anything, it has to be opened anew.
#[test]
fn a_hub_cycle_and_a_reset_are_sent_and_no_more() {
    for tens in [0, 1, 10, 100, 255] {
        let bench = Bench::new(&able());
        bench.open().cycle_hub(tens).unwrap();
        assert_eq!(bench.take_log(), [(vec![0x0c, tens, 0x07], 0)]);
        assert_eq!(bench.take(|board| board.away), 3);
    }
    let bench = Bench::new(&able());
    bench.open().reset().unwrap();
    assert_eq!(bench.take_log(), [(vec![0x0d, 0x0e], 0)]);
    assert_eq!(bench.take(|board| board.away), 3);
}
