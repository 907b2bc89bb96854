mod agents;
mod notes;
mod places;

use std::fs;
use std::sync::mpsc;
use std::thread;

use clusterhat_tests::command::World;
use clusterhat_tests::namespace::{Beside, ip, uevent, within};
use tempfile::TempDir;

use super::*;
use crate::backend::Backend;
use crate::life::{State, Watch};
use crate::{Action, Cluster, Controller, NodeSet, Options};

/// More than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Simulated boards on a machine whose kernel is the namespace's, and whose `/sys` is a folder.
struct Rig {
    world: World,
    root: TempDir,
}

impl Rig {
    fn new(boards: &str) -> Self {
        let mut world = World::builtin_value(boards);
        world["clusterhat_toml"] = format!("[nodes.p1]\nusb-path = \"{PLACE}\"\n").into();
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("dev")).unwrap();
        Self { world: World::new(&world), root }
    }

    /// A process of its own would see the same.
    fn cluster(&self) -> Cluster {
        let mut options = Options { without_waits: true, ..Options::default() };
        options.simulation = Some(self.world.path().to_str().unwrap().to_owned());
        let mut cluster = Controller::new(&options).unwrap().open().unwrap();
        cluster.backend = Backend::System { root: self.root.path().to_owned() };
        cluster
    }

    fn watch(&self) -> Watch {
        self.cluster().follow(&NodeSet::parse(&["all"]).unwrap()).unwrap()
    }

    fn switch(&self, node: &str, action: Action) {
        let nodes = NodeSet::parse(&[node]).unwrap();
        self.cluster().switch(&nodes, action, &mut |_| {}).unwrap().into_result().unwrap();
    }

    fn device(&self, place: &str, id: (&str, &str), serial: &str) {
        let device = self.root.path().join("sys/bus/usb/devices").join(place);
        fs::create_dir_all(&device).unwrap();
        for (file, text) in [("idVendor", id.0), ("idProduct", id.1), ("serial", serial)] {
            fs::write(device.join(file), format!("{text}\n")).unwrap();
        }
    }

    fn plug(&self, place: &str, id: (&str, &str), serial: &str) {
        self.device(place, id, serial);
        usb_event("add", place);
    }

    fn unplug(&self, place: &str) {
        fs::remove_dir_all(self.root.path().join("sys/bus/usb/devices").join(place)).unwrap();
        usb_event("remove", place);
    }
}

/// Of p1, where its boot ROM is told by nothing else.
const PLACE: &str = "1-1.2.4";

const GADGET: (&str, &str) = ("3171", "0021");
const ROM: (&str, &str) = ("0a5c", "2763");
const BOARD: (&str, &str) = ("3171", "0014");

fn usb_event(action: &str, place: &str) {
    uevent(action, "usb", "usb_device", &format!("/devices/usb1/1-1/{place}")).unwrap();
}

fn next(watch: &mut Watch) -> (u32, State) {
    let change = watch.next(Some(Instant::now() + PATIENCE)).unwrap();
    let change = change.expect("the kernel has told something");
    assert!(change.since.is_some());
    (change.node.number(), change.state)
}

fn states(watch: &Watch) -> Vec<State> {
    watch.states().iter().map(|node| node.state).collect()
}

#[track_caller]
fn is_quiet(watch: &mut Watch) {
    assert_eq!(watch.next(Some(Instant::now())).unwrap(), None);
}

