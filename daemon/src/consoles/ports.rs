//! The thread that has all nodes' ports: it opens each when it comes, reads what the node sends, and writes what is for it. It
//! waits for the ports and nothing else, so that no reader, no other node and no node that takes nothing keeps it.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::fd::{AsFd as _, BorrowedFd};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use clusterhat::nodes::label;
use clusterhat::ports::{Port, PortsWatch};
use clusterhat::{Controller, Error, NodeSet};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{QueueSelector, tcflush, tcsendbreak};

use super::console::{Console, KEPT, PortState};
use super::log_file::{LogFile, LogFolder};
use super::logger::Logger;
use super::registry::Registry;
use crate::boards::Boards;

/// After how long a port is tried again that another process has: nobody tells when it is given back.
const AGAIN: Duration = Duration::from_secs(5);
/// How much is read from a port before it is the next one's turn.
const CHUNK: usize = 4096;

/// What the thread has.
pub(super) struct Ports {
    boards: Boards,
    folder: Option<LogFolder>,
    registry: Arc<Registry>,
    warn: Box<dyn Fn(String) + Send>,
    watch: Option<PortsWatch>,
    /// In the order of the watch's nodes.
    links: Vec<Link>,
    /// When closed ports are to be tried though nothing was told.
    next_try: Option<Instant>,
}

/// A console and its port.
struct Link {
    console: Arc<Console>,
    port: Option<File>,
    logger: Logger,
    /// Whether it was told that its file cannot be written.
    is_told: bool,
}

/// What is ready.
#[derive(Default)]
struct Ready {
    watch: bool,
    /// By link; empty for one that is closed.
    links: Vec<PollFlags>,
}

impl Ports {
    pub(super) fn new(
        boards: Boards,
        folder: Option<LogFolder>,
        registry: Arc<Registry>,
        warn: Box<dyn Fn(String) + Send>,
    ) -> Self {
        Self { boards, folder, registry, warn, watch: None, links: Vec::new(), next_try: None }
    }

    /// Until it is told to end.
    pub(super) fn run(mut self) {
        let registry = Arc::clone(&self.registry);
        while !registry.ends() {
            if registry.takes_renewal() {
                if let Err(error) = self.renew() {
                    (self.warn)(format!("consoles: {}", error.message()));
                }
                self.open_all();
                registry.looked.send_replace(true);
            }
            let ready = match self.wait() {
                Ok(ready) => ready,
                Err(error) => {
                    (self.warn)(format!("consoles end: cannot wait for ports: {error}"));
                    break;
                }
            };
            if ready.watch || self.next_try.is_some_and(|next| next <= Instant::now()) {
                self.open_all();
            }
            self.serve(&ready);
        }
        for link in &mut self.links {
            link.close(self.folder.as_ref());
        }
    }

    /// Looks which nodes there are.
    fn renew(&mut self) -> Result<(), Error> {
        let cluster = Controller::new(&self.boards.options())?.open()?;
        let nodes = cluster.nodes(&NodeSet::parse::<&str>(&[])?)?;
        self.watch = Some(PortsWatch::new(&cluster, &nodes, Port::Console)?);
        let mut before = std::mem::take(&mut self.links);
        for label in nodes.into_iter().map(label) {
            let known = before.iter().position(|link| link.console.label() == label);
            let link = known.map(|at| before.swap_remove(at));
            let link = link.unwrap_or_else(|| self.link(label));
            self.links.push(link);
        }
        before.iter_mut().for_each(|link| link.close(self.folder.as_ref()));
        let all = self.links.iter().map(|link| Arc::clone(&link.console)).collect();
        self.registry.set(all);
        Ok(())
    }

    /// A console that begins with what its file has.
    fn link(&self, label: String) -> Link {
        let logger = Logger::new(LogFile::new(&label), Instant::now());
        let old = match self.folder.as_ref().map(|folder| logger.file().read_back(folder, KEPT)) {
            Some(Err(error)) => {
                (self.warn)(format!(
                    "cannot read what the console of {label} sent before: {error}"
                ));
                Vec::new()
            }
            old => old.and_then(Result::ok).unwrap_or_default(),
        };
        let console = Arc::new(Console::new(label, &old, Arc::clone(&self.registry.events)));
        Link { console, port: None, logger, is_told: false }
    }

    /// Opens what is there and closed.
    fn open_all(&mut self) {
        let Some(watch) = &self.watch else { return };
        // Before the tries: what happens after them is not missed.
        if let Err(error) = watch.drain() {
            (self.warn)(format!("cannot see when consoles come: {error}"));
        }
        let now = Instant::now();
        let mut due: Option<Duration> = None;
        let closed = self.links.iter_mut().enumerate().filter(|(_, link)| link.port.is_none());
        for (index, link) in closed {
            let next = match watch.open(index) {
                Ok(Some(port)) => {
                    link.port = Some(port.into());
                    link.console.set_port(PortState { is_open: true, error: None });
                    continue;
                }
                Ok(None) => {
                    link.console.set_port(PortState::default());
                    watch.due(index)
                }
                Err(error) => {
                    let error = Some(Error::from(error).message());
                    link.console.set_port(PortState { is_open: false, error });
                    Some(AGAIN)
                }
            };
            due = due.into_iter().chain(next).min();
        }
        self.next_try = due.and_then(|due| now.checked_add(due));
    }

