//! The nodes' power supply: follows the expander's pins.

use std::{
    fmt, io,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use super::super::{
    agent::Agent,
    guest::unexpected,
    protocol::{Request, Response, Run},
};
use crate::chips::{ADDRESS, Expanders};

/// How many nodes a HAT has.
const NODES: u8 = 4;

/// Time between two looks at the pins.
const POLL: Duration = Duration::from_millis(10);

/// What does the work in the guest.
const NODE: &str = "guest-node";

/// The power supply. It works as long as it is there.
pub struct Plane {
    orders: Sender<Order>,
    thread: Option<JoinHandle<()>>,
}

/// What the plane is to do once it has followed the pins.
enum Order {
    /// Take the nodes away; others come in their places, made with these words for `clusterhat-node up`.
    Remake(Vec<String>, Sender<io::Result<()>>),
    /// Tell which nodes are on (bit n: node n + 1), or what went wrong.
    Tell(Sender<io::Result<u8>>),
}

impl Plane {
    /// Follows the pins from now on.
    pub(super) fn start(agent: Agent, expanders: Arc<Mutex<Expanders>>) -> io::Result<Self> {
        let (orders, receiver) = mpsc::channel();
        let nodes = Nodes { agent, expanders, words: Vec::new(), on: 0, failure: None };
        let work = move || nodes.work(&receiver);
        let thread = thread::Builder::new().name("power plane".into()).spawn(work)?;
        Ok(Self { orders, thread: Some(thread) })
    }

    pub(super) fn remake(&self, words: &[&str]) -> io::Result<()> {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        self.ask(|answer| Order::Remake(words, answer))
    }

    /// Which nodes are on: bit n is node n + 1. Comes after all that the pins have asked for.
    ///
    /// # Errors
    /// If a node could not be switched.
    pub fn on(&self) -> io::Result<u8> {
        self.ask(Order::Tell)
    }

    fn ask<T>(&self, order: impl FnOnce(Sender<io::Result<T>>) -> Order) -> io::Result<T> {
        let (answer, receiver) = mpsc::channel();
        self.orders.send(order(answer)).map_err(io::Error::other)?;
        receiver.recv().map_err(io::Error::other)?
    }
}

impl Drop for Plane {
    fn drop(&mut self) {
        // The thread ends when nobody can order any more.
        self.orders = mpsc::channel().0;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Plane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plane").finish_non_exhaustive()
    }
}

struct Nodes {
    agent: Agent,
    expanders: Arc<Mutex<Expanders>>,
    /// What the nodes are made with.
    words: Vec<String>,
    on: u8,
    /// The first thing that went wrong.
    failure: Option<io::Error>,
}

impl Nodes {
    fn work(mut self, orders: &Receiver<Order>) {
        loop {
            let order = orders.recv_timeout(POLL);
            if let Err(error) = self.follow() {
                self.failure.get_or_insert(error);
            }
            match order {
                Ok(Order::Remake(words, answer)) => drop(answer.send(self.remake(words))),
                Ok(Order::Tell(answer)) => {
                    drop(answer.send(self.failure.take().map_or(Ok(self.on), Err)));
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Switches what the pins say otherwise. The hub feeds the links: off takes them all.
    fn follow(&mut self) -> io::Result<()> {
        const HUB_OFF: u8 = 1 << 5;
        let pins = {
            let expanders = self.expanders.lock().unwrap_or_else(PoisonError::into_inner);
            let chip = expanders.chips.get(&ADDRESS);
            chip.map_or(0, |chip| if chip.direction == 0 { chip.pins() } else { 0 })
        };
        let wanted = if pins & HUB_OFF == 0 { pins & 0x0f } else { 0 };
        for node in 0..NODES {
            let bit = 1 << node;
            if (wanted ^ self.on) & bit != 0 {
                // What cannot be switched is told once, not tried for ever.
                self.on ^= bit;
                self.call(if wanted & bit == 0 { "off" } else { "on" }, node)?;
            }
        }
        Ok(())
    }

    fn remake(&mut self, words: Vec<String>) -> io::Result<()> {
        self.words = words;
        self.on = 0;
        (0..NODES).try_for_each(|node| self.call("remove", node))
    }

    fn call(&mut self, verb: &str, node: u8) -> io::Result<()> {
        let mut argv = vec![NODE.to_owned(), verb.to_owned(), (node + 1).to_string()];
        argv.extend_from_slice(&self.words);
        let run = Run { argv, ..Run::default() };
        match self.agent.ask(&Request::Run(run.clone()))? {
            Response::Ran(output) if output.status == 0 => Ok(()),
            Response::Ran(output) => Err(io::Error::other(format!("{run:?}: {output:?}"))),
            other => Err(unexpected(&other)),
        }
    }
}
