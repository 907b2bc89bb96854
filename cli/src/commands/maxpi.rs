//! `maxpi`: how many nodes there are.

use clusterhat::Outcome;
use clusterhat::report::Report;

use crate::call::{Call, Done, Run};

/// `maxpi`.
pub(crate) struct Maxpi;

impl Run for Maxpi {
    fn name(&self) -> &'static str {
        "maxpi"
    }

    fn run(&self, call: &mut Call) -> Done {
        let cluster = call.open()?;
        Ok(Outcome::from(Report::Maxpi { maxpi: cluster.count() }).or(cluster.uncounted()))
    }
}