#[test]
fn a_node_is_followed_from_its_power_to_its_end() {
    within("life::kernel::tests::a_node_is_followed_from_its_power_to_its_end", || {
        let rig = Rig::new("v2.5");
        let mut watch = rig.watch();
        assert_eq!(states(&watch), [State::Off; 4]);
        rig.switch("p1", Action::On);
        assert_eq!(next(&mut watch), (1, State::Powered));
        rig.plug(PLACE, ROM, "");
        assert_eq!(next(&mut watch), (1, State::BootRom));
        rig.unplug(PLACE);
        assert_eq!(next(&mut watch), (1, State::Powered));
        rig.plug(PLACE, GADGET, "1");
        assert_eq!(next(&mut watch), (1, State::Enumerated));
        ip("link add ethpi1 type veth peer name node");
        ip("link set ethpi1 up");
        is_quiet(&mut watch);
        ip("link set node up");
        assert_eq!(next(&mut watch), (1, State::Link));
        ip("link set node down");
        assert_eq!(next(&mut watch), (1, State::Enumerated));
        ip("link set node up");
        assert_eq!(next(&mut watch), (1, State::Link));
        ip("link del ethpi1");
        assert_eq!(next(&mut watch), (1, State::Enumerated));
        rig.unplug(PLACE);
        assert_eq!(next(&mut watch), (1, State::Powered));
        rig.switch("p1", Action::Off);
        assert_eq!(next(&mut watch), (1, State::Off));
        is_quiet(&mut watch);
    });
}

#[test]
fn what_happened_while_nobody_asked_is_not_lost() {
    within("life::kernel::tests::what_happened_while_nobody_asked_is_not_lost", || {
        let rig = Rig::new("v2.5");
        let mut watch = rig.watch();
        for node in ["p1", "p2", "p3"] {
            rig.switch(node, Action::On);
        }
        rig.plug("1-9", GADGET, "2");
        rig.plug("1-8", ("046d", "c077"), "1");
        rig.plug("1-7", GADGET, "7");
        let mut seen: Vec<_> = (0..3).map(|_| next(&mut watch)).collect();
        seen.sort_unstable();
        let expected = [(1, State::Powered), (2, State::Enumerated), (3, State::Powered)];
        assert_eq!(seen, expected);
        is_quiet(&mut watch);
    });
}

#[test]
fn more_events_than_the_socket_holds_are_made_up_for() {
    within("life::kernel::tests::more_events_than_the_socket_holds_are_made_up_for", || {
        let rig = Rig::new("v2.5");
        rig.switch("p1", Action::On);
        rig.switch("p2", Action::On);
        rig.device("1-9", GADGET, "2");
        let mut watch = rig.watch();
        assert_eq!(states(&watch)[..2], [State::Powered, State::Enumerated]);
        for _ in 0..10_000 {
            usb_event("add", "1-1");
        }
        // These two are among those that are lost.
        rig.plug("1-8", GADGET, "1");
        rig.unplug("1-9");
        let mut seen = [next(&mut watch), next(&mut watch)];
        seen.sort_unstable();
        assert_eq!(seen, [(1, State::Enumerated), (2, State::Powered)]);
        is_quiet(&mut watch);
    });
}

#[test]
fn a_node_that_answers_is_reachable_and_one_that_does_not_is_not() {
    within(
        "life::kernel::tests::a_node_that_answers_is_reachable_and_one_that_does_not_is_not",
        || {
            let rig = Rig::new("v2.5");
            rig.switch("p1", Action::On);
            // The node's end is in a namespace of its own, and answers as any Linux does.
            let node = Beside::new();
            ip(&format!("link add ethpi1 type veth peer name usb0 netns {}", node.pid()));
            ip("address add 172.19.181.254/24 dev ethpi1");
            ip("link set ethpi1 up");
            node.ip("link set usb0 up");
            let mut watch = rig.watch();
            // Without a file in `/sys` the link is not there until the kernel tells.
            assert_eq!(states(&watch)[0], State::Powered);
            ip("link set ethpi1 down");
            ip("link set ethpi1 up");
            // The kernel reports carriers asynchronously (`net/core/link_watch.c`): the first one may come only now, and
            // then the link goes down once more.
            let mut until = |state| while next(&mut watch) != (1, state) {};
            until(State::Link);
            node.ip("address add 172.19.181.1/24 dev usb0");
            // It is probed until it answers.
            until(State::Reachable);
            let cluster = NodeSet::parse(&["p1"]).unwrap();
            let state = rig.cluster().follow(&cluster).unwrap().states()[0].state;
            assert_eq!(state, State::Powered);
            let carrier = rig.root.path().join("sys/class/net/ethpi1/carrier");
            fs::create_dir_all(carrier.parent().unwrap()).unwrap();
            fs::write(carrier, "1\n").unwrap();
            let state = rig.cluster().follow(&cluster).unwrap().states()[0].state;
            assert_eq!(state, State::Reachable, "the kernel knows its neighbours");
            drop(node);
            assert_eq!(next(&mut watch), (1, State::Powered), "its end of the cable went with it");
        },
    );
}

