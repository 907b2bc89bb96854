//! `clusterhat setup` as a library, on systems in temporary folders.

#![allow(clippy::unwrap_used)]

#[path = "controller/cases.rs"]
mod cases;
#[path = "controller/groups.rs"]
mod groups;
#[path = "controller/take_over.rs"]
mod take_over;

#[allow(dead_code, reason = "shared with the tests of the set-up of cards")]
#[path = "card/tree.rs"]
mod tree;

use system_config::changes::Places;
use system_config::controller::{self, Request};

use tree::Card;

const INIT: &str = "root/usr/lib/systemd/system/clusterhat-init.service";

/// A stock card with our package on it.
fn stock(name: &str) -> Card {
    let card = Card::stock(name);
    card.write(INIT, "[Install]\nWantedBy=multi-user.target\n");
    card
}

fn places(card: &Card) -> Places {
    controller::places(&card.path("root"), Some(&card.path("boot"))).unwrap()
}

fn plan(card: &Card, request: &Request) -> system_config::changes::Plan {
    controller::plan(request, &controller::read(&places(card)).unwrap())
}
