//! Gauges that are made for one scrape.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

type Labels = Vec<(&'static str, String)>;
type Values = Family<Labels, Gauge<f64, AtomicU64>>;

/// Gauges by their names, registered at their first value.
pub(super) struct Gauges<'a> {
    registry: &'a mut Registry,
    known: BTreeMap<&'static str, Values>,
}

/// A gauge: what it is called, what it means, and its unit, which its name ends with.
#[derive(Clone, Copy)]
pub(super) struct Name(
    pub(super) &'static str,
    pub(super) &'static str,
    pub(super) Option<fn() -> Unit>,
);

impl<'a> Gauges<'a> {
    pub(super) const fn new(registry: &'a mut Registry) -> Self {
        Self { registry, known: BTreeMap::new() }
    }

    /// Sets a value.
    pub(super) fn set(
        &mut self,
        Name(name, help, unit): Name,
        labels: &[(&'static str, &str)],
        value: f64,
    ) {
        let values = self.known.entry(name).or_insert_with(|| {
            let values = Values::default();
            match unit {
                Some(unit) => self.registry.register_with_unit(name, help, unit(), values.clone()),
                None => self.registry.register(name, help, values.clone()),
            }
            values
        });
        let labels = labels.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        values.get_or_create(&labels).set(value);
    }

    /// Sets a value where there is one.
    pub(super) fn set_some(
        &mut self,
        name: Name,
        labels: &[(&'static str, &str)],
        value: Option<f64>,
    ) {
        if let Some(value) = value {
            self.set(name, labels, value);
        }
    }
}