#[test]
fn two_cards_with_the_same_id_are_gone_with_the_last() {
    within("life::kernel::tests::two_cards_with_the_same_id_are_gone_with_the_last", || {
        let rig = Rig::new("v2.5");
        rig.switch("p1", Action::On);
        rig.device("1-9", GADGET, "1");
        rig.device("1-8", GADGET, "1");
        let mut watch = rig.watch();
        assert_eq!(states(&watch)[0], State::Enumerated);
        rig.unplug("1-9");
        is_quiet(&mut watch);
        rig.unplug("1-8");
        assert_eq!(next(&mut watch), (1, State::Powered));
    });
}

#[test]
fn a_board_that_goes_takes_its_nodes_along() {
    within("life::kernel::tests::a_board_that_goes_takes_its_nodes_along", || {
        let rig = Rig::new("triple");
        rig.switch("p2", Action::On);
        let mut watch = rig.watch();
        assert_eq!(states(&watch), [State::Off, State::Powered, State::Off]);
        let board = rig.world.read();
        let mut gone = board.clone();
        gone["chips"] = serde_json::json!({});
        rig.world.write(&gone);
        rig.plug("1-7", BOARD, "");
        let seen: Vec<_> = (0..3).map(|_| next(&mut watch)).collect();
        assert_eq!(seen, [(1, State::Absent), (2, State::Absent), (3, State::Absent)]);
        rig.world.write(&board);
        rig.unplug("1-7");
        let seen: Vec<_> = (0..3).map(|_| next(&mut watch)).collect();
        assert_eq!(seen, [(1, State::Off), (2, State::Powered), (3, State::Off)]);
    });
}

/// The limit is 50 ms. A busy machine stops either listener at any time, so the median counts.
#[test]
fn a_change_is_told_as_soon_as_the_kernel_tells_it() {
    within("life::kernel::tests::a_change_is_told_as_soon_as_the_kernel_tells_it", || {
        const ROUNDS: usize = 20;
        let rig = Rig::new("v2.5");
        rig.switch("p1", Action::On);
        ip("link add ethpi1 type veth peer name node");
        ip("link set ethpi1 up");
        let mut watch = rig.watch();
        let listener = Socket::route_events().unwrap();
        let (tell, bare) = mpsc::channel();
        thread::spawn(move || {
            (0..ROUNDS)
                .for_each(|round| tell.send(heard_carrier(&listener, round % 2 == 0)).unwrap());
        });
        let later = (0..ROUNDS).map(|round| {
            let (word, expected) =
                if round % 2 == 0 { ("up", State::Link) } else { ("down", State::Powered) };
            let flip = thread::spawn(move || ip(&format!("link set node {word}")));
            assert_eq!(next(&mut watch), (1, expected));
            let told = Instant::now();
            flip.join().unwrap();
            told.saturating_duration_since(bare.recv().unwrap())
        });
        let mut later: Vec<_> = later.collect();
        later.sort_unstable();
        println!("median {:?}, most {:?}", later[ROUNDS / 2], later[ROUNDS - 1]);
        assert!(later[ROUNDS / 2] < Duration::from_millis(50), "{later:?}");
    });
}

/// Waits as a program does that knows nothing but the socket.
fn heard_carrier(socket: &Socket, expected: bool) -> Instant {
    let mut buffer = vec![0; BUFFER];
    loop {
        let mut fds = [PollFd::new(socket, PollFlags::IN)];
        poll(&mut fds, None).unwrap();
        let at = Instant::now();
        while let Received::Message(datagram) = socket.receive(&mut buffer).unwrap() {
            let is_it = |told| told == Told::Link { name: "ethpi1", has_carrier: expected };
            if route::messages(datagram).any(is_it) {
                return at;
            }
        }
    }
}
