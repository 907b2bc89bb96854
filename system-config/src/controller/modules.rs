//! Whether `i2c-dev`, which makes `/dev/i2c-N`, is loaded at boot.

use crate::changes::{Error, Snapshot, Spot};

/// Ours, where the package's is not there.
pub(super) const FILE: &str = "etc/modules-load.d/clusterhat.conf";
pub(super) const TEXT: &str = "# Written by `clusterhat setup`: /dev/i2c-N.\ni2c-dev\n";

/// modules-load.d(5), and /etc/modules, which Debian links there.
const FOLDERS: [&str; 3] = ["etc/modules-load.d", "usr/lib/modules-load.d", "lib/modules-load.d"];
const MODULES: &str = "etc/modules";

pub(super) fn look(system: &mut Snapshot) -> Result<(), Error> {
    for folder in FOLDERS {
        system.add_files(&Spot::root(folder), ".conf")?;
    }
    system.add_file(Spot::root(MODULES))
}

/// Whether some list but our own names it.
pub(super) fn are_loaded(system: &Snapshot) -> bool {
    system.spots().filter(|spot| is_list(spot)).any(|spot| {
        let bytes = system.file(spot).map_or(&[][..], |state| &state.bytes);
        let text = String::from_utf8_lossy(bytes);
        text.lines().any(|line| line.trim().replace('_', "-") == "i2c-dev")
    })
}

fn is_list(spot: &Spot) -> bool {
    let in_folder = FOLDERS.iter().any(|folder| spot.path.starts_with(folder));
    (in_folder || spot.path.as_os_str() == MODULES) && spot.path.as_os_str() != FILE
}
