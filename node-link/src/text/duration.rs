//! Times as people write them.

use std::time::Duration;

/// What a time looks like, for messages.
const FORM: &str = "not a time; write seconds such as 2, 0.5 or 1.5s, or milliseconds such as 500ms; no other units are known";

/// Reads seconds, with or without an `s`, or milliseconds: `1`, `0.5`, `1.5s`, `500ms`.
///
/// # Errors
/// What is wrong, without the text itself: the argument parser names that.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let (number, unit) = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
        (Some(number), _) => (number, 1e-3),
        (None, Some(number)) => (number, 1.0),
        (None, None) => (text, 1.0),
    };
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
    fn seconds_and_milliseconds() {
        for (text, milliseconds) in
            [("2", 2000), ("0.5", 500), ("1.5s", 1500), ("500ms", 500), (" 1 ", 1000), ("0", 0)]
        {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
        for text in ["", "s", "ms", "x", "-1", "inf", "nan", "1e3", "1m", "1 2", &"9".repeat(30)] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
        for (text, part) in [
            ("10000d", "no other units"),
            ("1.5h", "no other units"),
            (&"9".repeat(30), "the longest is 18446744073709551615 s"),
        ] {
            let error = parse_duration(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
