//! What several reports say in the same words.

use hat_driver::power::Action;

pub(super) fn initialised(boards: &[String]) -> String {
    boards.iter().map(|board| format!("{board}: initialised first\n")).collect()
}

pub(super) const fn on_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

pub(super) const fn action(action: Action) -> &'static str {
    match action {
        Action::On => "on",
        Action::Off => "off",
    }
}
