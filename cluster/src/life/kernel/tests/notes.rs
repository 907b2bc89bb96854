//! What is known of a node from before anybody followed it.

use hat_driver::linux::Moment;

use super::*;
use crate::life::BOOT_LIMIT;
use crate::node_note::{Heard, Word};

impl Rig {
    fn write_down(&self, word: Word, at: Duration) {
        self.write_down_of(1, word, at);
    }

    fn write_down_of(&self, number: u32, word: Word, at: Duration) {
        let cluster = self.cluster();
        let note = cluster.note(cluster.driver.node(number).unwrap()).unwrap();
        note.write(Heard { word, at }).unwrap();
    }

    /// Of p1, by who looks once and by who begins to follow it; both know since when.
    #[track_caller]
    fn known(&self) -> State {
        let (p1, mut cluster) = (NodeSet::parse(&["p1"]).unwrap(), self.cluster());
        let status = cluster.status(&p1).unwrap().report;
        let mut watch = self.watch();
        // A node may be overdue.
        let _ = watch.next(Some(Instant::now())).unwrap();
        let followed = watch.states()[0];
        let shown = &status.nodes[0];
        assert_eq!(shown.state, Some(followed.state));
        assert!(shown.since.is_some() && followed.since.is_some(), "{shown:?} {followed:?}");
        followed.state
    }
}

fn ago(time: Duration) -> Duration {
    Moment::now().uptime.saturating_sub(time)
}

#[test]
fn since_when_a_node_is_on_or_off_is_known_of_what_we_switched() {
    within(
        "life::kernel::tests::notes::since_when_a_node_is_on_or_off_is_known_of_what_we_switched",
        || {
            let rig = Rig::new("v2.5");
            let watch = rig.watch();
            assert_eq!((watch.states()[0].state, watch.states()[0].since), (State::Off, None));
            rig.switch("p1", Action::On);
            assert_eq!(rig.known(), State::Powered);
            rig.switch("p1", Action::Off);
            assert_eq!(rig.known(), State::Off);
            // Another program has switched it since.
            rig.write_down(Word::On, Moment::now().uptime);
            assert_eq!(rig.watch().states()[0].since, None);
        },
    );
}

#[test]
fn a_node_that_never_came_is_failed_and_one_that_has_just_got_power_is_not() {
    within(
        "life::kernel::tests::notes::a_node_that_never_came_is_failed_and_one_that_has_just_got_power_is_not",
        || {
            let rig = Rig::new("v2.5");
            rig.switch("p1", Action::On);
            assert_eq!(rig.known(), State::Powered);
            if Moment::now().uptime > BOOT_LIMIT + Duration::from_secs(1) {
                rig.write_down(Word::On, ago(BOOT_LIMIT + Duration::from_secs(1)));
                assert_eq!(rig.known(), State::Failed);
            }
            rig.device(PLACE, GADGET, "1");
            assert_eq!(rig.watch().states()[0].state, State::Enumerated);
        },
    );
}

#[test]
fn a_node_that_halted_is_known_to_have_halted_until_it_is_switched() {
    within(
        "life::kernel::tests::notes::a_node_that_halted_is_known_to_have_halted_until_it_is_switched",
        || {
            let rig = Rig::new("v2.5");
            rig.switch("p1", Action::On);
            rig.write_down(Word::Goodbye, Moment::now().uptime);
            assert_eq!(rig.known(), State::Halted);
            // It is on its way down, and who begins now sees it halt.
            rig.device(PLACE, GADGET, "1");
            let account = rig.root.path().join("sys/bus/usb/devices").join(PLACE);
            fs::create_dir(account.join("power")).unwrap();
            fs::write(account.join("power/connected_duration"), "0\n").unwrap();
            rig.write_down(Word::Goodbye, Moment::now().uptime + Duration::from_secs(1));
            let mut watch = rig.watch();
            assert_eq!(states(&watch)[0], State::Enumerated);
            rig.unplug(PLACE);
            assert_eq!(next(&mut watch), (1, State::Halted));
            rig.write_down(Word::Goodbye, Moment::now().uptime);
            let p1 = NodeSet::parse(&["p1"]).unwrap();
            rig.cluster().cycle(&p1, &mut |_| {}).unwrap().into_result().unwrap();
            assert_eq!(rig.known(), State::Powered, "what it said was before that");
        },
    );
}

/// Seen: a running node that had got the number of one that had halted, whose board was pulled out, was told to have halted.
#[test]
fn what_is_known_of_a_node_says_nothing_of_another_one_with_its_number() {
    within(
        "life::kernel::tests::notes::what_is_known_of_a_node_says_nothing_of_another_one_with_its_number",
        || {
            let rig = Rig::new("mixed");
            let seen = || {
                let p5 = NodeSet::parse(&["p5"]).unwrap();
                let status = rig.cluster().status(&p5).unwrap().report;
                (status.nodes[0].state, states(&rig.watch())[4])
            };
            rig.switch("p5", Action::On);
            rig.switch("p8", Action::On);
            rig.write_down_of(5, Word::Goodbye, Moment::now().uptime);
            assert_eq!(seen(), (Some(State::Halted), State::Halted));
            let mut value = rig.world.read();
            value["chips"].as_object_mut().unwrap().remove("11");
            rig.world.write(&value);
            assert_eq!(seen(), (Some(State::Powered), State::Powered));
        },
    );
}
