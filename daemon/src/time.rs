//! Times in bodies and in the configuration: seconds as a number, or a text such as `"500ms"`, as in the command's options.

use std::borrow::Cow;
use std::time::Duration;

use clusterhat::parse_duration;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};

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
        let wrong = || serde::de::Error::custom("not a time: write 90, 1.5 or \"500ms\"");
        let time = match Given::deserialize(deserializer) {
            Ok(Given::Seconds(seconds)) => Duration::try_from_secs_f64(seconds).ok(),
            Ok(Given::Text(text)) => parse_duration(&text).ok(),
            Err(_) => None,
        };
        time.map(Self).ok_or_else(wrong)
    }
}

impl JsonSchema for Time {
    fn schema_name() -> Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Seconds as a number, or a text such as \"500ms\".",
            "type": ["number", "string"],
            "minimum": 0,
        })
    }
}
