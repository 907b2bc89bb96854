//! Who writes on a console: one at a time.

use std::time::{Duration, Instant};

/// After how long without a byte from the writer somebody else may write who asks for it.
const IDLE: Duration = Duration::from_secs(60);

/// A reader's number, by which it is told from others of the same name.
pub(super) type ReaderId = u64;

/// Who writes on a console.
#[derive(Debug, Default)]
pub(super) struct WriterSlot(Option<Writer>);

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
        self.0.as_ref().map(|writer| (writer.reader, &*writer.name))
    }

    /// Makes a reader the writer, if nobody is or who is has been idle.
    ///
    /// # Errors
    /// The name of who writes.
    pub(super) fn request(
        &mut self,
        reader: ReaderId,
        name: &str,
        now: Instant,
    ) -> Result<(), String> {
        match &self.0 {
            Some(other)
                if other.reader != reader && now.saturating_duration_since(other.active) < IDLE =>
            {
                Err(other.name.clone())
            }
            _ => {
                self.take_over(reader, name, now);
                Ok(())
            }
        }
    }

    /// Makes a reader the writer, whoever was it.
    pub(super) fn take_over(&mut self, reader: ReaderId, name: &str, now: Instant) {
        self.0 = Some(Writer { reader, name: name.to_owned(), active: now });
    }

    /// Whether a reader may send bytes now, which shows that it is not idle.
    pub(super) fn writes(&mut self, reader: ReaderId, now: Instant) -> bool {
        match &mut self.0 {
            Some(writer) if writer.reader == reader => {
                writer.active = now;
                true
            }
            _ => false,
        }
    }

    /// Makes nobody the writer, if this reader was it.
    pub(super) fn release(&mut self, reader: ReaderId) {
        self.0.take_if(|writer| writer.reader == reader);
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
        assert_eq!(slot.request(1, "ann", now), Ok(()));
        assert_eq!(slot.request(1, "ann", now), Ok(()));
        assert!(slot.writes(1, now));
        assert_eq!(slot.request(2, "bob", now), Err("ann".to_owned()));
        slot.take_over(2, "bob", now);
        assert_eq!(slot.current(), Some((2, "bob")));
        assert!(!slot.writes(1, now) && slot.writes(2, now));
        // Who is not the writer releases nothing.
        slot.release(1);
        assert_eq!(slot.current(), Some((2, "bob")));
        slot.release(2);
        assert_eq!(slot.current(), None);
    }

    #[test]
    fn who_is_idle_gives_way_to_who_asks() {
        let start = Instant::now();
        let mut slot = WriterSlot::default();
        slot.take_over(1, "ann", start);
        assert!(slot.writes(1, start + IDLE / 2));
        assert!(slot.request(2, "bob", start + IDLE).is_err());
        assert_eq!(slot.request(2, "bob", start + IDLE * 2), Ok(()));
    }
}
