//! A node's state, and since when it is so.

use std::time::Duration;

use clusterhat::life::State;
use clusterhat::report::Since;

use super::table::{Cell, Tone, cell, plain};

/// The state and its age, for a row of a table.
pub(super) fn cells(state: Option<State>, since: Option<Since>) -> [Cell; 2] {
    let state = match state {
        None => plain("?"),
        Some(state) => cell(state.name(), tone(state)),
    };
    [state, plain(since.map_or(String::new(), |since| age(since.age())))]
}

/// What needs attention is bad, what can be used is good.
const fn tone(state: State) -> Tone {
    match state {
        State::Link | State::Reachable | State::Agent => Tone::Good,
        State::BootRom | State::Failed => Tone::Bad,
        _ => Tone::Plain,
    }
}

/// In the largest unit that it fills: `59 s`, `59 min`, `23 h`, `400 d`.
fn age(age: Duration) -> String {
    const UNITS: [(u64, &str); 3] = [(86_400, "d"), (3600, "h"), (60, "min")];
    let seconds = age.as_secs();
    let unit = UNITS.into_iter().find(|(unit, _)| seconds >= *unit);
    let (unit, name) = unit.unwrap_or((1, "s"));
    format!("{} {name}", seconds / unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_in_the_largest_unit_that_it_fills() {
        for (seconds, text) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3599, "59 min"),
            (3600, "1 h"),
            (86_399, "23 h"),
            (86_400, "1 d"),
        ] {
            assert_eq!(age(Duration::from_secs(seconds)), text);
        }
    }
}
