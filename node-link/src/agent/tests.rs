//! The bytes of version 1, the rules between versions, and limits.

use std::string::ToString as _;
use std::{string::String, vec, vec::Vec};

use super::identity::common;
use super::*;
use crate::NodeId;

/// If one of these two fails, do not change the test: programs of this version are in use, and their lines have these bytes.
#[test]
fn requests_of_version_1_never_change() {
    for (id, request, line) in [
        (1, Request::Hello, r#"{"v":1,"id":1,"do":"hello"}"#),
        (2, Request::Status, r#"{"v":1,"id":2,"do":"status"}"#),
        (3, Request::Subscribe { on: true }, r#"{"v":1,"id":3,"do":"subscribe","on":true}"#),
        (4, Request::Poweroff, r#"{"v":1,"id":4,"do":"poweroff"}"#),
        (5, Request::Reboot, r#"{"v":1,"id":5,"do":"reboot"}"#),
        (
            u32::MAX,
            Request::Identify { seconds: 10 },
            r#"{"v":1,"id":4294967295,"do":"identify","seconds":10}"#,
        ),
    ] {
        let call = Call { version: 1, id, request };
        assert_eq!(call.to_line().trim_end_matches('\n'), line);
        assert_eq!(Call::from_line(line.as_bytes()), Ok(call));
    }
}

#[test]
fn messages_of_version_1_never_change() {
    for (id, message, line) in [
        (
            Some(1),
            Message::Hello(identity()),
            r#"{"v":1,"id":1,"is":"hello","oldest":1,"newest":1,"agent":"0.1.0","node":3,"host":"p3","boot_id":"5a9e","model":"Raspberry Pi Zero","os":"Debian","kernel":"6.12"}"#,
        ),
        (
            None,
            Message::Hello(Identity { simulated: true, ..Identity::new() }),
            r#"{"v":1,"is":"hello","oldest":1,"newest":1,"simulated":true}"#,
        ),
        (
            Some(2),
            Message::Status(telemetry()),
            r#"{"v":1,"id":2,"is":"status","uptime_s":61,"load":[0.5,0.25,0.0],"temperature_c":48.5,"throttled":327685,"memory":{"total_kib":500000,"available_kib":300000},"disks":[{"mount":"/","total_kib":7000000,"available_kib":1000,"read_only":true}],"addresses":["172.19.181.3","fd00::3"],"failed_units":["x.service"]}"#,
        ),
        (None, Message::Status(Telemetry::default()), r#"{"v":1,"is":"status"}"#),
        (Some(4), Message::Done, r#"{"v":1,"id":4,"is":"done"}"#),
        (
            Some(5),
            Message::Refused { error: "no".into() },
            r#"{"v":1,"id":5,"is":"refused","error":"no"}"#,
        ),
        (goodbye(Goodbye::Poweroff), r#"{"v":1,"is":"goodbye","reason":"poweroff"}"#).flat(),
        (goodbye(Goodbye::Halt), r#"{"v":1,"is":"goodbye","reason":"halt"}"#).flat(),
        (goodbye(Goodbye::Reboot), r#"{"v":1,"is":"goodbye","reason":"reboot"}"#).flat(),
        (goodbye(Goodbye::Stopped), r#"{"v":1,"is":"goodbye","reason":"stopped"}"#).flat(),
    ] {
        let reply = Reply { version: 1, id, message };
        assert_eq!(reply.to_line().trim_end_matches('\n'), line);
        assert_eq!(Reply::from_line(line.as_bytes()), Ok(reply));
    }
}

fn goodbye(reason: Goodbye) -> Message {
    Message::Goodbye { reason }
}

trait Flat<'a> {
    fn flat(self) -> (Option<u32>, Message, &'a str);
}

impl<'a> Flat<'a> for (Message, &'a str) {
    fn flat(self) -> (Option<u32>, Message, &'a str) {
        (None, self.0, self.1)
    }
}

fn identity() -> Identity {
    Identity {
        agent: Some("0.1.0".into()),
        node: NodeId::from_number(3).ok(),
        host: Some("p3".into()),
        boot_id: Some("5a9e".into()),
        model: Some("Raspberry Pi Zero".into()),
        os: Some("Debian".into()),
        kernel: Some("6.12".into()),
        ..Identity::new()
    }
}

fn telemetry() -> Telemetry {
    Telemetry {
        uptime_s: Some(61),
        load: Some([0.5, 0.25, 0.0]),
        temperature_c: Some(48.5),
        throttled: Some(0x50005),
        memory: Some(Memory { total_kib: 500_000, available_kib: 300_000 }),
        disks: Some(vec![Disk {
            mount: "/".into(),
            total_kib: 7_000_000,
            available_kib: 1000,
            read_only: true,
        }]),
        addresses: Some(vec!["172.19.181.3".parse().unwrap(), "fd00::3".parse().unwrap()]),
        failed_units: Some(vec!["x.service".into()]),
    }
}

#[test]
fn a_newer_program_s_keys_are_ignored_and_its_requests_refused_by_number() {
    let line = br#"{"id":7,"new":[{"a":1}],"do":"subscribe","on":false,"v":1,"every_s":5}"#;
    let request = Request::Subscribe { on: false };
    assert_eq!(Call::from_line(line), Ok(Call { version: 1, id: 7, request }));

    let error = Call::from_line(br#"{"v":1,"id":8,"do":"self-destruct"}"#).unwrap_err();
    assert_eq!(error.id(), Some(8));
    assert!(error.to_string().contains("self-destruct"), "{error}");

    let line = br#"{"v":1,"is":"goodbye","reason":"kexec"}"#;
    assert_eq!(Reply::from_line(line).unwrap().message, goodbye(Goodbye::Other));
}

#[test]
fn hello_is_understood_in_every_version_and_nothing_else_is() {
    let call = Call { version: 9, id: 1, request: Request::Hello };
    assert_eq!(Call::from_line(br#"{"v":9,"id":1,"do":"hello"}"#), Ok(call));
    let error = Call::from_line(br#"{"v":9,"id":2,"do":"poweroff"}"#).unwrap_err();
    assert_eq!(error, LineError::Version { id: Some(2), version: 9 });

    let line = br#"{"v":9,"id":1,"is":"hello","oldest":8,"newest":9,"host":"p1"}"#;
    let Ok(Reply { message: Message::Hello(identity), .. }) = Reply::from_line(line) else {
        panic!("no hello");
    };
    assert_eq!(identity.common_version(), None);
    let error = Reply::from_line(br#"{"v":9,"id":2,"is":"done"}"#).unwrap_err();
    assert_eq!(error, LineError::Version { id: Some(2), version: 9 });
}

#[test]
fn a_version_and_the_one_before_it_talk_and_others_do_not() {
    for (ours, theirs, expected) in [
        (1..=1, 1..=1, Some(1)),
        (1..=2, 1..=1, Some(1)),
        (1..=1, 1..=2, Some(1)),
        (1..=2, 2..=3, Some(2)),
        (2..=3, 1..=2, Some(2)),
        (2..=3, 2..=3, Some(3)),
        (2..=3, 1..=1, None),
        (1..=1, 2..=3, None),
        (1..=2, core::ops::RangeInclusive::new(5, 1), None),
    ] {
        assert_eq!(common(ours.clone(), theirs.clone()), expected, "{ours:?} {theirs:?}");
    }
    assert_eq!(Identity::new().common_version(), Some(VERSION));
}

#[test]
fn the_fullest_message_fits_into_a_line() {
    // Backslashes take two bytes each in JSON.
    let text = || Printable::new(&"\\".repeat(1000));
    let disk =
        || Disk { mount: text(), total_kib: u64::MAX, available_kib: u64::MAX, read_only: false };
    let telemetry = Telemetry {
        uptime_s: Some(u64::MAX),
        load: Some([f64::MIN_POSITIVE; 3]),
        temperature_c: Some(f64::MIN_POSITIVE),
        throttled: Some(u32::MAX),
        memory: Some(Memory { total_kib: u64::MAX, available_kib: u64::MAX }),
        disks: Some(vec![disk(); LIST_LIMIT]),
        addresses: Some(vec![
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff".parse().unwrap();
            LIST_LIMIT
        ]),
        failed_units: Some(vec![text(); LIST_LIMIT]),
    };
    let message = Message::Status(telemetry);
    let line = Reply { version: u32::MAX, id: Some(u32::MAX), message }.to_line();
    assert!(line.len() <= LINE_LIMIT, "{}", line.len());
}

#[test]
fn text_is_harmless_and_short() {
    for (text, printable) in [
        ("p3", "p3"),
        ("Zoë's Pi 日本", "Zoë's Pi 日本"),
        ("a\x1b[2Jb\r\n", "a\\u{1b}[2Jb\\u{d}\\u{a}"),
        ("\u{9b}31m\u{202e}x\u{7f}", "\\u{9b}31m\\u{202e}x\\u{7f}"),
    ] {
        assert_eq!(Printable::new(text).as_str(), printable);
        assert_eq!(Printable::new(printable).as_str(), printable);
    }
    for text in ["x".repeat(161), "ü".repeat(100), "\x1b".repeat(100)] {
        let cut = Printable::new(&text);
        assert!(cut.as_str().len() <= TEXT_LIMIT && cut.as_str().ends_with('…'), "{cut}");
        assert_eq!(Printable::new(cut.as_str()), cut);
    }
    let line = r#"{"v":1,"is":"refused","error":"\u001b]0;x\u0007"}"#;
    let Ok(Reply { message: Message::Refused { error }, .. }) = Reply::from_line(line.as_bytes())
    else {
        panic!("no refusal");
    };
    assert_eq!(error.to_string(), "\\u{1b}]0;x\\u{7}");
}

fn lines(reader: &mut LineReader, bytes: &[u8]) -> Vec<String> {
    let mut lines = Vec::new();
    reader.push(bytes, |line| lines.push(String::from_utf8_lossy(line).into_owned()));
    lines
}

#[test]
fn lines_are_told_however_they_are_cut() {
    let text = b"one\r\n\n\r\ntwo\n\xff\n";
    for size in 1..=text.len() {
        let mut reader = LineReader::default();
        let found: Vec<_> = text.chunks(size).flat_map(|part| lines(&mut reader, part)).collect();
        assert_eq!(found, ["one", "two", "\u{fffd}"], "{size}");
    }
}

#[test]
fn an_overlong_line_is_dropped_and_the_next_one_is_read() {
    let longest = "x".repeat(LINE_LIMIT - 1);
    let mut reader = LineReader::default();
    assert_eq!(
        lines(&mut reader, (longest.clone() + "\n").as_bytes()),
        std::slice::from_ref(&longest)
    );
    assert!(lines(&mut reader, (longest + "xx\n").as_bytes()).is_empty());
    for _ in 0..100 {
        assert!(lines(&mut reader, &[b'x'; 4096]).is_empty());
    }
    assert_eq!(lines(&mut reader, b"\nnext\n"), ["next"]);
}

#[test]
fn the_reason_is_the_target_that_systemd_is_on_its_way_to() {
    let stop = "612 clusterhat-node-agent.service stop running\n";
    for (jobs, reason) in [
        ("590 poweroff.target start waiting\n", Goodbye::Poweroff),
        ("590 halt.target       start waiting\n", Goodbye::Halt),
        ("590 reboot.target start waiting\n", Goodbye::Reboot),
        ("590 kexec.target start waiting\n", Goodbye::Reboot),
        ("590 poweroff.target stop waiting\n", Goodbye::Stopped),
        ("", Goodbye::Stopped),
    ] {
        assert_eq!(Goodbye::of_jobs(&std::format!("{stop}{jobs}")), reason, "{jobs}");
    }
}
