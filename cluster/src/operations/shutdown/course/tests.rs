//! Every way that a node can go, step by step.

use clusterhat_tests::command::World;

use super::*;
use crate::agent::AgentError;
use crate::{Controller, Options};

const LIMIT: Duration = Duration::from_secs(120);

/// A node, and the time that passes.
struct Run {
    course: Course,
    start: Instant,
    now: Duration,
}

impl Run {
    fn new(was_on_usb: bool, force: bool) -> Self {
        let world = World::builtin("v2.5");
        let simulation = Some(world.path().display().to_string());
        let options = Options { simulation, ..Options::default() };
        let cluster = Controller::new(&options).unwrap().open().unwrap();
        let node = cluster.driver().nodes().next().unwrap();
        let start = Instant::now();
        let state = if was_on_usb { State::Agent } else { State::Powered };
        Self { course: Course::new(node, state, force, start), start, now: Duration::ZERO }
    }

    fn accept(&mut self) {
        self.course.hear(Said::Accepted(Transport::Serial));
    }

    fn say_goodbye(&mut self) {
        self.course.hear(Said::Goodbye(Goodbye::Poweroff));
    }

    fn see(&mut self, state: State) {
        self.course.see(state, self.start + self.now);
    }

    fn wait(&mut self, time: Duration) {
        self.now += time;
        self.course.pass(self.start + self.now, self.start + LIMIT);
    }

    fn stage(&self) -> &Stage {
        &self.course.stage
    }
}

/// Seen: "unknown" of a node whose board was silent at first only.
#[test]
fn a_board_that_answers_later_says_whether_its_node_has_power() {
    for (states, is_unknown) in [
        (&[][..], true),
        (&[State::Powered], false),
        (&[State::Agent], false),
        (&[State::Powered, State::Absent], true),
    ] {
        let mut run = Run::new(false, false);
        run.course.lose_board();
        states.iter().for_each(|&state| run.see(state));
        run.course.stop();
        assert_eq!(run.course.is_power_unknown(), is_unknown, "{states:?}");
    }
}

/// Seen: "was switched off by another command", of a node of which nobody knows that it was on.
#[test]
fn a_node_that_is_off_once_its_board_answers_may_have_been_off_all_along() {
    for (was_silent, is_off) in [(true, true), (false, false)] {
        let mut run = Run::new(false, true);
        if was_silent {
            run.course.lose_board();
        }
        run.see(State::Off);
        assert_eq!((run.course.is_off(), run.course.is_cut_by_another()), (is_off, !is_off));
        assert!(!run.course.has_lost_power());
    }
}

#[test]
fn a_node_is_cut_once_it_has_left_the_usb_and_its_card_had_time() {
    let mut run = Run::new(true, false);
    run.see(State::Agent);
    run.accept();
    run.say_goodbye();
    run.see(State::Link);
    run.wait(Duration::from_secs(20));
    assert_eq!(run.stage(), &Stage::GoingDown);
    run.see(State::Halted);
    run.wait(SETTLE - Duration::from_millis(1));
    assert!(!run.course.is_to_be_cut());
    run.wait(Duration::from_millis(1));
    assert!(run.course.is_to_be_cut());
    run.course.is_cut();
    assert_eq!(run.stage(), &Stage::Off(ShutdownResult::ShutDown));
}

/// The limit is for halting; what has halted at its end is still waited for.
#[test]
fn one_that_leaves_at_the_last_moment_gets_its_time() {
    let mut run = Run::new(true, false);
    run.accept();
    run.say_goodbye();
    run.wait(LIMIT - Duration::from_millis(1));
    run.see(State::Powered);
    run.wait(Duration::from_millis(1));
    assert!(!run.course.has_timed_out() && !run.course.is_to_be_cut());
    run.wait(SETTLE);
    assert!(run.course.is_to_be_cut());
}

#[test]
fn without_its_word_nothing_that_is_seen_cuts_it() {
    let mut run = Run::new(true, false);
    // A loose cable, while ssh is being tried.
    run.see(State::Powered);
    run.wait(10 * SETTLE);
    assert_eq!(run.stage(), &Stage::Asking);
    run.course.hear(Said::Failed(AgentError::Silent));
    run.wait(LIMIT);
    assert!(!run.course.is_to_be_cut() && run.course.has_timed_out());
    assert_eq!(run.course.failure(LIMIT).as_deref(), Some("no answer"));
}

