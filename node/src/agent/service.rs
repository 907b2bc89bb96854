//! What the agent does for whoever asks, apart from how it is asked.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use node_link::NodeId;
use node_link::agent::{Message, Printable, Request, Subscription, Telemetry};

use super::act_led::ActLed;
use super::power::{self, PowerAction};
use super::readers::{self, UnitsReader};

/// Who has a subscription.
struct Listener {
    subscription: Subscription<Instant>,
    /// What was sent last.
    last: Option<Telemetry>,
}

/// The node, as the agent serves it.
pub(super) struct Service {
    root: PathBuf,
    node: Option<NodeId>,
    units: UnitsReader,
    led: ActLed,
    listener: Option<Listener>,
    /// Whether somebody has asked for what ends this agent, and waits for its end.
    is_ending: bool,
}

impl Service {
    pub(super) fn new(root: &Path, node: Option<NodeId>) -> Self {
        Self {
            root: root.to_owned(),
            node,
            units: UnitsReader::default(),
            led: ActLed::new(root),
            listener: None,
            is_ending: false,
        }
    }

    pub(super) fn answer(&mut self, request: &Request) -> Message {
        let now = Instant::now();
        if let Some(listener) = &mut self.listener {
            listener.subscription.renew(now);
        }
        match request {
            Request::Hello => Message::Hello(readers::identity(&self.root, self.node)),
            Request::Status => Message::Status(self.telemetry()),
            Request::Subscribe { on } => {
                // Whoever renews it goes on where it is.
                let known = self.listener.take();
                let fresh = || Listener { subscription: Subscription::new(now), last: None };
                self.listener = on.then(|| known.unwrap_or_else(fresh));
                Message::Done
            }
            Request::Poweroff => self.end(PowerAction::Poweroff),
            Request::Reboot => self.end(PowerAction::Reboot),
            Request::Identify { seconds } => {
                done(self.led.blink(Duration::from_secs((*seconds).into()), now))
            }
            _ => Message::Refused { error: "not understood".into() },
        }
    }

    fn end(&mut self, action: PowerAction) -> Message {
        let result = power::begin(action);
        self.is_ending |= result.is_ok();
        done(result)
    }

    fn telemetry(&mut self) -> Telemetry {
        readers::telemetry(&self.root, &mut self.units)
    }

    /// What is to be sent now without being asked.
    pub(super) fn push(&mut self, now: Instant) -> Option<Message> {
        self.led.end_at(now);
        let listener = self.listener.as_mut()?;
        if listener.subscription.has_ended(now) {
            self.listener = None;
            return None;
        }
        if !listener.subscription.take_due(now) {
            return None;
        }
        let telemetry = readers::telemetry(&self.root, &mut self.units);
        let has_changed =
            listener.last.as_ref().is_none_or(|last| readers::has_changed(last, &telemetry));
        has_changed.then(|| {
            listener.last = Some(telemetry.clone());
            Message::Status(telemetry)
        })
    }

    /// When there is something to do without being asked; never where nobody has asked.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let listener = self.listener.as_ref().map(|listener| listener.subscription.deadline());
        listener.into_iter().chain(self.led.deadline()).min()
    }

    /// What is said at the end to whoever listens.
    pub(super) fn farewell(&self) -> Option<Message> {
        let listens = self.listener.is_some() || self.is_ending;
        listens.then(|| Message::Goodbye { reason: power::reason() })
    }

    /// A new connection has nobody who listens yet.
    pub(super) fn forget_listener(&mut self) {
        self.listener = None;
        self.is_ending = false;
    }

    /// Puts back what lasts for a connection only.
    pub(super) fn rest(&mut self) {
        self.led.end();
    }
}

fn done(result: io::Result<()>) -> Message {
    match result {
        Ok(()) => Message::Done,
        Err(error) => Message::Refused { error: Printable::new(&error.to_string()) },
    }
}

#[cfg(test)]
mod tests {
    use node_link::agent::{PERIOD, SUBSCRIPTION};

    use super::*;

    fn service() -> (tempfile::TempDir, Service) {
        let root = tempfile::tempdir().unwrap();
        let service = Service::new(root.path(), None);
        (root, service)
    }

    #[test]
    fn it_rests_unless_somebody_has_a_subscription_and_that_ends_by_itself() {
        let (_root, mut service) = service();
        service.answer(&Request::Hello);
        service.answer(&Request::Status);
        assert_eq!((service.deadline(), service.farewell()), (None, None));

        assert_eq!(service.answer(&Request::Subscribe { on: true }), Message::Done);
        let now = Instant::now();
        assert!(service.deadline().is_some_and(|at| at <= now));
        assert!(matches!(service.push(now), Some(Message::Status(_))));
        assert_eq!(service.push(now), None);
        assert!(service.deadline().is_some_and(|at| at > now && at <= now + PERIOD));
        assert!(matches!(service.farewell(), Some(Message::Goodbye { .. })));

        assert_eq!(service.push(now + SUBSCRIPTION), None);
        assert_eq!((service.deadline(), service.farewell()), (None, None));
    }

    #[test]
    fn who_asks_again_keeps_the_subscription_and_is_not_told_twice() {
        let (root, mut service) = service();
        std::fs::create_dir(root.path().join("proc")).unwrap();
        service.answer(&Request::Subscribe { on: true });
        assert!(service.push(Instant::now()).is_some());
        service.answer(&Request::Subscribe { on: true });
        assert_eq!(service.push(Instant::now() + PERIOD), None, "nothing has changed");
        std::fs::write(root.path().join("proc/loadavg"), "1.00 0.50 0.25 1/2 3\n").unwrap();
        let pushed = service.push(Instant::now() + 2 * PERIOD);
        let Some(Message::Status(telemetry)) = pushed else { panic!("{pushed:?}") };
        assert_eq!(telemetry.load, Some([1.0, 0.5, 0.25]));
        service.answer(&Request::Subscribe { on: false });
        assert_eq!(service.deadline(), None);
    }
}
