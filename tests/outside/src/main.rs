//! Lists the boards of a simulated controller and switches one node: what a program of somebody else's does
//! with hat-driver. With `Host::new("/")` in place of the world it would be this machine's boards.
//!
//! `cargo run -- v2.5 2` switches the second node of a v2.5 board on.

use std::env;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use hat_driver::linux::{BoardInfo, BoardModel, Cluster, Options, PowerEvent, chain};
use hat_driver::power::Action;
use hat_driver::sim::Machine;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [world, number] = arguments.as_slice() else {
        return Err("give a world and a node".into());
    };
    let number: u32 = number.parse()?;

    let mut options = Options::default();
    options.lock_limit = Duration::from_secs(60);
    let mut cluster = Cluster::open(Arc::new(Machine::open(world)?), options)?;
    for (_, info) in cluster.boards() {
        println!("{}", described(info));
    }

    let node = cluster.node(number).ok_or_else(|| format!("no node {number}"))?;
    let switched = cluster
        .switch(&[node], Action::On, &mut |event| println!("{}", told(event)))
        .map_err(|error| chain(&error))?;
    println!("{} changed", switched.changed.len());
    let name = cluster.info(node.board())?.name.clone();
    println!("{name} shows on: {}", cluster.status(node.board())?.seen());
    Ok(())
}

fn described(board: &BoardInfo) -> String {
    let kind = match board.model {
        BoardModel::Hat(revision) => format!("HAT {}", revision.version),
        BoardModel::Ctrl { product, .. } => format!("ClusterCTRL {product}"),
        other => other.to_string(),
    };
    format!("{}: {kind}, {} nodes, {}", board.name, board.size, board.place())
}

fn told(event: PowerEvent) -> String {
    match event {
        PowerEvent::Initialised { .. } => "the board was initialised".to_owned(),
        PowerEvent::Switched { node, .. } => format!("{node} switched"),
        PowerEvent::Waiting { duration } => format!("waiting {duration:?}"),
        other => format!("{other:?}"),
    }
}
