//! The command under the vendor's name, `clusterctrl`: its words, its output and its exit statuses,
//! line for line, over the same cluster. All text, errors too, goes to standard output.

mod answer;
mod links;
mod request;
mod run;
mod status;

use std::io::{self, Write};
use std::process::ExitCode;

use clusterhat::config::Role;
use clusterhat::{Cluster, Controller, Error, shorten};
use hat_driver::linux::{BoardInfo, BoardModel, ClusterError as DriverError};

use crate::global::Global;

use crate::failure::Failure;
use crate::render::{self, simulation};
use answer::{Answer, or_failed};
use request::Request;

/// What the vendor's tool prints without words, or when asked for help.
const USAGE: &str = "\
Usage: clusterctrl <cmd>

  on|off [<devices>]                 power on/off all or listed devices
  status                             show status information
  maxpi                              show the number of devices
  init                               initialise
  alert on|off [<devices>]           ALERT LED
  led on|off                         power LEDs
  hub on|off|reset                   USB hub
  wp on|off                          EEPROM write protection (Cluster HAT v2.x, v3.x)
  act on|off [<order>]               ACT LED (ClusterCTRL)
  fan on|off [<order>|c]             fan; c = the controller's
  usbboot on|off <devices>           USB boot (ClusterCTRL)
  getpath [<devices>]                USB path of devices
  setorder <old> <new>               order of a ClusterCTRL board
  save|saveorder|saveusbboot|savepos|savedefaults|reset <order>

<devices> are p1 or a list p2 p3 p5; <order> is the order that status lists (default 20).
";

/// The whole command; `words` without the program's name.
pub(crate) fn main(words: &[String]) -> ExitCode {
    let answer = answer(words);
    let printed = io::stdout().write_all(answer.text.as_bytes());
    crate::render::exit_of(ExitCode::from(answer.status), printed)
}

fn answer(words: &[String]) -> Answer {
    let first = words.first().map(String::as_str);
    if let None | Some("help" | "--help" | "-h" | "/?") = first {
        return Answer::new(USAGE, 0);
    }
    match open(words) {
        Ok(answer) => answer,
        Err(Failure::Cluster(Error::NotController)) => Answer::nothing(),
        Err(Failure::Cluster(Error::Driver(DriverError::NoBoard { .. }))) => {
            Answer::new("ERROR: No ClusterHAT/CTRL devices found\n\n", 1)
        }
        Err(Failure::Cluster(Error::Driver(DriverError::DuplicateOrder { order, buses }))) => {
            Answer::duplicate_order(order, &buses)
        }
        Err(error) => Answer::failed(&error),
    }
}

fn open(words: &[String]) -> Result<Answer, Failure> {
    let options = Global::default().options()?;
    if let Some(name) = &options.simulation {
        simulation::name(name);
        simulation::announce("clusterctrl");
    }
    let controller = Controller::new(&options)?;
    // Without its TYPE the vendor's file makes no controller.
    if matches!(controller.role(), Role::Other(_) | Role::Unset) {
        return Ok(Answer::nothing());
    }
    let root = controller.root().map(ToOwned::to_owned);
    let mut context = controller.open()?;
    let nodes: Vec<_> = context.driver().nodes().collect();
    let request = Request::parse(words, &nodes);
    // A v1.x board needs none, since each line is set up when it is switched; a ClusterCTRL board
    // initialises itself.
    let is_expander =
        |info: &BoardInfo| matches!(info.model, BoardModel::Hat(_)) && info.address.is_some();
    let boards = context.driver().boards().filter(|(_, info)| is_expander(info));
    let expanders: Vec<_> = boards.map(|(board, _)| board).collect();
    // Words that mean nothing are no reason to write to a board.
    let expanders = expanders.into_iter().filter(|_| request.is_ok());
    let inits = expanders.map(|board| context.driver_mut().init(board));
    let failed: Vec<_> = inits.filter_map(Result::err).collect();
    // Like the tool, but with the HAT initialised: its nodes' order is not in doubt.
    if let Some(answer) = duplicate_order(&context) {
        return Ok(answer);
    }
    Ok(match request {
        // A board that could not be initialised fails by itself at whatever else is asked of it.
        Ok(Request::Init) => run::run(&mut context, Request::Init, root.as_deref()).but(&failed),
        Ok(request) => {
            let answer = run::run(&mut context, request, root.as_deref());
            warn(&mut context);
            answer
        }
        Err(answer) => answer,
    })
}

/// What the vendor's tool has no words for is not for those who read its output.
fn warn(context: &mut Cluster) {
    for warning in context.take_warnings() {
        render::tell(&format!("warning: {}", shorten(&warning)));
    }
}

/// The answer where two boards have one order.
fn duplicate_order(context: &Cluster) -> Option<Answer> {
    let errors =
        context.driver().boards().filter_map(|(board, _)| context.driver().check_open(board).err());
    let mut errors = errors.filter_map(|error| match error {
        DriverError::NotOpened { source, .. } => Some(source),
        _ => None,
    });
    errors.find_map(|error| match &*error {
        DriverError::DuplicateOrder { order, buses } => {
            Some(Answer::duplicate_order(*order, buses))
        }
        _ => None,
    })
}
