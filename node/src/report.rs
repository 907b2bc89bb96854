//! What the commands tell: one type each, rendered as text or JSON.

use gadget_config::{Action, Applied, Profile, State, Status, Udc};
use node_link::{End, Mac};
use serde::Serialize;

/// What `up` did.
#[derive(Debug, Serialize)]
pub(crate) struct UpReport {
    /// `none`, `made`, `bound` or `remade`.
    pub(crate) action: &'static str,
    /// Why it was made anew.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) because: Option<String>,
    #[serde(flatten)]
    pub(crate) identity: Identity,
    pub(crate) udc: String,
    pub(crate) network: Option<String>,
    pub(crate) ttys: Vec<String>,
    /// Whether it is up without the second serial port that is configured, and why it just now became so.
    pub(crate) without_second_port: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) refused: Option<String>,
}

/// What `down` did.
#[derive(Debug, Serialize)]
pub(crate) struct DownReport {
    /// Whether there was a gadget.
    pub(crate) removed: bool,
}

/// How the gadget stands.
#[derive(Debug, Serialize)]
pub(crate) struct StatusReport {
    /// `up`, `unbound`, `differs` or `down`.
    pub(crate) state: &'static str,
    /// In what it differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) difference: Option<String>,
    /// As configured; none without a `node.toml`.
    #[serde(flatten)]
    pub(crate) identity: Option<Identity>,
    pub(crate) udc: Option<Udc>,
    pub(crate) network: Option<String>,
    pub(crate) ttys: Vec<String>,
    /// Whether it is up without the second serial port that is configured.
    pub(crate) without_second_port: bool,
    pub(crate) udcs: Vec<Udc>,
    pub(crate) others: Vec<Other>,
}

/// Somebody else's use of a controller.
#[derive(Debug, Serialize)]
pub(crate) struct Other {
    pub(crate) udc: String,
    pub(crate) owner: String,
}

/// What a node shows of itself.
#[derive(Debug, Serialize)]
pub(crate) struct Identity {
    #[serde(flatten)]
    pub(crate) profile: Profile,
    pub(crate) host_mac: Mac,
    pub(crate) node_mac: Mac,
}

impl Identity {
    pub(crate) fn of(profile: &Profile) -> Self {
        Self {
            host_mac: profile.mac(End::Host),
            node_mac: profile.mac(End::Node),
            profile: profile.clone(),
        }
    }
}

impl UpReport {
    pub(crate) fn new(profile: &Profile, applied: Applied, status: Status) -> Self {
        let (action, because) = match applied.action {
            Action::None => ("none", None),
            Action::Made => ("made", None),
            Action::Bound => ("bound", None),
            Action::Remade(difference) => ("remade", Some(difference.to_string())),
        };
        Self {
            action,
            because,
            identity: Identity::of(profile),
            udc: applied.udc,
            network: status.network,
            ttys: status.ttys,
            without_second_port: status.without_second_port,
            refused: applied.without_second_port,
        }
    }
}

impl StatusReport {
    pub(crate) fn new(profile: Option<&Profile>, status: Status) -> Self {
        let (state, difference) = match status.state {
            State::Up => ("up", None),
            State::Unbound => ("unbound", None),
            State::Differs(difference) => ("differs", Some(difference.to_string())),
            State::Down => ("down", None),
        };
        let other =
            |(udc, owner): (String, gadget_config::Owner)| Other { udc, owner: owner.to_string() };
        Self {
            state,
            difference,
            identity: profile.map(Identity::of),
            udc: status.udc,
            network: status.network,
            ttys: status.ttys,
            without_second_port: status.without_second_port,
            udcs: status.udcs,
            others: status.others.into_iter().map(other).collect(),
        }
    }

    pub(crate) fn is_up(&self) -> bool {
        self.state == "up"
    }
}
