//! What of a network's settings is asked for by name. The rest stays as it was set up before.

use node_link::{ClusterName, Subnet};

use super::{Finding, Fix, NetworkError, NetworkMode, NetworkRequest, NetworkSettings};

/// What is asked for; what is not stays, or is the default.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// The controller's uplink.
    pub uplink: Option<String>,
    /// The nodes' own network (NAT).
    pub subnet: Option<Subnet>,
    /// From whose name the nodes' MAC addresses are derived.
    pub cluster: Option<ClusterName>,
    /// Whether nodes are kept from each other.
    pub isolate: Option<bool>,
    /// Whether the packet filter lets the nodes through, for good.
    pub allow_forwarding: Option<bool>,
}

impl NetworkRequest {
    /// With what is asked for, and what was set up before where nothing is. The findings name what stays, and
    /// what has no effect.
    #[must_use]
    pub fn with(self, asked: Asked, before: Option<&NetworkSettings>) -> (Self, Vec<Finding>) {
        let has_subnet = self.mode == NetworkMode::Nat;
        let unused = asked.subnet.filter(|_| !has_subnet).map(unused_subnet);
        let lost = before.and_then(|before| not_kept(self.mode, &asked, before));
        let kept = Asked {
            uplink: before.and_then(|before| before.uplink.clone()).filter(|_| !has_subnet),
            subnet: before.and_then(|before| before.subnet).filter(|_| has_subnet),
            cluster: before.and_then(|before| before.cluster.clone()),
            isolate: before.map(|before| before.isolate),
            allow_forwarding: before.map(|before| before.allow_forwarding),
        }
        .without(&asked);
        let findings = kept.told().into_iter().chain(unused).chain(lost).collect();
        let request = Self {
            uplink: asked.uplink.or(kept.uplink),
            subnet: asked.subnet.or(kept.subnet).unwrap_or(self.subnet),
            cluster: asked.cluster.or(kept.cluster),
            isolate: asked.isolate.or(kept.isolate).unwrap_or(self.isolate),
            allow_forwarding: asked
                .allow_forwarding
                .or(kept.allow_forwarding)
                .unwrap_or(self.allow_forwarding),
            ..self
        };
        (request, findings)
    }
}

impl Asked {
    fn without(self, other: &Self) -> Self {
        Self {
            uplink: self.uplink.filter(|_| other.uplink.is_none()),
            subnet: self.subnet.filter(|_| other.subnet.is_none()),
            cluster: self.cluster.filter(|_| other.cluster.is_none()),
            isolate: self.isolate.filter(|_| other.isolate.is_none()),
            allow_forwarding: self.allow_forwarding.filter(|_| other.allow_forwarding.is_none()),
        }
    }

    /// What is other than the default. The uplink is told in any case.
    fn told(&self) -> Option<Finding> {
        let subnet = self.subnet.filter(|subnet| *subnet != Subnet::VENDOR);
        let is_set = |set: Option<bool>, what: &str| set?.then(|| what.to_owned());
        let all = [
            subnet.map(|subnet| format!("subnet {subnet}")),
            self.cluster.as_ref().map(|cluster| format!("cluster {cluster}")),
            is_set(self.isolate, "isolated nodes"),
            is_set(self.allow_forwarding, "nodes let through the packet filter"),
        ];
        let all: Vec<_> = all.into_iter().flatten().collect();
        let what = format!("kept as it was set up before: {}", all.join(", "));
        (!all.is_empty()).then(|| Finding::warning("kept", what, Fix::AnotherSetting))
    }
}

/// What only the other mode has.
fn not_kept(mode: NetworkMode, asked: &Asked, before: &NetworkSettings) -> Option<Finding> {
    let (what, fix) = match mode {
        NetworkMode::Bridge if asked.subnet.is_none() => {
            let subnet = before.subnet.filter(|subnet| *subnet != Subnet::VENDOR)?;
            (format!("subnet {subnet}"), Fix::SubnetAgain(subnet))
        }
        NetworkMode::Nat if asked.uplink.is_none() => {
            let uplink = before.uplink.clone()?;
            (format!("uplink {uplink}"), Fix::UplinkAgain(uplink))
        }
        _ => return None,
    };
    let other = before.mode;
    Some(Finding::warning(
        "not-kept",
        format!("not kept, since only mode {other} has it: {what}"),
        fix,
    ))
}

/// That nothing stays, where what was set up before cannot be read.
#[must_use]
pub fn nothing_kept(why: &NetworkError) -> Finding {
    Finding::warning(
        "nothing-kept",
        format!("the earlier settings cannot be read ({why}), so nothing of them is kept"),
        Fix::AskAgain,
    )
}

fn unused_subnet(subnet: Subnet) -> Finding {
    Finding::warning(
        "unused-subnet",
        format!("the subnet {subnet} is not used: nodes of a bridge have addresses of its network"),
        Fix::Text("leave it out, or use NAT".to_owned()),
    )
}
