use super::*;

fn power(node: usize) -> EventKind {
    EventKind::Power { node: format!("p{node}"), on: true }
}

async fn id(listener: &mut Listener) -> Option<u64> {
    match listener.next().await? {
        Next::Event(event) => Some(event.id),
        Next::Missed => None,
    }
}

#[tokio::test]
async fn who_comes_back_gets_what_was_missed() {
    let events = Events::default();
    events.tell(power(1));
    let first = events.last()[0].id;
    events.tell(power(2));
    let mut back = events.listen("pi", Some(first)).unwrap();
    events.tell(power(3));
    assert_eq!(id(&mut back).await, Some(first + 1));
    assert_eq!(id(&mut back).await, Some(first + 2));
    // Of before a restart: what was missed is not known.
    let mut old = events.listen("pi", Some(5)).unwrap();
    assert_eq!(id(&mut old).await, None);
    assert_eq!(id(&mut old).await, Some(first));
    // A number that no event ever has.
    assert!(events.listen("pi", Some(u64::MAX)).is_some());
}

/// Seen: who came back before anything happened after a restart, or with the clock set back, was told of no gap.
#[tokio::test]
async fn who_comes_back_after_a_restart_is_told_of_the_gap() {
    let before = Events::default();
    before.tell(power(1));
    let last = before.last()[0].id;
    let mut goes_on = before.listen("pi", Some(last)).unwrap();
    before.tell(power(2));
    assert_eq!(id(&mut goes_on).await, Some(last + 1));
    for restarted_at in [last + 1_000_000, last - 1_000_000] {
        let events = Events::default();
        events.kept().next = restarted_at;
        let mut back = events.listen("pi", Some(last)).unwrap();
        events.tell(power(3));
        assert_eq!(id(&mut back).await, None);
        assert_eq!(id(&mut back).await, Some(restarted_at));
    }
}

#[tokio::test]
async fn a_slow_listener_is_told_so_and_memory_is_bounded() {
    let events = Events::default();
    let mut slow = events.listen("pi", None).unwrap();
    for node in 0..3 * KEPT {
        events.tell(power(node));
    }
    assert_eq!(events.last().len(), KEPT);
    assert_eq!(id(&mut slow).await, None);
    assert!(id(&mut slow).await.is_some());
}

/// Seen: one who opened streams and left them kept everybody else from listening.
#[test]
fn one_who_listens_leaves_places_to_others() {
    let events = Events::default();
    let mut all = Vec::new();
    for who in ["pi", "lab", "token:t", "uid:0"] {
        all.extend((0..LISTENERS_OF_ONE).map(|_| events.listen(who, None).unwrap()));
        assert!(events.listen(who, None).is_none());
    }
    assert_eq!(events.listeners(), LISTENERS);
    assert!(events.listen("visitor", None).is_none());
    all.pop();
    assert!(events.listen("visitor", None).is_some());
    drop(all);
    assert_eq!(events.listeners(), 0);
}

#[test]
fn the_word_is_the_same_in_the_document() {
    let kind = EventKind::UnderVoltage { now: true };
    let document = serde_json::to_value(Event { id: 1, at: 2, kind: kind.clone() }).unwrap();
    assert_eq!(document["event"], kind.name());
    assert_eq!(document["now"], true);
}
