//! Readings of the boards, by one thread that owns them, for however many ask.
//!
//! A reading begins at most once a second. Whoever asks gets one that began after the question, so that what a client
//! switched before it asks is seen, unless the client allows an older one.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime};
use std::{io, thread};

use clusterhat::config::Sources;
use clusterhat::life::{NodeState, State};
use clusterhat::nodes::label;
use clusterhat::report::InventoryReport;
use clusterhat::{Cluster, Controller, Error, NodeSet, Numbering, Options, System};
use tokio::sync::watch;

use super::reading::Reading;
use crate::events::{EventKind, Events};

/// The shortest time between the beginnings of two readings.
const PAUSE: Duration = Duration::from_secs(1);

/// What readings cost so far.
#[derive(Debug, Default)]
pub struct Counters {
    /// Readings.
    pub readings: AtomicU64,
    /// Readings in which a board did not answer, or no board could be opened.
    pub failures: AtomicU64,
    /// Transfers on all I2C buses.
    pub transfers: AtomicU64,
    /// Transfers that were made again.
    pub retries: AtomicU64,
}

/// What the thread shares with who asks.
struct Shared {
    options: RwLock<Options>,
    latest: watch::Sender<Option<Arc<Reading>>>,
    /// Whether somebody waits for a reading.
    is_wanted: AtomicBool,
    /// Whether somebody waits for a sign of life.
    is_called: AtomicBool,
    /// How many signs of life the thread has given.
    signs: watch::Sender<u64>,
    counters: Counters,
    /// Whether the configuration is to be read again.
    reload: AtomicBool,
    /// How often boards came or went.
    generation: AtomicU64,
    /// Which node had which number in the latest reading.
    numbering: Mutex<Numbering>,
    /// The states as who follows the nodes knows them: since when, too.
    followed: Mutex<Vec<NodeState>>,
}

