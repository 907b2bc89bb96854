//! What is counted while the daemon runs.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use axum::http::{Method, StatusCode};
use clusterhat::life::State;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// The bounds of latencies, in seconds.
const LATENCIES: [f64; 9] = [0.001, 0.005, 0.02, 0.1, 0.5, 1.0, 2.5, 10.0, 60.0];

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Changed {
    node: String,
    state: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Answered {
    method: String,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Asked {
    method: String,
    route: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Ended {
    operation: String,
    result: String,
}

/// A counter of seconds.
type Seconds = Counter<f64, AtomicU64>;

/// Makes a histogram of latencies.
#[derive(Clone)]
struct Latency;

impl MetricConstructor<Histogram> for Latency {
    fn new_metric(&self) -> Histogram {
        Histogram::new(LATENCIES)
    }
}

/// What is counted while the daemon runs.
pub struct Metrics {
    registry: Registry,
    changes: Family<Changed, Counter>,
    answers: Family<Answered, Counter>,
    latencies: Family<Asked, Histogram, Latency>,
    ended: Family<Ended, Counter>,
    waited: Seconds,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("clusterhat");
        let (changes, answers) = (Family::default(), Family::default());
        let latencies = Family::new_with_constructor(Latency);
        let text = "How often a node came into a state";
        registry.register("node_state_changes", text, changes.clone());
        registry.register("http_requests", "Requests that were answered", answers.clone());
        registry.register_with_unit(
            "http_request_duration",
            "How long an answer took to begin",
            Unit::Seconds,
            latencies.clone(),
        );
        let ended = Family::default();
        registry.register("tasks_finished", "Operations that have ended", ended.clone());
        let waited = Seconds::default();
        let text = "Time that operations have waited between two nodes";
        registry.register_with_unit("stagger_wait", text, Unit::Seconds, waited.clone());
        Self { registry, changes, answers, latencies, ended, waited }
    }

    /// An operation has ended: `done`, `failed` or `cancelled`.
    pub fn task_ended(&self, operation: &str, result: &str) {
        let labels = Ended { operation: operation.to_owned(), result: result.to_owned() };
        self.ended.get_or_create(&labels).inc();
    }

    /// An operation has waited between two nodes.
    pub fn has_waited(&self, time: Duration) {
        self.waited.inc_by(time.as_secs_f64());
    }

    pub(super) const fn registry(&self) -> &Registry {
        &self.registry
    }

    /// A node is in another state.
    pub fn state_changed(&self, node: &str, state: State) {
        let labels = Changed { node: node.to_owned(), state: state.name().to_owned() };
        self.changes.get_or_create(&labels).inc();
    }

    /// A request was answered. The route is its pattern: what clients make up is no label.
    pub fn answered(&self, method: &Method, route: &str, status: StatusCode, took: Duration) {
        let standard = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
        let known = standard.contains(method) || method == Method::HEAD;
        let method = if known { method.as_str() } else { "other" }.to_owned();
        let (route, status) = (route.to_owned(), status.as_u16());
        let asked = Asked { method: method.clone(), route: route.clone() };
        self.answers.get_or_create(&Answered { method, route, status }).inc();
        self.latencies.get_or_create(&asked).observe(took.as_secs_f64());
    }
}
