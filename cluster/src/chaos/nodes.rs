//! How a node fails, and how it is repaired. Faults run no hooks and do not change the desired state, so that a start after
//! a real loss of power restores these nodes, too.

use std::ops::ControlFlow;
use std::path::Path;

use hat_driver::linux::{AsksSoFar, ClusterError as DriverError, Node};
use hat_driver::power::Action;

use super::error::ChaosError;
use super::note::{Note, NotedNode, noted_left};
use super::plan::FaultKind;
use crate::cluster::Cluster;
use crate::error::Error;
use crate::life::Snapshot;
use crate::nodes::{label, set_of};
use crate::operations::shutdown::{AfterShutdown, SETTLE, Shutdown};
use crate::simulated::SimulatedNode;

/// Fails a node.
pub(super) fn fail(
    cluster: &mut Cluster,
    node: Node,
    kind: FaultKind,
    is_stopped: &mut dyn FnMut() -> ControlFlow<()>,
) -> Result<(), Error> {
    match kind {
        FaultKind::Cut => {
            cluster.driver.switch(&[node], Action::Off, &mut |_| {})?;
            Ok(())
        }
        FaultKind::Graceful => shut_down(cluster, node, is_stopped),
        FaultKind::Hang => {
            let simulated = SimulatedNode::of(cluster, node).ok_or(ChaosError::NoHang)?;
            simulated.hang().map_err(|error| Error::Simulation(error.to_string()))
        }
    }
}

