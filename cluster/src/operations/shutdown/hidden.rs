//! Nodes that a USB hub hides while they are asked to go down.

use hat_driver::linux::Node;

use super::course::Course;
use crate::cluster::Cluster;
use crate::life::State;

/// Takes note of the hubs that are off. Only boards of nodes that have power and are not on the USB are asked.
pub(super) fn hide(
    cluster: &mut Cluster,
    states: impl Iterator<Item = (Node, State)>,
    courses: &mut [Course],
) {
    let unseen = states.filter(|(_, state)| matches!(state, State::Powered | State::Failed));
    let hidden = cluster.behind_hub_off(&unseen.map(|(node, _)| node).collect::<Vec<_>>());
    courses.iter_mut().filter(|course| hidden.contains(&course.node)).for_each(Course::hide);
}
