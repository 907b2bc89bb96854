use super::*;

fn reader(console: &Arc<Console>, name: &str, may_write: bool) -> Session {
    reader_of(console, name, may_write, Past::Bytes(1000))
}

fn reader_of(console: &Arc<Console>, name: &str, may_write: bool, past: Past) -> Session {
    let role = if may_write { Role::Operator } else { Role::ReadOnly };
    let reader = Reader {
        name: name.to_owned(),
        role: Box::new(move || Some(role)),
        uses: Box::new(|| {}),
        writes: Box::new(|| {}),
    };
    Session::new(Arc::clone(console), Wake::new().unwrap(), reader, past)
}

/// What is there at once.
fn outputs(session: &mut Session) -> Vec<Output> {
    std::iter::from_fn(|| session.ready()).collect()
}

fn writer(name: Option<&str>, you: bool) -> Output {
    Output::Notice(Notice::Writer { name: name.map(str::to_owned), you })
}

#[test]
fn a_reader_gets_the_history_and_then_what_comes() {
    let console = Arc::new(Console::new("p1".to_owned(), b"old\r\n", Arc::default()));
    let mut pi = reader(&console, "pi", true);
    let closed = Output::Notice(Notice::Port { open: false, error: None });
    let expected = [closed, writer(None, false), Output::Bytes(b"old\r\n".to_vec())];
    assert_eq!(outputs(&mut pi), expected);
    console.set_port(PortState { is_open: true, error: None });
    console.received(b"new");
    let open = Output::Notice(Notice::Port { open: true, error: None });
    assert_eq!(outputs(&mut pi), [open, Output::Bytes(b"new".to_vec())]);
    assert_eq!(console.summary().readers, 1);
    drop(pi);
    assert_eq!(console.summary().readers, 0);
}

#[test]
fn who_wants_what_was_sent_since_the_port_opened_gets_nothing_older() {
    let console = Arc::new(Console::new("p1".to_owned(), b"of the day before", Arc::default()));
    let open = || console.set_port(PortState { is_open: true, error: None });
    let since = || {
        let mut pi = reader_of(&console, "pi", false, Past::SinceOpened);
        let bytes = outputs(&mut pi).into_iter().filter_map(|output| match output {
            Output::Bytes(bytes) => Some(String::from_utf8(bytes).unwrap()),
            Output::Notice(_) => None,
        });
        bytes.collect::<String>()
    };
    assert_eq!(since(), "");
    open();
    console.received(b"first");
    assert_eq!(since(), "first");
    console.set_port(PortState::default());
    open();
    console.received(b"second");
    assert_eq!(since(), "second");
}

#[test]
fn a_slow_reader_loses_with_a_notice_and_keeps_nobody_waiting() {
    let console = Arc::new(Console::new("p1".to_owned(), b"", Arc::default()));
    let (mut slow, mut fast) = (reader(&console, "slow", true), reader(&console, "fast", true));
    let mut read = 0;
    for _ in 0..100 {
        console.received(&[b'x'; 4096]);
        for output in outputs(&mut fast) {
            let Output::Bytes(bytes) = output else { continue };
            read += bytes.len();
        }
    }
    assert_eq!(read, 409_600);
    let outputs = outputs(&mut slow);
    let lost = Output::Notice(Notice::Lost { bytes: 409_600 - 65_536 });
    assert!(outputs.contains(&lost), "{:?}", &outputs[..3]);
}

#[test]
fn the_turn_to_write_is_handed_over_in_sight_of_all() {
    let console = Arc::new(Console::new("p1".to_owned(), b"", Arc::default()));
    console.set_port(PortState { is_open: true, error: None });
    let (mut pi, mut lab) = (reader(&console, "pi", true), reader(&console, "lab", true));
    outputs(&mut pi);
    outputs(&mut lab);
    pi.take(Input::Bytes(b"x".to_vec()));
    assert!(matches!(&outputs(&mut pi)[..], [Output::Notice(Notice::Refused { .. })]));
    pi.take(Input::Control(Control::Write(WriteWish::Request)));
    assert_eq!(outputs(&mut pi), [writer(Some("pi"), true)]);
    assert_eq!(outputs(&mut lab), [writer(Some("pi"), false)]);
    lab.take(Input::Control(Control::Write(WriteWish::Request)));
    assert!(matches!(&outputs(&mut lab)[..],
        [Output::Notice(Notice::Refused { reason })] if reason == "pi writes on this console"));
    lab.take(Input::Control(Control::Write(WriteWish::TakeOver)));
    assert_eq!(outputs(&mut lab), [writer(Some("lab"), true)]);
    assert_eq!(outputs(&mut pi), [writer(Some("lab"), false)]);
    pi.take(Input::Bytes(b"lost".to_vec()));
    lab.take(Input::Bytes(b"sent".to_vec()));
    console.send(|pending| {
        assert_eq!(pending, b"sent");
        2
    });
    console.send(|pending| {
        assert_eq!(pending, b"nt");
        2
    });
    assert!(!console.has_pending());
    drop(lab);
    assert_eq!(console.summary().writer, None);
}

#[test]
fn who_only_reads_sends_nothing() {
    let console = Arc::new(Console::new("p1".to_owned(), b"", Arc::default()));
    console.set_port(PortState { is_open: true, error: None });
    let mut visitor = reader(&console, "visitor", false);
    outputs(&mut visitor);
    for input in [
        Input::Control(Control::Write(WriteWish::Request)),
        Input::Control(Control::Write(WriteWish::TakeOver)),
        Input::Bytes(b"reboot\r".to_vec()),
        Input::Control(Control::Break(true)),
    ] {
        visitor.take(input);
        assert!(matches!(&outputs(&mut visitor)[..], [Output::Notice(Notice::Refused { .. })]));
    }
    assert!(!console.has_pending() && !console.take_break());
    assert_eq!(console.summary().writer, None);
}

#[test]
fn what_a_port_did_not_take_goes_with_it() {
    let console = Arc::new(Console::new("p1".to_owned(), b"", Arc::default()));
    console.set_port(PortState { is_open: true, error: None });
    let mut pi = reader(&console, "pi", true);
    pi.take(Input::Control(Control::Write(WriteWish::Request)));
    pi.take(Input::Bytes(vec![b'x'; 64 * 1024]));
    assert!(!console.has_room());
    console.set_port(PortState::default());
    assert!(console.has_room() && !console.has_pending());
    let lost = "the console is not there: what was sent last is lost";
    let told = |outputs: Vec<Output>| {
        outputs.contains(&Output::Notice(Notice::Refused { reason: lost.to_owned() }))
    };
    assert!(told(outputs(&mut pi)) && !told(outputs(&mut pi)));
    // The turn to write stays over the node's power cycle.
    assert_eq!(console.summary().writer.as_deref(), Some("pi"));
}