/// Restores a node. Returns whether it is as it was found; it is not if another caller has switched it off since.
pub(super) fn bring_back(
    cluster: &mut Cluster,
    node: Node,
    kind: FaultKind,
    since: Option<&AsksSoFar>,
) -> Result<bool, Error> {
    let is_on = is_on(cluster, node)?;
    if is_on && kind == FaultKind::Hang {
        return power_cycle(cluster, node);
    }
    if is_on && cluster.driver.is_going_down(node)? {
        if !is_on_usb(cluster, node) {
            // It left the USB after its shutdown was interrupted. Nobody heard it halt, and nothing else starts it again.
            cluster.driver.platform().sleep(SETTLE);
            return power_cycle(cluster, node);
        }
        // It is not cut in the middle.
        shut_down(cluster, node, &mut || ControlFlow::Continue(()))?;
    }
    let switched = match since {
        Some(since) if !is_on => {
            cluster.driver.switch_since(&[node], Action::On, since, &mut |_| {})
        }
        _ => cluster.driver.switch(&[node], Action::On, &mut |_| {}),
    };
    match switched {
        Ok(_) => Ok(true),
        Err(DriverError::Undone { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn power_cycle(cluster: &mut Cluster, node: Node) -> Result<bool, Error> {
    let off_time = cluster.settings.off_time;
    cluster.driver.cycle(&[node], off_time, &mut |_| {})?;
    Ok(true)
}

/// Whether a node's gadget is there.
fn is_on_usb(cluster: &mut Cluster, node: Node) -> bool {
    let state = Snapshot::take(cluster, &[node]).state(cluster, node, None);
    state.is_some_and(|state| state.state.is_on_usb())
}

/// Whether a node has power.
pub(super) fn is_on(cluster: &mut Cluster, node: Node) -> Result<bool, Error> {
    let status = cluster.driver.status(node.board())?;
    Ok(status.seen().has(node.position()))
}

/// Whether a fault that failed has left a node as it was: one that cannot be read may be off, and one that goes down will be.
pub(super) fn is_untouched(cluster: &mut Cluster, node: Node) -> bool {
    is_on(cluster, node).is_ok_and(|is_on| is_on)
        && cluster.driver.is_going_down(node).is_ok_and(|is_going_down| !is_going_down)
}

fn shut_down(
    cluster: &mut Cluster,
    node: Node,
    is_stopped: &mut dyn FnMut() -> ControlFlow<()>,
) -> Result<(), Error> {
    let hooks = cluster.hooks.take();
    let how = Shutdown { then: AfterShutdown::Unchanged, ..Shutdown::default() };
    let outcome = cluster.shut_down(&set_of(&[node])?, how, &mut |_| is_stopped());
    cluster.hooks = hooks;
    outcome?.into_result().map(drop)
}

/// Restores the nodes of the note, and removes them from it.
pub(super) fn put_back(cluster: &mut Cluster, note: &mut Note) -> (Vec<String>, Option<Error>) {
    match try_to(cluster, note) {
        Ok(done) => done,
        Err(error) => (Vec::new(), Some(error.into())),
    }
}

fn try_to(
    cluster: &mut Cluster,
    note: &mut Note,
) -> Result<(Vec<String>, Option<Error>), ChaosError> {
    let (mut back, mut error) = (Vec::new(), None);
    let (here, gone) = find(cluster, note.noted()?);
    for (node, hangs) in here {
        let kind = if hangs { FaultKind::Hang } else { FaultKind::Graceful };
        match bring_back(cluster, node, kind, None) {
            Ok(is_back) => {
                note.remove(&[node.number()])?;
                back.extend(is_back.then(|| label(node)));
            }
            Err(failed) => error = error.or(Some(failed)),
        }
    }
    Ok((back, error.or(gone_error(note.path(), gone))))
}

/// The nodes of the note that are still where they were, and whether each hangs; and what the others are called.
fn find(cluster: &Cluster, noted: Vec<NotedNode>) -> (Vec<(Node, bool)>, Vec<String>) {
    let (mut here, mut gone) = (Vec::new(), Vec::new());
    for NotedNode { number, hangs, moved_from } in noted {
        match (cluster.driver.node(number), moved_from) {
            (None, _) => gone.push(format!("p{number}")),
            (_, Some(board)) => gone.push(format!("p{number} of {board}")),
            (Some(node), None) => here.push((node, hangs)),
        }
    }
    (here, gone)
}

fn gone_error(path: &Path, nodes: Vec<String>) -> Option<Error> {
    (!nodes.is_empty()).then(|| ChaosError::Gone { path: path.to_owned(), nodes }.into())
}

/// The nodes that [`put_back`] would switch on, and what it would fail with as far as that is known before.
///
/// # Errors
/// A note that cannot be read.
pub(super) fn to_put_back(cluster: &Cluster) -> Result<(Vec<Node>, Option<Error>), ChaosError> {
    let (path, noted) = noted_left(cluster)?;
    let (here, gone) = find(cluster, noted);
    Ok((here.into_iter().map(|(node, _)| node).collect(), gone_error(&path, gone)))
}

#[cfg(test)]
mod tests {
    use clusterhat_tests::command::World;
    use hat_driver::sim::builtin;

    use super::*;
    use crate::backend::Backend;
    use crate::controller::Options;

    /// Seen: another board's node was switched on, the one that was without power stayed so, and the note was gone.
    #[test]
    fn a_number_that_is_another_node_s_now_is_not_brought_back() {
        let world = World::builtin("mixed");
        let open = || Options::of_file(&world.path()).cluster();
        Note::open(&open()).unwrap().add(5, false).unwrap();
        let mut value = world.read();
        let triple = value["chips"].as_object_mut().unwrap().remove("11").unwrap();
        world.write(&value);

        let mut pulled = open();
        let p5 = pulled.driver.node(5).unwrap();
        drop(super::super::forget(&pulled, &[p5]).unwrap());
        let (back, error) = put_back(&mut pulled, &mut Note::open(&open()).unwrap());
        let message = error.unwrap().to_string();
        assert!(back.is_empty() && message.starts_with("not here: p5 of ctrl20"), "{message}");
        assert!(!is_on(&mut pulled, p5).unwrap());

        value = world.read();
        value["chips"].as_object_mut().unwrap().insert("11".to_owned(), triple);
        world.write(&value);
        let (back, error) = put_back(&mut open(), &mut Note::open(&open()).unwrap());
        assert!(back == ["p5"] && error.is_none(), "{back:?} {error:?}");
    }

    /// Seen: it stayed halted and powered, and every `chaos --restore` failed.
    #[test]
    fn a_node_that_left_the_usb_after_its_shutdown_was_interrupted_is_brought_back() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("simulation.json");
        std::fs::write(&file, builtin::simulation("v2.5").unwrap().to_text()).unwrap();
        let mut cluster = Options::of_file(&file).cluster();
        let node = cluster.driver.node(1).unwrap();
        cluster.driver.switch(&[node], Action::On, &mut |_| {}).unwrap();
        cluster.driver.set_going_down(node, true).unwrap();
        // A machine on whose USB nothing is: unlike a simulation, it does not tell who has halted.
        cluster.backend = Backend::System { root: folder.path().to_owned() };
        assert!(bring_back(&mut cluster, node, FaultKind::Graceful, None).unwrap());
        assert!(is_untouched(&mut cluster, node));
    }
}
