//! README.md shows what the command prints: every console block is run, in order, on one simulated board.

mod command;

use std::fs;
use std::path::{Path, PathBuf};

use clusterhat_tests::command::{Output, World, without_note};
use command::{Run as _, clusterhat};

/// A fenced block.
struct Block {
    /// What follows the fence's backticks.
    info: String,
    /// The line of the fence, from 1.
    line: usize,
    text: String,
}

/// A command of a console block, and what it prints.
struct Step<'a> {
    command: &'a str,
    expected: String,
}

fn readme() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md")
}

fn blocks() -> Vec<Block> {
    let text = fs::read_to_string(readme()).expect("README.md is there");
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (index, line) in text.lines().enumerate() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(info), None) => {
                let info = info.trim().to_owned();
                open = Some(Block { info, line: index + 1, text: String::new() });
            }
            (None, Some(block)) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "README.md: a fence is never closed");
    blocks
}

fn of_kind<'a>(blocks: &'a [Block], info: &str) -> Vec<&'a Block> {
    let found: Vec<_> = blocks.iter().filter(|block| block.info == info).collect();
    assert!(!found.is_empty(), "README.md has no ```{info} block");
    found
}

fn steps(block: &Block) -> Vec<Step<'_>> {
    let mut steps: Vec<Step<'_>> = Vec::new();
    for line in block.text.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            assert!(
                command.starts_with("clusterhat "),
                "README.md:{}: a console block runs `clusterhat ...` only, not `{command}`",
                block.line
            );
            steps.push(Step { command, expected: String::new() });
        } else {
            let step = steps.last_mut();
            let step = step.unwrap_or_else(|| {
                panic!("README.md:{}: a console block starts with `$ clusterhat`", block.line)
            });
            step.expected.push_str(line);
            step.expected.push('\n');
        }
    }
    assert!(!steps.is_empty(), "README.md:{}: an empty console block", block.line);
    steps
}

fn assert_same(place: &str, shown: &str, printed: &str) {
    let (shown, printed) = (trimmed(shown), trimmed(printed));
    let (shown, printed) = (undated(&shown), undated(&printed));
    assert!(shown == printed, "{place}\nREADME.md shows:\n{shown}\nprinted is:\n{printed}");
}

/// The same with any seconds at the ends of lines: how long ago something was depends on when one looks.
fn undated(text: &str) -> String {
    let undated = |line: &str| match line.strip_suffix(" s") {
        Some(start) => format!("{}N s\n", start.trim_end_matches(|c: char| c.is_ascii_digit())),
        None => format!("{line}\n"),
    };
    text.lines().map(undated).collect()
}

/// Blanks at the ends of lines do not show in a document.
fn trimmed(text: &str) -> String {
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// What a shell prints, standard output and standard error in their order.
fn shell(world: &World, line: &str, waits: bool) -> String {
    let folder = clusterhat().parent().expect("a folder");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::iter::once(folder.to_owned()).chain(std::env::split_paths(&path));
    let mut sh = world.program(Path::new("sh"));
    sh.args(["-c", &format!("exec 2>&1; {line}")]);
    sh.env("PATH", std::env::join_paths(path).expect("a path"));
    sh.env("CLUSTERHAT_SIM", "v2.5").env("COLUMNS", "100");
    match waits {
        true => sh.env_remove("CLUSTERHAT_SIM_NOWAIT"),
        false => sh.env("CLUSTERHAT_SIM_NOWAIT", "1"),
    };
    // The README shows a machine's boards: what says that these are simulated is left out.
    without_note(&Output::of(&mut sh).stdout).replace("\"simulated\":\"v2.5\",", "")
}

#[test]
fn console_blocks_show_what_is_printed() {
    let blocks = blocks();
    // Only the runtime folder counts: the named worlds live there from one command to the next.
    let world = World::builtin("v2.5");
    for block in of_kind(&blocks, "console") {
        for step in steps(block) {
            let place = format!("README.md:{}: $ {}", block.line, step.command);
            // What waits for a start shows when it began.
            let waits = block.text.contains("--wait");
            assert_same(&place, &step.expected, &shell(&world, step.command, waits));
        }
    }
}

#[test]
fn toml_blocks_are_configurations() {
    let world = World::builtin("v2.5");
    for block in of_kind(&blocks(), "toml") {
        let file = world.folder().join("clusterhat.toml");
        fs::write(&file, &block.text).expect("it can be written");
        // Enough to read the configuration and find its boards; no chip is asked.
        let output = world.run(&["maxpi", "--config", &file.display().to_string()]);
        let line = block.line;
        assert!(!output.stderr.contains("warning"), "README.md:{line}: {}", output.stderr);
        assert_eq!(output.status, 0, "README.md:{line}: {}", output.stderr);
    }
}