    /// Waits until something can be done.
    fn wait(&self) -> io::Result<Ready> {
        let wake = &self.registry.wake;
        let mut all = vec![PollFd::new(wake, PollFlags::IN)];
        let watch = self.watch.as_ref().and_then(PortsWatch::watch_fd);
        all.extend(watch.iter().map(|fd| PollFd::new(fd, PollFlags::IN)));
        let open: Vec<_> = self.links.iter().map(Link::waits_on).collect();
        all.extend(open.iter().flatten().map(|(fd, flags)| PollFd::new(fd, *flags)));
        let due = self.links.iter().filter_map(|link| link.logger.due()).chain(self.next_try).min();
        let limit = due.map(|due| due.saturating_duration_since(Instant::now()));
        let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
        match poll(&mut all, limit.as_ref()) {
            Err(rustix::io::Errno::INTR) => return Ok(Ready::default()),
            result => result?,
        };
        let mut ready = all.iter().map(PollFd::revents);
        if ready.next().is_some_and(|flags| !flags.is_empty()) {
            wake.drain();
        }
        let is_told = watch.is_some() && ready.next().is_some_and(|flags| !flags.is_empty());
        let of_link =
            |is_open: bool| is_open.then(|| ready.next()).flatten().unwrap_or(PollFlags::empty());
        Ok(Ready { watch: is_told, links: open.iter().map(Option::is_some).map(of_link).collect() })
    }

    /// Reads and writes what can be read and written without waiting.
    fn serve(&mut self, ready: &Ready) {
        let now = Instant::now();
        let mut has_closed = false;
        for (index, link) in self.links.iter_mut().enumerate() {
            let flags = ready.links.get(index).copied().unwrap_or(PollFlags::empty());
            let result = link.serve(flags, self.folder.as_ref(), now);
            has_closed |= link.port.is_none() && !flags.is_empty();
            match result {
                Ok(()) => link.is_told &= flags.is_empty(),
                Err(error) if !std::mem::replace(&mut link.is_told, true) => {
                    let label = link.console.label();
                    (self.warn)(format!(
                        "cannot write the file of the console of {label}: {error}"
                    ));
                }
                Err(_) => {}
            }
        }
        if has_closed {
            // It may be back by now.
            self.open_all();
        }
    }
}

impl Link {
    /// The port, where it is open.
    fn waits_on(&self) -> Option<(BorrowedFd<'_>, PollFlags)> {
        let writes = if self.console.has_pending() { PollFlags::OUT } else { PollFlags::empty() };
        Some((self.port.as_ref()?.as_fd(), PollFlags::IN | writes))
    }

    /// Does what can be done; an error is one of the file.
    fn serve(
        &mut self,
        flags: PollFlags,
        folder: Option<&LogFolder>,
        now: Instant,
    ) -> io::Result<()> {
        if self.console.take_break() {
            self.send_break();
        }
        if let Some(port) = self.port.as_mut().filter(|_| flags.intersects(PollFlags::OUT)) {
            // Where it fails, reading shows that the port is gone.
            self.console.send(|pending| port.write(pending).unwrap_or(0));
        }
        let mut logged = Ok(());
        if !(flags - PollFlags::OUT).is_empty() {
            logged = self.hear(folder, now);
        }
        match folder {
            Some(folder) if self.logger.due().is_some_and(|due| due <= now) => {
                logged.and(self.logger.flush(folder, now))
            }
            _ => logged,
        }
    }

    fn hear(&mut self, folder: Option<&LogFolder>, now: Instant) -> io::Result<()> {
        let Some(port) = &mut self.port else { return Ok(()) };
        let mut buffer = [0; CHUNK];
        match port.read(&mut buffer) {
            Ok(length @ 1..) => {
                let heard = &buffer[..length];
                // What somebody has seen is in the file, however the daemon ends.
                let logged = folder.map_or(Ok(()), |folder| self.logger.push(folder, heard, now));
                self.console.received(heard);
                logged
            }
            Err(error)
                if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) =>
            {
                Ok(())
            }
            // The end of the file, or EIO: the device is gone.
            _ => {
                self.close(folder);
                Ok(())
            }
        }
    }

    /// A break takes up to half a second, in which the others are not to wait.
    fn send_break(&self) {
        if let Some(Ok(port)) = self.port.as_ref().map(File::try_clone) {
            thread::spawn(move || tcsendbreak(port));
        }
    }

    fn close(&mut self, folder: Option<&LogFolder>) {
        if let Some(port) = self.port.take() {
            // Closing a terminal waits for what was sent, by default for 30 s (`closing_wait` in drivers/tty/tty_port.c). What is
            // no terminal, or is gone, has nothing to take back.
            let _ = tcflush(&port, QueueSelector::OFlush);
        }
        if let Some(folder) = folder {
            // A file that cannot be written was told of at the line before.
            let _ = self.logger.flush(folder, Instant::now());
        }
        self.console.set_port(PortState::default());
    }
}
