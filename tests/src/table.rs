//! A table of what was measured, each figure beside its limit.

use std::{cmp::Ordering, fmt, time::Duration};

/// One measurement.
#[derive(Clone, Debug)]
pub struct Row {
    /// What was measured.
    pub what: String,
    /// The figure.
    pub measured: Amount,
    /// At most this, and of a rate at least this; absent = for information.
    pub limit: Option<Amount>,
    /// The same of what it is compared with.
    pub beside: Option<Amount>,
}

impl Row {
    /// Whether the figure is within its limit.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.limit.is_none_or(|limit| match self.measured {
            Amount::Rate(_) => self.measured >= limit,
            _ => self.measured <= limit,
        })
    }
}

/// A figure with its unit.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Amount {
    /// Transfers on an I2C bus.
    Transfers(u64),
    /// Instructions of a processor.
    Instructions(u64),
    /// A time.
    Time(Duration),
    /// kB of memory.
    Memory(u64),
    /// So many a second: more is better.
    Rate(f64),
    /// A count.
    Count(f64),
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transfers(count) => f.pad(&format!("{count} transfers")),
            Self::Instructions(count) => f.pad(&count.to_string()),
            Self::Time(time) if *time < Duration::from_millis(1) => {
                f.pad(&format!("{:.1} µs", time.as_secs_f64() * 1e6))
            }
            Self::Time(time) => f.pad(&format!("{:.2} ms", time.as_secs_f64() * 1e3)),
            Self::Memory(kb) => f.pad(&format!("{kb} kB")),
            Self::Rate(rate) => f.pad(&format!("{rate:.0} /s")),
            Self::Count(count) => f.pad(&format!("{count:.1}")),
        }
    }
}

/// Prints rows; `beside` says what they are compared with.
pub fn print(rows: &[Row], beside: &str) {
    let text = |amount: Option<Amount>| amount.map_or("-".into(), |amount| amount.to_string());
    println!("{:48} {:>12} {:>12} {beside:>13}", "", "measured", "limit");
    for row in rows {
        let (limit, beside) = (text(row.limit), text(row.beside));
        let missed = if row.holds() { "" } else { "  MISSED" };
        println!("{:48} {:>12} {limit:>12} {beside:>13}{missed}", row.what, row.measured);
    }
}

/// The one in the middle.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn median<T: PartialOrd + Copy>(mut values: Vec<T>) -> T {
    values.sort_by(|a, b| a.partial_cmp(b).unwrap_or(Ordering::Equal));
    values[values.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_to_be_more_than_its_limit_and_all_else_less() {
        let row = |measured, limit| Row {
            what: String::new(),
            measured,
            limit: Some(limit),
            beside: None,
        };
        assert!(row(Amount::Rate(2.0), Amount::Rate(1.0)).holds());
        assert!(!row(Amount::Rate(1.0), Amount::Rate(2.0)).holds());
        assert!(row(Amount::Memory(1), Amount::Memory(2)).holds());
        assert!(!row(Amount::Memory(2), Amount::Memory(1)).holds());
        assert!(Row { limit: None, ..row(Amount::Memory(2), Amount::Memory(1)) }.holds());
    }
}
