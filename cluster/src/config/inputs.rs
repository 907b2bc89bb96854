//! Merged inputs: of the sources that may set a value, the one that counts.

use std::time::Duration;

use super::defaults::Legacy;
use node_link::text::parse_duration;

use super::Warning;
use super::error::ConfigError;
use super::file::{self, Fragment};
use super::given::{Given, Origin};
use super::limits::{self, TimeLimits};
use super::sources::Sources;

/// Times for this call alone, which override those of environment and files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// Between two nodes switched on, 0 to 300 s; also before the delays of single nodes.
    pub delay: Option<Duration>,
    /// How long a power cycle keeps a node off, 0.1 to 300 s.
    pub off_time: Option<Duration>,
    /// How long to wait for another process, 0 to 3600 s.
    pub lock_limit: Option<Duration>,
}

/// One source for each value, not yet checked against the limits.
#[derive(Debug)]
pub(super) struct Inputs {
    /// The program's own file; its times are replaced by those of flags and environment.
    pub(super) fragment: Fragment,
    /// The vendor's file, where it is in use.
    pub(super) legacy: Option<Legacy>,
}

pub(super) fn merge(
    sources: &Sources,
    overrides: &Overrides,
    env: &dyn Fn(&str) -> Option<String>,
    warnings: &mut Vec<Warning>,
) -> Result<Inputs, ConfigError> {
    let (mut fragment, legacy) = match (&sources.toml, &sources.legacy) {
        (Some((path, text)), _) => (file::read(path, text, warnings)?, None),
        (None, Some((path, text))) => {
            (Fragment::default(), Some(Legacy::parse(path, text, warnings)?))
        }
        (None, None) => (Fragment::default(), None),
    };
    let call = |key, name, given: Option<Duration>, limits: &TimeLimits| match given {
        Some(value) => {
            Ok(Some(Given::new(value, &value.as_secs_f64().to_string(), Origin::Call(key))))
        }
        None => environment(name, env, limits),
    };
    let delay = call("delay", "CLUSTERHAT_DELAY", overrides.delay, &limits::DELAY)?;
    let off_time = call("off-time", "CLUSTERHAT_OFF_TIME", overrides.off_time, &limits::OFF_TIME)?;
    let lock_limit =
        call("lock-limit", "CLUSTERHAT_LOCK_LIMIT", overrides.lock_limit, &limits::LOCK_LIMIT)?;
    fragment.delay = delay.or(fragment.delay);
    fragment.off_time = off_time.or(fragment.off_time);
    fragment.lock_limit = lock_limit.or(fragment.lock_limit);
    Ok(Inputs { fragment, legacy })
}

/// An empty variable counts as none.
fn environment(
    name: &'static str,
    env: &dyn Fn(&str) -> Option<String>,
    limits: &TimeLimits,
) -> Result<Option<Given<Duration>>, ConfigError> {
    let Some(text) = env(name).filter(|text| !text.trim().is_empty()) else {
        return Ok(None);
    };
    let given = Given::new((), &text, Origin::Environment(name));
    match parse_duration(&text) {
        Ok(value) => Ok(Some(given.with(value))),
        Err(_) => Err(given.refused(limits.allowed)),
    }
}
