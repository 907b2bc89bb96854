//! `shutdown` and `reboot`: nodes are asked to go down, all at the same time, and lose their power only once they have halted.
//!
//! How that is seen: the agent accepts the request and says goodbye when the system goes down (one that was asked by ssh may only close
//! its session); then the node's gadget leaves the USB. On a node that clusterhat-node set up, the gadget stays until the kernel itself ends, after the file systems are unmounted. The kernel's
//! last work on the card may still be under way then ([`SETTLE`]).
//!
//! A node that is not on the USB as the shutdown begins may be anywhere in a start. What the record says of an earlier request does not
//! change that: only whoever has seen a node leave the USB cuts its power.

mod ask;
mod course;
mod errors;
mod hidden;
mod how;
mod places;
mod work;

use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use hat_driver::linux::{AsksSoFar, KeptOff, Node};
use hat_driver::power::Action;
use node_link::agent::Request;

use super::beyond;
use crate::cluster::Cluster;
use crate::error::Error;
use crate::event::{Event, Observer, Verdict};
use crate::hooks::{Operation, Reason};
use crate::life::State;
use crate::nodes::{NodeSet, label, set_of};
use crate::outcome::Outcome;
use crate::report::{
    NodePower, NodeReboot, NodeShutdown, NodeStatus, PowerReport, RebootReport, ShutdownReport,
    ShutdownResult,
};
use ask::{Asking, Said, deadline};
use course::{Course, names};
use errors::{failure, not_asked, not_restarted};
use hidden::hide;
use places::Misplaced;
use work::{STEP, Work};

pub use course::SETTLE;
pub use how::{AfterShutdown, Shutdown};

/// Why a node without power does not restart.
const OFF: &str = "it is off";

impl Cluster {
    /// Shuts nodes down, and cuts each one's power once it has halted; an empty set means all nodes. A node that does not halt keeps
    /// its power unless the request forces it. A node whose card is in another position, as far as its place on the USB is known, is not asked,
    /// and no power is cut. Nodes without power are left alone, and so are those whose numbers are uncertain, unless
    /// the controller goes down with them: it would be another node's power that is cut.
    ///
    /// # Errors
    /// [`Error::Nodes`]; [`Error::Events`] where the kernel's events cannot be received. Nodes that were not shut down are the
    /// outcome's [`Error::NotShutDown`].
    pub fn shut_down<V: Verdict>(
        &mut self,
        set: &NodeSet,
        how: Shutdown,
        observer: &mut dyn FnMut(Event<'_>) -> V,
    ) -> Result<Outcome<ShutdownReport>, Error> {
        let mut is_stopped = false;
        let observer: &mut Observer<'_> = &mut |event: Event<'_>| {
            let control = observer(event).control();
            is_stopped |= control.is_break();
            control
        };
        // Before anybody is asked: who asks for a node's power from here on, means it to have it.
        let since = self.driver.asks_so_far();
        let (asked, left_out) = self.present(set)?;
        // All of them lose their power with the controller, whatever their numbers are: each is asked, and none is cut whose
        // number is uncertain.
        let (nodes, uncertain) = match how.then {
            AfterShutdown::OnAtNextStart => (asked.clone(), None),
            _ => self.certain(asked.clone()),
        };
        let Found { rows, wanted, not_kept } = self.keep_off(&nodes, &since, how.then)?;
        let mut wanted: Vec<_> = wanted.into_iter().map(wanted_course).collect();
        let powered: Vec<_> = rows.iter().map(|(node, _)| *node).collect();
        let limit = how.limit.unwrap_or(self.settings.shutdown_limit);
        let desired = if how.then == AfterShutdown::Off { None } else { self.desired.take() };
        let mut courses = Vec::new();
        let work = |cluster: &mut Self, nodes: &[Node], observer: &mut Observer<'_>| {
            let silent = silent(nodes, &rows);
            // From here on a signal is answered with what was switched.
            if observer(Event::Begun { nodes, action: Action::Off }).is_break() {
                return Outcome {
                    report: PowerReport::default(),
                    error: Some(not_asked(nodes, &silent, how.force)),
                };
            }
            let work = Work::begin(cluster, nodes, &silent, &since, how, limit);
            let result = work.and_then(|mut work| work.run(observer, &mut courses));
            courses.append(&mut wanted);
            let report = PowerReport {
                nodes: courses.iter().map(|course| cut(cluster, course)).collect(),
                ..PowerReport::default()
            };
            Outcome { report, error: result.err().or_else(|| failure(&courses, limit)) }
        };
        let (off, request) = (Operation::Off, Reason::Request);
        let outcome = self.commanded(&powered, off, request, observer, work);
        // Where nobody was asked.
        courses.append(&mut wanted);
        self.desired = desired.or(self.desired.take());
        if how.then == AfterShutdown::OnAtNextStart {
            self.note_due_at_next_start(&names(&courses, Course::is_off));
        }
        let mut report = self.shutdown_report(&asked, &rows, &courses, limit);
        let mut beyond = None;
        if how.beyond_size && set.is_all() && !is_stopped {
            (report.beyond_size, beyond) = beyond::switch_off(self);
        }
        let outcome = Outcome { report, error: outcome.error };
        Ok(outcome.beside(uncertain).beside(beyond).beside(not_kept).beside(left_out))
    }

