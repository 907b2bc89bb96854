//! The manual pages, and the completion scripts; those of sections 1 and 8 are made from a command's own definition.
//!
//! All lie in `packages/man` and `packages/completions`, so that packaging for any architecture needs no
//! program run. Packaging puts the version and the date in the place of `@VERSION@` and `@DATE@`. After a
//! change that is meant: `tests/renew`, and read the difference before it is committed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use clap::Command;
use clap_complete::{Generator, Shell};
use clap_mangen::Man;

use crate::golden::{self, BLESS};
use crate::synopsis::synopsis;

/// The section of the exit statuses.
const TITLE: &str = ".SH \"EXIT STATUS\"\n";

/// Compares the committed pages and scripts with what the command says of itself now.
///
/// # Panics
/// If one is missing, differs, or is of no command any more; with `BLESS=1` they are written instead.
pub fn check(command: Command) {
    check_section(command, "1", "");
}

/// The same of a service, whose pages are in section 8; its own page has these sections, too, which are written by hand.
///
/// # Panics
/// As [`check`].
pub fn check_service(command: Command, sections: &str) {
    check_section(command, "8", sections);
}

fn check_section(command: Command, section: &str, by_hand: &str) {
    let name = command.get_name().to_owned();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packages");
    let mut expected = made(command, section);
    if let Some(page) = expected.get_mut(&Path::new("man").join(format!("{name}.{section}"))) {
        *page = page.replace(".SH VERSION\n", &format!("{by_hand}.SH VERSION\n"));
    }
    for path in committed(&folder, &name) {
        if !expected.contains_key(&path) {
            assert!(golden::is_blessing(), "{}: no such command\n{BLESS}", path.display());
            fs::remove_file(folder.join(&path)).expect("the folder can be written to");
        }
    }
    for (path, text) in expected {
        golden::assert(&folder.join(path), text);
    }
}

/// Every page and script by its place below `packages`.
fn made(command: Command, section: &str) -> BTreeMap<PathBuf, String> {
    let name = command.get_name().to_owned();
    let mut command = command.version("@VERSION@");
    let mut files = BTreeMap::new();
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut command, &name, &mut script);
        files.insert(Path::new("completions").join(shell.file_name(&name)), text(script));
    }
    command.build();
    pages(&command, &name, section, &mut files).expect("memory can be written to");
    add_exit_statuses(&Path::new("man").join(format!("{name}.{section}")), &mut files);
    files
}

/// The page of a command, and those of its own commands.
fn pages(
    command: &Command,
    program: &str,
    section: &str,
    files: &mut BTreeMap<PathBuf, String>,
) -> io::Result<()> {
    let page = Man::new(command.clone())
        .section(section)
        .date("@DATE@")
        .source("clusterhat @VERSION@")
        .manual("Cluster HAT");
    let mut roff = Vec::new();
    page.render(&mut roff)?;
    // The name that the generator gives to what follows the options in --help.
    let roff = text(roff).replace(".SH EXTRA\n", ".SH NOTES\n");
    let mut roff = with_exit_status(&with_synopsis(&roff, &synopsis(command)));
    let is_main = page.get_filename() == format!("{program}.{section}");
    roff.push_str(&see_also(program, section, is_main));
    files.insert(Path::new("man").join(page.get_filename()), roff);
    for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set()) {
        pages(inner, program, section, files)?;
    }
    Ok(())
}

/// The pages to read beside a program's own page, or beside one of its commands'.
fn see_also(program: &str, section: &str, is_main: bool) -> String {
    let file = program.strip_suffix('d').unwrap_or(program);
    let own = format!(".BR {program} ({section}),\n");
    // Of the command, what its files and its hooks are; of the others, the command.
    let first = match (is_main, program) {
        (false, _) => own,
        (true, "clusterhat") => {
            ".BR clusterhat\\-hooks (5),\n.BR clusterhat\\-simulation (5),\n".to_owned()
        }
        (true, _) => ".BR clusterhat (1),\n".to_owned(),
    };
    format!(".SH \"SEE ALSO\"\n{first}.BR {file}.toml (5)\n")
}

