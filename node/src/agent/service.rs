//! Carries out requests, independently of the connection that they arrive on.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use node_link::NodeId;
use node_link::agent::{Message, Printable, Request, Subscription, Telemetry};

use super::act_led::ActLed;
use super::power::{self, PowerAction};
use super::readers::{self, UnitsReader};

/// A subscriber.
struct Subscriber {
    subscription: Subscription<Instant>,
    /// The telemetry that was sent last.
    last: Option<Telemetry>,
}

/// The agent's state, apart from its connection.
pub(super) struct Service {
    root: PathBuf,
    node: Option<NodeId>,
    units: UnitsReader,
    led: ActLed,
    subscriber: Option<Subscriber>,
    /// Whether a shutdown or reboot was requested on this connection, so that a goodbye is due.
    is_ending: bool,
}

impl Service {
    pub(super) fn new(root: &Path, node: Option<NodeId>) -> Self {
        Self {
            root: root.to_owned(),
            node,
            units: UnitsReader::default(),
            led: ActLed::new(root),
            subscriber: None,
            is_ending: false,
        }
    }

    pub(super) fn answer(&mut self, request: &Request) -> Message {
        let now = Instant::now();
        if let Some(subscriber) = &mut self.subscriber {
            subscriber.subscription.renew(now);
        }
        match request {
            Request::Hello => Message::Hello(readers::identity(&self.root, self.node)),
            Request::Status => Message::Status(self.telemetry()),
            Request::Subscribe { on } => {
                // A renewal keeps what was sent last.
                let known = self.subscriber.take();
                let fresh = || Subscriber { subscription: Subscription::new(now), last: None };
                self.subscriber = on.then(|| known.unwrap_or_else(fresh));
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

    /// The unsolicited message that is due, if any.
    pub(super) fn push(&mut self, now: Instant) -> Option<Message> {
        self.led.end_at(now);
        let subscriber = self.subscriber.as_mut()?;
        if subscriber.subscription.has_ended(now) {
            self.subscriber = None;
            return None;
        }
        if !subscriber.subscription.take_due(now) {
            return None;
        }
        let telemetry = readers::telemetry(&self.root, &mut self.units);
        let has_changed =
            subscriber.last.as_ref().is_none_or(|last| readers::has_changed(last, &telemetry));
        has_changed.then(|| {
            subscriber.last = Some(telemetry.clone());
            Message::Status(telemetry)
        })
    }

    /// When [`Self::push`] is to be called; `None` without a subscription or a blinking LED.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let subscriber =
            self.subscriber.as_ref().map(|subscriber| subscriber.subscription.deadline());
        subscriber.into_iter().chain(self.led.deadline()).min()
    }

    /// The goodbye; `None` if no one expects it.
    pub(super) fn goodbye(&self) -> Option<Message> {
        let is_expected = self.subscriber.is_some() || self.is_ending;
        is_expected.then(|| Message::Goodbye { reason: power::reason() })
    }

    /// Forgets what the previous connection requested.
    pub(super) fn begin_connection(&mut self) {
        self.subscriber = None;
        self.is_ending = false;
    }

    /// Undoes what lasts only as long as a connection.
    pub(super) fn end_connection(&mut self) {
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
        assert_eq!((service.deadline(), service.goodbye()), (None, None));

        assert_eq!(service.answer(&Request::Subscribe { on: true }), Message::Done);
        let now = Instant::now();
        assert!(service.deadline().is_some_and(|at| at <= now));
        assert!(matches!(service.push(now), Some(Message::Status(_))));
        assert_eq!(service.push(now), None);
        assert!(service.deadline().is_some_and(|at| at > now && at <= now + PERIOD));
        assert!(matches!(service.goodbye(), Some(Message::Goodbye { .. })));

        assert_eq!(service.push(now + SUBSCRIPTION), None);
        assert_eq!((service.deadline(), service.goodbye()), (None, None));
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