    /// Finds out which of the nodes are to be shut down. The others are to stay off, as `off` means it: nobody who has begun to switch one of
    /// them on goes on with that, and it is not restored.
    fn keep_off(
        &mut self,
        nodes: &[Node],
        since: &AsksSoFar,
        then: AfterShutdown,
    ) -> Result<Found, Error> {
        let rows = self.powered_rows(nodes)?;
        let is_off = |node: &Node| rows.iter().all(|(powered, _)| powered != node);
        let off: Vec<_> = nodes.iter().copied().filter(is_off).collect();
        let (off, _) = self.certain(off);
        let KeptOff { off, on, wanted, error, .. } = self.driver.keep_off(&off, since)?;
        if then == AfterShutdown::Off {
            self.stay_off(&off);
        }
        // One that went on in the meantime is shut down as well.
        let mut rows = if on.is_empty() { rows } else { self.powered_rows(nodes)? };
        rows.retain(|(node, _)| !wanted.contains(node));
        Ok(Found { rows, wanted, not_kept: error.map(Error::from) })
    }

    fn shutdown_report(
        &self,
        nodes: &[Node],
        powered: &[Powered],
        courses: &[Course],
        limit: Duration,
    ) -> ShutdownReport {
        let rows = nodes.iter().map(|&node| {
            let course = courses.iter().find(|course| course.node == node);
            let error = self.uncertainty(node);
            let row = NodeShutdown {
                node: label(node),
                name: self.alias(node),
                // A node without a course was off, or refused: by a hook, or as its number is uncertain; or the caller stopped
                // before it was asked.
                result: match powered.iter().find(|(powered, _)| *powered == node) {
                    _ if error.is_some() => ShutdownResult::Unknown,
                    Some((_, row)) if has_silent_board(row) => ShutdownResult::Unknown,
                    Some(_) => ShutdownResult::StillOn,
                    None => ShutdownResult::AlreadyOff,
                },
                transport: None,
                error,
            };
            course.map_or(row.clone(), |course| course.report(row, limit))
        });
        ShutdownReport { nodes: rows.collect(), beyond_size: Vec::new() }
    }

