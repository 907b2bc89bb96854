//! What the callers' record says: which node went on last and what it asked for, how often nodes were
//! asked to be off and on, how far those are that were asked to shut down, and which boards somebody has sent away
//! from the USB.
//!
//! ```text
//! clusterhat 2
//! on 4bb0c0a9-4a5a-4a4f-9a5b-0d3f1ad0b1d2 1234567890123 5000000000
//! asked i2c-1:0x20 3/1 0/0 5/7/2/1d1234 1/1
//! away 1-1.2 14848 4bb0c0a9-4a5a-4a4f-9a5b-0d3f1ad0b1d2 1234567890123 25000000000
//! .
//! ```
//!
//! Times are nanoseconds of the clock that runs on while the machine sleeps; what it was recorded
//! for ends with the boot that the ID names. Of each node: how often it was asked to be off, to be on, how often
//! somebody was about to switch it off and how often that was over, both absent where nobody was, and the letter of its
//! [`WayDown`], a `d` with its time in seconds. Of a board that is away: its place on the USB, its product ID,
//! since when, and how long it is waited for at most. A text that is not ours, or not whole, says nothing.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::io;
use std::time::Duration;

use super::moment::Moment;
use super::platform::Platform;
use super::record;
use crate::positions::Positions;

const HEAD: &str = "clusterhat 2";
const END: &str = ".";

/// Longer delays cannot be configured: a record that asks for more is not believed.
pub(super) const LONGEST: Duration = Duration::from_secs(300);

/// How long the transfers that switch one node may take, with their retries. A node that is being
/// switched is recorded as on by then, in case that its caller is killed before it can say when.
pub(super) const SWITCHING: Duration = Duration::from_secs(5);

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

/// For how long a node that has accepted to shut down is believed to go down: longer than a shutdown that is configured may take.
/// Afterwards it may have started again from within, which nobody records.
const LONGEST_WAY_DOWN: Duration = Duration::from_secs(15 * 60);

/// A board that was sent away from the USB and is to come back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Away {
    /// Its USB product ID.
    pub(super) product: u16,
    /// Since when.
    pub(super) since: Moment,
    /// How long it may stay away.
    pub(super) limit: Duration,
}

impl Away {
    fn is_due(&self, now: &Moment) -> bool {
        let passed = now.uptime.checked_sub(self.since.uptime);
        self.since.boot == now.boot && passed.is_some_and(|passed| passed < self.limit)
    }
}

/// Counts go round at this: who compares two of them wants to know whether somebody asked again.
const ROUND: u16 = 1000;

/// How far a node is that was asked to shut down. Each word is about one start of its system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum WayDown {
    /// Nobody has asked it, or it has started or lost its power since.
    #[default]
    None,
    /// Its system has accepted, at this uptime.
    Going { at: Duration },
    /// The same, and its hub was switched off since: that it is not on the USB says nothing.
    Hidden,
    /// Its power was cut at the end of it. Where it has power all the same, it is another start.
    Ended,
}

impl WayDown {
    /// Takes its letter off the end of a node's word.
    fn split(word: &str) -> Option<(&str, Self)> {
        if let Some((counts, at)) = word.split_once('d') {
            // Earlier versions wrote no time: it was no earlier than the start.
            let at = if at.is_empty() { 0 } else { at.parse().ok()? };
            return Some((counts, Self::Going { at: Duration::from_secs(at) }));
        }
        let hidden = || Some((word.strip_suffix('h')?, Self::Hidden));
        let ended = || Some((word.strip_suffix('e')?, Self::Ended));
        hidden().or_else(ended).or(Some((word, Self::None)))
    }

    /// Whether somebody may still wait for its halt.
    pub(super) fn is_awaited(self, now: &Moment) -> bool {
        let Self::Going { at } = self else { return false };
        now.uptime.checked_sub(at).is_some_and(|passed| passed <= LONGEST_WAY_DOWN)
    }
}

impl fmt::Display for WayDown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => Ok(()),
            Self::Going { at } => write!(f, "d{}", at.as_secs()),
            Self::Hidden => f.write_str("h"),
            Self::Ended => f.write_str("e"),
        }
    }
}

/// What was asked of a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct NodeAsks {
    /// How often to be off.
    pub(super) off: u16,
    /// How often to be on.
    pub(super) on: u16,
    /// How often somebody was about to switch it off, who had something to do before.
    pub(super) announced: u16,
    /// How often that was over.
    pub(super) taken_back: u16,
    /// How far it is where it was asked to shut down.
    pub(super) way_down: WayDown,
}

