//! The daemon's settings: `[daemon]` of `clusterhat.toml`, below what its options say.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clusterhat::config::{ConfigError, Sources, Warning};
use clusterhat::{Options, TomlText, shorten};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::time::Time;

/// Where HTTPS is served unless another address is named.
pub const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8443);

/// How long a session may be unused: what OWASP's Session Management Cheat Sheet has for what is of some value.
const SESSION_TIMEOUT: Duration = Duration::from_secs(30 * 60);

/// How often the nodes' agents are asked how they are.
const TELEMETRY_INTERVAL: Duration = Duration::from_secs(10);

/// The settings, as far as the file may say them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Settings {
    /// Where HTTPS is served; absent = nowhere, only the unix socket.
    #[serde(deserialize_with = "address")]
    pub listen: Option<SocketAddr>,
    /// A certificate chain in PEM instead of the self-signed one.
    pub certificate: Option<PathBuf>,
    /// Its private key in PEM.
    pub key: Option<PathBuf>,
    /// How long a session may be unused.
    #[serde(deserialize_with = "duration")]
    pub session_timeout: Duration,
    /// How often the nodes' agents are asked how they are.
    #[serde(deserialize_with = "duration")]
    pub telemetry_interval: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            listen: None,
            certificate: None,
            key: None,
            session_timeout: SESSION_TIMEOUT,
            telemetry_interval: TELEMETRY_INTERVAL,
        }
    }
}

/// The keys, as the file has them.
const KEYS: [&str; 5] = ["listen", "certificate", "key", "session-timeout", "telemetry-interval"];

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// The file cannot be read.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// What it says cannot be used.
    #[error(transparent)]
    Refused(#[from] Warning),
}

/// Of the file, all but `[daemon]` is for others.
#[derive(Default, Deserialize)]
struct File {
    #[serde(default)]
    daemon: Settings,
}

impl Settings {
    /// Those in the file that the boards' configuration is in. A simulation has none but the one that is named, or that of a
    /// root that is named. An unknown key has no effect, and a warning beside the settings.
    ///
    /// # Errors
    /// A value that is not allowed.
    pub fn of(sources: &Sources, options: &Options) -> Result<(Self, Vec<Warning>), SettingsError> {
        let Some((path, text)) = &sources.toml else { return Ok(Default::default()) };
        let of_root = options.root.as_ref().map(|root| root.join(Sources::OWN));
        let is_named = options.config.is_some() || of_root.as_ref() == Some(path);
        match is_named || options.simulation.is_none() {
            true => Self::parse(path, text),
            false => Ok(Default::default()),
        }
    }

    /// Reads what a file says.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub(crate) fn parse(path: &Path, text: &str) -> Result<(Self, Vec<Warning>), SettingsError> {
        let lines = TomlText::new(path, text);
        let document = lines.parse()?;
        let table = document.get_ref().get_key_value("daemon");
        // An array would be taken for the values of the keys in their order.
        if let Some((key, _)) = table.filter(|(_, value)| !value.get_ref().is_table()) {
            let text = "daemon is a table: write [daemon], and its keys below".to_owned();
            return Err(lines.message(key.span().start, text).into());
        }
        let keys = table.and_then(|(_, value)| value.get_ref().as_table());
        let warnings = keys.map_or_else(Vec::new, |keys| lines.unknown_keys(keys, "daemon", &KEYS));
        let file: File = toml::from_str(text).map_err(|error| {
            let place = error.span().map_or(0, |span| span.start);
            lines.message(place, error.message().to_owned())
        })?;
        let settings = file.daemon;
        if settings.certificate.is_some() != settings.key.is_some() {
            let place = table.map_or(0, |(key, _)| key.span().start);
            let text = "[daemon]: certificate and key go together: set both or neither";
            return Err(lines.message(place, text.to_owned()).into());
        }
        for (key, path) in [("certificate", &settings.certificate), ("key", &settings.key)] {
            if path.as_ref().is_some_and(|path| path.as_os_str().is_empty()) {
                let given = keys.and_then(|keys| keys.get_key_value(key));
                let place = given.map_or(0, |(key, _)| key.span().start);
                let text = format!("daemon.{key} = \"\": expected the path of a file");
                return Err(lines.message(place, text).into());
            }
        }
        let bounds = [
            ("session-timeout", settings.session_timeout, 1, 86_400),
            ("telemetry-interval", settings.telemetry_interval, 1, 3600),
        ];
        for (key, value, least, most) in bounds {
            if !(Duration::from_secs(least)..=Duration::from_secs(most)).contains(&value) {
                let given = keys.and_then(|keys| keys.get_key_value(key));
                let (place, given) = given.map_or((0, ""), |(key, value)| {
                    (key.span().start, text.get(value.span()).unwrap_or_default())
                });
                let text = format!("daemon.{key} = {given}: expected {least} to {most} s");
                return Err(lines.message(place, text).into());
            }
        }
        Ok((settings, warnings))
    }
}

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_address(&text).map(Some).map_err(D::Error::custom)
}

