//! The configuration, in three steps: fragments as they were written (files, environment, [`Overrides`]), inputs
//! merged by precedence, and validated [`Settings`].
//!
//! `/etc/clusterhat/clusterhat.toml`, or another file that the caller names:
//!
//! ```toml
//! first = 1          # number of the first node: 101 makes them p101, p102 ...
//! delay = 1.0        # seconds, or a string such as "500ms", between two nodes switched on, 0 to 300
//! off-time = 2.0     # seconds that a power cycle keeps a node off, 0.1 to 300
//! lock-limit = 10.0  # seconds to wait for another process, 0 to 3600
//! hook-limit = 60.0  # seconds that a hook may run, 0.1 to 86400
//! at-boot = "keep"   # what becomes of nodes after a loss of power: off, last, on or keep
//! fan-gpio = 18      # BCM number of the fan's pin, 4 to 27
//! fan = { on = 60, off = 50 }  # degrees Celsius between which `fan auto` switches the fans
//! graceful-off = true  # whether `off` shuts nodes down first; default false
//! shutdown-limit = 120 # seconds that nodes may take to shut down, 1 to 600
//!
//! [[board]]          # boards in the order of their nodes; none = automatic detection
//! name = "lower"     # optional
//! bus = 1            # /dev/i2c-1; default 1
//! address = 0x20     # 0x20 to 0x23; default 0x20
//! revision = "2.5"   # optional where the EEPROM says it; "1.x" is on GPIO and takes no bus and address
//! size = 4           # nodes fitted, 1 to 4; default 4
//!
//! [nodes.p3]
//! name = "db"
//! delay = 30.0       # seconds to wait after this node instead of the common delay
//! usb-path = "1-1.2.4"
//! ssh = "pi@db"      # the host for ssh, where the agent is not reached over the serial port; default: the node's name
//! at-boot = "last"   # of this node
//!
//! [daemon]           # read by clusterhatd alone: see clusterhatd(8)
//! ```
//!
//! If that file does not exist, the vendor's `/etc/default/clusterctrl` is read instead. Precedence of the times:
//! the caller's, then `CLUSTERHAT_DELAY`, `CLUSTERHAT_OFF_TIME` and `CLUSTERHAT_LOCK_LIMIT`, then the file, then defaults.

mod boards;
mod defaults;
mod error;
mod fan;
mod file;
mod given;
mod inputs;
mod limits;
mod nodes;
mod settings;
mod sources;
mod toml_reader;

#[cfg(test)]
mod tests;

pub use boards::{Attachment, BoardSetting};
pub use defaults::{Forced, Legacy, Role};
pub use error::ConfigError;
pub use inputs::Overrides;
/// A line in a file that has no effect, or not the one written.
pub use node_link::text::FileMessage as Warning;
pub use settings::Settings;
pub use sources::Sources;

/// From texts, flags and environment to settings; `env` looks an environment variable up.
///
/// The warnings are in the order of their lines.
///
/// # Errors
/// A syntax error, or the first value that is not allowed.
pub fn load(
    sources: &Sources,
    overrides: &Overrides,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<(Settings, Vec<Warning>), ConfigError> {
    let mut warnings = Vec::new();
    let inputs = inputs::merge(sources, overrides, env, &mut warnings)?;
    let settings = settings::validate(inputs)?;
    warnings.sort_by_key(Warning::line);
    Ok((settings, warnings))
}