impl Shared {
    fn options(&self) -> Options {
        self.options.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The boards.
#[derive(Clone)]
pub struct Boards {
    shared: Arc<Shared>,
    wake: SyncSender<()>,
}

impl Boards {
    /// Starts the thread. Boards that are not there yet are looked for at each reading.
    ///
    /// # Errors
    /// Where the kernel gives no thread.
    pub fn start(options: Options, events: Arc<Events>) -> io::Result<Self> {
        // One waiting request is enough: a reading serves all that were there before it.
        let (wake, requests) = sync_channel(1);
        let shared = Arc::new(Shared {
            options: RwLock::new(Options { without_boards: true, ..options }),
            latest: watch::channel(None).0,
            is_wanted: AtomicBool::new(false),
            is_called: AtomicBool::new(false),
            signs: watch::channel(0).0,
            counters: Counters::default(),
            reload: AtomicBool::new(false),
            generation: AtomicU64::new(0),
            numbering: Mutex::default(),
            followed: Mutex::default(),
        });
        let own = Arc::clone(&shared);
        thread::Builder::new()
            .name("boards".to_owned())
            .spawn(move || Reader::new(own, events).run(&requests))?;
        Ok(Self { shared, wake })
    }

    /// A reading that began after this call, or one that is not older than `max_age`. However many ask: at most one
    /// reading a second.
    pub async fn reading(&self, max_age: Duration) -> Arc<Reading> {
        let asked = Instant::now();
        // A client may allow any age, also one that no clock reaches back to.
        let will_do = |reading: &Reading| asked.saturating_duration_since(reading.begun) <= max_age;
        let mut latest = self.shared.latest.subscribe();
        loop {
            let found = latest.borrow_and_update().clone().filter(|reading| will_do(reading));
            if let Some(reading) = found {
                return reading;
            }
            self.look_again();
            if latest.changed().await.is_err() {
                // The sender lives as long as `self`.
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    /// Asks for a reading, and does not wait for it.
    pub fn look_again(&self) {
        // Full: somebody else's request is still waiting, and what it brings begins later.
        self.shared.is_wanted.store(true, Ordering::SeqCst);
        let _ = self.wake.try_send(());
    }

    /// Waits for a sign of life of the thread: none comes while a board keeps it. Touches no board.
    pub async fn lives(&self) {
        let mut signs = self.shared.signs.subscribe();
        self.shared.is_called.store(true, Ordering::SeqCst);
        let _ = self.wake.try_send(());
        // The sender lives as long as `self`.
        let _ = signs.changed().await;
    }

    /// The machine and the configuration that operations are to use: the same as readings do, whatever becomes of the files.
    #[must_use]
    pub fn options(&self) -> Options {
        self.shared.options()
    }

    /// Which node had which number in the latest reading.
    #[must_use]
    pub fn numbering(&self) -> Numbering {
        self.shared.numbering.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What readings cost so far.
    #[must_use]
    pub fn counters(&self) -> &Counters {
        &self.shared.counters
    }

    /// The configuration is another: opens the boards anew at the next reading.
    pub fn reload(&self, sources: Arc<Sources>) {
        let mut options = self.shared.options.write().unwrap_or_else(PoisonError::into_inner);
        options.sources = Some(sources);
        drop(options);
        self.shared.reload.store(true, Ordering::SeqCst);
        self.shared.generation.fetch_add(1, Ordering::SeqCst);
    }

    /// How often boards came or went, or were opened anew: who follows nodes begins again then.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.shared.generation.load(Ordering::SeqCst)
    }

    /// Takes over what who follows the nodes knows.
    pub fn follow(&self, states: &[NodeState]) {
        let mut followed = self.shared.followed.lock().unwrap_or_else(PoisonError::into_inner);
        followed.clear();
        followed.extend_from_slice(states);
    }

    /// The states as who follows the nodes knows them; touches no board.
    #[must_use]
    pub fn states(&self) -> Vec<NodeState> {
        self.shared.followed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The thread's own.
struct Reader {
    shared: Arc<Shared>,
    events: Arc<Events>,
    cluster: Option<Cluster>,
    /// Of clusters that were closed.
    before: (u64, u64),
    under_voltage: Option<bool>,
    network: Arc<InventoryReport>,
}

impl Reader {
    fn new(shared: Arc<Shared>, events: Arc<Events>) -> Self {
        let network = Arc::default();
        Self { shared, events, cluster: None, before: (0, 0), under_voltage: None, network }
    }

    fn run(mut self, requests: &Receiver<()>) {
        let mut next = Instant::now();
        while requests.recv().is_ok() {
            self.give_sign();
            if !self.shared.is_wanted.load(Ordering::SeqCst) {
                continue;
            }
            // Where simulated time passes at once, so does this.
            if !self.shared.options().without_waits {
                thread::sleep(next.saturating_duration_since(Instant::now()));
            }
            // Those that came meanwhile are served by this one.
            while requests.try_recv().is_ok() {}
            self.shared.is_wanted.store(false, Ordering::SeqCst);
            self.give_sign();
            next = Instant::now() + PAUSE;
            let reading = self.read();
            self.shared.latest.send_replace(Some(Arc::new(reading)));
        }
    }

    fn give_sign(&self) {
        if self.shared.is_called.swap(false, Ordering::SeqCst) {
            self.shared.signs.send_modify(|signs| *signs += 1);
        }
    }

    fn read(&mut self) -> Reading {
        if self.shared.reload.swap(false, Ordering::SeqCst) {
            self.close();
        }
        let (taken, begun) = (SystemTime::now(), Instant::now());
        let network = Arc::clone(&self.network);
        let mut reading =
            Reading { taken, begun, status: None, boards: None, network, error: None };
        match self.look(&mut reading) {
            Ok(()) => {}
            Err(error) => {
                reading.error = Some(Arc::new(error.report()));
                // What could not be opened may come: another try begins anew.
                self.close();
            }
        }
        if reading.error.is_some() {
            self.shared.counters.failures.fetch_add(1, Ordering::Relaxed);
        }
        self.count();
        self.tell_supply(&reading);
        reading
    }

    fn look(&mut self, reading: &mut Reading) -> Result<(), Error> {
        let all = NodeSet::parse::<&str>(&[])?;
        let (cluster, is_new) = match &mut self.cluster {
            Some(cluster) => {
                let is_new = cluster.rescan()?;
                if is_new {
                    self.shared.generation.fetch_add(1, Ordering::SeqCst);
                    self.events.tell(EventKind::Boards { boards: cluster.board_names() });
                }
                (cluster, is_new)
            }
            none => (none.insert(Controller::new(&self.shared.options())?.open()?), true),
        };
        if is_new {
            // A simulation covers boards, not a system.
            let system = System::new(&self.shared.options()).ok();
            let network = cluster.inventory(system.as_ref(), &all);
            self.network = Arc::new(network.map(|found| found.report).unwrap_or_default());
        }
        *self.shared.numbering.lock().unwrap_or_else(PoisonError::into_inner) = cluster.numbering();
        reading.network = Arc::clone(&self.network);
        let mut status = cluster.status(&all)?;
        let boards = cluster.describe(false);
        let followed = self.shared.followed.lock().unwrap_or_else(PoisonError::into_inner);
        let known: Vec<_> =
            followed.iter().filter(|known| agrees(known, &status.report.nodes)).copied().collect();
        status.report.follow(&known);
        drop(followed);
        reading.status = Some(status.report);
        reading.boards = Some(boards.report);
        reading.error = status.error.map(|error| Arc::new(error.report()));
        Ok(())
    }

    fn close(&mut self) {
        if let Some(mut cluster) = self.cluster.take() {
            let used = cluster.bus_use();
            self.before.0 += u64::from(used.transfers);
            self.before.1 += u64::from(used.retries);
        }
    }

    fn count(&mut self) {
        let used = self.cluster.as_mut().map(Cluster::bus_use);
        let (transfers, retries) = used.map_or((0, 0), |used| (used.transfers, used.retries));
        let counters = &self.shared.counters;
        counters.readings.fetch_add(1, Ordering::Relaxed);
        counters.transfers.store(self.before.0 + u64::from(transfers), Ordering::Relaxed);
        counters.retries.store(self.before.1 + u64::from(retries), Ordering::Relaxed);
    }

    fn tell_supply(&mut self, reading: &Reading) {
        let now = reading.status.as_ref().and_then(|status| status.under_voltage);
        if let Some(now) = now.filter(|_| now != self.under_voltage) {
            if now || self.under_voltage.is_some() {
                self.events.tell(EventKind::UnderVoltage { now });
            }
            self.under_voltage = Some(now);
        }
    }
}

/// Whether who follows a node says the same as this reading, or knows more: what an agent said is not seen on any bus.
fn agrees(known: &NodeState, rows: &[clusterhat::report::NodeStatus]) -> bool {
    let label = label(known.node);
    let read = rows.iter().find(|row| row.node == label).and_then(|row| row.state);
    match (read, known.state) {
        (Some(State::Reachable), State::Agent) => true,
        (Some(State::Powered), State::Halted) => true,
        (read, state) => read == Some(state),
    }
}

#[cfg(test)]
mod tests {
    use clusterhat_tests::command::World;

    use super::*;

    /// Seen: the watchdog read the boards of an idle daemon twice a minute.
    #[tokio::test]
    async fn a_sign_of_life_takes_no_reading_and_a_reading_is_no_less_taken() {
        let world = World::builtin("v2.5");
        let options = Options {
            simulation: Some(world.path().display().to_string()),
            without_waits: true,
            ..Options::default()
        };
        let boards = Boards::start(options, Arc::default()).unwrap();
        for _ in 0..3 {
            boards.lives().await;
        }
        let readings = || boards.counters().readings.load(Ordering::Relaxed);
        assert_eq!((readings(), boards.counters().transfers.load(Ordering::Relaxed)), (0, 0));
        let (reading, ()) = tokio::join!(boards.reading(Duration::ZERO), boards.lives());
        assert!(reading.status.is_some());
        boards.lives().await;
        assert_eq!(readings(), 1);
    }
}
