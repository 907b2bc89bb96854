//! What the record says, and what it does not.

use super::*;

const BOOT: &str = "4bb0c0a9-4a5a-4a4f-9a5b-0d3f1ad0b1d2";

fn at(boot: &str, seconds: u64) -> Moment {
    Moment { boot: boot.to_owned(), uptime: Duration::from_secs(seconds) }
}

fn going(seconds: u64) -> WayDown {
    WayDown::Going { at: Duration::from_secs(seconds) }
}

fn rest(last: u64, delay: u64, boot: &str, now: u64) -> u64 {
    let last = LastOn { at: at(BOOT, last), delay: Duration::from_secs(delay) };
    last.rest(&at(boot, now)).as_secs()
}

#[test]
fn what_is_left_of_a_delay_is_never_more_than_the_delay() {
    assert_eq!(rest(100, 30, BOOT, 100), 30);
    assert_eq!(rest(100, 30, BOOT, 110), 20);
    assert_eq!(rest(100, 30, BOOT, 1000), 0);
    assert_eq!(rest(100, 1_000_000, BOOT, 100), 300, "not believed");
}

#[test]
fn a_node_that_was_being_switched_counts_from_when_it_was_at_the_latest() {
    assert_eq!(rest(105, 30, BOOT, 100), 30);
    assert_eq!(rest(105, 30, BOOT, 115), 20);
}

#[test]
fn another_boot_or_clock_makes_nobody_wait() {
    assert_eq!(rest(100, 30, "another", 100), 0);
    assert_eq!(rest(100, 30, BOOT, 90), 0, "no clock of ours says that");
}

#[test]
fn the_kernel_tells_the_moment() {
    let (first, second) = (Moment::now(), Moment::now());
    assert_eq!(first.boot.len(), BOOT.len(), "{first:?}");
    assert_eq!(first.boot, second.boot);
    assert!(first.uptime > Duration::ZERO && second.uptime >= first.uptime);
}

#[test]
fn what_is_written_is_read() {
    let mut ledger = Ledger::default();
    assert_eq!(Ledger::parse(&ledger.to_string()), ledger);
    ledger.last = Some(LastOn { at: at(BOOT, 7), delay: Duration::from_millis(1500) });
    ledger.ask_off("i2c-1:0x20", Positions::from_bits(0b1001), false);
    ledger.ask_off("i2c-1:0x20", Positions::one(3), false);
    ledger.ask_on("i2c-1:0x20", Positions::one(1));
    ledger.goes_down("i2c-1:0x20", Positions::from_bits(0b1_0010), &at(BOOT, 8));
    ledger.hides("i2c-1:0x20");
    ledger.goes_down("i2c-1:0x20", Positions::from_bits(0b110), &at(BOOT, 8));
    ledger.ask_off("i2c-1:0x20", Positions::one(2), true);
    ledger.announce_off("i2c-1:0x20", Positions::from_bits(0b11));
    ledger.announce_off("i2c-1:0x20", Positions::one(1));
    ledger.take_back_off("i2c-1:0x20", Positions::from_bits(0b11));
    ledger.ask_off("GPIO", Positions::one(0), false);
    let away = Away { product: 0x3a00, since: at(BOOT, 9), limit: Duration::from_secs(25) };
    ledger.send_away("1-1.2", away);
    let asks = |off, on, way_down| NodeAsks { off, on, way_down, ..NodeAsks::default() };
    let five = [
        NodeAsks { announced: 1, taken_back: 1, ..asks(1, 0, WayDown::None) },
        NodeAsks { announced: 2, taken_back: 1, ..asks(0, 1, going(8)) },
        asks(1, 0, WayDown::Ended),
        asks(2, 0, WayDown::None),
        asks(0, 0, WayDown::Hidden),
    ];
    assert_eq!(ledger.asks("i2c-1:0x20"), Asks(five.to_vec()));
    assert_eq!(Ledger::parse(&ledger.to_string()), ledger);
}

