//! `network`: the nodes' addresses and their way out.

use std::path::Path;
use std::time::Duration;

use system_config::changes::{Changed, Places, Plan, plan_undo, undo};
use system_config::network::{
    self, Node, NodeLink, Request, Settings, Survey, activate, deactivate,
};
use system_config::{LinuxTools, Tools};

use node_link::NodeId;

use super::{Outcome, system_root};
use crate::args::{Global, NetworkSetup, NetworkUndo};
use crate::context::Context;
use crate::failure::Failure;
use crate::report::{NetworkDone, NetworkReport, Report};
use crate::{interrupt, progress};

/// Where the system is that is set up: this machine's, or one that is only mounted.
pub(crate) struct Ground {
    places: Places,
    /// How long to wait for another set-up, where somebody says.
    limit: Option<Duration>,
    is_running: bool,
}

impl Ground {
    pub(crate) fn new(global: &Global) -> Result<Self, Failure> {
        let root = system_root(global)?;
        let (places, is_running) = (network::places(root)?, root == Path::new("/"));
        Ok(Self { places, limit: global.lock_limit, is_running })
    }

    /// Kept from every other set-up until this is dropped; looking alone needs no lock.
    fn locked(&self, dry_run: bool) -> Result<Self, Failure> {
        let places = self.places.clone();
        let places = if dry_run { places } else { progress::locked(places, self.limit)? };
        Ok(Self { places, ..*self })
    }

    /// What was set up.
    pub(crate) fn settings(&self) -> Result<Option<Settings>, Failure> {
        Ok(Settings::read(&self.places)?)
    }

    /// The nodes' links, where the system runs.
    pub(crate) fn heard(&self, context: &Context) -> Result<Vec<NodeLink>, Failure> {
        if !self.is_running {
            return Ok(Vec::new());
        }
        let nodes: Vec<_> =
            (0..context.cluster.nodes()).filter_map(|node| known(context, node).ok()).collect();
        let status = network::status(&nodes, &self.survey()?, &LinuxTools)?;
        Ok(status.map(|status| status.nodes).unwrap_or_default())
    }

    fn running(&self, command: &str) -> Result<&Self, Failure> {
        if self.is_running {
            return Ok(self);
        }
        let why = "looks at the running system: leave --root away";
        Err(Failure::Usage(format!("{command} {why}")))
    }

    fn survey(&self) -> Result<Survey, Failure> {
        let tools: Option<&dyn Tools> = if self.is_running { Some(&LinuxTools) } else { None };
        Ok(Survey::take(&self.places, tools)?)
    }
}

pub(crate) fn setup(
    context: &Context,
    ground: &Ground,
    asked: &NetworkSetup,
) -> Result<Outcome, Failure> {
    let request = Request {
        manager: asked.backend.0,
        uplink: asked.uplink.clone(),
        subnet: asked.subnet,
        cluster: asked.cluster.clone(),
        nodes: nodes(context)?,
        isolate: asked.isolate,
        allow_forwarding: asked.allow_forwarding,
        ..Request::new(asked.mode)
    };
    let ground = &ground.locked(asked.dry_run)?;
    let request = if ground.is_running { of_this_machine(request) } else { request };
    let survey = ground.survey()?;
    let plan = network::plan(&request, &survey)?;
    let activates = ground.is_running && !asked.at_boot;
    if !asked.dry_run {
        plan.files.apply(&ground.places)?;
        if activates {
            // The user's connection may go while the network moves: that is no reason to stop half way.
            interrupt::ignore()?;
            progress::during("bringing the network up", || {
                activate(&plan, survey.settings(), &ground.places, &LinuxTools)
            })?;
        }
    }
    let done = NetworkDone::new(&plan.files, asked.dry_run, activates);
    let report = NetworkReport::Setup { settings: plan.settings, findings: plan.findings, done };
    Ok(Report::Network(report).into())
}

/// The unit runs the program that wrote it.
fn of_this_machine(request: Request) -> Request {
    match std::env::current_exe() {
        Ok(program) => Request { program, ..request },
        Err(_) => request,
    }
}

/// Needs no board.
pub(crate) fn allow(ground: &Ground) -> Result<Outcome, Failure> {
    let running = ground.running("network allow")?;
    network::allow(&running.survey()?, &LinuxTools)?;
    Ok(Report::Network(NetworkReport::Allowed { allowed: true }).into())
}

pub(crate) fn status(context: &mut Context, ground: &Ground) -> Result<Outcome, Failure> {
    let ground = ground.running("network status")?;
    let mut nodes = nodes(context)?;
    for (number, node) in nodes.iter_mut().enumerate() {
        // A board that cannot tell is no reason to tell nothing of the network.
        node.usb_path = context.usb_path(number).ok().flatten();
    }
    let status = network::status(&nodes, &ground.survey()?, &LinuxTools)?;
    let failure = match &status {
        Some(status) if status.is_broken() => Some(Failure::NetworkBroken),
        _ => None,
    };
    Ok(Outcome { report: Report::Network(NetworkReport::Status(status)), failure })
}

/// Needs no board.
pub(crate) fn take_back(ground: &Ground, asked: &NetworkUndo) -> Result<Outcome, Failure> {
    let ground = &ground.locked(asked.dry_run)?;
    // All or nothing: half of a network leaves a controller that nobody reaches.
    let changed = if asked.force { Changed::Overwrite } else { Changed::Refuse };
    let plan: Plan = plan_undo(&ground.places, changed)?;
    let settings = match Settings::read(&ground.places) {
        // What it said is lost, but not the files that were there before.
        Err(network::Error::Settings { .. }) if asked.force => None,
        settings => settings?,
    };
    let activates = ground.is_running && !asked.at_boot && settings.is_some();
    if !asked.dry_run {
        undo(&ground.places, changed)?;
        if let Some(settings) = settings.filter(|_| activates) {
            interrupt::ignore()?;
            progress::during("taking the network back", || deactivate(&settings, &LinuxTools))?;
        }
    }
    let done = NetworkDone::new(&plan, asked.dry_run, activates);
    Ok(Report::Network(NetworkReport::Undo(done)).into())
}

/// The nodes as the network knows them.
pub(crate) fn nodes(context: &Context) -> Result<Vec<Node>, Failure> {
    (0..context.cluster.nodes()).map(|node| known(context, node)).collect()
}

/// A node, counted from 0.
pub(crate) fn known(context: &Context, node: usize) -> Result<Node, Failure> {
    let label = context.label(node);
    let number: Result<NodeId, _> = label.trim_start_matches('p').parse();
    let id = number.map_err(|error| {
        Failure::Usage(format!("{label} has no place in a network of nodes: {error}"))
    })?;
    Ok(Node { name: context.settings.names.get(&(node + 1)).cloned(), ..Node::from(id) })
}
