//! A system's units as files, which needs no running systemd.

use std::path::PathBuf;

use crate::changes::{ChangeError, Content, Snapshot, SysPath};

/// The administrator's units and links.
pub(crate) const ETC: &str = "etc/systemd/system";

/// In the order in which systemd prefers them; `lib` is a link to `usr/lib` on a merged system.
pub(crate) const FOLDERS: [&str; 3] = [ETC, "usr/lib/systemd/system", "lib/systemd/system"];

/// Takes in a unit, wherever it is.
///
/// # Errors
/// A file or link that cannot be read.
pub fn add(system: &mut Snapshot, unit: &str) -> Result<(), ChangeError> {
    FOLDERS.iter().try_for_each(|folder| system.add_link(SysPath::root(*folder).below(unit)))
}

/// Takes in every link that enables a unit.
///
/// # Errors
/// A folder or link that cannot be read.
pub fn add_enabling_links(system: &mut Snapshot) -> Result<(), ChangeError> {
    let etc = SysPath::root(ETC);
    for folder in system.names(&etc)? {
        if folder.ends_with(".wants") || folder.ends_with(".requires") {
            for unit in system.names(&etc.below(&folder))? {
                system.add_link(etc.below(&folder).below(unit))?;
            }
        }
    }
    Ok(())
}

/// Whether a unit is installed and not masked.
#[must_use]
pub fn is_usable(system: &Snapshot, unit: &str) -> bool {
    let content = |folder: &&str| system.content(&SysPath::root(*folder).below(unit));
    FOLDERS.iter().find_map(content).is_some_and(|found| !is_mask(found))
}

/// A link that starts a unit at boot.
pub(crate) fn enabling_link(system: &Snapshot, unit: &str) -> Option<SysPath> {
    enabling_links(system, unit).next().cloned()
}

/// All of them.
pub(crate) fn enabling_links<'a>(
    system: &'a Snapshot,
    unit: &'a str,
) -> impl Iterator<Item = &'a SysPath> {
    system.sys_paths().filter(move |sys_path| {
        sys_path.path.starts_with(ETC)
            && sys_path.path.components().count() == 5
            && sys_path.path.file_name().is_some_and(|name| name == unit)
    })
}

/// The links that enabling a unit made of `file` would make and that are not there yet, each with its
/// target; nothing if that file is not there. `by` wants it if the file does not say who does.
#[must_use]
pub fn links(
    system: &Snapshot,
    unit: &str,
    file: &str,
    by: &str,
) -> Option<Vec<(SysPath, PathBuf)>> {
    let sys_paths = FOLDERS.iter().map(|folder| SysPath::root(*folder).below(file));
    let (at, state) = sys_paths
        .filter_map(|sys_path| Some((sys_path.clone(), system.file(&sys_path)?)))
        .next()?;
    let link = |(kind, target)| {
        let sys_path = SysPath::root(ETC).below(format!("{target}.{kind}")).below(unit);
        // systemctl enable writes absolute targets, as the system itself sees them.
        (sys_path, PathBuf::from("/").join(&at.path))
    };
    let all = installs(&String::from_utf8_lossy(&state.bytes), by).into_iter().map(link);
    Some(all.filter(|(sys_path, _)| !system.has(sys_path)).collect())
}

/// `WantedBy=` and `RequiredBy=` of the section `[Install]`.
fn installs(text: &str, default: &str) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let mut within = false;
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            within = line == "[Install]";
        }
        let Some((key, value)) = line.split_once('=').filter(|_| within) else { continue };
        let kind = match key.trim() {
            "WantedBy" => "wants",
            "RequiredBy" => "requires",
            _ => continue,
        };
        found.extend(value.split_whitespace().map(|target| (kind, target.to_owned())));
    }
    if found.is_empty() {
        found.push(("wants", default.to_owned()));
    }
    found
}

/// systemd.unit(5): a link to /dev/null or an empty file.
pub(crate) fn is_mask(content: &Content) -> bool {
    match content {
        Content::Link(target) => target.as_os_str() == "/dev/null",
        Content::File(state) => state.bytes.is_empty(),
    }
}
