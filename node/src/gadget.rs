//! `up`, `down` and `status`, on the running kernel.

use std::time::Duration;

use gadget_config::{GadgetError, GadgetState, Limits, Linux, apply, plan, take_down};

use crate::error::NodeError;
use crate::getty::Gettys;
use crate::report::{DownReport, GadgetReport, UpReport};
use crate::settings::GadgetSettings;

/// Creates the gadget and binds it, with the logins on its terminals stopped meanwhile.
pub(crate) fn up(settings: &GadgetSettings, wait: Duration) -> Result<UpReport, NodeError> {
    let mut kernel = Linux::new();
    let _lock = kernel.lock(wait)?;
    let limits = Limits { udc: wait, ..Limits::default() };
    let mut gettys = Gettys::default();
    let applied =
        apply(&mut kernel, &settings.profile, settings.udc.as_deref(), &limits, &mut |ttys| {
            gettys.stop(ttys)
        });
    // Also after a failure: a gadget that was left alone still has its terminals.
    let restarted = gettys.restart().map_err(GadgetError::Getty);
    let applied = applied?;
    restarted?;
    let status = gadget_config::status(&kernel, Some(&settings.profile))?;
    Ok(UpReport::new(&settings.profile, applied, status, false))
}

/// What [`up`] would do. Keeps nobody from changing the gadget.
pub(crate) fn plan_up(settings: &GadgetSettings, wait: Duration) -> Result<UpReport, NodeError> {
    let mut kernel = Linux::new();
    let limits = Limits { udc: wait, ..Limits::default() };
    let planned = plan(&mut kernel, &settings.profile, settings.udc.as_deref(), &limits)?;
    let status = gadget_config::status(&kernel, Some(&settings.profile))?;
    Ok(UpReport::new(&settings.profile, planned, status, true))
}

/// Removes the gadget. Its logins end with its terminals.
pub(crate) fn down(wait: Duration) -> Result<DownReport, NodeError> {
    let mut kernel = Linux::new();
    let _lock = kernel.lock(wait)?;
    let mut gettys = Gettys::default();
    let removed = take_down(&mut kernel, &Limits::default(), &mut |ttys| gettys.stop(ttys));
    if removed.is_err() {
        // The gadget stays, and so does the login.
        gettys.restart().map_err(GadgetError::Getty)?;
    }
    Ok(DownReport { dry_run: false, removed: removed? })
}

/// What [`down`] would do, unless a process keeps a terminal open.
pub(crate) fn plan_down() -> Result<DownReport, NodeError> {
    let status = gadget_config::status(&Linux::new(), None)?;
    Ok(DownReport { dry_run: true, removed: status.state != GadgetState::Down })
}

/// Looks at the gadget; with settings, compares it with them.
pub(crate) fn status(settings: Option<&GadgetSettings>) -> Result<GadgetReport, NodeError> {
    let profile = settings.map(|settings| &settings.profile);
    let status = gadget_config::status(&Linux::new(), profile)?;
    Ok(GadgetReport::new(profile, status))
}