#[test]
fn a_node_is_on_its_way_down_until_it_loses_its_power_otherwise_or_starts() {
    let (mut ledger, one) = (Ledger::default(), Positions::one(0));
    let way = |ledger: &Ledger| ledger.asks("GPIO").of(0).way_down;
    for (end, expected) in [
        (Ledger::ask_on as fn(&mut Ledger, &str, Positions), going(8)),
        (|ledger, board, nodes| ledger.ask_off(board, nodes, false), WayDown::None),
        (|ledger, board, nodes| ledger.ask_off(board, nodes, true), WayDown::Ended),
        (Ledger::ask_to_stay_off, going(8)),
        (|ledger, board, _| ledger.hides(board), WayDown::Hidden),
        (Ledger::stays_up, WayDown::None),
        (Ledger::starts, WayDown::None),
    ] {
        ledger.goes_down("GPIO", one, &at(BOOT, 8));
        end(&mut ledger, "GPIO", one);
        assert_eq!(way(&ledger), expected);
    }
}

/// Only who was seen to go down has halted as its power is cut.
#[test]
fn an_end_is_that_of_a_way_that_could_be_seen() {
    let (mut ledger, one) = (Ledger::default(), Positions::one(0));
    let way = |ledger: &Ledger| ledger.asks("GPIO").of(0).way_down;
    ledger.ask_off("GPIO", one, true);
    assert_eq!(way(&ledger), WayDown::None);
    ledger.goes_down("GPIO", one, &at(BOOT, 8));
    ledger.hides("GPIO");
    ledger.stays_up("GPIO", one);
    assert_eq!(way(&ledger), WayDown::Hidden);
    ledger.ask_off("GPIO", one, true);
    assert_eq!(way(&ledger), WayDown::None);
    ledger.goes_down("GPIO", one, &at(BOOT, 8));
    ledger.ask_off("GPIO", one, true);
    // Of two shutdowns at once.
    ledger.ask_off("GPIO", one, true);
    ledger.ask_to_stay_off("GPIO", one);
    assert_eq!(way(&ledger), WayDown::Ended);
    ledger.starts("GPIO", one);
    assert_eq!(way(&ledger), WayDown::None);
}

/// Seen: a shutdown that was killed made another one, days later, take the loss of a cable for a halt.
#[test]
fn a_halt_is_awaited_for_15_minutes() {
    let awaited = |at: u64, now| going(at).is_awaited(&self::at(BOOT, now));
    assert!(awaited(100, 100) && awaited(100, 1000));
    assert!(!awaited(100, 1001));
    assert!(!awaited(100, 99), "no clock of ours says that");
    for other in [WayDown::None, WayDown::Hidden, WayDown::Ended] {
        assert!(!other.is_awaited(&self::at(BOOT, 0)), "{other:?}");
    }
}

#[test]
fn what_earlier_versions_recorded_is_read() {
    let ledger = Ledger::parse("clusterhat 2\nasked GPIO 5/7d 5/7od 1/1h\n.\n");
    let asks = ledger.asks("GPIO");
    assert_eq!([0, 1, 2].map(|node| asks.of(node).way_down), [going(0), going(0), WayDown::Hidden]);
    assert_eq!([0, 1, 2].map(|node| asks.of(node).is_to_be_off()), [false, true, false]);
}

/// Seen: of two who were about to switch a node off, one that was refused took back the other's word, too.
#[test]
fn a_node_is_about_to_be_off_until_the_last_who_said_so_takes_it_back() {
    let (mut ledger, one) = (Ledger::default(), Positions::one(0));
    let is_to_be_off = |ledger: &Ledger| ledger.asks("GPIO").of(0).is_to_be_off();
    ledger.take_back_off("GPIO", one);
    assert!(!is_to_be_off(&ledger), "nobody has said so");
    for round in 0..ROUND {
        ledger.announce_off("GPIO", one);
        ledger.announce_off("GPIO", one);
        ledger.take_back_off("GPIO", one);
        assert!(is_to_be_off(&ledger), "{round}");
        ledger.take_back_off("GPIO", one);
        assert!(!is_to_be_off(&ledger), "{round}");
    }
}

