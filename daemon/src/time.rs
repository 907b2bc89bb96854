//! Times in bodies and in the configuration: seconds as a number, or a text such as `"500ms"`, as in the command's options.

use std::borrow::Cow;
use std::time::Duration;

use clusterhat::{parse_duration, shorten};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

/// No time here is longer: what comes beyond is a mistake, and no clock is sure to reach it.
const LONGEST: Duration = Duration::from_secs(1_000_000_000);

/// A time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time(pub Duration);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Given {
            Seconds(f64),
            Text(String),
        }
        let (time, given) = match Given::deserialize(deserializer) {
            Ok(Given::Seconds(seconds)) => {
                // Of 1e300 all 301 digits would be shown otherwise.
                let given = match seconds.abs() < 1e21 {
                    true => seconds.to_string(),
                    false => format!("{seconds:e}"),
                };
                (Duration::try_from_secs_f64(seconds).ok(), given)
            }
            Ok(Given::Text(text)) => (parse_duration(&text).ok(), format!("{:?}", shorten(&text))),
            Err(_) => (None, "this".to_owned()),
        };
        time.filter(|time| *time <= LONGEST).map(Self).ok_or_else(|| {
            let longest = LONGEST.as_secs();
            let text = format!(
                "{given} is not a time: write 90, 1.5, \"500ms\" or \"24h\", at most {longest} s"
            );
            serde::de::Error::custom(text)
        })
    }
}

impl JsonSchema for Time {
    fn schema_name() -> Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Seconds as a number, or a text such as \"500ms\", \"90s\", \"5min\", \"24h\" or \"30d\".",
            "type": ["number", "string"],
            "minimum": 0,
            "maximum": LONGEST.as_secs(),
        })
    }
}
