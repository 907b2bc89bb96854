//! What is wrong where not all nodes went down, or restart.

use std::collections::BTreeMap;
use std::time::Duration;

use hat_driver::linux::Node;

use super::course::Course;
use crate::error::{Error, NodesLeft};
use crate::nodes::label;

/// What is wrong where not all nodes restart; whoever has stopped it has not waited for their answers.
pub(super) fn not_restarted(
    courses: &[Course],
    off: Vec<String>,
    is_stopped: bool,
) -> Option<Error> {
    let failed = |course: &Course| Some((label(course.node), course.why_not_accepted()?));
    let failures: Vec<_> = courses.iter().filter_map(failed).collect();
    let is_silent = |course: &Course| course.has_timed_out() || course.is_asking();
    let timed_out = !is_stopped && courses.iter().any(is_silent);
    let is_any = !failures.is_empty() || !off.is_empty();
    let (fixes, starting) = (fixes(courses, failures.len()), starting(courses).into());
    let is_unknown =
        |course: &Course| course.is_power_unknown() && course.why_not_accepted().is_some();
    let unknown = labels(courses, is_unknown).into();
    is_any.then_some(Error::NotRestarted { failures, fixes, timed_out, off, unknown, starting })
}

/// What is wrong where the caller stopped before anybody was asked, with the nodes of which nobody knows whether they have power.
pub(super) fn not_asked(nodes: &[Node], unknown: &[Node], is_forced: bool) -> Error {
    let failures = nodes.iter().map(|&node| (label(node), "not asked".to_owned())).collect();
    let unknown = unknown.iter().map(|&node| label(node)).collect();
    let left = Box::new(NodesLeft { unknown, is_forced, ..NodesLeft::default() });
    Error::NotShutDown { failures, fixes: Box::default(), timed_out: false, left }
}

/// What is wrong where not all nodes were shut down.
pub(super) fn failure(courses: &[Course], limit: Duration) -> Option<Error> {
    let failed = |course: &Course| Some((label(course.node), course.failure(limit)?));
    let have_power = courses.iter().filter(|course| !course.is_cut_by_another());
    let failures: Vec<_> = have_power.filter_map(failed).collect();
    let timed_out = courses.iter().any(Course::has_timed_out);
    let left = Box::new(NodesLeft {
        wanted: labels(courses, Course::is_wanted),
        halted: labels(courses, Course::is_left_halted),
        cut: labels(courses, Course::is_cut_by_another),
        unknown: labels(courses, Course::is_power_unknown),
        starting: starting(courses),
        misplaced: labels(courses, Course::is_misplaced),
        is_forced: courses.iter().any(Course::cuts_by_force),
    });
    let fixes = fixes(courses, failures.len());
    let error = Error::NotShutDown { failures, fixes, timed_out, left };
    (courses.iter().any(|course| course.failure(limit).is_some())).then_some(error)
}

fn labels(courses: &[Course], is: impl Fn(&Course) -> bool) -> Vec<String> {
    courses.iter().filter(|course| is(course)).map(|course| label(course.node)).collect()
}

/// The nodes that could not be asked since they start.
fn starting(courses: &[Course]) -> Vec<String> {
    labels(courses, Course::is_starting)
}

/// What can be done for nodes that could not be asked, each once: and for whom, where it is not for all that failed.
fn fixes(courses: &[Course], failed: usize) -> Box<[String]> {
    let mut fixes = BTreeMap::<_, Vec<_>>::new();
    for course in courses {
        if let Some(fix) = course.fix() {
            fixes.entry(fix).or_default().push(label(course.node));
        }
    }
    let told = |(fix, nodes): (&str, Vec<String>)| match nodes.len() < failed {
        true => format!("{}: {fix}", nodes.join(", ")),
        false => fix.to_owned(),
    };
    fixes.into_iter().map(told).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use clusterhat_tests::command::World;

    use super::super::ask::Said;
    use super::*;
    use crate::Options;
    use crate::agent::AgentError;
    use crate::life::State;

    /// Seen: "cut its power with `clusterhat off --immediate p1`, or use --force" of p1 with the card of p2 in its position, which
    /// was running, and where --force was given.
    #[test]
    fn who_is_not_to_be_cut_is_told_from_the_others() {
        let world = World::builtin("v2.5");
        let cluster = Options::of_file(&world.path()).cluster();
        let (start, limit) = (Instant::now(), Duration::ZERO);
        for force in [false, true] {
            let course = |node| Course::new(node, State::Agent, force, start);
            let mut courses: Vec<_> = cluster.driver().nodes().take(2).map(course).collect();
            courses[0].misplace("the node in the place of p1 identifies itself as p2");
            courses[1].is_not_cut("no answer".to_owned());
            let Some(Error::NotShutDown { failures, left, .. }) = failure(&courses, limit) else {
                panic!("both keep their power")
            };
            assert_eq!(failures.len(), 2);
            assert_eq!((&*left.misplaced, left.is_forced), (&["p1".to_owned()][..], force));
        }
    }

    /// Seen: "look at its console" below the lines of several nodes, of which one hung.
    #[test]
    fn what_is_not_for_all_that_failed_says_for_whom_it_is() {
        let world = World::builtin("v2.5");
        let cluster = Options::of_file(&world.path()).cluster();
        let failed = |node, serial| {
            let (serial, ssh) = (Box::new(serial), Box::new(AgentError::Simulated));
            let (node_name, ssh_name) = (label(node), label(node));
            let mut course = Course::new(node, State::Agent, false, Instant::now());
            course.hear(Said::Failed(AgentError::Unreachable {
                node: node_name,
                serial,
                ssh_name,
                ssh,
            }));
            course
        };
        let nodes: Vec<_> = cluster.driver().nodes().take(3).collect();
        let silent = |node| failed(node, AgentError::Silent);
        let version = AgentError::Version { oldest: 7, newest: 8 };
        let courses = [silent(nodes[0]), silent(nodes[1]), failed(nodes[2], version)];
        let console = "look at its console: its system hangs, or its agent does not run";
        assert_eq!(*fixes(&courses[..2], 2), [console]);
        assert_eq!(*fixes(&courses, 3), [format!("p1, p2: {console}")]);
    }
}
