//! Nodes' agents, with pseudo-terminals in the place of the nodes' second serial ports.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::symlink;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use node_link::NodeId;
use node_link::agent::{Call, Goodbye, Identity, LineReader, Message, Reply, Request, VERSION};
use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::ioctl_tiocnxcl;

use super::*;
use crate::agent::Transport;
use crate::node_note::{Heard, NodeNote, Word};
use crate::ports::{self, Port};

/// The node's end of p1's second serial port.
pub(super) struct Agent {
    tty: Option<File>,
    pub(super) heard: Receiver<Request>,
    is_over: Arc<AtomicBool>,
    server: Option<JoinHandle<()>>,
}

impl Rig {
    /// p1 with its gadget on the USB.
    pub(super) fn start(&self) {
        self.switch("p1", Action::On);
        self.device(PLACE, GADGET, "1");
    }

    /// Its port appears, with nobody there.
    fn port(&self) -> File {
        let tty = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&tty).unwrap();
        unlockpt(&tty).unwrap();
        let path = ptsname(&tty, Vec::new()).unwrap().into_string().unwrap();
        let port = self.root.path().join("dev/ttypi1a");
        let _ = fs::remove_file(&port);
        symlink(path, port).unwrap();
        tty.into()
    }

    pub(super) fn agent(&self) -> Agent {
        Agent::on(self.port())
    }

    /// The controller's end, opened before it is in exclusive mode.
    fn controllers_end(&self) -> OwnedFd {
        let path = self.root.path().join("dev/ttypi1a");
        open(path, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap()
    }

    fn note(&self) -> NodeNote {
        self.cluster().note(self.cluster().driver.node(1).unwrap()).unwrap()
    }
}

impl Agent {
    fn on(tty: File) -> Self {
        let (sender, heard) = channel();
        let is_over = Arc::new(AtomicBool::new(false));
        let (its, stop) = (tty.try_clone().unwrap(), Arc::clone(&is_over));
        let server = Some(thread::spawn(move || serve(its, &sender, &stop)));
        Self { tty: Some(tty), heard, is_over, server }
    }

    fn say(&self, message: Message) {
        self.tty.as_ref().unwrap().write_all(reply(None, message).as_bytes()).unwrap();
    }

    pub(super) fn goodbye(&self, reason: Goodbye) {
        self.say(Message::Goodbye { reason });
    }

    /// Waits until it is asked for this.
    fn hears(&self, request: &Request) {
        while self.heard.recv_timeout(PATIENCE).unwrap() != *request {}
    }
}

const SUBSCRIBE: Request = Request::Subscribe { on: true };

fn reply(id: Option<u32>, message: Message) -> String {
    Reply { version: VERSION, id, message }.to_line()
}

/// The cable is out: the controller's end hangs up.
impl Drop for Agent {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        self.server.take().unwrap().join().unwrap();
    }
}

/// Answers until it is over.
fn serve(mut tty: File, heard: &Sender<Request>, is_over: &AtomicBool) {
    let (mut reader, mut buffer) = (LineReader::default(), [0; 4096]);
    let step = Timespec { tv_sec: 0, tv_nsec: 5_000_000 };
    while !is_over.load(Ordering::Relaxed) {
        if poll(&mut [PollFd::new(&tty, PollFlags::IN)], Some(&step)).unwrap() == 0 {
            continue;
        }
        let Ok(count) = tty.read(&mut buffer) else {
            // Nobody has the other end open just now.
            thread::sleep(Duration::from_millis(5));
            continue;
        };
        let mut calls = Vec::new();
        reader.push(&buffer[..count], |line| calls.extend(Call::from_line(line)));
        for call in calls {
            let mut identity = Identity::new();
            identity.node = NodeId::from_number(1).ok();
            let message = match call.request {
                Request::Hello => Message::Hello(identity),
                _ => Message::Done,
            };
            tty.write_all(reply(Some(call.id), message).as_bytes()).unwrap();
            // The test may have heard enough.
            let _ = heard.send(call.request);
        }
    }
}

