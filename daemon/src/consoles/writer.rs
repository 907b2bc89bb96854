//! Who writes on a console: one at a time.

use std::time::{Duration, Instant};

/// After how long without a byte from the writer somebody else may write who asks for it.
const IDLE: Duration = Duration::from_secs(60);

/// So many times the turn may be taken from somebody else in a row, and then once in each [`PAUSE`]: two who take it from each
/// other without end fill no log, and neither of them could type.
const IN_A_ROW: u32 = 5;
const PAUSE: Duration = Duration::from_secs(10);

/// A reader's number, by which it is told from others of the same name.
pub(super) type ReaderId = u64;

/// Who writes on a console.
#[derive(Debug, Default)]
pub(super) struct WriterSlot {
    writer: Option<Writer>,
    /// How often it was taken from somebody lately, and until when that counts.
    taken: u32,
    forgets: Option<Instant>,
}

#[derive(Debug)]
struct Writer {
    reader: ReaderId,
    name: String,
    active: Instant,
}

impl WriterSlot {
    /// The writer and its name.
    #[must_use]
    pub(super) fn current(&self) -> Option<(ReaderId, &str)> {
        self.writer.as_ref().map(|writer| (writer.reader, &*writer.name))
    }

    /// Makes a reader the writer, if nobody is or who is has been idle.
    ///
    /// # Errors
    /// Why not: who writes.
    pub(super) fn request(
        &mut self,
        reader: ReaderId,
        name: &str,
        now: Instant,
    ) -> Result<(), String> {
        match &self.writer {
            Some(other)
                if other.reader != reader && now.saturating_duration_since(other.active) < IDLE =>
            {
                Err(format!("{} writes on this console", other.name))
            }
            _ => {
                self.writer = Some(Writer { reader, name: name.to_owned(), active: now });
                Ok(())
            }
        }
    }

    /// Makes a reader the writer, whoever was it.
    ///
    /// # Errors
    /// Why not: it was taken too often lately.
    pub(super) fn take_over(
        &mut self,
        reader: ReaderId,
        name: &str,
        now: Instant,
    ) -> Result<(), String> {
        if self.writer.as_ref().is_some_and(|writer| writer.reader != reader) {
            self.count(now)?;
        }
        self.writer = Some(Writer { reader, name: name.to_owned(), active: now });
        Ok(())
    }

    fn count(&mut self, now: Instant) -> Result<(), String> {
        while let Some(forgets) = self.forgets.filter(|forgets| *forgets <= now) {
            self.taken = self.taken.saturating_sub(1);
            self.forgets = (self.taken > 0).then_some(forgets + PAUSE);
        }
        if self.taken >= IN_A_ROW {
            return Err(format!(
                "this console was taken over {IN_A_ROW} times in a row; try again in {} s",
                PAUSE.as_secs()
            ));
        }
        self.taken += 1;
        self.forgets = self.forgets.or(Some(now + PAUSE));
        Ok(())
    }

    /// Whether a reader may send bytes now, which shows that it is not idle.
    pub(super) fn writes(&mut self, reader: ReaderId, now: Instant) -> bool {
        match &mut self.writer {
            Some(writer) if writer.reader == reader => {
                writer.active = now;
                true
            }
            _ => false,
        }
    }

    /// Makes nobody the writer, if this reader was it.
    pub(super) fn release(&mut self, reader: ReaderId) {
        self.writer.take_if(|writer| writer.reader == reader);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_writes_at_a_time() {
        let now = Instant::now();
        let mut slot = WriterSlot::default();
        assert!(!slot.writes(1, now));
        assert_eq!(slot.request(1, "pi", now), Ok(()));
        assert_eq!(slot.request(1, "pi", now), Ok(()));
        assert!(slot.writes(1, now));
        assert_eq!(slot.request(2, "lab", now), Err("pi writes on this console".to_owned()));
        slot.take_over(2, "lab", now).unwrap();
        assert_eq!(slot.current(), Some((2, "lab")));
        assert!(!slot.writes(1, now) && slot.writes(2, now));
        // Who is not the writer releases nothing.
        slot.release(1);
        assert_eq!(slot.current(), Some((2, "lab")));
        slot.release(2);
        assert_eq!(slot.current(), None);
    }

    #[test]
    fn who_is_idle_gives_way_to_who_asks() {
        let start = Instant::now();
        let mut slot = WriterSlot::default();
        slot.take_over(1, "pi", start).unwrap();
        assert!(slot.writes(1, start + IDLE / 2));
        assert!(slot.request(2, "lab", start + IDLE).is_err());
        assert_eq!(slot.request(2, "lab", start + IDLE * 2), Ok(()));
    }

    /// Seen: two programs that took a console from each other filled the audit log.
    #[test]
    fn the_turn_is_not_taken_without_end() {
        let start = Instant::now();
        let mut slot = WriterSlot::default();
        let mut take = |round: u64, now| slot.take_over(round % 2, "pi", now);
        for round in 0..=u64::from(IN_A_ROW) {
            take(round, start).unwrap();
        }
        let refused = take(u64::from(IN_A_ROW) + 1, start).unwrap_err();
        assert!(refused.contains("try again in 10 s"), "{refused}");
        // Who has it may say so again.
        take(u64::from(IN_A_ROW), start).unwrap();
        take(u64::from(IN_A_ROW) + 1, start + PAUSE).unwrap();
        take(u64::from(IN_A_ROW), start + PAUSE).unwrap_err();
        take(u64::from(IN_A_ROW), start + 100 * PAUSE).unwrap();
    }
}
