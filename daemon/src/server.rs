//! The daemon's life: listening, telling that it is ready, reloading, ending.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::net::UnixListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::first_start::Announcement;
use crate::http::listen;
use crate::log::{self, Level};
use crate::redfish;
use crate::service::{Service, StartError};
use crate::table;

use https::Https;
use terminal::Terminal;

mod https;
mod terminal;

/// Where to listen beside HTTPS.
#[derive(Debug, Default)]
pub struct Sockets {
    /// A socket that systemd made.
    pub passed: Option<std::os::unix::net::UnixListener>,
    /// Where to make one, where none was passed.
    pub path: Option<PathBuf>,
    /// Whether the first account is made by somebody else.
    pub without_first_account: bool,
}

/// Serves until SIGTERM or SIGINT, or until the terminal is closed that it was started on.
///
/// # Errors
/// An address or socket that cannot be used, or a certificate that cannot be.
pub async fn run(service: Service, sockets: Sockets) -> Result<(), StartError> {
    let system = |what| move |source| StartError::System { what, source };
    let terminal = Terminal::of_start();
    // Before anybody knows that it runs: a signal is obeyed from then on.
    let signals = Signals::new().map_err(system("signals"))?;
    let of_redfish = redfish::start(&service).map_err(system("Redfish"))?;
    let router = Arc::new(table::router(&service, of_redfish));
    let mut https = Https::new(service.clone(), Arc::clone(&router));
    https.listen().await?;
    let without_first_account = sockets.without_first_account;
    let path = sockets.path.clone().filter(|_| sockets.passed.is_none());
    if let Some(socket) = unix_socket(sockets).map_err(system("the unix socket"))? {
        listen::serve_unix(socket, router);
    }
    let fingerprint = service.certificate().map(|certificate| certificate.fingerprint);
    let mut announcement = Announcement::new(service.served(), fingerprint);
    announcement.simulated = service.simulated();
    announcement.socket = path.as_ref().map(|path| path.display().to_string());
    if !without_first_account {
        let made = announcement.make_first_account(&service.access);
        made.map_err(|problem| io::Error::other(problem.message))
            .map_err(system("the first account"))?;
    }
    announce(&announcement);
    notify(&[NotifyState::Ready]);
    tokio::spawn(feed_watchdog(service.clone()));
    live(&mut https, signals, terminal).await;
    notify(&[NotifyState::Stopping]);
    service.tasks.stop().await;
    let consoles = service.consoles.clone();
    // Only a thread that panics fails.
    let _ = tokio::task::spawn_blocking(move || consoles.stop()).await;
    if let Some(path) = path {
        let _ = std::fs::remove_file(path);
    }
    Ok(())
}

/// Nobody may read it, which is no reason not to serve; but nobody knows then who may log in.
fn announce(announcement: &Announcement) {
    let line = serde_json::to_string(announcement).unwrap_or_default();
    let told = {
        let mut stdout = io::stdout().lock();
        writeln!(stdout, "{line}").and_then(|()| stdout.flush())
    };
    let Err(error) = told else { return };
    let lost = match announcement.user {
        Some(user) => format!(
            "; the password of {user}, which is shown only once, is lost: end this, remove accounts.json from its state folder, and start it again"
        ),
        None => String::new(),
    };
    log::tell(Level::Warning, &format!("cannot write the first line: {error}{lost}"), &[]);
}

fn notify(states: &[NotifyState<'_>]) {
    // Without systemd nobody listens.
    let _ = sd_notify::notify(false, states);
}

fn unix_socket(sockets: Sockets) -> io::Result<Option<UnixListener>> {
    match (sockets.passed, sockets.path) {
        (Some(passed), _) => {
            passed.set_nonblocking(true)?;
            UnixListener::from_std(passed).map(Some)
        }
        (None, Some(path)) => listen::bind_unix(&path).map(Some),
        (None, None) => Ok(None),
    }
}

/// The signals that the daemon obeys.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }
}

/// Until a signal ends it. A session's end hangs up before its terminal is gone: it is looked at after the reload, too.
async fn live(https: &mut Https, mut signals: Signals, terminal: Terminal) {
    while !terminal.has_closed() {
        tokio::select! {
            _ = signals.terminate.recv() => return,
            _ = signals.interrupt.recv() => return,
            _ = signals.hang_up.recv() => {}
        }
        if terminal.has_closed() {
            return;
        }
        tokio::select! {
            () = https.reload() => {}
            // A file that is waited for keeps nobody from ending it.
            _ = signals.terminate.recv() => return,
            _ = signals.interrupt.recv() => return,
        }
    }
}

/// Tells systemd that the daemon lives, as often as it asks for: while handlers run at all, and the boards' thread is not
/// stuck. No board is read for it.
async fn feed_watchdog(service: Service) {
    let mut micros = 0;
    if !sd_notify::watchdog_enabled(false, &mut micros) {
        return;
    }
    let interval = Duration::from_micros(micros);
    loop {
        if tokio::time::timeout(interval, service.boards.lives()).await.is_ok() {
            notify(&[NotifyState::Watchdog]);
        }
        tokio::time::sleep(interval / 2).await;
    }
}