/// The page with its exit statuses in a section of their own, and each line of its notes as a paragraph.
fn with_exit_status(page: &str) -> String {
    let Some((before, rest)) = page.split_once(".SH NOTES\n") else { return page.to_owned() };
    let (notes, after) = match rest.find("\n.SH ") {
        Some(end) => rest.split_at(end + 1),
        None => (rest, ""),
    };
    let (status, others): (Vec<_>, Vec<_>) =
        notes.lines().partition(|line| line.starts_with("Exit status"));
    let status: String =
        status.into_iter().map(|line| format!("{}\n", without_title(line))).collect();
    let status = match &*status {
        "" => String::new(),
        status => format!("{TITLE}{status}"),
    };
    let paragraphs = paragraphs(&others);
    let notes = match paragraphs.trim() {
        "" => String::new(),
        text => format!(".SH NOTES\n{text}\n"),
    };
    format!("{before}{status}{notes}{after}")
}

/// Lines as roff keeps them apart: one that is neither empty nor indented begins a paragraph.
fn paragraphs(lines: &[&str]) -> String {
    let mut text = String::new();
    let mut before = "";
    for line in lines {
        if !(before.is_empty() || line.is_empty() || line.starts_with(' ')) {
            text.push_str(".PP\n");
        }
        text.push_str(line);
        text.push('\n');
        before = line;
    }
    text
}

/// What follows "Exit status" in a line.
fn without_title(line: &str) -> String {
    let rest = line.trim_start_matches("Exit status").trim_start_matches(':').trim_start();
    let mut rest = rest.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}

/// Adds the program's exit statuses to the pages of those of its commands that have none of their own.
fn add_exit_statuses(main: &Path, files: &mut BTreeMap<PathBuf, String>) {
    let main = &files[main];
    let (_, rest) = main.split_once(TITLE).expect("the program's page has its exit statuses");
    let line = rest.lines().next().unwrap_or_default();
    let section = format!("{TITLE}{line}\n.SH \"SEE ALSO\"\n");
    let pages = files.iter_mut().filter(|(path, _)| path.starts_with("man"));
    for (_, page) in pages.filter(|(_, page)| !page.contains(TITLE)) {
        *page = page.replace(".SH \"SEE ALSO\"\n", &section);
    }
}

/// The page with another line as its synopsis.
fn with_synopsis(page: &str, synopsis: &str) -> String {
    let (before, rest) = page.split_once(".SH SYNOPSIS\n").expect("a page has a synopsis");
    let (_, after) = rest.split_once("\n.SH ").expect("and a section after it");
    format!("{before}.SH SYNOPSIS\n{synopsis}\n.SH {after}")
}

/// A page of section 5, which is written by hand.
#[derive(Debug)]
pub struct FilePage {
    /// The keys that it explains, in its order.
    pub keys: Vec<String>,
    /// The file that it shows as an example.
    pub example: String,
}

/// Reads a page of section 5 by its file's name.
///
/// # Panics
/// If it is not there or shows no example.
#[must_use]
pub fn file_page(name: &str) -> FilePage {
    let page = page_of_section_5(name);
    let (_, rest) = page.split_once("\n.EX\n").expect("an example begins");
    let (example, _) = rest.split_once("\n.EE\n").expect("and ends");
    FilePage { keys: keys(&page), example: example.to_owned() }
}

/// The keys that a section of such a page explains, in its order.
///
/// # Panics
/// If there is no such page, or no such section in it.
#[must_use]
pub fn section_keys(name: &str, section: &str) -> Vec<String> {
    let page = page_of_section_5(name);
    let (_, rest) = page.split_once(&format!("\n.SS {section}\n")).expect("the section is there");
    keys(rest.split("\n.S").next().unwrap_or_default())
}

fn page_of_section_5(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packages/man").join(name);
    fs::read_to_string(path).expect("the page is there").replace("\\-", "-")
}

/// A key is the first word after a tag.
fn keys(page: &str) -> Vec<String> {
    let items = page.split("\n.TP\n.BR ").skip(1);
    items.filter_map(|item| item.split_whitespace().next()).map(str::to_owned).collect()
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("pages and scripts are UTF-8")
}

/// The committed files that are named after the command. Pages of its commands are NAME-COMMAND, but
/// clusterhat-node and clusterhatd are programs of their own.
fn committed(folder: &Path, name: &str) -> Vec<PathBuf> {
    let programs = ["clusterhat-node", "clusterhatd"];
    let others =
        |file: &str| name == "clusterhat" && programs.iter().any(|other| file.contains(other));
    let mut found = Vec::new();
    for place in ["man", "completions"] {
        for entry in fs::read_dir(folder.join(place)).expect("the folder is there") {
            let file = entry.expect("the folder can be read").file_name();
            let file = file.to_string_lossy();
            if file.contains(name) && !file.ends_with(".5") && !others(&file) {
                found.push(Path::new(place).join(&*file));
            }
        }
    }
    found
}
