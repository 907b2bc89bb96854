//! The agent of a simulated node. Its readings are made up, and marked as simulated.

use std::io;
use std::time::Duration;

use hat_driver::linux::Moment;
use node_link::NodeId;
use node_link::agent::{
    Call, Disk, Goodbye, Identity, LineReader, Memory, Message, OLDEST, Printable, Reply, Request,
    Subscription, Telemetry, VERSION,
};

use super::node::SimulatedNode;
use super::peer::Peer;
use crate::life::State;

/// An agent that answers.
pub(super) struct Agent {
    node: SimulatedNode,
    id: NodeId,
    reader: LineReader,
    listener: Option<Listener>,
}

/// Who has a subscription.
struct Listener {
    /// The version that it is told in.
    version: u32,
    /// By the boot clock.
    subscription: Subscription<Duration>,
}

impl Agent {
    pub(super) fn new(node: SimulatedNode, id: NodeId) -> Self {
        Self { node, id, reader: LineReader::default(), listener: None }
    }

    fn answer(&mut self, line: &[u8]) -> io::Result<Vec<Reply>> {
        let reply = |version, id, message| Reply { version, id, message };
        let call = match Call::from_line(line) {
            Ok(call) => call,
            Err(error) => {
                let refused = Message::Refused { error: Printable::new(&error.to_string()) };
                let reply = |id| reply(VERSION, Some(id), refused);
                return Ok(error.id().map(reply).into_iter().collect());
            }
        };
        let version = call.version.clamp(OLDEST, VERSION);
        let now = Moment::now().uptime;
        if let Some(listener) = &mut self.listener {
            listener.subscription.renew(now);
        }
        let (message, goodbye) = match call.request {
            Request::Hello => (Message::Hello(self.identity()), None),
            Request::Status => (Message::Status(self.telemetry(now)), None),
            Request::Subscribe { on } => {
                let subscription = Subscription::new(now);
                self.listener = on.then_some(Listener { version, subscription });
                (Message::Done, None)
            }
            Request::Poweroff => (self.go_down(false)?, Some(Goodbye::Poweroff)),
            Request::Reboot => (self.go_down(true)?, Some(Goodbye::Reboot)),
            Request::Identify { .. } => (Message::Done, None),
            _ => {
                let error = Printable::new("a simulated agent does not know this request");
                (Message::Refused { error }, None)
            }
        };
        let goodbye = goodbye.map(|reason| reply(version, None, Message::Goodbye { reason }));
        Ok([reply(version, Some(call.id), message)].into_iter().chain(goodbye).collect())
    }

    fn go_down(&self, reboot: bool) -> io::Result<Message> {
        let place = self.node.place;
        self.node.machine.change(|simulation| simulation.bring_down(place, reboot))?;
        Ok(Message::Done)
    }

    /// When its present boot began; 0 where nobody saw it.
    fn booted(&self) -> Duration {
        let record =
            self.node.machine.simulation().node_record(self.node.place).unwrap_or_default();
        record.down().filter(|_| record.reboot).unwrap_or(record.on())
    }

    fn identity(&self) -> Identity {
        let mut identity = Identity::new();
        identity.agent = Some(Printable::new(env!("CARGO_PKG_VERSION")));
        identity.node = Some(self.id);
        identity.host = Some(Printable::new(&self.node.name()));
        identity.boot_id = Some(Printable::new(&format!("simulated-{}", self.booted().as_nanos())));
        identity.model = Some(Printable::new("simulated node"));
        identity.os = Some(Printable::new("none (simulation)"));
        identity.simulated = true;
        identity
    }

    /// The same node at the same time is told the same by every process.
    fn telemetry(&self, now: Duration) -> Telemetry {
        let uptime = now.saturating_sub(self.booted());
        let number = f64::from(self.id.get());
        // Warms up within minutes, to another temperature for each node.
        let minutes = uptime.as_secs_f64() / 60.0;
        let warmth = (10.0 + number % 7.0) * minutes / (minutes + 1.0);
        let load = 1.0 / (minutes + 1.0);
        let mut telemetry = Telemetry::default();
        telemetry.uptime_s = Some(uptime.as_secs());
        telemetry.load =
            Some([load, load / 2.0, load / 4.0].map(|load| (load * 100.0).round() / 100.0));
        telemetry.temperature_c = Some(((35.0 + warmth) * 10.0).round() / 10.0);
        telemetry.throttled = Some(0);
        telemetry.memory = Some(Memory { total_kib: 437_000, available_kib: 350_000 });
        let mount = Printable::new("/");
        telemetry.disks = Some(vec![Disk {
            mount,
            total_kib: 7_500_000,
            available_kib: 5_000_000,
            read_only: false,
        }]);
        telemetry.addresses = Some(Vec::new());
        telemetry.failed_units = Some(Vec::new());
        telemetry
    }
}

impl Peer for Agent {
    fn hear(&mut self, bytes: &[u8], state: State, out: &mut Vec<u8>) -> io::Result<()> {
        if state != State::Agent {
            return Ok(());
        }
        let mut lines = Vec::new();
        self.reader.push(bytes, |line| lines.push(line.to_vec()));
        for line in lines {
            let replies = self.answer(&line)?;
            out.extend(replies.iter().flat_map(|reply| reply.to_line().into_bytes()));
        }
        Ok(())
    }

    fn speak(&mut self, now: Duration, state: State, out: &mut Vec<u8>) -> Option<Duration> {
        self.listener
            .take_if(|listener| state != State::Agent || listener.subscription.has_ended(now));
        let telemetry = self.telemetry(now);
        let listener = self.listener.as_mut()?;
        if listener.subscription.take_due(now) {
            let message = Message::Status(telemetry);
            out.extend(Reply { version: listener.version, id: None, message }.to_line().bytes());
        }
        Some(listener.subscription.deadline())
    }
}
