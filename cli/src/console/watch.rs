//! Several consoles, read-only: each line of output with its node's name.

use std::io::{self, Write as _};
use std::time::{Instant, SystemTime};

use clusterhat::Node;
use clusterhat::ports::{Line, Lines};
use rustix::event::PollFlags;

use super::link::{Consoles, Link};
use super::log::Log;
use super::port::{Heard, wait};
use super::{CHUNK, IDLE};
use crate::failure::Failure;
use crate::render;

/// Shows the nodes' output until interrupted, or until standard output is closed.
///
/// # Errors
/// None of the consoles can be opened.
pub(crate) fn watch(at: Consoles<'_>, nodes: &[Node], log: Option<Log>) -> Result<(), Failure> {
    let mut view = View { log, width: 0 };
    let mut watched = Vec::new();
    for &node in nodes {
        let link = Link::new(at, node, false)?;
        view.width = view.width.max(link.name().len());
        watched.push(Watched {
            link,
            lines: Lines::default(),
            heard: Instant::now(),
            is_told: false,
        });
    }
    loop {
        open_all(&mut watched)?;
        let ready = wait_for_any(&watched).map_err(Failure::Input)?;
        for (watched, ready) in watched.iter_mut().zip(ready) {
            let result = watched.look(ready, &mut view);
            match result {
                Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
                    return Ok(());
                }
                result => result?,
            }
        }
    }
}

struct Watched {
    link: Link,
    lines: Lines,
    /// The time of the node's last output.
    heard: Instant,
    /// Whether the user knows that the console is being waited for.
    is_told: bool,
}

/// Opens the consoles that are present. One that another process has does not affect the others.
fn open_all(all: &mut Vec<Watched>) -> Result<(), Failure> {
    let mut failures = Vec::new();
    all.retain_mut(|watched| match watched.link.open() {
        Ok(true) => {
            watched.is_told = false;
            true
        }
        Ok(false) => {
            if !watched.link.is_open() && !std::mem::replace(&mut watched.is_told, true) {
                render::tell(&format!("{}: waiting for its console", watched.link.name()));
            }
            true
        }
        Err(failure) => {
            failures.push(failure);
            false
        }
    });
    // Where none is left, the command ends with the last, which is told then.
    let last = if all.is_empty() { failures.pop() } else { None };
    failures.iter().for_each(|failure| render::tell(&failure.lines()));
    last.map_or(Ok(()), Err)
}

fn wait_for_any(all: &[Watched]) -> io::Result<Vec<PollFlags>> {
    let fds: Vec<_> = all.iter().map(|watched| watched.link.waits_on(false)).collect();
    let due = all.iter().filter_map(|watched| watched.link.due());
    let begun = all.iter().filter(|watched| watched.lines.has_begun());
    let rests = begun.map(|watched| IDLE.saturating_sub(watched.heard.elapsed()));
    wait(&fds, due.chain(rests).min())
}

impl Watched {
    fn look(&mut self, ready: PollFlags, view: &mut View) -> Result<(), Failure> {
        if self.link.is_open() && !ready.is_empty() {
            let mut buffer = [0; CHUNK];
            match self.link.read(&mut buffer) {
                Heard::Bytes(0) => {}
                Heard::Bytes(length) => {
                    self.heard = Instant::now();
                    let mut lines = Vec::new();
                    self.lines.push(&buffer[..length], SystemTime::now(), |line| lines.push(line));
                    view.show(self.link.name(), &lines)?;
                }
                Heard::Gone => self.flush(view)?,
            }
        }
        if self.heard.elapsed() >= IDLE { self.flush(view) } else { Ok(()) }
    }

    /// Shows a line that has not ended yet, such as a prompt.
    fn flush(&mut self, view: &mut View) -> Result<(), Failure> {
        let begun: Vec<_> = self.lines.take_begun().into_iter().collect();
        view.show(self.link.name(), &begun)
    }
}

/// Where the lines go.
struct View {
    log: Option<Log>,
    /// Of the longest name.
    width: usize,
}

impl View {
    fn show(&mut self, name: &str, lines: &[Line]) -> Result<(), Failure> {
        let mut stdout = io::stdout().lock();
        for line in lines {
            if let Some(log) = &mut self.log {
                log.add(Some(name), line)?;
            }
            let name_end = format!("{name}:");
            writeln!(stdout, "{name_end:width$} {}", line.text, width = self.width + 1)?;
        }
        stdout.flush()?;
        Ok(())
    }
}