/// A cable that is pulled out, or a crash. The goodbye may be heard after the gadget was seen to go.
#[test]
fn one_that_leaves_without_a_goodbye_has_not_halted() {
    let mut run = Run::new(true, false);
    run.accept();
    run.see(State::Powered);
    run.wait(LIMIT - Duration::from_millis(1));
    assert!(run.course.is_under_way() && !run.course.is_to_be_cut());
    run.wait(Duration::from_millis(1));
    assert!(!run.course.is_to_be_cut() && run.course.has_timed_out());
    assert!(run.course.failure(LIMIT).unwrap().starts_with("left the USB without a goodbye"));

    let mut run = Run::new(true, false);
    run.accept();
    run.see(State::Powered);
    run.say_goodbye();
    run.wait(SETTLE);
    assert!(run.course.is_to_be_cut());

    let mut run = Run::new(true, true);
    run.accept();
    run.see(State::Powered);
    run.wait(LIMIT);
    run.course.is_cut();
    assert_eq!(run.stage(), &Stage::Off(ShutdownResult::Forced));
}

/// Its goodbye may never come, as the server of ssh ends at the same time.
#[test]
fn one_that_was_asked_by_ssh_has_halted_when_it_leaves_after_its_session_ended() {
    for (sign, is_halted) in [
        (Some(Said::Ended), true),
        (Some(Said::Goodbye(Goodbye::Poweroff)), true),
        // A cable that is pulled out, over which the connection went.
        (None, false),
    ] {
        let mut run = Run::new(true, false);
        run.course.hear(Said::Accepted(Transport::Ssh));
        let what = format!("{sign:?}");
        sign.into_iter().for_each(|sign| run.course.hear(sign));
        run.see(State::Powered);
        // ssh has given up, which is no sign of the node's.
        run.course.hear(Said::Ended);
        run.wait(SETTLE);
        assert_eq!(run.course.is_to_be_cut(), is_halted, "{what}");
        run.wait(LIMIT);
        let why = run.course.failure(LIMIT);
        let is_lost = why.is_some_and(|why| why.starts_with("left the USB before its ssh session"));
        assert_eq!(is_lost, !is_halted, "{what}");
    }
}

/// The port goes with the gadget.
#[test]
fn the_end_of_the_port_is_no_goodbye() {
    let mut run = Run::new(true, false);
    run.accept();
    run.course.hear(Said::Ended);
    run.see(State::Powered);
    run.wait(SETTLE);
    assert!(!run.course.is_to_be_cut());
}

#[test]
fn a_time_that_is_over_cuts_nothing_unless_forced() {
    for (force, accepts) in [(false, true), (false, false), (true, true), (true, false)] {
        let mut run = Run::new(true, force);
        if accepts {
            run.accept();
        }
        run.wait(LIMIT - Duration::from_millis(1));
        assert!(!run.course.is_to_be_cut());
        run.wait(Duration::from_millis(1));
        assert_eq!(run.course.is_to_be_cut(), force);
        assert_eq!(run.course.has_timed_out(), !force);
        if force {
            run.course.is_cut();
            assert_eq!(run.stage(), &Stage::Off(ShutdownResult::Forced));
        }
    }
}

#[test]
fn one_that_comes_back_restarts_and_keeps_its_power() {
    for restarts in [
        |run: &mut Run| {
            run.see(State::Powered);
            run.see(State::Enumerated);
        },
        |run: &mut Run| run.course.hear(Said::Goodbye(Goodbye::Reboot)),
    ] {
        let mut run = Run::new(true, false);
        run.accept();
        restarts(&mut run);
        run.wait(LIMIT + SETTLE);
        assert_eq!(run.stage(), &Stage::Failed(Failure::Restarts));
    }
}

/// One that is reached by its own network, and has no gadget: it is on its way, but nobody sees the end.
#[test]
fn one_that_cannot_be_seen_keeps_its_power_unless_forced_and_then_has_all_its_time() {
    let mut run = Run::new(false, false);
    run.accept();
    run.wait(LIMIT);
    assert_eq!(run.stage(), &Stage::Failed(Failure::Unseen));
    let mut run = Run::new(false, true);
    run.accept();
    run.wait(LIMIT - Duration::from_millis(1));
    assert!(run.course.is_under_way() && !run.course.is_to_be_cut());
    run.wait(Duration::from_millis(1));
    assert!(run.course.is_to_be_cut());
}

#[test]
fn who_stops_waiting_cuts_nothing() {
    let mut run = Run::new(true, true);
    run.accept();
    run.course.stop();
    run.wait(LIMIT + SETTLE);
    assert_eq!(run.stage(), &Stage::Failed(Failure::Stopped));
}

