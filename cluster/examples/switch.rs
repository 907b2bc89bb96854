//! Switches p1 to p3 on, one after the other, as the configuration says; waits, and prints the report.

use clusterhat::{Action, Controller, NodeSet, Options};

fn main() -> Result<(), clusterhat::Error> {
    let mut cluster = Controller::new(&Options::default())?.open()?;
    let nodes = NodeSet::parse(&["p[1-3]"])?;
    let outcome = cluster.switch(&nodes, Action::On, &mut |event| eprintln!("{event:?}"))?;
    for node in &outcome.report.nodes {
        println!("{}: {:?}, changed: {}", node.node, node.power, node.changed);
    }
    outcome.into_result().map(drop)
}