impl NodeAsks {
    /// Whether somebody is about to switch it off.
    pub(super) const fn is_to_be_off(&self) -> bool {
        self.announced != self.taken_back
    }
}

/// What was asked of each position of a board.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Asks(Vec<NodeAsks>);

impl Asks {
    /// Counts once more for these positions.
    pub(super) fn off(&mut self, nodes: Positions) {
        self.each(nodes, |node| node.off = (node.off + 1) % ROUND);
    }

    fn each(&mut self, nodes: Positions, change: impl Fn(&mut NodeAsks)) {
        for position in nodes.iter().map(usize::from) {
            if self.0.len() <= position {
                self.0.resize(position + 1, NodeAsks::default());
            }
            change(&mut self.0[position]);
        }
    }

    /// What was asked of a position.
    pub(super) fn of(&self, position: u8) -> NodeAsks {
        self.0.get(usize::from(position)).copied().unwrap_or_default()
    }

    fn parse(words: &[&str]) -> Option<Self> {
        let node = |word: &&str| {
            let (counts, way_down) = WayDown::split(word)?;
            // Earlier versions did not count who is about to switch it off.
            let counts = counts.replace('o', "/1/0");
            let count = |text: &str| text.parse().ok().filter(|count| *count < ROUND);
            let counts: Vec<u16> = counts.split('/').map(count).collect::<Option<_>>()?;
            let (off, on, announced, taken_back) = match counts[..] {
                [off, on] => (off, on, 0, 0),
                [off, on, announced, taken_back] => (off, on, announced, taken_back),
                _ => return None,
            };
            Some(NodeAsks { off, on, announced, taken_back, way_down })
        };
        words.iter().map(node).collect::<Option<_>>().map(Self)
    }
}

impl fmt::Display for Asks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|NodeAsks { off, on, announced, taken_back, way_down }| {
            write!(f, " {off}/{on}")?;
            if (*announced, *taken_back) != (0, 0) {
                write!(f, "/{announced}/{taken_back}")?;
            }
            write!(f, "{way_down}")
        })
    }
}

/// The record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ledger {
    pub(super) last: Option<LastOn>,
    asks: BTreeMap<String, Asks>,
    away: BTreeMap<String, Away>,
}

