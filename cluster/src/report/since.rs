//! A moment since which something is so.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hat_driver::linux::Moment;
use serde::{Serialize, Serializer};

/// A moment on the boot clock (`CLOCK_BOOTTIME`), which is never set. In JSON documents it is the time of day, in
/// whole seconds since 1970-01-01 UTC, by the system's clock at the time of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Since(pub Duration);

impl Since {
    /// How long ago.
    #[must_use]
    pub fn age(self) -> Duration {
        Moment::now().uptime.saturating_sub(self.0)
    }

    fn unix_seconds(self) -> u64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        rounded(now, self.age())
    }
}

/// Down: what has happened is never in the future.
const fn rounded(now: Duration, age: Duration) -> u64 {
    now.saturating_sub(age).as_secs()
}

impl Serialize for Since {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.unix_seconds())
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Since {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Since".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "Seconds since 1970-01-01 UTC.",
            "type": "integer",
            "minimum": 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_age_is_by_the_boot_clock_and_the_document_by_the_system_s() {
        let now = Moment::now().uptime;
        let since = Since(now - Duration::from_millis(100));
        assert!(since.age() >= Duration::from_millis(100));
        assert_eq!(Since(now + Duration::from_secs(60)).age(), Duration::ZERO);
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let told: u64 = serde_json::to_string(&since).unwrap().parse().unwrap();
        assert!((unix - 60..=unix + 1).contains(&told), "{told} {unix}");
    }

    /// Seen: a node was on since half a second after the answer.
    #[test]
    fn what_has_happened_is_not_in_the_future() {
        let ms = Duration::from_millis;
        assert_eq!(rounded(ms(10_999), ms(0)), 10);
        assert_eq!(rounded(ms(10_999), ms(1_000)), 9);
        assert_eq!(rounded(ms(1), ms(2)), 0);
    }
}
