//! Events of simulated nodes.

use std::time::{Duration, Instant};

use hat_driver::linux::{Moment, Node};

use super::node::SimulatedNode;
use super::timeline::Timeline;
use crate::cluster::Cluster;
use crate::error::Error;
use crate::file_watch::FileWatch;
use crate::life::{Event, Source};

/// The events of a simulation's nodes, from their timelines and from what other processes do to them.
pub(crate) struct SimulatedSource {
    nodes: Vec<Followed>,
    changes: FileWatch,
}

/// A node with what was told of it.
struct Followed {
    node: SimulatedNode,
    timeline: Timeline,
    /// How many events of the timeline were told.
    told: usize,
}

impl SimulatedSource {
    /// Of these nodes of a simulated cluster; others are left out.
    pub(crate) fn new(cluster: &Cluster, nodes: &[Node]) -> Result<Self, Error> {
        let nodes: Vec<_> =
            nodes.iter().filter_map(|&node| SimulatedNode::of(cluster, node)).collect();
        let folder = nodes.first().and_then(SimulatedNode::folder);
        // Before the first look: what changes after it is not missed.
        let changes = FileWatch::of_files(folder.as_deref()).map_err(Error::Events)?;
        let follow = |node: SimulatedNode| Followed { timeline: node.timeline(), node, told: 0 };
        Ok(Self { nodes: nodes.into_iter().map(follow).collect(), changes })
    }
}

impl Source for SimulatedSource {
    fn now(&mut self) -> Result<Vec<(Node, Event, Option<Duration>)>, Error> {
        let mut events = Vec::new();
        let now = Moment::now().uptime;
        for followed in &mut self.nodes {
            followed.timeline = followed.node.timeline();
            let past = followed.timeline.past(now);
            followed.told = past.len();
            events.extend(past.iter().map(|&(since, event)| (followed.node.node, event, since)));
        }
        Ok(events)
    }

    fn next(&mut self, deadline: Option<Instant>) -> Result<Vec<(Node, Event)>, Error> {
        let deadline = deadline.map(on_boot_clock);
        loop {
            let now = Moment::now().uptime;
            let events: Vec<_> = self.nodes.iter_mut().flat_map(|node| node.news(now)).collect();
            if !events.is_empty() || deadline.is_some_and(|deadline| deadline <= now) {
                return Ok(events);
            }
            let next = self.nodes.iter().filter_map(|node| node.timeline.next_after(now));
            self.changes.wait(None, next.chain(deadline).min()).map_err(Error::Events)?;
            for followed in &mut self.nodes {
                followed.look();
            }
        }
    }
}

impl Followed {
    /// Takes the node's timeline as it is now. What is told again is what comes after the first difference.
    fn look(&mut self) {
        let timeline = self.node.timeline();
        self.told = self.told.min(timeline.common(&self.timeline));
        self.timeline = timeline;
    }

    /// What has happened and was not told.
    fn news(&mut self, now: Duration) -> Vec<(Node, Event)> {
        let past = self.timeline.past(now);
        let news = past.iter().skip(self.told).map(|&(_, event)| (self.node.node, event)).collect();
        self.told = past.len().max(self.told);
        news
    }
}

/// A deadline on the boot clock.
fn on_boot_clock(deadline: Instant) -> Duration {
    Moment::now().uptime + deadline.saturating_duration_since(Instant::now())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::life::Event::{
        AgentHello, GadgetGone, GadgetSeen, Goodbye, Heard, LinkUp, PowerOff, PowerOn, RomGone,
    };
    use crate::{Action, NodeSet, Options, Output};
    use hat_driver::sim::builtin;

    /// Another process's view of a simulation of four nodes.
    fn cluster(folder: &std::path::Path) -> Cluster {
        let file = folder.join("simulation.json");
        if !file.exists() {
            std::fs::write(&file, builtin::simulation("v2.5").unwrap().to_text()).unwrap();
        }
        Options::of_file(&file).cluster()
    }

    fn switch(folder: &std::path::Path, action: Action) {
        let p1 = NodeSet::parse(&["p1"]).unwrap();
        assert!(cluster(folder).switch(&p1, action, &mut |_| {}).unwrap().error.is_none());
    }

    fn hub(folder: &std::path::Path, is_on: bool) {
        assert!(cluster(folder).set_output(Output::Hub, is_on).error.is_none());
    }

    fn next(source: &mut SimulatedSource) -> Vec<Event> {
        let deadline = Instant::now() + Duration::from_secs(60);
        source.next(Some(deadline)).unwrap().into_iter().map(|(_, event)| event).collect()
    }

    #[test]
    fn what_other_processes_do_is_told_and_nothing_is_missed() {
        let folder = tempfile::tempdir().unwrap();
        let own = cluster(folder.path());
        let p1 = own.driver.node(1).unwrap();
        let mut source = SimulatedSource::new(&own, &[p1]).unwrap();
        assert_eq!(source.now().unwrap(), [(p1, PowerOff, None)]);
        assert_eq!(source.next(Some(Instant::now())).unwrap(), []);
        let path = folder.path().to_owned();
        let other = std::thread::spawn(move || switch(&path, Action::On));
        let start = [PowerOff, PowerOn, GadgetSeen, LinkUp, Heard, AgentHello];
        assert_eq!(next(&mut source), start);
        other.join().unwrap();
        // Off and on again between two looks: it was off.
        switch(folder.path(), Action::Off);
        switch(folder.path(), Action::On);
        assert_eq!(next(&mut source), start);
        let node = SimulatedNode::of(&own, p1).unwrap();
        hub(folder.path(), false);
        assert_eq!(next(&mut source), [RomGone, GadgetGone]);
        hub(folder.path(), true);
        assert_eq!(next(&mut source), start[2..]);
        node.machine.change(|simulation| simulation.bring_down(node.place, false)).unwrap();
        assert_eq!(next(&mut source)[0], Goodbye);
    }
}
