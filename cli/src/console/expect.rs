//! A console for scripts: sends a line, and waits for an answer.

use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use clusterhat::Node;
use regex_lite::Regex;
use rustix::event::PollFlags;

use super::CHUNK;
use super::link::{Consoles, Link};
use super::log::{Log, LoggedLines};
use super::port::{Heard, wait};
use crate::failure::Failure;

/// What is said to a node, and what it is to answer.
pub(crate) struct Script {
    /// The line to be sent; Enter follows it.
    pub(crate) send: Option<String>,
    /// What is waited for.
    pub(crate) expect: Option<Regex>,
    /// How long all of it may take.
    pub(crate) limit: Duration,
    /// Whether what the node says goes to standard output.
    pub(crate) shows: bool,
}

/// The longest text in bytes that can match.
const WINDOW: usize = 4096;
/// How much of what came before a line was sent is left out.
const MOST_OLD: usize = 64 * 1024;

/// Sends the line and waits for the answer. Returns what matched.
///
/// # Errors
/// The console is another process's, or the time is over.
pub(crate) fn run(
    at: Consoles<'_>,
    node: Node,
    script: &Script,
    log: Option<Log>,
) -> Result<Option<String>, Failure> {
    let mut dialogue = Dialogue {
        // Who sends nothing gets what the kernel kept from before, and so does who has it from the service.
        link: match script.send {
            Some(_) => Link::new(at, node, true)?,
            None => Link::since_opened(at, node)?,
        },
        log: LoggedLines::new(log),
        script,
        end: Instant::now() + script.limit,
        pending: script.send.as_ref().map_or(Vec::new(), |line| format!("{line}\r").into_bytes()),
        window: Window::default(),
    };
    let result = dialogue.run();
    let logged = dialogue.log.flush();
    let matched = result?;
    logged.map(|()| matched)
}

struct Dialogue<'a> {
    link: Link,
    log: LoggedLines,
    script: &'a Script,
    end: Instant,
    /// What is still to be sent.
    pending: Vec<u8>,
    window: Window,
}

impl Dialogue<'_> {
    fn run(&mut self) -> Result<Option<String>, Failure> {
        loop {
            if self.link.open()? && !self.pending.is_empty() {
                self.link.check_turn()?;
                self.skip_old()?;
            }
            if self.link.is_open() && self.pending.is_empty() && self.script.expect.is_none() {
                return Ok(None);
            }
            if self.link.is_open() {
                self.link.check_sent(&self.pending)?;
            }
            let left = self.end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(Failure::TimedOut(self.missing()));
            }
            let limit = self.link.due().map_or(left, |due| due.min(left));
            let writes = !self.pending.is_empty();
            let ready =
                wait(&[self.link.waits_on(writes)], Some(limit)).map_err(Failure::Input)?[0];
            if !self.link.is_open() {
                continue;
            }
            if ready.intersects(PollFlags::OUT) {
                self.link.write(&mut self.pending);
            }
            if !(ready - PollFlags::OUT).is_empty() {
                let heard = self.hear(self.script.shows)?;
                // The answer to a line comes after it.
                let matched = if writes { None } else { self.matches(&heard) };
                if matched.is_some() {
                    return Ok(matched);
                }
            }
        }
    }

    /// What the kernel kept from before is no answer.
    fn skip_old(&mut self) -> Result<(), Failure> {
        for _ in 0..MOST_OLD / CHUNK {
            if self.hear(false)?.is_empty() {
                break;
            }
        }
        Ok(())
    }

    /// What has come, which is logged, and shown if it is to be.
    fn hear(&mut self, shows: bool) -> Result<Vec<u8>, Failure> {
        let mut buffer = [0; CHUNK];
        let Heard::Bytes(length) = self.link.read(&mut buffer) else { return Ok(Vec::new()) };
        let heard = &buffer[..length];
        self.log.push(heard)?;
        if shows {
            let mut stdout = io::stdout().lock();
            stdout.write_all(heard)?;
            stdout.flush()?;
        }
        Ok(heard.to_vec())
    }

    fn matches(&mut self, heard: &[u8]) -> Option<String> {
        let expect = self.script.expect.as_ref()?;
        self.window.add(heard);
        let found = expect.find(&self.window.text);
        let matched = found.map(|found| found.as_str().to_owned());
        self.window.cut();
        matched
    }

    /// What did not come in time.
    fn missing(&self) -> String {
        let (name, limit) = (self.link.name(), self.script.limit.as_secs_f64());
        let within = format!("within {limit} s (--timeout)");
        match &self.script.expect {
            _ if !self.link.is_open() => {
                format!(
                    "the console of {name} was not there {within}: if the node is off, `clusterhat on {name}`"
                )
            }
            _ if !self.pending.is_empty() => format!("{name} did not take the line {within}"),
            Some(expect) => format!("{name} did not say {:?} {within}", expect.as_str()),
            None => format!("{name} did not take the line {within}"),
        }
    }
}

/// The last that came, as text.
#[derive(Default)]
struct Window {
    text: String,
    /// The bytes of a character whose rest is still to come.
    begun: Vec<u8>,
}

impl Window {
    fn add(&mut self, bytes: &[u8]) {
        self.begun.extend_from_slice(bytes);
        let whole = self.begun.len() - unfinished(&self.begun);
        let rest = self.begun.split_off(whole);
        self.text.push_str(&String::from_utf8_lossy(&self.begun));
        self.begun = rest;
    }

    /// Keeps as much as a match may be long, from the beginning of a line where there is one.
    fn cut(&mut self) {
        let Some(least) = self.text.len().checked_sub(WINDOW) else { return };
        let line = self.text.as_bytes()[least..].iter().position(|&byte| byte == b'\n');
        let mut at = line.map_or(least, |line| least + line + 1);
        while !self.text.is_char_boundary(at) {
            at += 1;
        }
        self.text.drain(..at);
    }
}

/// How many bytes at the end begin a character without ending it.
fn unfinished(bytes: &[u8]) -> usize {
    let longest = bytes.len().min(3);
    (1..=longest)
        .find(|&count| {
            let rest = &bytes[bytes.len() - count..];
            let needed = match rest[0] {
                0xc2..=0xdf => 2,
                0xe0..=0xef => 3,
                0xf0..=0xf4 => 4,
                _ => 0,
            };
            needed > count && rest[1..].iter().all(|byte| (0x80..0xc0).contains(byte))
        })
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_may_come_in_pieces() {
        for text in ["p1 login: ", "ä€🦀 ready", "🦀"] {
            let mut window = Window::default();
            for &byte in text.as_bytes() {
                window.add(&[byte]);
            }
            assert_eq!(window.text, text);
        }
        let mut window = Window::default();
        window.add(b"a\xff\xe2\x82");
        window.add(b"b");
        assert_eq!(window.text, "a\u{fffd}\u{fffd}b");
    }

    #[test]
    fn the_window_is_bounded_and_begins_with_a_line() {
        let mut window = Window::default();
        for piece in 0..1000 {
            window.add(&[0xff; CHUNK][..(piece * 7) % CHUNK]);
            window.cut();
            assert!(window.text.len() <= WINDOW && window.begun.len() < 4);
        }
        window.add("line\n".repeat(2000).as_bytes());
        window.cut();
        assert!(window.text.starts_with("line\n") && window.text.len() <= WINDOW);
    }
}
