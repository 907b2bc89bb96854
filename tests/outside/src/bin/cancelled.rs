//! Switches all nodes on in a blocking task, and cancels that once the first node is on: what asynchronous
//! code of somebody else's does with the library clusterhat.

use std::env;
use std::error::Error;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clusterhat::report::PowerReport;
use clusterhat::{
    Action, Cluster, Controller, Error as ClusterError, Event, Node, NodeSet, Options, Outcome,
    PowerEvent, config::Overrides,
};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

fn main() -> Result<(), Box<dyn Error>> {
    let simulation = env::args().nth(1).ok_or("give a simulation")?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    runtime.block_on(switch_and_cancel(simulation))
}

async fn switch_and_cancel(simulation: String) -> Result<(), Box<dyn Error>> {
    let (switched, mut first) = unbounded_channel();
    let is_cancelled = Arc::new(AtomicBool::new(false));
    let cancel = Arc::clone(&is_cancelled);
    let task = tokio::task::spawn_blocking(move || {
        let mut cluster = open(simulation)?;
        let outcome = switch(&mut cluster, &switched, &is_cancelled)?;
        Ok::<_, ClusterError>((cluster, outcome))
    });
    let node = first.recv().await.ok_or("nothing was switched")?;
    println!("node {} is on: cancelled", node.number());
    cancel.store(true, Ordering::Relaxed);

    // The boards come back from the task, and go on being used.
    let (mut cluster, outcome) = task.await??;
    for node in &outcome.report.nodes {
        println!("{} is {:?}, changed: {}", node.node, node.power, node.changed);
    }
    if let Some(error) = outcome.error {
        println!("{:?}: {}", error.kind(), error.message());
    }
    let off = cluster.switch(&NodeSet::parse(&["p1"])?, Action::Off, &mut |_| {})?.into_result()?;
    println!("then {} is {:?}", off.nodes[0].node, off.nodes[0].power);
    Ok(())
}

fn open(simulation: String) -> Result<Cluster, ClusterError> {
    // Longer than anybody waits: without the cancellation it would not end.
    let overrides = Overrides { delay: Some(Duration::from_secs(300)), ..Overrides::default() };
    let options = Options { simulation: Some(simulation), overrides, ..Options::default() };
    Controller::new(&options)?.open()
}

/// Tells of each node that was switched, until it is cancelled.
fn switch(
    cluster: &mut Cluster,
    switched: &UnboundedSender<Node>,
    is_cancelled: &AtomicBool,
) -> Result<Outcome<PowerReport>, ClusterError> {
    cluster.switch(&NodeSet::parse(&["all"])?, Action::On, &mut |event| {
        if let Event::Power(PowerEvent::Switched { node, .. }) = event {
            // Who does not listen any more has ended.
            let _ = switched.send(node);
        }
        if is_cancelled.load(Ordering::Relaxed) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })
}
