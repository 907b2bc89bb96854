//! Nodes on their way down: what is asked and seen of them, and their power at its end.

use std::time::{Duration, Instant};

use hat_driver::linux::{AsksSoFar, Done, Node, PowerEvent};
use node_link::agent::Request;

use super::ask::{Asking, Said, deadline};
use super::course::{Course, names};
use super::hidden::hide;
use super::how::{AfterShutdown, Shutdown};
use super::places::Misplaced;
use crate::cluster::Cluster;
use crate::error::Error;
use crate::event::{Event, Observer};
use crate::life::{NodeState, State, Watch};
use crate::nodes::{label, set_of};

/// How often the course of things is looked at while nothing happens.
pub(super) const STEP: Duration = Duration::from_millis(100);

/// Nodes on their way down.
pub(super) struct Work<'a> {
    cluster: &'a mut Cluster,
    courses: Vec<Course>,
    watch: Watch,
    asking: Asking,
    deadline: Instant,
    /// What had been asked of the nodes when it began.
    since: &'a AsksSoFar,
    misplaced: Misplaced,
}

impl<'a> Work<'a> {
    /// Asks nodes, of which some have boards that do not say whether they have power.
    pub(super) fn begin(
        cluster: &'a mut Cluster,
        nodes: &[Node],
        silent: &[Node],
        since: &'a AsksSoFar,
        how: Shutdown,
        limit: Duration,
    ) -> Result<Self, Error> {
        let now = Instant::now();
        let deadline = deadline(now, limit);
        // Before anybody is asked: a node may be quick.
        let watch = cluster.follow_kernel(&set_of(nodes)?)?;
        let states = watch.states().iter().filter(|state| nodes.contains(&state.node));
        // What was written down earlier says nothing of a node that another program has cycled since: who only seems to have halted is
        // asked, as everybody is.
        let is_real = cluster.backend.root().is_some();
        let known = |state: State| match state {
            State::Halted if is_real => State::Powered,
            state => state,
        };
        let courses = states.map(|state| {
            let mut course = Course::new(state.node, known(state.state), how.force, now);
            if state.since.is_some() && state.is_starting() {
                course.starts(state.state);
            }
            if silent.contains(&state.node) {
                course.lose_board();
                // A simulation's states do not come from its boards.
                if is_real && state.state != State::Absent {
                    course.see(state.state, now);
                }
            }
            course
        });
        let mut courses: Vec<_> = courses.collect();
        let wanted = cluster.driver.wanted_since(nodes, since)?;
        for course in &mut courses {
            if wanted.contains(&course.node) {
                course.want(false);
            } else if cluster.driver.is_halt_awaited(course.node)? {
                course.join(now);
            }
        }
        let states = watch.states().iter().map(|state| (state.node, state.state));
        hide(cluster, states, &mut courses);
        let mut misplaced = Misplaced::default();
        misplaced.look(cluster, &names(&courses, Course::is_under_way));
        // Whoever loses its power with the controller is asked wherever it is, but none of them is cut here.
        if how.then != AfterShutdown::OnAtNextStart {
            misplaced.refuse(courses.iter_mut().filter(|course| course.is_under_way()));
        }
        let asked = names(&courses, Course::is_asking);
        let asking = Asking::begin(cluster, &asked, &Request::Poweroff, deadline);
        Ok(Self { cluster, courses, watch, asking, deadline, since, misplaced })
    }

    /// Until every node is off, or is not going to be; the courses are those that they took.
    pub(super) fn run(
        &mut self,
        observer: &mut Observer<'_>,
        courses: &mut Vec<Course>,
    ) -> Result<(), Error> {
        let result = self.go_on(observer);
        *courses = std::mem::take(&mut self.courses);
        result
    }

    fn go_on(&mut self, observer: &mut Observer<'_>) -> Result<(), Error> {
        loop {
            let now = Instant::now();
            self.hear()?;
            for course in &mut self.courses {
                course.pass(now, self.deadline);
            }
            for course in self.courses.iter_mut().filter(|course| course.has_halted()) {
                let driver = &self.cluster.driver;
                if driver.is_hidden(course.node)? {
                    course.lose_sight();
                } else if course.has_halted_unheard() {
                    // Whoever heard it may have cut its power before its pin was looked at.
                    if driver.has_ended_since(course.node, self.since)? {
                        course.end();
                    } else if !driver.is_going_down(course.node)? {
                        course.lose();
                    }
                }
            }
            let due = names(&self.courses, Course::is_to_be_cut);
            if !due.is_empty() {
                self.cut(&due, observer)?;
                continue;
            }
            let left = names(&self.courses, Course::is_under_way);
            if left.is_empty() {
                return self.look_again();
            }
            let event = Event::GoingDown {
                nodes: &left,
                left: self.deadline.saturating_duration_since(now),
            };
            if observer(event).is_break() {
                self.courses.iter_mut().for_each(Course::stop);
                return self.look_again();
            }
            while let Some(change) = self.watch.next(Some(now + STEP))? {
                // What was said before a node left has come before.
                self.hear()?;
                self.see(change)?;
            }
        }
    }

