//! The fan that follows the hottest of the controller and the nodes, with hysteresis.

use std::time::Instant;

use crate::cluster::Cluster;
use crate::error::Error;
use crate::nodes::NodeSet;
use crate::operations::outputs::Fan;
use crate::outcome::Outcome;
use crate::report::FanReport;
use crate::telemetry::Gatherer;

/// At which temperatures, in degrees Celsius, the fan goes on and off. Between the two it stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FanCurve {
    /// From here on it runs.
    pub on_c: u8,
    /// From here down it rests; below `on_c`.
    pub off_c: u8,
}

impl FanCurve {
    /// Whether a fan is to run, after whether it runs and the highest temperature. It runs where nobody can tell.
    #[must_use]
    pub fn next(self, is_on: bool, hottest_c: Option<f64>) -> bool {
        match hottest_c {
            None => true,
            Some(celsius) if celsius >= f64::from(self.on_c) => true,
            Some(celsius) if celsius <= f64::from(self.off_c) => false,
            Some(_) => is_on,
        }
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curve() {
        const CURVE: FanCurve = FanCurve { on_c: 60, off_c: 50 };
        for (is_on, hottest, next) in [
            (false, Some(20.0), false),
            (false, Some(50.0), false),
            (false, Some(59.9), false),
            (false, Some(60.0), true),
            (false, Some(99.0), true),
            (true, Some(60.0), true),
            (true, Some(50.1), true),
            (true, Some(50.0), false),
            (true, Some(20.0), false),
            // Nobody can tell.
            (false, None, true),
            (true, None, true),
        ] {
            assert_eq!(CURVE.next(is_on, hottest), next, "{is_on} at {hottest:?}");
        }
    }

    /// A temperature that moves by a degree switches nothing.
    #[test]
    fn it_does_not_flutter() {
        const CURVE: FanCurve = FanCurve { on_c: 60, off_c: 50 };
        for around in [50.0, 55.0, 60.0] {
            let mut is_on = true;
            let mut switched = 0;
            for step in 0..1000 {
                let next = CURVE.next(is_on, Some(around + f64::from(step % 3) - 1.0));
                switched += u32::from(next != is_on);
                is_on = next;
            }
            assert!(switched <= 1, "{switched} times around {around}");
        }
    }
}
