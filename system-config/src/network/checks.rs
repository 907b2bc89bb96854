//! Looks for problems of the nodes' network.

use std::net::IpAddr;

use node_link::{ClusterName, Subnet};

use super::filter::{self, Flow, Place};
use super::survey::{Live, VENDORS_BRIDGE};
use super::{
    BRIDGE, Finding, Fix, Link, NetworkMode, NetworkRequest, NetworkSettings, Survey, masquerade,
};
use crate::Manager;
use crate::changes::SysPath;

/// Looks for everything that is known to break it.
#[must_use]
pub fn findings(settings: &NetworkSettings, survey: &Survey) -> Vec<Finding> {
    let mut found = Vec::new();
    found.extend(missing_programs(settings, survey));
    found.extend(cloud_init(settings, survey));
    found.extend(vendors_bridge(survey));
    if let Some(live) = survey.live() {
        found.extend(settings.subnet.and_then(|subnet| clash(subnet, live)));
        found.extend(settings.uplink.as_deref().and_then(|uplink| no_port(uplink, live)));
        found.extend(uplink_moves(settings, live));
        found.extend(packet_filter(settings, live));
        found.extend(not_isolated(settings, live));
        found.extend(no_masquerade(settings, live));
    }
    found
}

/// On a network with others the vendor's MAC addresses are those of every other cluster, too. Told where it is
/// asked for only: it is no fault of a network that has one cluster.
pub(super) fn shared_macs(request: &NetworkRequest, survey: &Survey) -> Option<Finding> {
    (request.mode == NetworkMode::Bridge && request.cluster.is_none()).then(|| {
        Finding::warning(
            "shared-macs",
            "nodes have the vendor's MAC addresses, which every other cluster on this network may have too"
                .to_owned(),
            Fix::ClusterName(survey.machine_id().map(ClusterName::of_machine)),
        )
    })
}

/// NetworkManager's method "shared" runs these.
fn missing_programs(settings: &NetworkSettings, survey: &Survey) -> Vec<Finding> {
    if (settings.mode, settings.manager) != (NetworkMode::Nat, Manager::NetworkManager) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut missing = |package: &str, why: &str| {
        found.push(Finding::blocking(
            "missing-program",
            format!("{package} is not installed: NetworkManager needs it to {why}"),
            Fix::Text(format!("apt install {package}")),
        ));
    };
    if !survey.has_program("dnsmasq") {
        missing("dnsmasq-base", "assign addresses to nodes");
    }
    if !survey.has_program("nft") && !survey.has_program("iptables") {
        missing("nftables", "give the nodes internet access");
    }
    found
}

/// The vendor's images bridge the same interfaces by ifupdown.
fn vendors_bridge(survey: &Survey) -> Option<Finding> {
    let file = SysPath::root(VENDORS_BRIDGE);
    survey.system().has(&file).then(|| {
        Finding::blocking(
            "vendors-bridge",
            format!("/{VENDORS_BRIDGE} adds the nodes to the vendor's bridge"),
            Fix::Text("remove that file and reboot, or keep the vendor's network".to_owned()),
        )
    })
}

/// It writes the file anew at every boot, from a template.
fn cloud_init(settings: &NetworkSettings, survey: &Survey) -> Option<Finding> {
    const TEMPLATE: &str = "etc/cloud/templates/hosts.debian.tmpl";
    let hosts = survey.system().file(&SysPath::root("etc/hosts"))?;
    let managed = String::from_utf8_lossy(&hosts.bytes).contains("manage_etc_hosts");
    (settings.mode == NetworkMode::Nat && managed).then(|| {
        Finding::warning(
            "cloud-init-hosts",
            "cloud-init rewrites /etc/hosts at every boot, without the nodes' names".to_owned(),
            Fix::Text(format!(
                "set manage_etc_hosts to false in its user-data, or add the names to /{TEMPLATE}"
            )),
        )
    })
}

/// The nodes' network may be nobody else's.
fn clash(subnet: Subnet, live: &Live) -> Option<Finding> {
    let addresses = live.links.iter().filter(|link| link.name != BRIDGE).flat_map(|link| {
        link.addresses.iter().map(move |(address, prefix)| (&link.name, *address, *prefix))
    });
    let routes = live.routes.iter().filter(|route| route.link != BRIDGE).filter_map(|route| {
        let (network, prefix) = route.network?;
        Some((&route.link, IpAddr::from(network), prefix))
    });
    let overlapping = addresses.chain(routes).find_map(|(link, address, prefix)| match address {
        IpAddr::V4(v4) if subnet.overlaps(v4, prefix) => Some((link, address, prefix)),
        _ => None,
    });
    let (link, address, prefix) = overlapping?;
    Some(Finding::blocking(
        "address-clash",
        format!("the nodes' network {subnet} overlaps {address}/{prefix} of {link}"),
        Fix::AnotherSubnet,
    ))
}