    /// Whoever switches a node off on its way down may have switched it on again meanwhile: its pin tells.
    fn look_again(&mut self) -> Result<(), Error> {
        let is_switched =
            |course: &Course| course.is_switched_by_another() || course.is_ended_by_another();
        let switched = names(&self.courses, is_switched);
        if switched.is_empty() {
            return Ok(());
        }
        let status = self.cluster.status(&set_of(&switched)?)?.report;
        for course in self.courses.iter_mut().filter(|course| switched.contains(&course.node)) {
            let row = status.nodes.iter().find(|row| row.node == label(course.node));
            course.look(row.and_then(|row| row.seen), Instant::now());
        }
        Ok(())
    }

    fn hear(&mut self) -> Result<(), Error> {
        while let Ok((node, said)) = self.asking.said.try_recv() {
            // Another process may have asked it first, in the meantime.
            let joins =
                matches!(said, Said::Failed(_)) && self.cluster.driver.is_halt_awaited(node)?;
            self.record(node, |course| {
                if joins {
                    course.join(Instant::now());
                }
                course.hear(said);
            })?;
        }
        Ok(())
    }

    fn see(&mut self, NodeState { node, state, .. }: NodeState) -> Result<(), Error> {
        if state == State::Enumerated {
            self.misplaced.look(self.cluster, &[node]);
        }
        let is_ended =
            state == State::Off && self.cluster.driver.has_ended_since(node, self.since)?;
        self.record(node, |course| match is_ended && course.is_under_way() {
            true => course.end(),
            false => course.see(state, Instant::now()),
        })
    }

    /// Changes a node's course, and tells other processes whether it goes down.
    fn record(&mut self, node: Node, change: impl FnOnce(&mut Course)) -> Result<(), Error> {
        let Some(course) = self.courses.iter_mut().find(|course| course.node == node) else {
            return Ok(());
        };
        let (before, joined) = (course.is_going_down(), course.joins());
        change(course);
        // Where this course joins that of another process, that one has recorded it, and may have taken it back since.
        if !before && course.is_going_down() && course.transport().is_some() {
            // Whoever has switched it since may have been quicker than its answer.
            self.cluster.driver.set_going_down_since(node, self.since)?;
        } else if (before || joined) && (course.restarts() || course.is_lost()) {
            self.cluster.driver.set_going_down(node, false)?;
        }
        Ok(())
    }

    /// Cuts the power of nodes that have halted, or that are not to be waited for. A board that fails does not affect the others' nodes.
    fn cut(&mut self, nodes: &[Node], observer: &mut Observer<'_>) -> Result<(), Error> {
        self.misplaced.look(self.cluster, nodes);
        let due = self.courses.iter_mut().filter(|course| nodes.contains(&course.node));
        let refused = self.misplaced.refuse(due);
        for &node in &refused {
            // What is in its position does not go down.
            self.cluster.driver.set_going_down(node, false)?;
        }
        let nodes = nodes.iter().copied().filter(|node| !refused.contains(node));
        let nodes: Vec<_> = nodes.collect();
        for course in self.courses.iter().filter(|course| course.is_forced()) {
            self.cluster.driver.set_going_down(course.node, false)?;
        }
        let mut boards: Vec<_> = nodes.iter().map(|node| node.board()).collect();
        boards.dedup();
        for board in boards {
            let nodes: Vec<_> = nodes.iter().copied().filter(|n| n.board() == board).collect();
            let mut off = Vec::new();
            let notes = self.cluster.switch_notes(&nodes);
            let observer = &mut |event| {
                if let PowerEvent::Switched { node, action } = event {
                    off.push(node);
                    notes.record(node, action);
                }
                observer(Event::Power(event))
            };
            let driver = &mut self.cluster.driver;
            let (kept, why) = match driver.end_since(&nodes, self.since, observer) {
                Ok(switched) => (switched.kept, None),
                Err(error) => {
                    let kept = error.done().map_or_else(Vec::new, Done::kept);
                    (kept, Some(Error::from(error).message()))
                }
            };
            for course in self.courses.iter_mut().filter(|course| nodes.contains(&course.node)) {
                match &why {
                    _ if kept.contains(&course.node) => {
                        // It has not where somebody has cycled its power meanwhile.
                        course.want(self.cluster.driver.is_going_down(course.node)?);
                    }
                    Some(why) if !off.contains(&course.node) => course.is_not_cut(why.clone()),
                    _ => course.is_cut(),
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