/// Follows p1 in a thread of its own, and tells of its changes.
fn follow(mut watch: Watch) -> Receiver<State> {
    let (sender, changes) = channel();
    thread::spawn(move || {
        loop {
            let change = watch.next(Some(Instant::now() + Duration::from_millis(50))).unwrap();
            let states = change.iter().filter(|change| change.node.number() == 1);
            // The test is over, or wants nobody to follow any more.
            if states.into_iter().any(|change| sender.send(change.state).is_err()) {
                return;
            }
        }
    });
    changes
}

#[track_caller]
fn told(changes: &Receiver<State>) -> State {
    changes.recv_timeout(PATIENCE).expect("a change")
}

/// A node that has started, and whose agent has said hello.
fn with_agent() -> (Rig, Agent, Watch) {
    let rig = Rig::new("v2.5");
    rig.start();
    let agent = rig.agent();
    let mut watch = rig.watch();
    assert_eq!(next(&mut watch), (1, State::Agent));
    (rig, agent, watch)
}

#[test]
fn an_agent_says_hello_and_goodbye_and_its_node_halts() {
    within(
        "life::kernel::tests::agents::an_agent_says_hello_and_goodbye_and_its_node_halts",
        || {
            let rig = Rig::new("v2.5");
            rig.start();
            let mut watch = rig.watch();
            assert_eq!(states(&watch)[0], State::Enumerated);
            // The port is there before anybody on the node reads it.
            let port = rig.port();
            is_quiet(&mut watch);
            let agent = Agent::on(port);
            assert_eq!(next(&mut watch), (1, State::Agent));
            assert!(watch.states()[0].since.is_some());
            agent.hears(&SUBSCRIBE);
            agent.goodbye(Goodbye::Poweroff);
            assert_eq!(next(&mut watch), (1, State::Enumerated), "it still writes");
            drop(agent);
            rig.unplug(PLACE);
            assert_eq!(next(&mut watch), (1, State::Halted));
            rig.switch("p1", Action::Off);
            assert_eq!(next(&mut watch), (1, State::Off));
            rig.switch("p1", Action::On);
            assert_eq!(next(&mut watch), (1, State::Powered), "it starts anew");
            rig.plug(PLACE, GADGET, "1");
            assert_eq!(next(&mut watch), (1, State::Enumerated));
            let _agent = rig.agent();
            assert_eq!(next(&mut watch), (1, State::Agent));
        },
    );
}

#[test]
fn a_node_that_restarts_or_loses_its_power_is_not_halted() {
    within(
        "life::kernel::tests::agents::a_node_that_restarts_or_loses_its_power_is_not_halted",
        || {
            let (rig, agent, mut watch) = with_agent();
            agent.hears(&SUBSCRIBE);
            agent.goodbye(Goodbye::Reboot);
            assert_eq!(next(&mut watch), (1, State::Enumerated));
            rig.unplug(PLACE);
            assert_eq!(next(&mut watch), (1, State::Powered));
            rig.plug(PLACE, GADGET, "1");
            assert_eq!(next(&mut watch), (1, State::Enumerated));
            drop(agent);
            let agent = rig.agent();
            assert_eq!(next(&mut watch), (1, State::Agent));
            // The cable is out: the port ends with the gadget, and nobody takes the agent alone for lost.
            drop(agent);
            rig.unplug(PLACE);
            assert_eq!(next(&mut watch), (1, State::Powered));
        },
    );
}

#[test]
fn a_port_that_ends_without_its_gadget_takes_the_agent_along() {
    within(
        "life::kernel::tests::agents::a_port_that_ends_without_its_gadget_takes_the_agent_along",
        || {
            let (rig, agent, mut watch) = with_agent();
            drop(agent);
            assert_eq!(next(&mut watch), (1, State::Enumerated));
            let _agent = rig.agent();
            assert_eq!(next(&mut watch), (1, State::Agent));
        },
    );
}