impl Ledger {
    /// Whether a text is empty, or one of ours that is read up to its last line.
    pub(super) fn is_whole(text: &str) -> bool {
        text.is_empty() || Self::try_parse(text).is_some()
    }

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
                ["asked", board, ref nodes @ ..] => {
                    ledger.asks.insert(board.to_owned(), Asks::parse(nodes)?);
                }
                ["away", path, product, boot, since, limit] => {
                    let since = Moment { boot: boot.to_owned(), uptime: nanoseconds(since)? };
                    let (product, limit) = (product.parse().ok()?, nanoseconds(limit)?);
                    ledger.away.insert(path.to_owned(), Away { product, since, limit });
                }
                _ => return None,
            }
        }
        None
    }

    /// Notes that these nodes of a board are asked to be off. Unless it is the end of their way down, they
    /// lose their power in the middle of it.
    pub(super) fn ask_off(&mut self, board: &str, nodes: Positions, is_end: bool) {
        let asks = self.asks_mut(board);
        asks.off(nodes);
        asks.each(nodes, |node| {
            let has_ended =
                is_end && matches!(node.way_down, WayDown::Going { .. } | WayDown::Ended);
            node.way_down = if has_ended { WayDown::Ended } else { WayDown::None };
        });
    }

    /// Notes that these nodes of a board, which are off, are asked to stay so: how they have come to be off is as it was.
    pub(super) fn ask_to_stay_off(&mut self, board: &str, nodes: Positions) {
        self.asks_mut(board).off(nodes);
    }

    /// Notes that somebody is about to switch these nodes of a board off.
    pub(super) fn announce_off(&mut self, board: &str, nodes: Positions) {
        self.asks_mut(board).each(nodes, |node| node.announced = (node.announced + 1) % ROUND);
    }

    /// Notes that somebody who was about to switch these nodes of a board off is not any more.
    pub(super) fn take_back_off(&mut self, board: &str, nodes: Positions) {
        self.asks_mut(board).each(nodes, |node| {
            // The announcement may have been lost with a damaged record.
            if node.is_to_be_off() {
                node.taken_back = (node.taken_back + 1) % ROUND;
            }
        });
    }

    /// Notes that these nodes of a board are asked to be on.
    pub(super) fn ask_on(&mut self, board: &str, nodes: Positions) {
        self.asks_mut(board).each(nodes, |node| node.on = (node.on + 1) % ROUND);
    }

    /// Notes that these nodes of a board have accepted to shut down.
    pub(super) fn goes_down(&mut self, board: &str, nodes: Positions, now: &Moment) {
        let at = Duration::from_secs(now.uptime.as_secs());
        self.asks_mut(board).each(nodes, |node| node.way_down = WayDown::Going { at });
    }

    /// Notes that these nodes of a board do not go down, as somebody thought.
    pub(super) fn stays_up(&mut self, board: &str, nodes: Positions) {
        self.asks_mut(board).each(nodes, |node| {
            if matches!(node.way_down, WayDown::Going { .. } | WayDown::Ended) {
                node.way_down = WayDown::None;
            }
        });
    }

    /// Notes that these nodes of a board start anew.
    pub(super) fn starts(&mut self, board: &str, nodes: Positions) {
        self.asks_mut(board).each(nodes, |node| node.way_down = WayDown::None);
    }

    /// Notes that the hub of a board is switched off.
    pub(super) fn hides(&mut self, board: &str) {
        for node in self.asks.get_mut(board).into_iter().flat_map(|asks| &mut asks.0) {
            if matches!(node.way_down, WayDown::Going { .. }) {
                node.way_down = WayDown::Hidden;
            }
        }
    }

    /// Notes that the hub of a board was not switched off after all, as somebody noted: who was on the way down before, is again.
    pub(super) fn hides_not(&mut self, board: &str, before: &Asks) {
        let nodes = self.asks.get_mut(board).into_iter().flat_map(|asks| &mut asks.0);
        for (node, before) in nodes.zip(&before.0) {
            if node.way_down == WayDown::Hidden {
                node.way_down = before.way_down;
            }
        }
    }

    fn asks_mut(&mut self, board: &str) -> &mut Asks {
        self.asks.entry(board.to_owned()).or_default()
    }

    /// Notes that the board at a place on the USB is sent away, and forgets those whose time is over.
    pub(super) fn send_away(&mut self, path: &str, away: Away) {
        self.away.retain(|_, known| known.is_due(&away.since));
        self.away.insert(path.to_owned(), away);
    }

    /// Notes that nobody has to wait for the board at a place on the USB.
    pub(super) fn end_away(&mut self, path: &str) {
        self.away.remove(path);
    }

    /// The boards that were sent away and are to come back, by their place on the USB. The time is asked for where there
    /// are any.
    pub(super) fn away(mut self, now: impl FnOnce() -> Moment) -> BTreeMap<String, Away> {
        if !self.away.is_empty() {
            let now = now();
            self.away.retain(|_, away| away.is_due(&now));
        }
        self.away
    }

    /// Its text, which fits the page: what is asked of the boards with the first names is forgotten where it does not.
    fn into_text(mut self) -> String {
        let mut text = self.to_string();
        while text.len() > record::MOST_BYTES && self.asks.pop_first().is_some() {
            text = self.to_string();
        }
        text
    }

    /// What was asked of a board's nodes.
    pub(super) fn asks(&self, board: &str) -> Asks {
        self.asks.get(board).cloned().unwrap_or_default()
    }
}

impl fmt::Display for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = format!("{HEAD}\n");
        if let Some(LastOn { at, delay }) = &self.last {
            let (at, boot, delay) = (at.uptime.as_nanos(), &at.boot, delay.as_nanos());
            writeln!(text, "on {boot} {at} {delay}")?;
        }
        for (board, asks) in &self.asks {
            writeln!(text, "asked {board}{asks}")?;
        }
        for (path, Away { product, since, limit }) in &self.away {
            let (boot, since, limit) = (&since.boot, since.uptime.as_nanos(), limit.as_nanos());
            writeln!(text, "away {path} {product} {boot} {since} {limit}")?;
        }
        writeln!(f, "{text}{END}")
    }
}

/// The record; `None` where it cannot be read.
pub(super) fn read(platform: &dyn Platform) -> Option<Ledger> {
    let mut ledger = Ledger::default();
    let read = platform.record(&mut |text| {
        ledger = Ledger::parse(text);
        None
    });
    read.is_ok().then_some(ledger)
}

/// Changes the record.
pub(super) fn change(
    platform: &dyn Platform,
    mut change: impl FnMut(&mut Ledger),
) -> io::Result<()> {
    platform.record(&mut |text| {
        let mut ledger = Ledger::parse(text);
        change(&mut ledger);
        Some(ledger.into_text())
    })
}

fn nanoseconds(text: &str) -> Option<Duration> {
    text.parse().ok().map(Duration::from_nanos)
}

#[cfg(test)]
mod tests;
