//! Nodes on the network: carriers, the neighbour table, and probes.

use std::fs;
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::path::Path;
use std::time::{Duration, Instant};

use node_link::{ClusterName, End, Mac, NodeId, Subnet};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{SendFlags, sendto};
use system_config::network::{self, NetworkSettings};

use super::netlink::{Received, Socket};
use super::route::{self, Neighbour, Told};

/// The discard service (RFC 863). Nothing needs to listen there.
const DISCARD: u16 = 9;

/// The time limit for a dump of the neighbour table; the kernel answers immediately.
const ANSWER_LIMIT: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };

/// The addresses by which nodes are recognised.
pub(super) struct Addresses {
    /// Absent on the controller's own network, where nodes have addresses of its DHCP server.
    subnet: Option<Subnet>,
    cluster: Option<ClusterName>,
}

impl Addresses {
    /// As the network was set up; without a setup, nodes have the vendor's addresses. So it is where the
    /// settings cannot be read, which `network status` tells.
    pub(super) fn read(root: &Path) -> Self {
        let settings = network::sysroot(root).ok();
        let settings = settings.and_then(|root| NetworkSettings::read(&root).ok().flatten());
        match settings {
            Some(settings) => Self { subnet: settings.subnet, cluster: settings.cluster },
            None => Self { subnet: Some(Subnet::VENDOR), cluster: None },
        }
    }

    /// A node's fixed address.
    pub(super) fn address(&self, id: NodeId) -> Option<Ipv4Addr> {
        self.subnet.map(|subnet| subnet.node(id))
    }

    /// Whether a neighbour is the node.
    pub(super) fn is(&self, neighbour: &Neighbour, id: NodeId) -> bool {
        let mac = Mac::new(self.cluster.as_ref(), End::Node, id);
        neighbour.mac == Some(mac)
            || neighbour.address.is_some() && neighbour.address == self.address(id)
    }
}

/// Whether one of a node's interfaces has a carrier.
pub(super) fn has_carrier(root: &Path, id: NodeId) -> bool {
    let interfaces = id.interfaces();
    let files = interfaces.iter().map(|name| root.join("sys/class/net").join(name).join("carrier"));
    // It cannot be read while the interface is down.
    files.into_iter().any(|file| fs::read_to_string(file).is_ok_and(|text| text.trim() == "1"))
}

/// The neighbours that the kernel knows to be reachable or not; empty if the table cannot be read.
pub(super) fn neighbours() -> Vec<Neighbour> {
    read_neighbours().unwrap_or_default()
}

fn read_neighbours() -> std::io::Result<Vec<Neighbour>> {
    let socket = Socket::route()?;
    socket.send(&route::neighbours_request())?;
    let (mut neighbours, mut buffer) = (Vec::new(), vec![0; 1 << 15]);
    loop {
        match socket.receive(&mut buffer)? {
            Received::Message(datagram) => {
                for told in route::messages(datagram) {
                    match told {
                        Told::Neighbour(neighbour) => neighbours.push(neighbour),
                        Told::End => return Ok(neighbours),
                        Told::Link { .. } => {}
                    }
                }
            }
            Received::Overrun => return Ok(neighbours),
            Received::Nothing => {
                let mut fds = [PollFd::new(&socket, PollFlags::IN)];
                if poll(&mut fds, Some(&ANSWER_LIMIT))? == 0 {
                    return Ok(neighbours);
                }
            }
        }
    }
}

/// Makes the kernel probe neighbours.
///
/// The kernel resolves a neighbour only when something is sent to it, and an unused entry becomes stale after
/// half a minute (`base_reachable_time_ms`). One empty UDP datagram makes it resolve the address by ARP, which every IPv4 host
/// answers whatever its firewall drops; no raw socket and no rights are needed for it. It goes to hosts on a connected network
/// only (`MSG_DONTROUTE`), so that nothing leaves through the default route where the nodes' network is not set up.
pub(super) struct Asking {
    socket: Option<UdpSocket>,
}

impl Asking {
    /// The interval for a reachable node.
    pub(super) const PAUSE: Duration = Duration::from_secs(30);
    /// The interval for one that is not: the kernel sends three requests, a second apart, and then gives up.
    pub(super) const RETRY: Duration = Duration::from_secs(1);

