//! Times as people write them.

use std::time::Duration;

/// What a time looks like, for messages.
const FORM: &str = "not a time; write seconds such as 2, 0.5 or 1.5s, or another unit: 500ms, 5min, 24h, 30d; no other units are known";

/// The units, and how many seconds each has. One that ends another's name comes after it.
const UNITS: [(&str, f64); 5] =
    [("ms", 1e-3), ("s", 1.0), ("min", 60.0), ("h", 3600.0), ("d", 86_400.0)];

/// Reads seconds, with or without an `s`, or another unit: `1`, `0.5`, `1.5s`, `500ms`, `5min`, `24h`, `30d`.
///
/// # Errors
/// What is wrong, without the text itself: the argument parser names that.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let mut units = UNITS.iter().filter_map(|(name, unit)| Some((text.strip_suffix(name)?, *unit)));
    let (number, unit) = units.next().unwrap_or((text, 1.0));
    if number.starts_with('-') {
        return Err("a time cannot be negative; write 0 or more seconds".to_owned());
    }
    // The standard parser also takes inf, nan and 1e9, which nobody means here.
    let plain = number.chars().all(|c| c.is_ascii_digit() || c == '.');
    let value: f64 = match number.parse() {
        Ok(value) if plain => value,
        _ => return Err(FORM.to_owned()),
    };
    Duration::try_from_secs_f64(value * unit)
        .map_err(|_| format!("the time is too long; the longest is {} s", u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_with_a_unit_and_seconds_without() {
        for (text, milliseconds) in [
            ("2", 2000),
            ("0.5", 500),
            ("1.5s", 1500),
            ("500ms", 500),
            (" 1 ", 1000),
            ("0", 0),
            ("5min", 300_000),
            ("1.5h", 5_400_000),
            ("30d", 2_592_000_000),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        for text in [
            "",
            "s",
            "ms",
            "x",
            "-1",
            "inf",
            "nan",
            "1e3",
            "1m",
            "min",
            "d",
            "1 2",
            &"9".repeat(30),
        ] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
        for (text, part) in [
            ("5m", "no other units"),
            ("2w", "no other units"),
            (&"9".repeat(30), "the longest is 18446744073709551615 s"),
        ] {
            let error = parse_duration(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