/// Where HTTPS is to be served: of the configuration, or of an option.
///
/// # Errors
/// Other words.
pub(crate) fn parse_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        let text = shorten(text);
        format!("{text:?} is not an IP address with a port, such as 127.0.0.1:8443")
    })
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    Time::deserialize(deserializer).map(|time| time.0)
}

#[cfg(test)]
mod tests {
    use clusterhat_tests::pages::{file_page, section_keys};
    use serde::de::Visitor;
    use serde::forward_to_deserialize_any;

    use super::*;

    fn parse(text: &str) -> Result<Settings, String> {
        let read = Settings::parse(Path::new("c.toml"), text);
        read.map(|(settings, _)| settings).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_not_said_has_defaults_and_the_rest_of_the_file_is_for_others() {
        assert_eq!(parse("delay = 2\n[nodes.p1]\nname = \"x\"\n"), Ok(Settings::default()));
        let settings =
            parse("[daemon]\nlisten = \"0.0.0.0:8443\"\nsession-timeout = \"90s\"\n").unwrap();
        assert_eq!(settings.listen, Some("0.0.0.0:8443".parse().unwrap()));
        assert_eq!(settings.session_timeout, Duration::from_secs(90));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        for (text, expected) in [
            (
                "[daemon]\nlisten = \"everywhere\"\n",
                "c.toml:2: \"everywhere\" is not an IP address with a port",
            ),
            ("delay = 1\n[daemon\n", "c.toml:2: "),
            (
                "delay = 1\n[daemon]\nkey = \"/k\"\n",
                "c.toml:2: [daemon]: certificate and key go together",
            ),
            // Seen: the line of [daemon], and not what is there.
            (
                "[daemon]\nlisten = \"127.0.0.1:1\"\nsession-timeout = 0\n",
                "c.toml:3: daemon.session-timeout = 0: expected 1 to 86400 s",
            ),
            (
                "[daemon]\ntelemetry-interval = \"2h\"\n",
                "c.toml:2: daemon.telemetry-interval = \"2h\": expected 1 to 3600 s",
            ),
            // Seen: "expected struct Settings", and "map, expected a string".
            ("delay = 1\ndaemon = 5\n", "c.toml:2: daemon is a table: write [daemon]"),
            ("delay = 1\n[[daemon]]\n", "c.toml:2: daemon is a table: write [daemon]"),
            // Seen: "cannot read : No such file or directory".
            (
                "[daemon]\ncertificate = \"\"\nkey = \"\"\n",
                "c.toml:2: daemon.certificate = \"\": expected the path of a file",
            ),
            ("[daemon]\ntelemetry-interval = \"soon\"\n", "not a time"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(expected) && error.contains("c.toml"), "{text}: {error}");
        }
    }

    /// Seen: an unknown key was an error here, and everywhere else in the file a warning.
    #[test]
    fn an_unknown_key_is_told_and_has_no_effect() {
        let text = "[daemon]\nlisten = \"127.0.0.1:1\"\nsession-timout = 60\n";
        let (settings, warnings) = Settings::parse(Path::new("c.toml"), text).unwrap();
        assert_eq!(settings.session_timeout, SESSION_TIMEOUT);
        let warnings: Vec<_> = warnings.iter().map(ToString::to_string).collect();
        assert_eq!(
            warnings,
            [
                "c.toml:3: unknown key \"daemon.session-timout\" is ignored; did you mean \"session-timeout\"?"
            ]
        );
    }

    /// Says which fields a structure has, and reads none.
    struct Fields<'a>(&'a mut &'static [&'static str]);

    impl<'de> Deserializer<'de> for Fields<'_> {
        type Error = serde::de::value::Error;

        fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
            Err(Self::Error::custom("no structure"))
        }

        fn deserialize_struct<V: Visitor<'de>>(
            self,
            _: &'static str,
            fields: &'static [&'static str],
            _: V,
        ) -> Result<V::Value, Self::Error> {
            *self.0 = fields;
            Err(Self::Error::custom("its fields are known"))
        }

        forward_to_deserialize_any! {
            bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct
            seq tuple tuple_struct map enum identifier ignored_any
        }
    }

    #[test]
    fn the_manual_page_explains_every_key() {
        let mut fields: &[&str] = &[];
        Settings::deserialize(Fields(&mut fields)).unwrap_err();
        assert_eq!(fields, KEYS);
        let page = "clusterhat.toml.5";
        assert_eq!(section_keys(page, "[daemon]"), KEYS);
        let example = file_page(page).example;
        let (settings, warnings) = Settings::parse(Path::new(page), &example).unwrap();
        assert!(settings.certificate.is_some() && warnings.is_empty(), "{warnings:?}");
    }
}
