//! Metrics of the daemon itself.

use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::{Registry, Unit};

use super::gauges::{Gauges, Name};
use crate::service::Service;

const BUILD: Name =
    Name("build_info", "The daemon's version, and whether its boards are simulated", None);
const RUNNING: Name = Name("tasks_running", "Operations that run", None);
const LISTENERS: Name = Name("event_listeners", "Clients that listen to events", None);
const SESSIONS: Name = Name("sessions", "Sessions that are open", None);

pub(super) fn gauges(gauges: &mut Gauges<'_>, service: &Service) {
    let simulated = if service.simulated().is_some() { "true" } else { "false" };
    let labels = [("version", env!("CARGO_PKG_VERSION")), ("simulated", simulated)];
    gauges.set(BUILD, &labels, 1.0);
    let running = service.tasks.list().iter().filter(|task| !task.is_over()).count();
    gauges.set(RUNNING, &[], running as f64);
    gauges.set(LISTENERS, &[], service.events.listeners() as f64);
    gauges.set(SESSIONS, &[], service.access.sessions.list().len() as f64);
}

/// Counters that others keep.
pub(super) fn counters(registry: &mut Registry, service: &Service) {
    let counters = service.boards.counters();
    let mut add = |name, help, value: &AtomicU64| {
        let counter: Counter<u64> = Counter::default();
        counter.inc_by(value.load(Ordering::Relaxed));
        registry.register(name, help, counter);
    };
    add("board_readings", "Readings of all boards", &counters.readings);
    add("board_reading_failures", "Readings in which a board did not answer", &counters.failures);
    add("i2c_transfers", "Transfers on all I2C buses for readings", &counters.transfers);
    add("i2c_retries", "Transfers that were made again", &counters.retries);
    let failures = service.access.slow_down.total();
    add("authentication_failures", "Passwords and tokens that were refused", failures);
    let received: Family<[(&str, String); 1], Counter> = Family::default();
    for console in service.consoles.all() {
        let labels = [("node", console.label().to_owned())];
        received.get_or_create(&labels).inc_by(console.summary().received);
    }
    let help = "What nodes have written to their consoles";
    registry.register_with_unit("console_read", help, Unit::Bytes, received);
}
