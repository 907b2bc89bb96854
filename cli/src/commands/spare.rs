//! `off` without nodes, as for what has power beyond a board's configured size: all off means all.

use hat_driver::Positions;
use hat_driver::linux::Error as DriverError;
use hat_driver::power::Action;

use super::{Outcome, of_boards, power};
use crate::context::Context;
use crate::failure::Failure;
use crate::nodes::NodeSet;
use crate::report::{BeyondSize, PlanStep, PowerReport, Report};

/// Switches nodes off; where all are meant, also the places that no node is meant to be at.
pub(crate) fn off(context: &mut Context, set: &NodeSet) -> Result<Outcome, Failure> {
    let outcome = power::switch(context, set, Action::Off);
    if !set.is_all() {
        return outcome;
    }
    let (beyond_size, errors) = each(context, |context, board| context.cluster.off_beyond(board));
    let failure = of_boards(errors);
    match outcome {
        Ok(Outcome { report: Report::Power(report), failure: earlier }) => {
            let report = Report::Power(PowerReport { beyond_size, ..report });
            Ok(Outcome { report, failure: earlier.or(failure) })
        }
        Err(earlier) if !beyond_size.is_empty() => {
            let report = PowerReport { beyond_size, ..PowerReport::default() };
            Ok(Outcome { report: Report::Power(report), failure: Some(earlier) })
        }
        outcome => outcome.map(|outcome| outcome.or(failure)),
    }
}

/// What [`off`] would do. Writes nothing.
pub(crate) fn plan_off(context: &mut Context, set: &NodeSet) -> Result<Outcome, Failure> {
    let mut outcome = power::plan_switch(context, set, Action::Off)?;
    if let (Report::Plan(plan), true) = (&mut outcome.report, set.is_all()) {
        // What fails here has failed there.
        let (beyond_size, _) = each(context, powered);
        plan.steps.extend(beyond_size.into_iter().map(|BeyondSize { board, places }| PlanStep {
            wait_s: 0.0,
            action: Action::Off,
            nodes: places.into_iter().map(|place| format!("{board}:{place}")).collect(),
        }));
    }
    Ok(outcome)
}

fn powered(context: &mut Context, board: usize) -> Result<Positions, DriverError> {
    let size = context.cluster.boards().nth(board).map_or(0, |info| info.size);
    if size >= 4 {
        return Ok(Positions::NONE);
    }
    context.cluster.status(board).map(|status| status.beyond(size))
}

/// What `act` finds on each open board, and what it fails with.
fn each(
    context: &mut Context,
    act: impl Fn(&mut Context, usize) -> Result<Positions, DriverError>,
) -> (Vec<BeyondSize>, Vec<DriverError>) {
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    for (board, name) in context.board_names().into_iter().enumerate() {
        // Its nodes have said so already.
        if context.cluster.board_error(board).is_some() {
            continue;
        }
        match act(context, board) {
            Ok(places) if places.is_empty() => {}
            Ok(places) => found.push(BeyondSize::new(name, places)),
            Err(error) => errors.push(error),
        }
    }
    (found, errors)
}
