//! The consoles of all nodes, read all the time and shared.
//!
//! One thread has the ports (`ports`): it reads what nodes send into each console's history (`history`) and file (`logger`), and
//! waits for no reader. Readers ([`Session`]) are tasks, each with its own place in the history; one of them at a time writes
//! (`writer`). They come over a WebSocket (`websocket`) or, from the command, over the unix socket (`stream`).

mod console;
mod history;
mod log_file;
mod logger;
mod ports;
mod registry;
mod routes;
mod session;
mod stream;
mod wake;
mod websocket;
mod writer;

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use std::{io, thread};

use tokio::time::timeout;

use crate::boards::Boards;
use crate::events::Events;

pub use console::{Console, ConsoleSummary, Past};
pub use routes::{ConsoleHistory, ConsoleList, described};
pub use session::{Input, Output, Reader, Session};

use log_file::LogFolder;
use ports::Ports;
use registry::Registry;

/// How long the thread may take to give the ports back and to write what it has.
const GIVE_BACK: Duration = Duration::from_secs(5);

/// How long the first look which nodes there are may take.
const FIRST_LOOK: Duration = Duration::from_secs(10);

/// All consoles. Clones are the same ones.
#[derive(Clone)]
pub struct Consoles {
    registry: Arc<Registry>,
    /// Of the thread, which sends nothing: the channel is closed when it has ended.
    ended: Arc<Mutex<Receiver<()>>>,
}

impl Consoles {
    /// Reads the consoles of these boards' nodes, once [`Self::renew`] has said that there may be any, into files below a folder.
    /// Where the folder cannot be used, that is told (`warn`), and there is the history in memory alone.
    ///
    /// # Errors
    /// Where no thread can be had.
    pub fn start(
        boards: Boards,
        folder: PathBuf,
        events: Arc<Events>,
        warn: impl Fn(String) + Send + 'static,
    ) -> io::Result<Self> {
        let registry = Arc::new(Registry::new(events)?);
        let folder = match LogFolder::open(&folder) {
            Ok(folder) => Some(folder),
            Err(error) => {
                warn(format!("consoles have no files: cannot open {}: {error}", folder.display()));
                None
            }
        };
        let ports = Ports::new(boards, folder, Arc::clone(&registry), Box::new(warn));
        let (runs, ended) = sync_channel(0);
        thread::Builder::new().name("consoles".to_owned()).spawn(move || {
            ports.run();
            drop(runs);
        })?;
        Ok(Self { registry, ended: Arc::new(Mutex::new(ended)) })
    }

    /// Waits until it was looked which nodes there are, once after the start: a console that is asked for before that is there all
    /// the same.
    pub async fn looked(&self) {
        let mut looked = self.registry.looked.subscribe();
        // A thread that hangs leaves those that are known: none.
        let _ = timeout(FIRST_LOOK, looked.wait_for(|looked| *looked)).await;
    }

    /// All of them, in the nodes' order.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Console>> {
        self.registry.all()
    }

    /// That of a node, by its label.
    #[must_use]
    pub fn find(&self, label: &str) -> Option<Arc<Console>> {
        self.all().into_iter().find(|console| console.label() == label)
    }

    /// A new reader, with what it wants of what was sent before.
    #[must_use]
    pub fn read(&self, console: Arc<Console>, reader: Reader, past: Past) -> Session {
        Session::new(console, self.registry.wake.clone(), reader, past)
    }

    /// Looks for nodes that came or went. Consoles of those that stay go on.
    pub fn renew(&self) {
        self.registry.renew();
    }

    /// Gives the ports back, and writes the lines that have begun. Waits until that is done, but not for a folder that hangs.
    pub fn stop(&self) {
        self.registry.end();
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        // Closed, or too late: the daemon ends in either case.
        let _ = ended.recv_timeout(GIVE_BACK);
    }
}

#[cfg(test)]
mod tests {
    use clusterhat::Options;
    use clusterhat_tests::command::World;

    use super::*;

    /// Seen: on a busy machine, whoever asked for a console right after the start was told that there is no such node.
    #[tokio::test]
    async fn who_asks_before_the_first_look_waits_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let world = World::builtin("v2.5");
        let simulation = Some(world.path().display().to_string());
        let options = Options { simulation, without_waits: true, ..Options::default() };
        let path = folder.path().to_owned();
        let boards = Boards::start(options, Arc::default()).unwrap();
        let consoles = Consoles::start(boards, path, Arc::default(), |_| {}).unwrap();
        let looked = tokio::spawn({
            let consoles = consoles.clone();
            async move { consoles.looked().await }
        });
        tokio::task::yield_now().await;
        assert!(!looked.is_finished() && consoles.find("p1").is_none());
        consoles.renew();
        looked.await.unwrap();
        assert!(consoles.find("p1").is_some());
        consoles.stop();
    }
}
