//! Names nodes, switches them and prints the report: what a program of somebody else's does with the library
//! clusterhat.
//!
//! `cargo run --bin library -- v2.5 'p[1-3]'` works on a simulated board; without the simulation it would be
//! this machine's boards.

use std::{env, error::Error, time::Duration};

use clusterhat::{Action, Controller, NodeSet, Options, config::Overrides};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [simulation, nodes] = arguments.as_slice() else {
        return Err("give a simulation and nodes".into());
    };
    // Words are read before any board is opened.
    let nodes = NodeSet::parse(&[nodes])?;
    let options = Options {
        simulation: Some(simulation.clone()),
        overrides: Overrides { delay: Some(Duration::ZERO), ..Overrides::default() },
        ..Options::default()
    };
    let mut cluster = Controller::new(&options)?.open()?;
    let report = cluster.switch(&nodes, Action::On, &mut |_| {})?.into_result()?;
    for node in &report.nodes {
        println!("{} is {:?}, changed: {}", node.node, node.power, node.changed);
    }
    Ok(())
}
