//! Makes the node's gadget what its profile says, and puts it on the bus.

use std::io;
use std::time::Duration;

use crate::{
    Difference, GADGET, GadgetError, Kernel, KernelPart, Layout, Limits, Profile, StopGetty, Tree,
    Udc, UdcOwner, layout,
    take_down::{self, take_down},
    udc,
};

/// Time between two looks for a UDC.
const POLL: Duration = Duration::from_millis(100);

/// What [`apply`] had to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GadgetAction {
    /// Nothing.
    None,
    /// There was no gadget: made it.
    Made,
    /// It was as it should be, but not on this UDC: bound it.
    Bound,
    /// It was another, or half-made: made it anew.
    Remade(Difference),
}

/// What [`apply`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Applied {
    /// What had to be done.
    pub action: GadgetAction,
    /// The UDC on which the gadget is now.
    pub udc: String,
    /// Why the gadget is without its second serial port, where the UDC did not take it with
    /// that one just now.
    pub without_second_port: Option<String>,
}

/// Brings the gadget of this profile up on the UDC of this name, or on the only real one.
/// Where it is up already, nothing is touched. A UDC that refuses it with two serial ports gets
/// it with the first alone.
///
/// # Errors
/// If no UDC comes in time or somebody else has it (nothing is touched then), or the kernel
/// refuses a part: then no gadget of ours is left. See also [`take_down()`].
pub fn apply(
    kernel: &mut dyn Kernel,
    profile: &Profile,
    udc: Option<&str>,
    limits: &Limits,
    stop_getty: StopGetty<'_>,
) -> Result<Applied, GadgetError> {
    let (action, udc) = decide(kernel, profile, udc, limits)?;
    let without_second_port = match action {
        GadgetAction::None => None,
        GadgetAction::Made => {
            make(kernel, profile)?;
            bind_new(kernel, profile, &udc)?
        }
        GadgetAction::Bound => rebind(kernel, profile, &udc)?,
        GadgetAction::Remade(_) => {
            take_down(kernel, limits, stop_getty)?;
            make(kernel, profile)?;
            bind_new(kernel, profile, &udc)?
        }
    };
    Ok(Applied { action, udc: udc.name, without_second_port })
}

/// What [`apply`] would do, and on which UDC. Waits for one as it does, and changes nothing.
///
/// # Errors
/// As [`apply`], before its first change.
pub fn plan(
    kernel: &mut dyn Kernel,
    profile: &Profile,
    udc: Option<&str>,
    limits: &Limits,
) -> Result<Applied, GadgetError> {
    let (action, udc) = decide(kernel, profile, udc, limits)?;
    Ok(Applied { action, udc: udc.name, without_second_port: None })
}

fn decide(
    kernel: &mut dyn Kernel,
    profile: &Profile,
    udc: Option<&str>,
    limits: &Limits,
) -> Result<(GadgetAction, Udc), GadgetError> {
    // Asked first: without configfs there is nothing to wait for.
    kernel.gadgets()?;
    let udc = await_udc(kernel, udc, limits.udc)?;
    refuse_another(kernel, &udc)?;
    let Some(tree) = kernel.tree(GADGET)? else {
        return Ok((GadgetAction::Made, udc));
    };
    let is_bound = is_bound(kernel, &udc)?;
    let action = match Layout::of(profile).difference(&tree) {
        None if is_bound => GadgetAction::None,
        None => GadgetAction::Bound,
        Some(_) if is_bound && is_reduced(profile, &tree) => GadgetAction::None,
        Some(difference) => GadgetAction::Remade(difference),
    };
    Ok((action, udc))
}

/// Whether it is the gadget of a profile, but for the second serial port. (Bound to nothing it may as
/// well be one that was not finished.)
pub(crate) fn is_reduced(profile: &Profile, tree: &Tree) -> bool {
    profile.admin_console && Layout::of(profile).without_second_port().difference(tree).is_none()
}

fn is_bound(kernel: &dyn Kernel, udc: &Udc) -> Result<bool, GadgetError> {
    Ok(bound(kernel)?.as_ref() == Some(&udc.name))
}

/// The UDC that our gadget is bound to.
fn bound(kernel: &dyn Kernel) -> Result<Option<String>, GadgetError> {
    let ours = kernel.gadgets()?.into_iter().find(|gadget| gadget.name == GADGET);
    Ok(ours.and_then(|gadget| gadget.udc))
}

