//! The table of links.

use clusterhat_tests::table::median;

/// A property of a link, ours and the kernel's own, several times in turn.
pub(crate) struct Link {
    pub(crate) what: String,
    pub(crate) unit: Unit,
    /// Measured in turn; ours is absent where we have no such function.
    pub(crate) ours: Option<Vec<f64>>,
    pub(crate) kernels: Vec<f64>,
}

/// In what it is measured, and with it which way is better.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Unit {
    /// Mbit/s: more is better.
    Rate,
    /// ms: less is better.
    Time,
}

impl Link {
    /// Not slower than the kernel's own by more than the noise.
    pub(crate) fn holds(&self) -> bool {
        self.gain().is_none_or(|(gain, noise)| gain >= -noise)
    }

    /// By what part ours is better in the middle of the pairs of neighbouring runs; and the noise: how
    /// far the middle half of the pairs spreads.
    fn gain(&self) -> Option<(f64, f64)> {
        let pairs = self.ours.as_ref()?.iter().zip(&self.kernels);
        let mut gains: Vec<f64> = pairs
            .map(|(ours, kernels)| match self.unit {
                Unit::Rate => ours / kernels - 1.0,
                Unit::Time => kernels / ours - 1.0,
            })
            .collect();
        gains.sort_by(f64::total_cmp);
        let at = |quarter: usize| gains[(gains.len() - 1) * quarter / 4];
        Some((at(2), at(3) - at(1)))
    }
}

/// Prints the links' table.
pub(crate) fn print(links: &[Link]) {
    println!(
        "{:40} {:>14} {:>14} {:>11} {:>8}",
        "link over dummy_hcd", "ours", "kernel's own", "faster by", "noise"
    );
    for link in links {
        let text = |values: &[f64]| {
            let value = median(values.to_vec());
            match link.unit {
                Unit::Rate => format!("{value:.1} Mbit/s"),
                Unit::Time => format!("{value:.2} ms"),
            }
        };
        let ours = link.ours.as_deref().map_or("-".into(), text);
        let (gain, noise) = link.gain().map_or(("-".into(), "-".into()), |(gain, noise)| {
            (format!("{:+.1} %", 100.0 * gain), format!("{:.1} %", 100.0 * noise))
        });
        let missed = if link.holds() { "" } else { "  MISSED" };
        let kernels = text(&link.kernels);
        println!("{:40} {ours:>14} {kernels:>14} {gain:>11} {noise:>8}{missed}", link.what);
    }
}
