use std::fmt::Write as _;
use std::path::Path;

use clusterhat_tests::golden;
use proptest::prelude::*;

use super::*;

fn facts(events: &[Event]) -> Facts {
    events.iter().fold(Facts::default(), |facts, &event| facts.after(event))
}

fn state(events: &[Event]) -> State {
    facts(events).state()
}

/// The shortest way to each state: what a node that starts from its card passes through.
fn way_to(state: State) -> Vec<Event> {
    use Event::*;
    let start = [PowerOn, GadgetSeen, LinkUp, Heard, AgentHello];
    match state {
        State::Absent => vec![BoardGone],
        State::Off => vec![],
        State::Powered => start[..1].to_vec(),
        State::BootRom => vec![PowerOn, RomSeen],
        State::Enumerated => start[..2].to_vec(),
        State::Link => start[..3].to_vec(),
        State::Reachable => start[..4].to_vec(),
        State::Agent => start.to_vec(),
        State::Halted => vec![PowerOn, GadgetSeen, LinkUp, Heard, AgentHello, Goodbye, GadgetGone],
        State::Failed => vec![PowerOn, Overdue],
    }
}

#[test]
fn each_state_is_reached_on_its_way() {
    for goal in State::ALL {
        assert_eq!(state(&way_to(goal)), goal);
    }
}