fn await_udc(
    kernel: &mut dyn Kernel,
    name: Option<&str>,
    limit: Duration,
) -> Result<Udc, GadgetError> {
    let end = kernel.now() + limit;
    loop {
        let udcs = kernel.udcs()?;
        let seen = seen(&udcs);
        if let Some(udc) = udc::choose(udcs, name)? {
            return Ok(udc);
        }
        if kernel.now() >= end {
            return Err(GadgetError::NoUdc { name: name.map(str::to_owned), waited: limit, seen });
        }
        kernel.sleep(POLL);
    }
}

fn seen(udcs: &[Udc]) -> String {
    let name = |udc: &Udc| {
        let kind = if udc.is_virtual() { " (virtual: taken only when named)" } else { "" };
        format!("{}{kind}", udc.name)
    };
    let names: Vec<String> = udcs.iter().map(name).collect();
    if names.is_empty() { "nothing".into() } else { names.join(" and ") }
}

fn refuse_another(kernel: &dyn Kernel, udc: &Udc) -> Result<(), GadgetError> {
    match UdcOwner::of(udc, &kernel.gadgets()?) {
        None => Ok(()),
        Some(owner) => Err(GadgetError::Owned { udc: udc.name.clone(), owner }),
    }
}

/// Makes the gadget; removes it again if a part fails.
fn make(kernel: &mut dyn Kernel, profile: &Profile) -> Result<(), GadgetError> {
    let Err(source) = kernel.register(profile) else {
        return Ok(());
    };
    // The parts are made in the layout's order: the first that is not there is the one that failed.
    let tree = kernel.tree(GADGET)?.unwrap_or_else(Tree::new);
    let difference = Layout::of(profile).difference(&tree);
    let path = difference.map_or_else(String::new, |difference| difference.path);
    let error = register_error(kernel, &path, source);
    if !tree.is_empty() {
        take_down::remove(kernel)?;
    }
    Err(error)
}

fn register_error(kernel: &dyn Kernel, path: &str, source: io::Error) -> GadgetError {
    let lacking = matches!(source.kind(), io::ErrorKind::NotFound | io::ErrorKind::Unsupported);
    let part = lacking.then(|| KernelPart::of(path));
    let gadget = kernel.path(GADGET);
    let path = if path.is_empty() { gadget } else { gadget.join(path) };
    GadgetError::Register { path, part, source }
}

/// Binds the gadget that was just made; removes it again if that fails.
fn bind_new(
    kernel: &mut dyn Kernel,
    profile: &Profile,
    udc: &Udc,
) -> Result<Option<String>, GadgetError> {
    bind_with_fewer(kernel, profile, udc).inspect_err(|_| {
        // The first error is the one to tell.
        let _ = take_down::remove(kernel);
    })
}

/// Binds a gadget that is bound to nothing, if need be without its second serial port; gives why.
///
/// Both ports and Ethernet take six IN endpoints. A Zero's UDC has seven, but the vendor's images
/// have had the second port off since 2023, for reasons that are not told.
fn bind_with_fewer(
    kernel: &mut dyn Kernel,
    profile: &Profile,
    udc: &Udc,
) -> Result<Option<String>, GadgetError> {
    let refused = match bind(kernel, udc) {
        Ok(()) => return Ok(None),
        Err(error) => error,
    };
    let GadgetError::Bind { source, .. } = &refused else { return Err(refused) };
    let why = format!("{refused}: {source}");
    let retried = profile.admin_console
        && kernel.unlink(GADGET, &layout::second_port()).is_ok()
        && bind(kernel, udc).is_ok();
    if retried { Ok(Some(why)) } else { Err(refused) }
}

fn bind(kernel: &mut dyn Kernel, udc: &Udc) -> Result<(), GadgetError> {
    kernel.bind(GADGET, Some(&udc.name)).map_err(|source| {
        let path = kernel.path(GADGET).join("UDC");
        let refused = GadgetError::Bind { path, udc: udc.name.clone(), source };
        // Somebody may have been quicker.
        let now =
            kernel.udcs().ok().and_then(|udcs| udc::choose(udcs, Some(&udc.name)).ok().flatten());
        now.and_then(|udc| refuse_another(kernel, &udc).err()).unwrap_or(refused)
    })
}

/// Binds the finished gadget, which is bound to nothing or to another UDC.
fn rebind(
    kernel: &mut dyn Kernel,
    profile: &Profile,
    udc: &Udc,
) -> Result<Option<String>, GadgetError> {
    if let Some(other) = bound(kernel)? {
        let path = kernel.path(GADGET).join("UDC");
        kernel.bind(GADGET, None).map_err(|source| GadgetError::Bind {
            path,
            udc: format!("nothing for {other}"),
            source,
        })?;
    }
    bind_with_fewer(kernel, profile, udc)
}