    pub(super) fn new() -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0));
        let socket = socket.and_then(|socket| socket.set_nonblocking(true).map(|()| socket));
        Self { socket: socket.ok() }
    }

    /// Probes an address. Errors are ignored: a network that is down may be up at the next probe.
    pub(super) fn ask(&self, address: Ipv4Addr) {
        if let Some(socket) = &self.socket {
            let to = SocketAddrV4::new(address, DISCARD);
            let _ = sendto(socket, &[], SendFlags::DONTROUTE, &to);
        }
    }
}

/// When a node is to be probed next.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Schedule {
    /// Absent while it has no link.
    next: Option<Instant>,
    is_heard: bool,
}

impl Schedule {
    pub(super) fn link(&mut self, has_carrier: bool) {
        match (has_carrier, self.next) {
            (true, None) => *self = Self { next: Some(Instant::now()), is_heard: false },
            (true, Some(_)) => {}
            (false, _) => *self = Self::default(),
        }
    }

    pub(super) fn heard(&mut self, is_heard: bool) {
        self.is_heard = is_heard;
    }

    pub(super) const fn next(self) -> Option<Instant> {
        self.next
    }

    /// Whether a probe is due; if so, schedules the next one.
    pub(super) fn is_due(&mut self, now: Instant) -> bool {
        let is_due = self.next.is_some_and(|next| next <= now);
        if is_due {
            self.next = Some(now + if self.is_heard { Asking::PAUSE } else { Asking::RETRY });
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u32) -> NodeId {
        NodeId::from_number(number).unwrap()
    }

    fn addresses(settings: &str) -> Addresses {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("etc/clusterhat");
        fs::create_dir_all(&folder).unwrap();
        if !settings.is_empty() {
            fs::write(folder.join("network.toml"), settings).unwrap();
        }
        Addresses::read(root.path())
    }

    fn neighbour(address: Option<[u8; 4]>, mac: Option<Mac>) -> Neighbour {
        Neighbour { address: address.map(Ipv4Addr::from), mac, is_reachable: true }
    }

    #[test]
    fn nodes_are_known_by_address_or_mac() {
        let vendor = addresses("");
        assert_eq!(vendor.address(id(3)), Some([172, 19, 181, 3].into()));
        assert!(vendor.is(&neighbour(Some([172, 19, 181, 3]), None), id(3)));
        assert!(!vendor.is(&neighbour(Some([172, 19, 181, 4]), None), id(3)));
        assert!(vendor.is(&neighbour(None, Some(Mac::vendor(End::Node, id(3)))), id(3)));
        assert!(!vendor.is(&neighbour(None, None), id(3)));
        let bridge = addresses(
            "mode = \"bridge\"\nmanager = \"networkd\"\nuplink = \"eth0\"\ncluster = \"rack\"\n",
        );
        assert_eq!(bridge.address(id(3)), None);
        assert!(
            !bridge.is(&neighbour(None, None), id(3)),
            "two unknown addresses are not the same"
        );
        let name = "rack".parse().unwrap();
        let mac = Mac::of_cluster(&name, End::Node, id(3));
        assert!(bridge.is(&neighbour(Some([10, 0, 0, 7]), Some(mac)), id(3)));
    }

    #[test]
    fn a_carrier_is_either_interface_s() {
        let root = tempfile::tempdir().unwrap();
        assert!(!has_carrier(root.path(), id(3)));
        let folder = root.path().join("sys/class/net/ethupi3");
        fs::create_dir_all(&folder).unwrap();
        for (text, expected) in [("0\n", false), ("1\n", true)] {
            fs::write(folder.join("carrier"), text).unwrap();
            assert_eq!(has_carrier(root.path(), id(3)), expected);
        }
    }

    #[test]
    fn a_node_is_asked_at_once_then_often_and_rarely_once_it_is_heard() {
        let mut schedule = Schedule::default();
        assert!(!schedule.is_due(Instant::now()));
        schedule.link(true);
        let now = Instant::now();
        assert!(schedule.is_due(now) && !schedule.is_due(now));
        assert_eq!(schedule.next(), Some(now + Asking::RETRY));
        schedule.link(true);
        assert_eq!(schedule.next(), Some(now + Asking::RETRY), "told twice");
        schedule.heard(true);
        assert!(schedule.is_due(now + Asking::RETRY));
        assert_eq!(schedule.next(), Some(now + Asking::RETRY + Asking::PAUSE));
        schedule.link(false);
        assert_eq!(schedule.next(), None);
    }

    #[test]
    fn the_kernel_answers_who_its_neighbours_are() {
        read_neighbours().unwrap();
    }
}
