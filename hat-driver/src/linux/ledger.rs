//! What the callers' record says: which node went on last and what it asked for, and how often
//! nodes were asked to be off.
//!
//! ```text
//! clusterhat 1
//! on 4bb0c0a9-4a5a-4a4f-9a5b-0d3f1ad0b1d2 1234567890123 5000000000
//! off i2c-1:0x20 3 0 5 1
//! .
//! ```
//!
//! Times are nanoseconds of the clock that runs on while the machine sleeps; what it was recorded
//! for ends with the boot that the ID names. A text that is not ours, or not whole, says nothing.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::positions::Positions;

const HEAD: &str = "clusterhat 1";
const END: &str = ".";

/// Longer delays cannot be configured: a record that asks for more is not believed.
const LONGEST: Duration = Duration::from_secs(300);

/// How long the transfers that switch one node may take, with their retries. A node that is being
/// switched is recorded as on by then, in case that its caller is killed before it can say when.
pub(super) const SWITCHING: Duration = Duration::from_secs(5);

/// More boards than that do not fit the record's page; the one with the first name is forgotten.
const MOST_BOARDS: usize = 24;

/// A moment of one boot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// Which boot: the kernel's ID of it.
    pub boot: String,
    /// How long the machine has been up, with the time that it slept.
    pub uptime: Duration,
}

impl Moment {
    /// Now, by this machine's kernel.
    #[must_use]
    pub fn now() -> Self {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let uptime = clock_gettime(ClockId::Boottime);
        let boot = match boot.trim() {
            "" => "unknown".to_owned(),
            boot => boot.to_owned(),
        };
        Self { boot, uptime: Duration::try_from(uptime).unwrap_or_default() }
    }
}

/// The last node that went on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LastOn {
    /// When.
    pub(super) at: Moment,
    /// What it asks for before the next node.
    pub(super) delay: Duration,
}

impl LastOn {
    /// How much of its delay is left.
    pub(super) fn rest(&self, now: &Moment) -> Duration {
        let delay = self.delay.min(LONGEST);
        if self.at.boot != now.boot {
            return Duration::ZERO;
        }
        match now.uptime.checked_sub(self.at.uptime) {
            Some(passed) => delay.saturating_sub(passed),
            // Its caller was killed while it switched.
            None if self.at.uptime - now.uptime <= SWITCHING => delay,
            None => Duration::ZERO,
        }
    }
}

/// How often each position of a board was asked to be off. Who compares two of them wants to know
/// whether it was asked again, so a count may wrap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Offs(Vec<u32>);

impl Offs {
    /// Counts once more for these positions.
    pub(super) fn ask(&mut self, nodes: Positions) {
        for position in nodes.iter().map(usize::from) {
            if self.0.len() <= position {
                self.0.resize(position + 1, 0);
            }
            self.0[position] = self.0[position].wrapping_add(1);
        }
    }

    /// How often a position was asked to be off.
    pub(super) fn of(&self, position: u8) -> u32 {
        self.0.get(usize::from(position)).copied().unwrap_or(0)
    }
}

/// The record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ledger {
    pub(super) last: Option<LastOn>,
    offs: BTreeMap<String, Offs>,
}

impl Ledger {
    /// What a text says; nothing where it is none of ours.
    pub(super) fn parse(text: &str) -> Self {
        Self::try_parse(text).unwrap_or_default()
    }

    fn try_parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        if lines.next()? != HEAD {
            return None;
        }
        let mut ledger = Self::default();
        for line in lines {
            let words: Vec<_> = line.split(' ').collect();
            match words[..] {
                [END] => return Some(ledger),
                ["on", boot, at, delay] => {
                    let at = Moment { boot: boot.to_owned(), uptime: nanoseconds(at)? };
                    ledger.last = Some(LastOn { at, delay: nanoseconds(delay)? });
                }
                ["off", board, ref counts @ ..] => {
                    let counts = counts.iter().map(|count| count.parse().ok());
                    ledger.offs.insert(board.to_owned(), Offs(counts.collect::<Option<_>>()?));
                }
                _ => return None,
            }
        }
        None
    }

    /// Notes that these nodes of a board are asked to be off.
    pub(super) fn ask_off(&mut self, board: &str, nodes: Positions) {
        if self.offs.len() >= MOST_BOARDS && !self.offs.contains_key(board) {
            self.offs.pop_first();
        }
        self.offs.entry(board.to_owned()).or_default().ask(nodes);
    }

    /// How often a board's nodes were asked to be off.
    pub(super) fn offs(&self, board: &str) -> Offs {
        self.offs.get(board).cloned().unwrap_or_default()
    }
}

impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = format!("{HEAD}\n");
        if let Some(LastOn { at, delay }) = &self.last {
            let (at, boot, delay) = (at.uptime.as_nanos(), &at.boot, delay.as_nanos());
            writeln!(text, "on {boot} {at} {delay}")?;
        }
        for (board, counts) in &self.offs {
            let counts: String = counts.0.iter().map(|count| format!(" {count}")).collect();
            writeln!(text, "off {board}{counts}")?;
        }
        writeln!(f, "{text}{END}")
    }
}

fn nanoseconds(text: &str) -> Option<Duration> {
    text.parse().ok().map(Duration::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOOT: &str = "4bb0c0a9-4a5a-4a4f-9a5b-0d3f1ad0b1d2";

    fn at(boot: &str, seconds: u64) -> Moment {
        Moment { boot: boot.to_owned(), uptime: Duration::from_secs(seconds) }
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
        ledger.ask_off("i2c-1:0x20", Positions::from_bits(0b1001));
        ledger.ask_off("i2c-1:0x20", Positions::one(3));
        ledger.ask_off("GPIO", Positions::one(0));
        assert_eq!(ledger.offs("i2c-1:0x20"), Offs(vec![1, 0, 0, 2]));
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
        for text in ["on a b c\n.\n", "clusterhat 2\n.\n", "clusterhat 1\noff x 1 y\n.\n", "\0\0"] {
            assert_eq!(Ledger::parse(text), Ledger::default(), "{text}");
        }
    }

    #[test]
    fn the_longest_record_fits_its_page() {
        let at = Moment { boot: BOOT.to_owned(), uptime: Duration::from_secs(u32::MAX.into()) };
        let last = Some(LastOn { at, delay: LONGEST });
        let mut ledger = Ledger { last, ..Ledger::default() };
        for board in 0..100 {
            ledger.ask_off(&format!("i2c-{}:0x20", 100 + board), Positions::from_bits(0xf_ffff));
        }
        for counts in ledger.offs.values_mut() {
            counts.0.fill(99_999);
        }
        let length = ledger.to_string().len();
        assert!(length <= 4096, "{length}");
        assert_eq!(ledger.offs.len(), MOST_BOARDS);
    }
}