#[test]
fn a_count_goes_round() {
    let mut ledger = Ledger::default();
    (0..u32::from(ROUND) + 1).for_each(|_| ledger.ask_off("GPIO", Positions::one(0), false));
    assert_eq!(ledger.asks("GPIO").of(0).off, 1);
    assert_eq!(Ledger::parse(&ledger.to_string()), ledger);
}

#[test]
fn a_text_that_is_not_whole_says_nothing() {
    let last = Some(LastOn { at: at(BOOT, 7), delay: Duration::from_secs(1) });
    let ledger = Ledger { last, ..Ledger::default() };
    let text = ledger.to_string();
    for end in 0..text.len() - 1 {
        assert_eq!(Ledger::parse(&text[..end]), Ledger::default(), "{}", &text[..end]);
    }
    for text in [
        "on a b c\n.\n",
        "clusterhat 1\n.\n",
        "clusterhat 2\nasked x 1/1 y\n.\n",
        "clusterhat 2\nasked x 1/1000\n.\n",
        "clusterhat 2\nasked x 1/1dx\n.\n",
        "clusterhat 2\nasked x 1/1/1\n.\n",
        "\0\0",
    ] {
        assert_eq!(Ledger::parse(text), Ledger::default(), "{text}");
    }
}

/// An empty one is that of a machine on which nothing was switched yet.
#[test]
fn a_text_is_whole_up_to_its_last_line() {
    let whole = Ledger::default().to_string();
    assert!(Ledger::is_whole("") && Ledger::is_whole(&whole));
    assert!(!Ledger::is_whole(&whole[..whole.len() - 2]) && !Ledger::is_whole("something else\n"));
}

#[test]
fn the_longest_record_fits_its_page() {
    let at = Moment { boot: BOOT.to_owned(), uptime: Duration::from_secs(u32::MAX.into()) };
    let last = Some(LastOn { at, delay: LONGEST });
    let mut ledger = Ledger { last, ..Ledger::default() };
    for board in 0..100 {
        ledger.ask_on(&format!("i2c-{}:0x20", 100 + board), Positions::from_bits(0xf_ffff));
    }
    for asks in ledger.asks.values_mut() {
        asks.0.fill(NodeAsks {
            off: ROUND - 1,
            on: ROUND - 1,
            announced: ROUND - 1,
            taken_back: ROUND - 2,
            way_down: going(u32::MAX.into()),
        });
    }
    let text = ledger.clone().into_text();
    assert!(text.len() <= 4096, "{}", text.len());
    let kept = Ledger::parse(&text);
    assert_eq!((kept.last, kept.asks.len()), (ledger.last, 7));
    assert!(kept.asks.into_iter().rev().eq(ledger.asks.into_iter().rev().take(7)));
}

#[test]
fn a_board_that_was_sent_away_is_waited_for_until_it_is_back_and_no_longer_than_it_may_take() {
    let away =
        |seconds| Away { product: 1, since: at(BOOT, seconds), limit: Duration::from_secs(25) };
    let due = |ledger: &Ledger, now: &Moment| {
        ledger.clone().away(|| now.clone()).into_keys().collect::<Vec<_>>()
    };
    let mut ledger = Ledger::default();
    ledger.send_away("1-1", away(100));
    ledger.send_away("1-2", away(110));
    assert_eq!(due(&ledger, &at(BOOT, 124)), ["1-1", "1-2"]);
    assert_eq!(due(&ledger, &at(BOOT, 125)), ["1-2"]);
    assert!(due(&ledger, &at("another", 112)).is_empty());
    assert!(due(&ledger, &at(BOOT, 90)).is_empty(), "no clock of ours says that");
    ledger.end_away("1-2");
    assert_eq!(due(&ledger, &at(BOOT, 112)), ["1-1"]);
    ledger.send_away("1-3", away(130));
    assert_eq!(ledger.away.len(), 1, "1-1 is forgotten");
}
