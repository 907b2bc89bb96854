//! The kernel's own record of what went over I2C: the trace events `i2c` of
//! `include/trace/events/i2c.h`.
//!
//! Every transfer of every adapter is in it, whoever asked for it, which makes it the oracle for
//! the number and the order of transfers. The kernel prints at most 64 bytes of a message.

use std::{collections::BTreeMap, io, time::Duration};

/// One transfer: the messages between a START and the STOP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// N of `/dev/i2c-N`.
    pub adapter: u8,
    /// In the order they went.
    pub messages: Vec<Message>,
    /// The number of messages carried out, or the negated error number.
    pub result: i32,
    /// When it began, by the guest's clock.
    pub at: Duration,
    /// From its first message to its result: what the adapter took, not the program.
    pub took: Duration,
    /// Whose process asked: the program's name (15 characters at most) and the process number, as
    /// `clusterhat-77`.
    pub task: String,
}

/// One message of a transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The 7-bit address.
    pub address: u16,
    /// From the chip to the controller.
    pub read: bool,
    /// How many bytes were asked for or sent.
    pub length: usize,
    /// What was written, or what was read; empty after a failed read.
    pub bytes: Vec<u8>,
}

impl Message {
    /// A write message.
    #[must_use]
    pub fn write(address: u16, bytes: &[u8]) -> Self {
        Self { address, read: false, length: bytes.len(), bytes: bytes.to_vec() }
    }

    /// A read message that succeeded.
    #[must_use]
    pub fn read(address: u16, bytes: &[u8]) -> Self {
        Self { address, read: true, length: bytes.len(), bytes: bytes.to_vec() }
    }
}

/// Reads tracefs' file `trace`.
///
/// # Errors
/// If a line cannot be understood, or the kernel lost events because its buffer was full.
pub fn parse(text: &str) -> io::Result<Vec<Transfer>> {
    let mut open = BTreeMap::new();
    let mut done = Vec::new();
    for line in text.lines() {
        if let Some(counts) = line.trim().strip_prefix("# entries-in-buffer/entries-written: ") {
            nothing_lost(counts)?;
        } else if !line.starts_with('#') && !line.trim().is_empty() {
            take(line, &mut open, &mut done)
                .ok_or_else(|| invalid(format!("cannot read the i2c trace line {line:?}")))?;
        }
    }
    Ok(done)
}

/// `counts` is as `4/4   #P:1`.
fn nothing_lost(counts: &str) -> io::Result<()> {
    let (kept, rest) = counts.split_once('/').unwrap_or_default();
    let written = rest.split_whitespace().next().unwrap_or_default();
    if kept == written {
        return Ok(());
    }
    Err(invalid(format!(
        "the i2c trace holds {kept} of {written} events: read it more often or enlarge buffer_size_kb"
    )))
}

/// One line: `TASK-PID [CPU] FLAGS SECONDS: EVENT: i2c-N ...`. A transfer is open from its first
/// message to its result.
fn take(line: &str, open: &mut BTreeMap<u8, Transfer>, done: &mut Vec<Transfer>) -> Option<()> {
    let (head, rest) = line.split_once(": i2c_")?;
    let (event, details) = rest.split_once(": ")?;
    let mut words = details.split_whitespace();
    let adapter: u8 = words.next()?.strip_prefix("i2c-")?.parse().ok()?;
    let words: Vec<&str> = words.collect();
    match event {
        "result" => {
            let mut transfer = open.remove(&adapter)?;
            transfer.result = value(&words, "ret=")?.parse().ok()?;
            transfer.took = begin(head, adapter)?.at.checked_sub(transfer.at)?;
            done.push(transfer);
        }
        "reply" => {
            let index: usize = value(&words, "#")?.parse().ok()?;
            open.get_mut(&adapter)?.messages.get_mut(index)?.bytes = bytes(&words)?;
        }
        "write" | "read" => {
            let message = message(event == "read", &words)?;
            open.entry(adapter).or_insert(begin(head, adapter)?).messages.push(message);
        }
        _ => return None,
    }
    Some(())
}

/// `#0 a=020 f=0001 l=1 [ff]`; a read has no bytes yet.
fn message(read: bool, words: &[&str]) -> Option<Message> {
    Some(Message {
        address: u16::from_str_radix(value(words, "a=")?, 16).ok()?,
        read,
        length: value(words, "l=")?.parse().ok()?,
        bytes: if read { Vec::new() } else { bytes(words)? },
    })
}

/// `        i2cget-77      [000] .....     3.141592`
fn begin(head: &str, adapter: u8) -> Option<Transfer> {
    let (task, rest) = head.split_once('[')?;
    let (seconds, micros) = rest.split_whitespace().last()?.split_once('.')?;
    let at =
        Duration::from_secs(seconds.parse().ok()?) + Duration::from_micros(micros.parse().ok()?);
    let (messages, task) = (Vec::new(), task.trim().to_owned());
    Some(Transfer { adapter, messages, result: 0, at, took: Duration::ZERO, task })
}

fn value<'a>(words: &[&'a str], key: &str) -> Option<&'a str> {
    words.iter().find_map(|word| word.strip_prefix(key))
}

/// `[01-ff]`, and `[]` for none.
fn bytes(words: &[&str]) -> Option<Vec<u8>> {
    let list = value(words, "[")?.strip_suffix(']')?;
    list.split('-')
        .filter(|byte| !byte.is_empty())
        .map(|byte| u8::from_str_radix(byte, 16).ok())
        .collect()
}

fn invalid(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_register_read_and_a_failed_write() {
        let text = "\
# tracer: nop
#
# entries-in-buffer/entries-written: 6/6   #P:1
#
          i2cget-77      [000] .....     3.141592: i2c_write: i2c-1 #0 a=020 f=0000 l=1 [01]
          i2cget-77      [000] .....     3.141600: i2c_read: i2c-1 #1 a=020 f=0001 l=2
          i2cget-77      [000] .....     3.150000: i2c_reply: i2c-1 #1 a=020 f=0001 l=2 [ff-0a]
          i2cget-77      [000] .....     3.150001: i2c_result: i2c-1 n=2 ret=2
          i2cset-78      [000] .....     3.200000: i2c_write: i2c-1 #0 a=021 f=0000 l=2 [01-00]
          i2cset-78      [000] .....     3.210000: i2c_result: i2c-1 n=1 ret=-6
";
        let get = Transfer {
            adapter: 1,
            messages: vec![Message::write(0x20, &[1]), Message::read(0x20, &[0xff, 0x0a])],
            result: 2,
            at: Duration::from_micros(3_141_592),
            took: Duration::from_micros(8_409),
            task: "i2cget-77".into(),
        };
        let set = Transfer {
            adapter: 1,
            messages: vec![Message::write(0x21, &[1, 0])],
            result: -6,
            at: Duration::from_micros(3_200_000),
            took: Duration::from_micros(10_000),
            task: "i2cset-78".into(),
        };
        assert_eq!(parse(text).unwrap(), [get, set]);
    }

    #[test]
    fn lost_events_are_an_error() {
        let error = parse("# entries-in-buffer/entries-written: 10/12   #P:1\n").unwrap_err();
        assert!(error.to_string().contains("10 of 12 events"), "{error}");
    }

    #[test]
    fn a_line_of_another_kind_is_an_error() {
        assert!(parse("   x-1 [000] ..... 1.000000: i2c_slave: i2c-1\n").is_err());
    }
}