#[test]
fn a_cut_that_fails_is_told() {
    let mut run = Run::new(true, false);
    run.accept();
    run.say_goodbye();
    run.see(State::Powered);
    run.wait(SETTLE);
    run.course.is_not_cut("no bus".to_owned());
    // Seen: nothing said that it was safe to cut it.
    let told = "has halted, but its power could not be cut: no bus";
    assert_eq!(run.course.failure(LIMIT).as_deref(), Some(told));
}

#[test]
fn one_that_has_halted_before_is_cut_without_being_asked() {
    let mut run = Run::new(true, false);
    run.course = Course::new(run.course.node, State::Halted, false, run.start);
    run.course.hear(Said::Failed(AgentError::Silent));
    run.wait(SETTLE);
    assert!(run.course.is_to_be_cut());
}

/// An answer by the serial port is proof that the gadget was there when it was given; one by ssh may come while a cable is loose.
#[test]
fn one_that_leaves_before_its_answer_is_heard_has_halted_only_if_the_answer_came_by_its_gadget() {
    for (transport, is_halted) in [(Transport::Serial, true), (Transport::Ssh, false)] {
        let mut run = Run::new(true, false);
        run.see(State::Powered);
        run.course.hear(Said::Accepted(transport));
        run.say_goodbye();
        run.wait(SETTLE);
        assert_eq!(run.course.is_to_be_cut(), is_halted, "{transport}");
    }
}

/// Somebody else may have asked it to go down: another command, or one that was interrupted.
#[test]
fn force_gives_a_node_that_cannot_be_asked_all_its_time() {
    let mut run = Run::new(true, true);
    run.course.hear(Said::Failed(AgentError::Silent));
    run.wait(LIMIT - Duration::from_millis(1));
    assert!(run.course.is_under_way() && !run.course.is_to_be_cut());
    run.wait(Duration::from_millis(1));
    assert!(run.course.is_to_be_cut());
}

/// Seen: one that another program had started again lost its power 3 s later, as the record said that it had accepted before.
#[test]
fn one_that_is_not_on_the_usb_has_halted_only_for_whoever_has_seen_it_leave() {
    for (was_on_usb, is_halted) in [(true, true), (false, false)] {
        let mut run = Run::new(was_on_usb, false);
        run.course.join(run.start);
        run.see(State::Powered);
        run.course.hear(Said::Failed(AgentError::Silent));
        run.wait(SETTLE);
        assert!(run.course.is_to_be_cut() == is_halted && run.course.is_under_way() != is_halted);
        // Whoever has seen it has cut its power by then.
        run.wait(SETTLE);
        assert!(run.course.is_to_be_cut() == is_halted && !run.course.is_under_way());
        let failure = (!is_halted).then_some(Failure::MayRun);
        assert_eq!(run.stage(), &failure.map_or(Stage::Halted, Stage::Failed));
    }
}

/// Whether its question is answered by then or not.
#[test]
fn one_that_comes_to_the_usb_has_started_again_since_somebody_else_asked_it() {
    for is_answered in [false, true] {
        let mut run = Run::new(false, false);
        run.course.join(run.start);
        if is_answered {
            run.course.hear(Said::Failed(AgentError::Silent));
        }
        run.see(State::Enumerated);
        assert_eq!(run.stage(), &Stage::Failed(Failure::Restarts));
        run.see(State::Powered);
        run.wait(LIMIT + SETTLE);
        assert!(!run.course.is_to_be_cut());
    }
}

/// Whoever cycles it in the settle time has a node that starts.
#[test]
fn one_that_another_command_switches_on_its_way_is_not_cut() {
    for (states, failure) in [
        (&[State::Off][..], Failure::SwitchedOff),
        (&[State::Off, State::Powered], Failure::StartsAnew),
        (&[State::Off, State::Powered, State::Agent], Failure::StartsAnew),
        (&[State::Off, State::Powered, State::Off], Failure::SwitchedOff),
        (&[State::BootRom], Failure::StartsAnew),
        (&[State::Absent], Failure::Absent),
    ] {
        let mut run = Run::new(true, true);
        run.accept();
        run.say_goodbye();
        run.see(State::Halted);
        run.wait(SETTLE / 2);
        states.iter().for_each(|&state| run.see(state));
        run.wait(LIMIT + SETTLE);
        assert!(!run.course.is_to_be_cut() && !run.course.is_under_way(), "{states:?}");
        assert_eq!(run.stage(), &Stage::Failed(failure), "{states:?}");
    }
}
