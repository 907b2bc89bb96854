//! Documents that are printed beside the work that they tell of: it does not wait for whoever reads them.

use std::io::{self, Write as _};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};

use super::{Printout, json};

/// How many may wait to be read. Each has some hundred bytes.
const MOST: usize = 10_000;

/// One JSON document after the other.
pub(crate) struct Lines {
    sender: SyncSender<Vec<u8>>,
    /// Absent where no thread could be had: the work waits for the reader then.
    printing: Option<JoinHandle<io::Result<()>>>,
    lost: Option<io::Error>,
}

impl Lines {
    pub(crate) fn new() -> Self {
        let (sender, receiver) = sync_channel(MOST);
        let print = move || receiver.into_iter().try_for_each(|line: Vec<u8>| print(&line));
        Self { sender, printing: thread::Builder::new().spawn(print).ok(), lost: None }
    }

    pub(crate) fn add(&mut self, output: &Printout<'_>) {
        let added = json::line(output).and_then(|line| match &self.printing {
            Some(_) => self.sender.try_send(line).map_err(|error| match error {
                TrySendError::Full(_) => io::Error::other("nobody reads it"),
                // The thread says why.
                TrySendError::Disconnected(_) => io::ErrorKind::BrokenPipe.into(),
            }),
            None => print(&line),
        });
        if let Err(error) = added {
            self.lost.get_or_insert(error);
        }
    }

    /// Whether any of them could not be printed.
    pub(crate) fn is_lost(&self) -> bool {
        self.lost.is_some() || self.printing.as_ref().is_some_and(JoinHandle::is_finished)
    }

    /// Waits until all of them are printed.
    ///
    /// # Errors
    /// Why one could not be.
    pub(crate) fn end(self) -> io::Result<()> {
        drop(self.sender);
        let printed = self.printing.and_then(|printing| printing.join().ok()).unwrap_or(Ok(()));
        printed.and(self.lost.map_or(Ok(()), Err))
    }
}

fn print(line: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(line)?;
    stdout.flush()
}