/// `shutdown` and `top` are such clients.
#[test]
fn whoever_wants_the_port_has_it_and_the_agent_is_not_lost() {
    within(
        "life::kernel::tests::agents::whoever_wants_the_port_has_it_and_the_agent_is_not_lost",
        || {
            let rig = Rig::new("v2.5");
            rig.start();
            let agent = rig.agent();
            let own = rig.controllers_end();
            let changes = follow(rig.watch());
            assert_eq!(told(&changes), State::Agent);
            for _ in 0..3 {
                agent.hears(&SUBSCRIBE);
                let cluster = rig.cluster();
                let mut client = cluster.agent(cluster.driver.node(1).unwrap(), PATIENCE).unwrap();
                assert_eq!(client.transport(), Transport::Serial);
                client.ask(Request::Identify { seconds: 1 }, PATIENCE).unwrap();
                agent.hears(&Request::Identify { seconds: 1 });
                let other = ports::open(&cluster, cluster.driver.node(1).unwrap(), Port::Agent);
                assert!(other.is_err(), "it is the client's alone");
                drop(client);
                // A serial port would not be in exclusive mode any more. A pseudo-terminal's other end keeps it so, and
                // root alone may open it then.
                ioctl_tiocnxcl(&own).unwrap();
            }
            // The listener has it back.
            agent.hears(&SUBSCRIBE);
            agent.goodbye(Goodbye::Halt);
            assert_eq!(told(&changes), State::Enumerated);
        },
    );
}

#[test]
fn what_another_process_hears_is_known_to_all() {
    within("life::kernel::tests::agents::what_another_process_hears_is_known_to_all", || {
        let rig = Rig::new("v2.5");
        rig.start();
        let agent = rig.agent();
        let changes = follow(rig.watch());
        assert_eq!(told(&changes), State::Agent);
        let cluster = rig.cluster();
        let mut client = cluster.agent(cluster.driver.node(1).unwrap(), PATIENCE).unwrap();
        client.ask(Request::Poweroff, PATIENCE).unwrap();
        agent.goodbye(Goodbye::Poweroff);
        let said = client.next(Some(Instant::now() + PATIENCE)).unwrap();
        assert_eq!(said, Some(Message::Goodbye { reason: Goodbye::Poweroff }));
        assert_eq!(told(&changes), State::Enumerated);
        rig.unplug(PLACE);
        assert_eq!(told(&changes), State::Halted);
    });
}

#[test]
fn several_listeners_share_a_port_and_one_takes_the_place_of_another() {
    within(
        "life::kernel::tests::agents::several_listeners_share_a_port_and_one_takes_the_place_of_another",
        || {
            let rig = Rig::new("v2.5");
            rig.start();
            let agent = rig.agent();
            let mut first = rig.watch();
            assert_eq!(next(&mut first), (1, State::Agent));
            agent.hears(&SUBSCRIBE);
            let mut second = rig.watch();
            assert_eq!(states(&second)[0], State::Agent, "it is written down");
            is_quiet(&mut first);
            agent.goodbye(Goodbye::Stopped);
            assert_eq!(next(&mut first), (1, State::Enumerated));
            assert_eq!(next(&mut second), (1, State::Enumerated));
            // Asked by the first after the goodbye.
            assert_eq!(next(&mut first), (1, State::Agent));
            assert_eq!(next(&mut second), (1, State::Agent));
            drop(first);
            let changes = follow(second);
            agent.hears(&SUBSCRIBE);
            agent.hears(&SUBSCRIBE);
            agent.goodbye(Goodbye::Poweroff);
            assert_eq!(told(&changes), State::Enumerated);
        },
    );
}

/// A listener that was killed leaves a note that says more than is known.
#[test]
fn a_note_that_nobody_keeps_is_not_believed() {
    within("life::kernel::tests::agents::a_note_that_nobody_keeps_is_not_believed", || {
        let rig = Rig::new("v2.5");
        rig.start();
        rig.note().write(Heard::now(Word::Hello)).unwrap();
        let _port = rig.port();
        let mut watch = rig.watch();
        assert_eq!(states(&watch)[0], State::Enumerated);
        is_quiet(&mut watch);
        // The same where another one keeps it, but for the node as it was before.
        let rig = Rig::new("v2.5");
        let mut keeper = rig.note();
        assert!(keeper.claim().unwrap());
        keeper.write(Heard::now(Word::Hello)).unwrap();
        let mut watch = rig.watch();
        assert_eq!(states(&watch)[0], State::Off);
        rig.start();
        assert_eq!(next(&mut watch).0, 1);
        let _port = rig.port();
        is_quiet(&mut watch);
        keeper.write(Heard::now(Word::Hello)).unwrap();
        assert_eq!(next(&mut watch), (1, State::Agent));
    });
}
