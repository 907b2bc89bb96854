//! Switches fans by the temperatures that were read.

use std::time::Instant;

use super::curve::FanCurve;
use crate::cluster::Cluster;
use crate::error::Error;
use crate::nodes::NodeSet;
use crate::operations::outputs::Fan;
use crate::outcome::Outcome;
use crate::report::FanReport;
use crate::telemetry::Gatherer;

/// Switches the fans of a cluster, round by round.
pub struct FanControl {
    curve: FanCurve,
    gatherer: Gatherer,
    is_on: bool,
}

impl FanControl {
    /// By this curve. A fan runs until it is known that it need not.
    #[must_use]
    pub fn new(curve: FanCurve) -> Self {
        Self { curve, gatherer: Gatherer::default(), is_on: true }
    }

    /// Takes the temperatures, listening to nodes until this time, and switches the fans.
    ///
    /// # Errors
    /// [`Error::NoFan`], or [`Error::Nodes`] where the nodes have changed meanwhile. What boards fail with is the
    /// outcome's error.
    pub fn round(
        &mut self,
        cluster: &mut Cluster,
        until: Instant,
    ) -> Result<Outcome<FanReport>, Error> {
        let all = NodeSet::parse::<&str>(&[])?;
        let Outcome { report, error } = self.gatherer.round(cluster, &all, until)?;
        self.is_on = self.curve.next(self.is_on, report.hottest_c);
        let switched = cluster.set_fan(self.is_on, Fan::All)?.error;
        let whose = report.hottest_c.map(|hottest| {
            let is_it = |celsius: Option<f64>| celsius == Some(hottest);
            let of = |node: &&crate::report::TopNode| {
                is_it(node.telemetry.as_ref().and_then(|telemetry| telemetry.temperature_c))
            };
            report
                .nodes
                .iter()
                .find(of)
                .map_or_else(|| "controller".to_owned(), |node| node.node.clone())
        });
        let report = FanReport { fan: self.is_on, hottest_c: report.hottest_c, whose };
        Ok(Outcome { report, error: switched.or(error) })
    }
}
