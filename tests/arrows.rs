//! The crates depend on each other downwards only, each on what it is allowed to and on nothing beside it.
//!
//! ```text
//!  cli  daemon    node
//!    \ /         /    \
//! cluster       /      \
//!   |   \      /        \
//!   |  system-config   gadget-config
//!   |        \            /
//! hat-driver  node-link -
//! ```
//!
//! Dependencies of tests are free: a test may look at its crate from above.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Each crate that is shipped, and which of the project's crates it may depend on.
const ARROWS: &[(&str, &[&str])] = &[
    ("hat-driver", &[]),
    ("node-link", &[]),
    ("gadget-config", &["node-link"]),
    ("clusterhat-system-config", &["node-link"]),
    ("clusterhat", &["hat-driver", "node-link", "clusterhat-system-config"]),
    ("clusterhat-cli", &["clusterhat", "hat-driver", "node-link", "clusterhat-system-config"]),
    ("clusterhat-daemon", &["clusterhat", "clusterhat-system-config"]),
    ("clusterhat-node", &["gadget-config", "node-link", "clusterhat-system-config"]),
];

/// The rigs, which nothing that is shipped depends on.
const TESTS: &str = "clusterhat-tests";

/// What belongs to a command: arguments and terminals. The library knows neither.
const OF_A_COMMAND: &[&str] = &[
    "anstream",
    "anstyle",
    "clap",
    "clap_builder",
    "clap_complete",
    "console",
    "crossterm",
    "indicatif",
    "terminal_size",
    "termcolor",
];

/// The project's crates with their dependencies, those of tests left out.
type Crates = BTreeMap<String, BTreeSet<String>>;

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .args(["--locked", "--offline"])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("cargo prints UTF-8")
}

fn crates() -> Crates {
    let metadata = cargo(&["metadata", "--no-deps", "--format-version", "1"]);
    let metadata: Value = serde_json::from_str(&metadata).expect("cargo prints JSON");
    let name = |value: &Value| value["name"].as_str().expect("a name").to_owned();
    let packages = metadata["packages"].as_array().expect("packages");
    let dependencies = |package: &Value| {
        let all = package["dependencies"].as_array().expect("dependencies").iter();
        all.filter(|dependency| dependency["kind"] != "dev").map(name).collect()
    };
    packages.iter().map(|package| (name(package), dependencies(package))).collect()
}

/// The arrows that are not allowed.
fn wrong_arrows(crates: &Crates) -> Vec<String> {
    let mut wrong = Vec::new();
    for (name, dependencies) in crates.iter().filter(|(name, _)| *name != TESTS) {
        let Some((_, allowed)) = ARROWS.iter().find(|(known, _)| known == name) else {
            wrong.push(format!("{name} is not in ARROWS: say what it may depend on"));
            continue;
        };
        for dependency in dependencies.iter().filter(|name| crates.contains_key(*name)) {
            if !allowed.contains(&dependency.as_str()) {
                wrong.push(format!("{name} must not depend on {dependency}"));
            }
        }
    }
    wrong
}

#[test]
fn crates_depend_downwards_only() {
    assert_eq!(wrong_arrows(&crates()), <[String; 0]>::default());
}

#[test]
fn the_library_has_no_arguments_and_no_terminal() {
    let tree = cargo(&[
        "tree",
        "--package",
        "clusterhat",
        "--all-features",
        "--edges",
        "normal",
        "--prefix",
        "none",
        "--format",
        "{p}",
    ]);
    let names: BTreeSet<_> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(names.contains("hat-driver"), "{names:?}");
    let found: Vec<_> = OF_A_COMMAND.iter().filter(|name| names.contains(*name)).collect();
    assert!(found.is_empty(), "clusterhat, the library, depends on {found:?}");
}

#[test]
fn an_arrow_upward_or_sideways_is_found() {
    let added = |from: &str, to: &str| {
        let mut crates = crates();
        crates.entry(from.to_owned()).or_default().insert(to.to_owned());
        wrong_arrows(&crates)
    };
    assert_eq!(
        added("hat-driver", "clusterhat-cli"),
        ["hat-driver must not depend on clusterhat-cli"]
    );
    assert_eq!(
        added("gadget-config", "clusterhat-system-config"),
        ["gadget-config must not depend on clusterhat-system-config"]
    );
    assert_eq!(added("node-link", TESTS), ["node-link must not depend on clusterhat-tests"]);
    assert_eq!(added("daemon", "clap"), ["daemon is not in ARROWS: say what it may depend on"]);
}