/// What cannot be a port of a bridge.
fn no_port(uplink: &str, live: &Live) -> Option<Finding> {
    let link = live.links.iter().find(|link| link.name == uplink)?;
    let (kind, what) = if live.wireless.iter().any(|name| name == uplink) {
        // IEEE 802.11 frames of a station carry its own address only.
        (
            "wireless-uplink",
            "is a wireless interface, which cannot be bridged: an access point accepts only its own frames",
        )
    } else if link.kind.as_deref().is_some_and(|kind| kind != "veth") {
        ("virtual-uplink", "is a virtual interface that another program made for its own purpose")
    } else {
        return None;
    };
    Some(Finding::blocking(kind, format!("{uplink} {what}"), Fix::NatOrWiredUplink))
}

/// The addresses move from the uplink to the bridge.
fn uplink_moves(settings: &NetworkSettings, live: &Live) -> Option<Finding> {
    let uplink = settings.uplink.as_deref()?;
    let is_users = live.user_link.as_deref() == Some(uplink);
    is_users.then(|| {
        Finding::warning(
            "your-connection",
            format!("you are connected through {uplink}, whose addresses move to {BRIDGE}"),
            Fix::Text(
                "expect the connection to stall for some seconds; if the address does not come back, \
                 everything is undone within two minutes"
                    .to_owned(),
            ),
        )
    })
}

fn no_masquerade(settings: &NetworkSettings, live: &Live) -> Option<Finding> {
    masquerade::is_missing(settings, live).then(|| {
        let manager = settings.manager;
        Finding::warning(
            "no-masquerade",
            format!(
                "{manager}'s masquerading rules are missing, because nft was too slow or another program flushed its \
                 ruleset, so nodes have no internet access"
            ),
            Fix::AllowForwarding { mode: settings.mode, by_zone: false },
        )
    })
}

/// A port that was put into the bridge by somebody else, or before it was to be isolated.
fn not_isolated(settings: &NetworkSettings, live: &Live) -> Option<Finding> {
    let is_open =
        |link: &&Link| link.is_node() && link.master.as_deref() == Some(BRIDGE) && !link.isolated;
    let open: Vec<_> = live.links.iter().filter(is_open).map(|link| &*link.name).collect();
    (settings.isolate && !open.is_empty()).then(|| {
        Finding::warning(
            "not-isolated",
            format!("other nodes can be reached through {}", open.join(" ")),
            Fix::Text(format!("bridge link set dev {} isolated on", open[0])),
        )
    })
}

/// A filter that drops what it does not know drops what nodes send, and one that takes nothing in gives them
/// no addresses.
fn packet_filter(settings: &NetworkSettings, live: &Live) -> Vec<Finding> {
    if live.filter.is_hidden {
        return vec![Finding {
            is_doubtful: true,
            ..Finding::warning(
                "filter-unread",
                "the packet filter's rules cannot be read, so it is unknown whether it blocks nodes"
                    .to_owned(),
                Fix::LookAsRoot,
            )
        }];
    }
    let forwarded = filter::forwarded(settings, live.uplink(), live.filters_bridges);
    let passed = match settings.mode {
        NetworkMode::Nat => "nodes' traffic to the internet",
        NetworkMode::Bridge => "traffic through the bridge",
    };
    let between = filter::between(settings, live.filters_bridges);
    let asked = filter::asked(settings);
    let forward = stopped(("forward", passed), &forwarded, settings, live);
    let between = stopped(("between", "nodes' traffic to each other"), &between, settings, live);
    let input = stopped(
        ("input", "nodes' requests to the controller, such as DHCP"),
        &asked,
        settings,
        live,
    );
    forward.into_iter().chain(between).chain(input).collect()
}

fn stopped(
    (hook, what): (&str, &str),
    flows: &[Flow],
    settings: &NetworkSettings,
    live: &Live,
) -> Option<Finding> {
    let obstacles = live.filter.obstacles(flows);
    let worst = obstacles.iter().find(|one| one.is_certain).or(obstacles.first())?;
    let is_dockers = matches!(worst.place, Place::Iptables(..)) && live.filter.is_dockers();
    let kind = match (hook, worst.is_certain, is_dockers) {
        ("forward", true, true) => "docker-forward",
        ("forward", true, false) => "forward-policy",
        ("forward", false, _) => "forward-unknown",
        ("between", true, _) => "between-policy",
        ("between", false, _) => "between-unknown",
        (_, true, _) => "input-policy",
        (_, false, _) => "input-unknown",
    };
    let who = if is_dockers && hook != "input" { "Docker" } else { "the packet filter" };
    let what = match worst.is_certain {
        true => format!("{who} drops {what} ({})", worst.place),
        false => format!("{who} may drop {what} ({})", worst.place),
    };
    let by_zone = worst.place.is_firewallds();
    let fix = Fix::AllowForwarding { mode: settings.mode, by_zone };
    Some(Finding { is_doubtful: !worst.is_certain, ..Finding::warning(kind, what, fix) })
}
