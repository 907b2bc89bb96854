use super::*;

fn board(place: &str, uuid: Option<&str>) -> BoardId {
    BoardId { place: place.to_owned(), uuid: uuid.map(str::to_owned) }
}

fn asked(id: &BoardId, position: u8, action: Action) -> Document {
    let mut document = Document::default();
    document.ask(id, Positions::one(position), action);
    document
}

#[test]
fn the_file_is_as_documented() {
    let mut document = asked(&board("i2c-1:0x20", Some("u")), 0, Action::On);
    document.ask(&board("ctrl:20", None), Positions::one(3), Action::Off);
    document.set_due(&board("ctrl:20", None), Positions::one(3), true);
    document.begin_start("b");
    let text = String::from_utf8(document.to_bytes().unwrap()).unwrap();
    assert_eq!(
        text,
        "{\"version\":1,\"boards\":[\
         {\"place\":\"i2c-1:0x20\",\"uuid\":\"u\",\"nodes\":{\"1\":{\"on\":true,\"requests\":1}}},\
         {\"place\":\"ctrl:20\",\"nodes\":{\"4\":{\"on\":false,\"due\":true,\"requests\":1}}}],\
         \"start\":{\"boot\":\"b\",\"cut_short\":0}}\n"
    );
    assert_eq!(Document::parse(text.as_bytes()).unwrap(), document);
}

#[test]
fn a_board_is_known_by_its_eeprom_and_else_by_its_place() {
    let here = board("i2c-1:0x20", Some("a"));
    let document = asked(&here, 2, Action::On);
    let last = |id: BoardId| document.last(&id, 2);
    assert_eq!(last(board("i2c-1:0x21", Some("a"))), Some(Action::On), "moved");
    assert_eq!(last(board("i2c-1:0x20", None)), Some(Action::On), "its EEPROM is not read");
    assert_eq!(last(board("i2c-1:0x20", Some("b"))), None, "another board");
    assert_eq!(last(board("i2c-1:0x21", None)), None);
}

#[test]
fn a_board_in_the_place_of_another_takes_its_entry() {
    let mut document = asked(&board("i2c-1:0x20", Some("a")), 2, Action::On);
    let other = board("i2c-1:0x20", Some("b"));
    document.ask(&other, Positions::one(0), Action::On);
    assert_eq!(document.boards.len(), 1);
    assert_eq!((document.last(&other, 0), document.last(&other, 2)), (Some(Action::On), None));
}

#[test]
fn who_asks_ends_what_was_due() {
    let id = board("GPIO", None);
    let mut document = asked(&id, 1, Action::On);
    document.set_due(&id, Positions::one(1), true);
    document.ask(&id, Positions::one(1), Action::Off);
    assert!(!document.is_due(&id, 1));
}

/// Seen: a request for the same power was taken back as well, and a node that it had switched on stayed off after a loss of power.
#[test]
fn what_somebody_else_asked_since_is_not_taken_back() {
    let id = board("GPIO", None);
    let (on, off) = (Action::On, Action::Off);
    for (later, left) in [(&[][..], off), (&[on], on), (&[off], off), (&[off, on], on)] {
        let before = asked(&id, 1, off);
        let mut document = before.clone();
        document.ask(&id, Positions::one(1), on);
        for &action in later {
            document.ask(&id, Positions::one(1), action);
        }
        let after = document.clone();
        document.take_back(&id, 1, &before);
        assert_eq!(document.last(&id, 1), Some(left), "{later:?}");
        assert_eq!(document, if later.is_empty() { before } else { after }, "{later:?}");
    }
    // Nodes that went down with their controller are to be restored, whatever an earlier request comes to.
    let before = asked(&id, 1, off);
    let mut document = before.clone();
    document.ask(&id, Positions::one(1), on);
    document.set_due_on(&id, Positions::one(1));
    document.take_back(&id, 1, &before);
    assert!(document.is_due(&id, 1));
}

/// An earlier release counts no requests.
#[test]
fn a_file_without_requests_is_read() {
    let id = board("GPIO", None);
    let text = "{\"version\":1,\"boards\":[{\"place\":\"GPIO\",\"nodes\":{\"2\":{\"on\":false}}}]}";
    let before = Document::parse(text.as_bytes()).unwrap();
    let mut document = before.clone();
    document.ask(&id, Positions::one(1), Action::On);
    document.take_back(&id, 1, &before);
    assert_eq!(document, before);
}

/// (what happens, in which boot) and how many starts in a row were cut short then, seen from the last.
#[test]
fn starts_that_are_cut_short_are_counted_in_a_row() {
    let cases: [(&[(&str, &str)], u32); 7] = [
        (&[], 0),
        (&[("begin", "a"), ("end", "a")], 0),
        (&[("begin", "a"), ("look", "b")], 1),
        // The process was killed, not the machine.
        (&[("begin", "a"), ("begin", "a")], 0),
        (&[("begin", "a"), ("begin", "b"), ("look", "c")], 2),
        (&[("begin", "a"), ("sag", "a"), ("begin", "b"), ("sag", "b")], 2),
        (&[("begin", "a"), ("begin", "b"), ("end", "b"), ("begin", "c")], 0),
    ];
    for (events, expected) in cases {
        let mut document = Document::default();
        for (event, boot) in events {
            match *event {
                "begin" => document.begin_start(boot),
                "end" => document.end_start(false),
                "sag" => document.end_start(true),
                _ => {}
            }
        }
        let boot = events.last().map_or("", |event| event.1);
        assert_eq!(document.cut_short(boot), expected, "{events:?}");
        assert_eq!(document.is_boot_loop(boot), expected >= 2, "{events:?}");
    }
}

#[test]
fn what_is_no_such_file_is_named() {
    for (text, problem) in [
        ("", "EOF while parsing"),
        ("{\"version\":2,\"boards\":[]}", "version 2, where 1 is expected"),
        ("{\"version\":1}", "missing field `boards`"),
        ("{\"version\":1,\"boards\":[{\"place\":\"x\",\"nodes\":{\"0\":{}}}]}", "node 0"),
        ("{\"version\":1,\"boards\":[{\"place\":\"x\",\"nodes\":{\"1\":{\"on\":3}}}]}", "boolean"),
    ] {
        let found = Document::parse(text.as_bytes()).unwrap_err();
        assert!(found.contains(problem), "{text}: {found}");
    }
}
