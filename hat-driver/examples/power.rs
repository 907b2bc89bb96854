//! Switches the first two nodes on and shows what the pins say.
//!
//! `cargo run -p hat-driver --features sim --example power` does it on a simulated v2.5 board;
//! with `Host::new("/")` in place of the simulation it does it on this machine's HAT.

use std::sync::Arc;

use hat_driver::linux::{Cluster, Options};
use hat_driver::power::Action;
use hat_driver::sim::{Machine, builtin};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let simulation = builtin::simulation("v2.5").ok_or("no such simulation")?;
    let machine = Arc::new(Machine::memory(simulation)?);
    let mut cluster = Cluster::open(machine, Options::default())?;

    let nodes: Vec<_> = cluster.nodes().take(2).collect();
    let switched = cluster.switch(&nodes, Action::On, &mut |event| println!("{event:?}"))?;
    println!("changed: {}", switched.changed.len());
    println!("seen on: {}", cluster.status(nodes[0].board())?.seen());
    Ok(())
}