    /// Restarts nodes; their power stays. Done once each has accepted it. One that is off is not asked.
    ///
    /// # Errors
    /// [`Error::Nodes`]. Nodes that do not restart are the outcome's [`Error::NotRestarted`].
    pub fn reboot<V: Verdict>(
        &mut self,
        set: &NodeSet,
        limit: Option<Duration>,
        observer: &mut dyn FnMut(Event<'_>) -> V,
    ) -> Result<Outcome<RebootReport>, Error> {
        let (asked, left_out) = self.present(set)?;
        let (nodes, uncertain) = self.certain(asked.clone());
        let rows = self.powered_rows(&nodes)?;
        let powered: Vec<_> = rows.iter().map(|(node, _)| *node).collect();
        let limit = limit.unwrap_or(self.settings.shutdown_limit);
        let now = Instant::now();
        let mut courses: Vec<_> = rows.iter().map(|(node, row)| reboots(*node, row, now)).collect();
        let states = rows.iter().filter_map(|(node, row)| Some((*node, row.as_ref()?.state?)));
        hide(self, states, &mut courses);
        let mut misplaced = Misplaced::default();
        misplaced.look(self, &powered);
        misplaced.refuse(courses.iter_mut());
        let is_stopped = self.ask_to_restart(&mut courses, deadline(now, limit), observer);
        let rows = asked.iter().map(|&node| {
            let course = courses.iter().find(|course| course.node == node);
            let no_course = || Some(self.uncertainty(node).unwrap_or_else(|| OFF.to_owned()));
            NodeReboot {
                node: label(node),
                name: self.alias(node),
                transport: course.and_then(Course::transport),
                error: course.map_or_else(no_course, Course::why_not_accepted),
            }
        });
        let report = RebootReport { rebooting: rows.collect() };
        let off = nodes.iter().filter(|node| !powered.contains(node));
        let off = off.copied().map(label).collect();
        let error = not_restarted(&courses, off, is_stopped);
        Ok(Outcome { report, error }.beside(uncertain).beside(left_out))
    }

    /// Until each of them has answered, or has failed, by its deadline. Returns whether the observer has stopped that.
    fn ask_to_restart<V: Verdict>(
        &self,
        courses: &mut [Course],
        deadline: Instant,
        observer: &mut dyn FnMut(Event<'_>) -> V,
    ) -> bool {
        let (mut asking, asked) = (None, names(courses, Course::is_asking));
        let mut left = asked.clone();
        while !left.is_empty() {
            if observer(Event::Asking { nodes: &left }).control().is_break() {
                return true;
            }
            let begin = || Asking::begin(self, &asked, &Request::Reboot, deadline);
            match asking.get_or_insert_with(begin).said.recv_timeout(STEP) {
                Ok((node, said)) => {
                    tell(courses, node, said);
                    left = names(courses, Course::is_asking);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        false
    }

    /// Those that are not known to be off.
    fn powered_rows(&mut self, nodes: &[Node]) -> Result<Vec<Powered>, Error> {
        let set = set_of(nodes)?;
        if nodes.is_empty() {
            return Ok(Vec::new());
        }
        let mut rows = self.status(&set)?.report.nodes;
        if rows.iter().any(is_silent) {
            // A read that failed once is made again on an expander, but not on GPIO lines.
            rows = self.status(&set)?.report.nodes;
        }
        let row = |&node: &Node| {
            let name = label(node);
            let at = rows.iter().position(|row| row.node == name);
            (node, at.map(|at| rows.swap_remove(at)))
        };
        let all: Vec<_> = nodes.iter().map(row).collect();
        // A board that was not initialised since power-up commands nothing: its pins tell.
        let is_off = |row: &NodeStatus| {
            row.commanded == Some(false) || row.commanded.is_none() && row.seen == Some(false)
        };
        Ok(all.into_iter().filter(|(_, row)| !row.as_ref().is_some_and(is_off)).collect())
    }
}

/// What a shutdown finds as it begins.
struct Found {
    /// The nodes that are not known to be off.
    rows: Vec<Powered>,
    /// Those that another command has asked to be on since: they are left alone.
    wanted: Vec<Node>,
    /// Why not all of the others are recorded as to stay off.
    not_kept: Option<Error>,
}

/// A node that is not known to be off, with what `status` says of it.
type Powered = (Node, Option<NodeStatus>);

/// Whether a node's board does not say whether it has power.
fn has_silent_board(row: &Option<NodeStatus>) -> bool {
    row.as_ref().is_some_and(is_silent)
}

const fn is_silent(row: &NodeStatus) -> bool {
    row.seen.is_none() && !row.absent
}

/// Those of the nodes whose boards do not say whether they have power.
fn silent(nodes: &[Node], rows: &[Powered]) -> Vec<Node> {
    let silent = rows.iter().filter(|(node, row)| nodes.contains(node) && has_silent_board(row));
    silent.map(|(node, _)| *node).collect()
}

/// The course of a node that another command has asked to be on since.
fn wanted_course(node: Node) -> Course {
    let mut course = Course::new(node, State::Off, false, Instant::now());
    course.want(false);
    course
}

/// The course of a node that is to restart.
fn reboots(node: Node, row: &Option<NodeStatus>, now: Instant) -> Course {
    let mut course = Course::new(node, State::Agent, false, now);
    let start = row.as_ref().filter(|row| row.since.is_some() && row.is_starting());
    if let Some(state) = start.and_then(|row| row.state) {
        course.starts(state);
    }
    if has_silent_board(row) {
        course.lose_board();
    }
    course
}

fn tell(courses: &mut [Course], node: Node, said: Said) {
    if let Some(course) = courses.iter_mut().find(|course| course.node == node) {
        course.hear(said);
    }
}

/// A node's result, for the desired state and the hooks.
fn cut(cluster: &Cluster, course: &Course) -> NodePower {
    let is_off = course.is_off() || course.is_cut_by_another();
    NodePower {
        node: label(course.node),
        name: cluster.alias(course.node),
        power: if is_off { Action::Off } else { Action::On },
        changed: course.has_lost_power(),
        undone: false,
        cycled: false,
        system: None,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::ops::ControlFlow;

    use clusterhat_tests::command::World;

    use super::*;
    use crate::Options;
    use crate::desired::BoardId;

    fn open(world: &World) -> Cluster {
        Options::of_file(&world.path()).cluster()
    }

    /// The power that a node was asked to have last.
    fn desired(cluster: &Cluster, node: Node) -> Option<Action> {
        let info = cluster.driver.boards().find(|(board, _)| *board == node.board()).unwrap().1;
        let document = cluster.desired.as_ref().unwrap().read().unwrap();
        document.last(&BoardId::of(info), node.position())
    }

    /// Seen: it went on, and `at-boot = "last"` did not restore it, since the shutdown had saved that it is to be off.
    #[test]
    fn who_is_to_go_on_for_another_command_is_not_to_stay_off() {
        let world = World::builtin("v2.5");
        let mut cluster = open(&world);
        let nodes: Vec<_> = cluster.driver.nodes().take(3).collect();
        let since = cluster.driver.asks_so_far();
        // It waits for the delay of an earlier node.
        let other = open(&world).driver;
        other.ask(&[other.node(1).unwrap()], Action::On).unwrap();
        let then = AfterShutdown::Off;
        let found = cluster.keep_off(&nodes[..2], &since, then).unwrap();
        assert!(found.rows.is_empty() && found.not_kept.is_none());
        assert_eq!(found.wanted, nodes[..1]);
        let desired: Vec<_> = nodes.iter().map(|&node| desired(&cluster, node)).collect();
        assert_eq!(desired, [None, Some(Action::Off), None]);
        let courses = [wanted_course(found.wanted[0])];
        let message = failure(&courses, Duration::ZERO).unwrap().message();
        let text = "p1: keeps its power, as another command has requested it since";
        assert!(message.ends_with(text), "{message}");
    }

    /// Seen: after a loss of power they came on, as nothing was saved where one board was locked for too long.
    #[test]
    fn what_stays_off_is_saved_also_where_another_board_fails() {
        let world = World::builtin("mixed");
        let mut cluster = open(&world);
        let nodes = [1, 5, 6].map(|number| cluster.driver.node(number).unwrap());
        let since = cluster.driver.asks_so_far();
        let other = open(&world).driver;
        other.ask(&[other.node(6).unwrap()], Action::On).unwrap();
        // Nobody can lock a folder.
        let _ = fs::remove_file(world.lock("i2c-1"));
        fs::create_dir(world.lock("i2c-1")).unwrap();
        let then = AfterShutdown::Off;
        let found = cluster.keep_off(&nodes, &since, then).unwrap();
        assert_eq!((found.rows.len(), &*found.wanted), (0, &nodes[2..]));
        assert!(found.not_kept.is_some_and(|error| error.message().contains("i2c-1")));
        assert_eq!(nodes.map(|node| desired(&cluster, node)), [None, Some(Action::Off), None]);
    }

    /// Seen: a task that was cancelled went on until the node had answered, or for as long as it may take.
    #[test]
    fn a_restart_asks_its_observer_while_a_node_does_not_answer() {
        let mut value = World::builtin_value("v2.5");
        value["nodes"] = serde_json::json!({ "p1": { "boots_in": 0, "hangs": true } });
        let world = World::new(&value);
        let mut cluster = open(&world);
        let nodes = NodeSet::parse(&["p1"]).unwrap();
        assert!(cluster.switch(&nodes, Action::On, &mut |_| {}).unwrap().error.is_none());
        let mut asked = 0;
        let outcome = cluster.reboot(&nodes, None, &mut |_| {
            asked += 1;
            if asked < 3 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        let outcome = outcome.unwrap();
        assert_eq!((asked, outcome.report.rebooting[0].error.as_deref()), (3, Some("no answer")));
    }

    /// Seen: "still-on" of a node whose board did not answer.
    #[test]
    fn who_stops_before_anybody_is_asked_hears_what_is_known_of_the_power() {
        for (silent, result, head) in [
            (false, ShutdownResult::StillOn, "did not shut down, and keeps its power: "),
            (true, ShutdownResult::Unknown, "did not shut down: "),
        ] {
            let world = World::builtin("v2.5");
            let mut cluster = open(&world);
            let nodes = NodeSet::parse(&["p1"]).unwrap();
            assert!(cluster.switch(&nodes, Action::On, &mut |_| {}).unwrap().error.is_none());
            if silent {
                let mut value = world.read();
                value["chips"] = serde_json::json!({});
                world.write(&value);
            }
            let stop = &mut |_: Event<'_>| ControlFlow::Break(());
            let outcome = cluster.shut_down(&nodes, Shutdown::default(), stop).unwrap();
            assert_eq!(outcome.report.nodes[0].result, result);
            let message = outcome.error.unwrap().message();
            assert!(message.starts_with(&format!("{head}p1: not asked")), "{message}");
        }
    }
}
