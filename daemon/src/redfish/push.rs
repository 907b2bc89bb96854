//! Events sent to those who subscribed: a queue and a worker for each, so that one who does not answer keeps nobody else
//! waiting.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::post::{self, PostError};
use super::record::Record;
use super::subscription::{Destination, Retry, Subscription};
use super::subscriptions::Subscriptions;
use crate::events::{Event, Events, Next};
use crate::log::{self, Level};

/// That many events wait for a receiver; what comes beyond them is lost.
const QUEUE: usize = 64;

/// How long a receiver may take for an event.
const LIMIT: Duration = Duration::from_secs(10);

/// A receiver that events are sent to.
struct Worker {
    subscription: Subscription,
    queue: Sender<Arc<Event>>,
    task: JoinHandle<()>,
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Sends events to all receivers until the daemon ends.
pub(crate) async fn run(events: Arc<Events>, subscriptions: Arc<Subscriptions>) {
    // Before anybody else: nobody has this name.
    let Some(mut listener) = events.listen("", None) else { return };
    let mut workers = HashMap::new();
    loop {
        renew(&mut workers, &subscriptions);
        tokio::select! {
            () = subscriptions.changed() => {}
            next = listener.next() => match next {
                None => return,
                Some(Next::Missed) => {}
                Some(Next::Event(event)) => {
                    // A change that was told before it is obeyed by then.
                    renew(&mut workers, &subscriptions);
                    tell(&workers, &event);
                }
            },
        }
    }
}

/// Starts a worker for each receiver that is new, and ends those of receivers that are gone. One whose subscription is another
/// goes on: what waits is sent as the subscription is by then.
fn renew(workers: &mut HashMap<String, Worker>, subscriptions: &Arc<Subscriptions>) {
    let receivers = subscriptions.receivers();
    workers.retain(|id, _| receivers.iter().any(|known| known.id == *id));
    for subscription in receivers {
        if let Some(worker) = workers.get_mut(&subscription.id) {
            worker.subscription = subscription;
            continue;
        }
        let (queue, waiting) = mpsc::channel(QUEUE);
        let work = work(subscription.id.clone(), waiting, Arc::clone(subscriptions));
        let (id, task) = (subscription.id.clone(), tokio::spawn(work));
        workers.insert(id, Worker { subscription, queue, task });
    }
}

fn tell(workers: &HashMap<String, Worker>, event: &Arc<Event>) {
    let Some(record) = Record::of(&event.kind) else { return };
    let told = workers.values().filter(|worker| !worker.subscription.is_suspended);
    for worker in told.filter(|worker| worker.subscription.filter.takes(&record)) {
        // A full queue is of one who does not answer: what is lost is told in the journal where it fails.
        let _ = worker.queue.try_send(Arc::clone(event));
    }
}

async fn work(id: String, mut waiting: Receiver<Arc<Event>>, subscriptions: Arc<Subscriptions>) {
    while let Some(event) = waiting.recv().await {
        let Some(record) = Record::of(&event.kind) else { continue };
        let Err(error) = deliver(&id, &record, &event, &subscriptions).await else { continue };
        let Some((destination, _)) = receiver(&subscriptions, &id) else { continue };
        let what = match destination.retry {
            Retry::Terminate => "the subscription ends",
            Retry::Suspend => "the subscription is suspended",
            Retry::Forever => "the event is lost",
        };
        let text = format!(
            "events of subscription {id} cannot be sent to {}: {error}; {what}",
            destination.origin()
        );
        log::tell(Level::Warning, &text, &[]);
        // Where that cannot be written, the next event is tried again.
        let _ = match destination.retry {
            Retry::Terminate => subscriptions.remove(&id),
            Retry::Suspend => subscriptions.edit(&id, |known| known.is_suspended = true),
            Retry::Forever => Ok(()),
        };
    }
}

/// Where events are sent to now, and what the client calls it; nothing where none are to be sent.
fn receiver(subscriptions: &Subscriptions, id: &str) -> Option<(Destination, Option<String>)> {
    let subscription = subscriptions.receiver(id).filter(|known| !known.is_suspended)?;
    Some((subscription.destination?, subscription.context))
}

/// Sends an event as often as the settings say, each time as the subscription is then.
async fn deliver(
    id: &str,
    record: &Record,
    event: &Event,
    subscriptions: &Subscriptions,
) -> Result<(), PostError> {
    let mut tries = 0;
    while let Some((destination, context)) = receiver(subscriptions, id) {
        let body = record.to_json(event, context.as_deref()).to_string();
        let sent = timeout(LIMIT, post::post(&destination, &body)).await;
        let Err(error) = sent.unwrap_or(Err(PostError::TooSlow)) else { return Ok(()) };
        let delivery = subscriptions.delivery();
        tries += 1;
        if tries > delivery.attempts {
            return Err(error);
        }
        sleep(Duration::from_secs(delivery.interval_s)).await;
    }
    Ok(())
}
