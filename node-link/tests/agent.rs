//! The agent's lines against whatever a serial port may bring: no panic, bounded memory, and the next good line is read.

mod memory;

use node_link::agent::{Call, LINE_LIMIT, LineReader, Reply, TEXT_LIMIT};
use proptest::prelude::*;

use memory::peak_kib;

const LINES: [&str; 8] = [
    r#"{"v":1,"id":1,"do":"hello"}"#,
    r#"{"v":1,"id":3,"do":"subscribe","on":true}"#,
    r#"{"v":1,"id":5,"do":"identify","seconds":10}"#,
    r#"{"v":1,"id":1,"is":"hello","oldest":1,"newest":1,"agent":"0.1.0","node":3,"host":"p3","boot_id":"5a9e"}"#,
    r#"{"v":1,"is":"status","uptime_s":61,"load":[0.5,0.25,0.0],"memory":{"total_kib":5,"available_kib":3},"disks":[{"mount":"/","total_kib":7,"available_kib":1,"read_only":true}],"addresses":["172.19.181.3","fd00::3"],"failed_units":["x.service"]}"#,
    r#"{"v":1,"id":5,"is":"refused","error":"no \u001b[2J"}"#,
    r#"{"v":1,"is":"goodbye","reason":"poweroff"}"#,
    r#"{"v":2,"id":4294967295,"is":"done","x":[[[[[{"a":null}]]]]]}"#,
];

/// Xorshift64: the same inputs on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

/// A line with some of its bytes changed, cut out, doubled, or replaced by a piece of another one.
fn mutated(random: &mut Random, line: &mut Vec<u8>) {
    line.clear();
    line.extend_from_slice(LINES[random.below(LINES.len())].as_bytes());
    for _ in 0..random.below(4) {
        let at = random.below(line.len().max(1));
        match random.below(5) {
            _ if line.is_empty() => {}
            0 => line[at] = random.below(256) as u8,
            1 => line.truncate(at),
            2 => {
                line.remove(at);
            }
            3 => line.insert(at, br#"{}[]",:\0-e"#[random.below(11)]),
            _ => {
                let other = LINES[random.below(LINES.len())].as_bytes();
                line.truncate(at);
                line.extend_from_slice(&other[random.below(other.len())..]);
            }
        }
    }
}

/// Reads it as both ends would: what is understood can be written and means the same again.
fn check(line: &[u8]) {
    assert!(line.len() < LINE_LIMIT);
    if let Ok(call) = Call::from_line(line) {
        assert_eq!(Call::from_line(call.to_line().trim_end().as_bytes()), Ok(call));
    }
    if let Ok(reply) = Reply::from_line(line) {
        // A number may lose its last digit where it is read: what was read once stays.
        let text = reply.to_line();
        let again = Reply::from_line(text.trim_end().as_bytes());
        assert_eq!(again.map(|reply| reply.to_line()), Ok(text));
    }
}

fn fuzz(inputs: u32) {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let (mut reader, mut line) = (LineReader::default(), Vec::new());
    let mut read = 0;
    for _ in 0..inputs {
        mutated(&mut random, &mut line);
        line.push(b'\n');
        let (head, tail) = line.split_at(random.below(line.len()));
        for part in [head, tail] {
            reader.push(part, |line| {
                read += 1;
                check(line);
            });
        }
    }
    assert!(read > inputs / 2, "{read}");
}

#[test]
fn mutated_lines() {
    fuzz(50_000);
}

#[test]
#[ignore = "1 minute: tests/long agent"]
fn ten_million_mutated_lines() {
    fuzz(1000);
    let before = peak_kib();
    fuzz(10_000_000);
    assert!(peak_kib() < before + 2048, "{} KiB, then {} KiB", before, peak_kib());
}

#[test]
fn deep_and_long_values_are_refused_in_bounded_memory() {
    let room = LINE_LIMIT - 32;
    for fill in ["[", "{\"a\":", "[0,", "[[],", "\"", "1", "-", "\\u0000"] {
        let mut line = format!(r#"{{"v":1,"is":"status","x":{}"#, fill.repeat(room / fill.len()));
        line.truncate(LINE_LIMIT - 1);
        check(line.as_bytes());
    }
}

proptest! {
    #[test]
    fn noise_before_a_line_costs_at_most_that_noise(
        noise in prop::collection::vec(any::<u8>(), 0..2000),
        cut in 1usize..500,
    ) {
        let mut reader = LineReader::default();
        let good = b"\n{\"v\":1,\"id\":9,\"is\":\"done\"}\n";
        let bytes = [&noise[..], good].concat();
        let mut last = None;
        for part in bytes.chunks(cut) {
            reader.push(part, |line| {
                check(line);
                last = Reply::from_line(line).ok();
            });
        }
        prop_assert_eq!(last.and_then(|reply| reply.id), Some(9));
    }

    #[test]
    fn a_node_s_text_is_short_and_has_no_control_characters(text in any::<String>()) {
        let json = serde_json::json!({ "v": 1, "is": "refused", "error": text }).to_string();
        let line = Reply::from_line(json.as_bytes()).unwrap().to_line();
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        let error = value["error"].as_str().unwrap();
        prop_assert!(error.len() <= TEXT_LIMIT && !error.contains(char::is_control), "{error:?}");
    }
}