/// The table of the module's documentation.
#[test]
fn the_table_is_the_reducer() {
    let mut table = String::from("| |");
    State::ALL.iter().for_each(|state| write!(table, " {state} |").unwrap());
    table.push_str("\n|---|");
    table.push_str(&"---|".repeat(State::ALL.len()));
    for event in Event::ALL {
        write!(table, "\n| `{event:?}` |").unwrap();
        for from in State::ALL {
            let to = facts(&way_to(from)).after(event).state();
            let cell = if to == from { "" } else { to.name() };
            write!(table, " {cell} |").unwrap();
        }
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/life/table.md");
    golden::assert(&file, format!("{table}\n"));
}

#[test]
fn a_node_that_said_goodbye_is_halted_once_it_left_the_usb() {
    use Event::*;
    let running = [PowerOn, GadgetSeen, LinkUp, Heard, AgentHello];
    let then = |events: &[Event]| state(&[&running, events].concat());
    assert_eq!(then(&[Goodbye]), State::Reachable, "it still writes");
    assert_eq!(then(&[Goodbye, Lost, LinkDown]), State::Enumerated);
    assert_eq!(then(&[Goodbye, GadgetGone]), State::Halted);
    assert_eq!(then(&[GadgetGone, Goodbye]), State::Halted, "the port is read after the USB");
    assert_eq!(then(&[GadgetGone]), State::Powered, "nobody said that it would go");
    assert_eq!(then(&[AgentLost, GadgetGone]), State::Powered);
    assert_eq!(then(&[Goodbye, GadgetGone, GadgetSeen]), State::Enumerated);
    assert_eq!(then(&[Goodbye, GadgetGone, GadgetSeen, GadgetGone]), State::Powered);
    assert_eq!(then(&[Goodbye, GadgetGone, RomSeen]), State::BootRom);
    assert_eq!(then(&[Goodbye, GadgetGone, PowerOff]), State::Off);
    assert_eq!(then(&[Goodbye, GadgetSeen, GadgetGone]), State::Halted, "told twice");
    let by_ssh = [PowerOn, AgentHello, Goodbye];
    assert_eq!(state(&by_ssh), State::Powered, "nobody saw it leave the USB");
}

#[test]
fn what_was_seen_before_the_power_went_does_not_count_after() {
    use Event::*;
    let cycled = [PowerOn, GadgetSeen, LinkUp, Heard, PowerOff, PowerOn];
    assert_eq!(state(&cycled), State::Powered);
    let late = [&cycled[..], &[GadgetGone, LinkDown]].concat();
    assert_eq!(state(&late), State::Powered);
    assert_eq!(state(&[RomSeen, PowerOn]), State::BootRom, "its news were faster");
}

#[test]
fn a_lost_agent_leaves_what_the_kernel_said() {
    use Event::*;
    assert_eq!(state(&[PowerOn, GadgetSeen, AgentHello, AgentLost]), State::Enumerated);
    assert_eq!(state(&[PowerOn, GadgetSeen, LinkUp, AgentHello, AgentLost]), State::Link);
    assert_eq!(state(&[PowerOn, GadgetSeen, LinkUp, Heard, AgentHello, LinkDown]), State::Agent);
}

#[test]
fn an_overdue_node_may_come_all_the_same() {
    use Event::*;
    assert_eq!(state(&[PowerOn, Overdue, GadgetSeen]), State::Enumerated);
    assert_eq!(state(&[PowerOn, Overdue, PowerOff, PowerOn]), State::Powered);
    assert_eq!(state(&[PowerOn, GadgetSeen, Overdue]), State::Enumerated, "it is there");
}

/// What the last event of each kind says, written down without the reducer.
fn said_last(events: &[Event], either: &[Event]) -> Option<Event> {
    events.iter().rev().find(|event| either.contains(event)).copied()
}

proptest! {
    #[test]
    fn no_sequence_gives_an_impossible_state(
        events in prop::collection::vec(prop::sample::select(&Event::ALL[..]), 0..40)
    ) {
        use Event::*;
        let power = said_last(&events, &[BoardGone, BoardBack, PowerOff, PowerOn]);
        let since_power = events.iter().rposition(|event| matches!(event, PowerOff | BoardGone));
        let since_power = &events[since_power.map_or(0, |at| at + 1)..];
        let heard_since = |event| since_power.contains(&event);
        match state(&events) {
            State::Absent => prop_assert_eq!(power, Some(BoardGone)),
            State::Off => prop_assert_ne!(power, Some(PowerOn)),
            reached => {
                // A board that comes back while it is there changes nothing.
                prop_assert!(matches!(power, Some(PowerOn | BoardBack)));
                prop_assert!(heard_since(PowerOn));
                let needs = match reached {
                    State::BootRom => Some(RomSeen),
                    State::Enumerated => Some(GadgetSeen),
                    State::Link => Some(LinkUp),
                    State::Reachable => Some(Heard),
                    State::Agent => Some(AgentHello),
                    State::Halted => Some(Goodbye),
                    State::Failed => Some(Overdue),
                    _ => None,
                };
                prop_assert!(needs.is_none_or(heard_since));
            }
        }
    }

    #[test]
    fn what_is_said_last_wins_whatever_came_before(
        events in prop::collection::vec(prop::sample::select(&Event::ALL[..]), 0..40)
    ) {
        use Event::*;
        let before = facts(&events);
        let then = |last: &[Event]| last.iter().fold(before, |facts, &event| facts.after(event)).state();
        prop_assert_eq!(then(&[PowerOff]), State::Off);
        prop_assert_eq!(then(&[BoardGone]), State::Absent);
        prop_assert_eq!(then(&[BoardGone, BoardBack]), State::Off);
        // Everything that can be said, in the kernel's order, leads to where it leads from nothing.
        let silent = [LinkDown, Lost, AgentLost];
        for goal in State::ALL {
            let way = [&[PowerOff][..], &way_to(goal)].concat();
            prop_assert_eq!(then(&way), goal);
            let way = [&[PowerOff, PowerOn, RomGone, GadgetGone], &silent[..], &way_to(goal)].concat();
            if !matches!(goal, State::Off) {
                prop_assert_eq!(then(&way), goal);
            }
        }
    }

    #[test]
    fn an_event_that_is_told_twice_says_nothing_new(
        events in prop::collection::vec(prop::sample::select(&Event::ALL[..]), 0..40),
        event in prop::sample::select(&Event::ALL[..]),
    ) {
        let once = facts(&events).after(event);
        prop_assert_eq!(once.after(event), once);
    }
}
