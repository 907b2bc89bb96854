//! Nodes that are shut down, each in its own place or in another one's.

use node_link::agent::{Goodbye, Request};

use super::agents::Agent;
use super::*;
use crate::report::ShutdownResult;
use crate::{AfterShutdown, Shutdown};

/// Of p2.
const BESIDE: &str = "1-1.2.3";

/// What came of a shutdown of p1, and whether its agent was asked.
struct Done {
    result: ShutdownResult,
    is_asked: bool,
    why: String,
    has_power: bool,
}

impl Rig {
    /// p1's gadget is at this path; p1 goes down if it is asked.
    fn shut_down(&self, agent: &Agent, at: &str, how: Shutdown) -> Done {
        let (p1, mut cluster) = (NodeSet::parse(&["p1"]).unwrap(), self.cluster());
        let mut is_asked = false;
        let outcome = cluster.shut_down(&p1, how, &mut |_| {
            if agent.heard.try_iter().any(|request| request == Request::Poweroff) {
                is_asked = true;
                agent.goodbye(Goodbye::Poweroff);
                self.unplug(at);
            }
        });
        let outcome = outcome.unwrap();
        let has_power = cluster.status(&p1).unwrap().report.nodes[0].commanded == Some(true);
        let why = outcome.error.map(|error| error.message()).unwrap_or_default();
        Done { result: outcome.report.nodes[0].result, is_asked, why, has_power }
    }

    /// p1 has power, and the cards of p1 and p2 are in each other's positions.
    fn swapped(&self) -> Agent {
        self.switch("p1", Action::On);
        self.device(PLACE, GADGET, "2");
        self.device(BESIDE, GADGET, "1");
        self.agent()
    }
}

const BOTH: &str = "the node in the place of p1 (USB 1-1.2.4) identifies itself as p2, and the one at USB 1-1.2.3 as p1";

/// Seen: "p1 off, shut down", and exit status 0: the node in p1's position had been running, and p1 halted in another.
#[test]
fn a_node_in_another_one_s_place_is_not_asked_and_no_power_is_cut() {
    within(
        "life::kernel::tests::places::a_node_in_another_one_s_place_is_not_asked_and_no_power_is_cut",
        || {
            for force in [false, true] {
                let rig = Rig::new("v2.5");
                let agent = rig.swapped();
                let how = Shutdown { force, ..Shutdown::default() };
                let done = rig.shut_down(&agent, BESIDE, how);
                assert!(!done.is_asked && done.has_power, "{:?} {}", done.result, done.why);
                assert_eq!(done.result, ShutdownResult::StillOn);
                let head = format!(
                    "did not shut down, and keeps its power: p1: {BOTH}; put each card into"
                );
                assert!(done.why.starts_with(&head), "{}", done.why);
            }
        },
    );
}

/// Both lose their power with it.
#[test]
fn a_node_in_another_one_s_place_is_asked_if_the_controller_is_powered_off() {
    within(
        "life::kernel::tests::places::a_node_in_another_one_s_place_is_asked_if_the_controller_is_powered_off",
        || {
            let rig = Rig::new("v2.5");
            let agent = rig.swapped();
            let how = Shutdown { then: AfterShutdown::OnAtNextStart, ..Shutdown::default() };
            let done = rig.shut_down(&agent, BESIDE, how);
            assert!(done.is_asked && done.has_power, "{}", done.why);
            let text = format!("p1: has halted, but its power was not cut: {BOTH}");
            assert!(done.why.contains(&text), "{}", done.why);
            let cluster = rig.cluster();
            let p1 = cluster.driver.node(1).unwrap();
            assert!(!cluster.driver.is_going_down(p1).unwrap());
        },
    );
}

/// Its own gadget is nowhere, so that it cannot be asked.
#[test]
fn who_is_in_a_silent_node_s_place_keeps_its_power_also_by_force() {
    within(
        "life::kernel::tests::places::who_is_in_a_silent_node_s_place_keeps_its_power_also_by_force",
        || {
            let rig = Rig::new("v2.5");
            let agent = rig.agent();
            rig.switch("p1", Action::On);
            rig.device(PLACE, GADGET, "2");
            let limit = Some(Duration::ZERO);
            let how = Shutdown { force: true, limit, ..Shutdown::default() };
            let done = rig.shut_down(&agent, PLACE, how);
            assert!(done.has_power && !done.is_asked, "{}", done.why);
        },
    );
}

/// A gadget may come while a node is being asked.
#[test]
fn who_comes_into_another_one_s_place_meanwhile_keeps_its_power() {
    within(
        "life::kernel::tests::places::who_comes_into_another_one_s_place_meanwhile_keeps_its_power",
        || {
            let rig = Rig::new("v2.5");
            rig.start();
            let agent = rig.agent();
            let (p1, mut cluster) = (NodeSet::parse(&["p1"]).unwrap(), rig.cluster());
            let outcome = cluster.shut_down(&p1, Shutdown::default(), &mut |_| {
                if agent.heard.try_iter().any(|request| request == Request::Poweroff) {
                    agent.goodbye(Goodbye::Poweroff);
                    rig.unplug(PLACE);
                    rig.plug(PLACE, GADGET, "2");
                }
            });
            let row = &outcome.unwrap().report.nodes[0];
            assert_eq!(row.result, ShutdownResult::StillOn);
            let text = "the node in the place of p1 (USB 1-1.2.4) identifies itself as p2";
            assert!(row.error.as_ref().is_some_and(|why| why.ends_with(text)), "{row:?}");
        },
    );
}

#[test]
fn a_node_in_its_place_is_shut_down_whoever_is_beside_it() {
    within(
        "life::kernel::tests::places::a_node_in_its_place_is_shut_down_whoever_is_beside_it",
        || {
            let rig = Rig::new("v2.5");
            rig.start();
            rig.device(BESIDE, GADGET, "2");
            let done = rig.shut_down(&rig.agent(), PLACE, Shutdown::default());
            assert_eq!(done.result, ShutdownResult::ShutDown, "{}", done.why);
            assert!(done.is_asked && !done.has_power);
        },
    );
}

/// Nothing says where p2 belongs: its ID alone counts.
#[test]
fn a_node_whose_place_is_not_known_is_told_by_its_id() {
    within(
        "life::kernel::tests::places::a_node_whose_place_is_not_known_is_told_by_its_id",
        || {
            let rig = Rig::new("v2.5");
            rig.switch("p2", Action::On);
            rig.device(PLACE, GADGET, "2");
            let mut places = rig.cluster();
            let p2 = places.driver.node(2).unwrap();
            assert_eq!(places.usb_path(p2).unwrap(), None);
            let how = Shutdown { limit: Some(Duration::ZERO), ..Shutdown::default() };
            let set = NodeSet::parse(&["p2"]).unwrap();
            let outcome = places.shut_down(&set, how, &mut |_| {}).unwrap();
            assert!(!outcome.error.unwrap().message().contains("identifies itself"));
        },
    );
}

#[test]
fn a_node_in_another_one_s_place_is_not_restarted() {
    within("life::kernel::tests::places::a_node_in_another_one_s_place_is_not_restarted", || {
        let rig = Rig::new("v2.5");
        let agent = rig.swapped();
        let p1 = NodeSet::parse(&["p1"]).unwrap();
        let outcome = rig.cluster().reboot(&p1, Some(Duration::ZERO), &mut |_| {}).unwrap();
        assert_eq!(outcome.report.rebooting[0].error.as_deref(), Some(BOTH));
        assert!(agent.heard.try_iter().all(|request| request != Request::Reboot));
    });
}
