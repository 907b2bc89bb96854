//! Whether `i2c-dev`, which makes `/dev/i2c-N`, is loaded at boot.

use crate::changes::{ChangeError, Snapshot, SysPath};

/// Ours, where the package's is not there.
pub(super) const FILE: &str = "etc/modules-load.d/clusterhat.conf";
pub(super) const TEXT: &str = "# Written by `clusterhat setup`: /dev/i2c-N.\ni2c-dev\n";

/// modules-load.d(5), and /etc/modules, which Debian links there.
const FOLDERS: [&str; 3] = ["etc/modules-load.d", "usr/lib/modules-load.d", "lib/modules-load.d"];
const MODULES: &str = "etc/modules";

pub(super) fn look(system: &mut Snapshot) -> Result<(), ChangeError> {
    for folder in FOLDERS {
        system.add_files(&SysPath::root(folder), ".conf")?;
    }
    system.add_file(SysPath::root(MODULES))
}

/// Whether some list but our own names it.
pub(super) fn are_loaded(system: &Snapshot) -> bool {
    is_named(system, |sys_path| sys_path.path.as_os_str() != FILE)
}

/// Whether some list names it, be it our own.
pub(super) fn are_listed(system: &Snapshot) -> bool {
    is_named(system, |_| true)
}

fn is_named(system: &Snapshot, counts: impl Fn(&SysPath) -> bool) -> bool {
    let lists = system.sys_paths().filter(|sys_path| is_list(sys_path) && counts(sys_path));
    lists.into_iter().any(|sys_path| {
        let bytes = system.file(sys_path).map_or(&[][..], |state| &state.bytes);
        let text = String::from_utf8_lossy(bytes);
        text.lines().any(|line| line.trim().replace('_', "-") == "i2c-dev")
    })
}

fn is_list(sys_path: &SysPath) -> bool {
    let in_folder = FOLDERS.iter().any(|folder| sys_path.path.starts_with(folder));
    in_folder || sys_path.path.as_os_str() == MODULES
}
