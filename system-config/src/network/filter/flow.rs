//! A packet as the rules see it, as far as it is known beforehand.

use std::net::Ipv4Addr;

use node_link::Subnet;
use node_link::names::INTERFACES;

use super::super::BRIDGE;

/// Where the kernel looks at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Hook {
    /// Passed on.
    Forward,
    /// For the controller itself.
    Input,
}

impl Hook {
    pub(super) const fn nft(self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::Input => "input",
        }
    }

    pub(super) const fn iptables(self) -> &'static str {
        match self {
            Self::Forward => "FORWARD",
            Self::Input => "INPUT",
        }
    }
}

/// Whether something holds of a packet of which not all is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tri {
    No,
    Maybe,
    Yes,
}

impl Tri {
    pub(super) const fn of(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }

    pub(super) fn and(self, other: Self) -> Self {
        self.min(other)
    }

    pub(super) fn or(self, other: Self) -> Self {
        self.max(other)
    }

    pub(super) const fn negate(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Maybe => Self::Maybe,
            Self::Yes => Self::No,
        }
    }
}

/// An IPv4 packet of many: unknown is what is none.
#[derive(Clone, Debug)]
pub(in super::super) struct Flow {
    pub(in super::super) hook: Hook,
    /// Of nft's tables.
    pub(super) families: &'static [&'static str],
    iif: Option<String>,
    oif: Option<String>,
    source: Option<(Ipv4Addr, u8)>,
    destination: Option<(Ipv4Addr, u8)>,
    protocol: &'static str,
    port: Option<u16>,
    pub(super) state: &'static str,
    /// To a node, from whom it asked.
    pub(super) comes_back: bool,
}

pub(super) const DHCP: u16 = 67;
pub(super) const DNS: u16 = 53;

const IPV4: &[&str] = &["ip", "inet"];

impl Flow {
    fn forwarded(iif: Option<String>, oif: Option<String>, state: &'static str) -> Self {
        Self {
            hook: Hook::Forward,
            families: IPV4,
            iif,
            oif,
            source: None,
            destination: None,
            protocol: "tcp",
            port: None,
            state,
            comes_back: false,
        }
    }

    /// What nodes send beyond the controller, what comes back, and what they send on.
    pub(in super::super) fn routed(subnet: Subnet, uplink: Option<&str>) -> [Self; 3] {
        let (bridge, out) = (Some(BRIDGE.to_owned()), uplink.map(str::to_owned));
        let network = Some(subnet.network());
        let there = Self::forwarded(bridge.clone(), out.clone(), "new");
        let there = Self { source: network, ..there };
        let back = Self::forwarded(out, bridge, "established");
        let back = Self { destination: network, comes_back: true, ..back };
        let on = Self { state: "established", ..there.clone() };
        [there, back, on]
    }

    /// What passes the bridge, where such frames are shown to IPv4's rules
    /// (net.bridge.bridge-nf-call-iptables): the bridge is both interfaces then.
    pub(in super::super) fn bridged_ipv4() -> [Self; 2] {
        let bridge = || Some(BRIDGE.to_owned());
        [("new", false), ("established", true)].map(|(state, comes_back)| Self {
            comes_back,
            ..Self::forwarded(bridge(), bridge(), state)
        })
    }

    /// What a node behind the controller sends another, and what comes back, where the rules of IPv4 or those of
    /// bridges are shown it.
    pub(in super::super) fn between(subnet: Subnet, is_ipv4: bool) -> [Self; 2] {
        let network = Some(subnet.network());
        let other = format!("{}2", INTERFACES[0]);
        let flows = if is_ipv4 { Self::bridged_ipv4() } else { Self::bridged(Some(&other)) };
        flows.map(|flow| Self { source: network, destination: network, ..flow })
    }

    /// What passes the bridge, for the rules of bridges.
    pub(in super::super) fn bridged(uplink: Option<&str>) -> [Self; 2] {
        let (node, uplink) = (Some(format!("{}1", INTERFACES[0])), uplink.map(str::to_owned));
        let there = Self::forwarded(node.clone(), uplink.clone(), "new");
        let back = Self::forwarded(uplink, node, "established");
        let back = Self { comes_back: true, ..back };
        [there, back].map(|flow| Self { families: &["bridge"], ..flow })
    }

    /// What nodes ask the controller.
    pub(in super::super) fn asked(port: u16) -> Self {
        let flow = Self::forwarded(Some(BRIDGE.to_owned()), None, "new");
        Self { hook: Hook::Input, protocol: "udp", port: Some(port), ..flow }
    }

    /// The protocols and ports of what is asked: names are asked for by TCP too.
    pub(super) fn ports(&self) -> Vec<(&'static str, u16)> {
        match self.port {
            Some(DNS) => vec![("udp", DNS), ("tcp", DNS)],
            port => port.into_iter().map(|port| (self.protocol, port)).collect(),
        }
    }

    /// `eth0`, or a pattern that ends in `*`.
    pub(super) fn comes_in_by(&self, pattern: &str) -> Tri {
        is_link(self.iif.as_deref(), pattern)
    }

    pub(super) fn goes_out_by(&self, pattern: &str) -> Tri {
        match self.hook {
            Hook::Input => Tri::No,
            Hook::Forward => is_link(self.oif.as_deref(), pattern),
        }
    }

    pub(super) fn is_from(&self, network: (Ipv4Addr, u8)) -> Tri {
        is_within(self.source, network)
    }

    pub(super) fn is_to(&self, network: (Ipv4Addr, u8)) -> Tri {
        is_within(self.destination, network)
    }

    /// By name or number.
    pub(super) fn has_protocol(&self, protocol: &str) -> Tri {
        let number = if self.protocol == "tcp" { "6" } else { "17" };
        Tri::of([self.protocol, number, "all", "0"].contains(&protocol))
    }

    pub(super) fn has_port(&self, port: u16) -> Tri {
        self.port.map_or(Tri::Maybe, |has| Tri::of(has == port))
    }
}

fn is_link(link: Option<&str>, pattern: &str) -> Tri {
    let stem = pattern.strip_suffix('*');
    match (link, stem) {
        (_, Some("")) => Tri::Yes,
        (None, _) => Tri::Maybe,
        (Some(link), Some(stem)) => Tri::of(link.starts_with(stem)),
        (Some(link), None) => Tri::of(link == pattern),
    }
}

fn is_within(addresses: Option<(Ipv4Addr, u8)>, (network, prefix): (Ipv4Addr, u8)) -> Tri {
    if prefix == 0 {
        return Tri::Yes;
    }
    let Some((own, own_prefix)) = addresses else { return Tri::Maybe };
    let shift = 32 - u32::from(prefix.min(own_prefix).min(32));
    match u32::from(own) >> shift == u32::from(network) >> shift {
        false => Tri::No,
        true if prefix <= own_prefix => Tri::Yes,
        true => Tri::Maybe,
    }
}
