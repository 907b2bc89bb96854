//! The dependencies keep to `.cargo/deny.toml`: their licences, where they come from, and no version left open.
//!
//! `tests/deny` says the same of all platforms' crates, and needs a network for it.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Every package that is built on this machine, the project's own among them.
fn packages() -> Vec<Value> {
    let version = Command::new(env!("CARGO")).arg("-vV").output().expect("cargo runs");
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("a host");
    // What other systems take is not here where nothing but this one's crates were fetched.
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--offline", "--all-features", "--format-version", "1"])
        .args(["--filter-platform", host])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
    metadata["packages"].as_array().expect("packages").clone()
}

fn name(package: &Value) -> String {
    format!("{} {}", text(&package["name"]), text(&package["version"]))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[test]
fn licences_are_allowed() {
    let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.cargo/deny.toml");
    let policy = fs::read_to_string(policy).expect("the policy is there");
    let policy: toml::Table = policy.parse().expect("it is TOML");
    let allowed = policy["licenses"]["allow"].as_array().expect("licences");
    let allowed: Vec<_> = allowed.iter().filter_map(toml::Value::as_str).collect();
    for package in packages() {
        let licence = text(&package["license"]);
        assert!(is_allowed(licence, &allowed), "{}: {licence:?} is not allowed", name(&package));
    }
}

#[test]
fn they_come_from_the_registry() {
    for package in packages() {
        let source = &package["source"];
        assert!(source.is_null() || *source == REGISTRY, "{}: {source}", name(&package));
    }
}

#[test]
fn no_version_is_left_open() {
    let own = packages().into_iter().filter(|package| package["source"].is_null());
    for package in own {
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            let is_open = dependency["req"] == "*" && dependency["path"].is_null();
            assert!(!is_open, "{}: any version of {}", name(&package), dependency["name"]);
        }
    }
}

/// Whether an SPDX expression leaves a choice that is allowed. Old manifests have a slash for "OR".
fn is_allowed(expression: &str, allowed: &[&str]) -> bool {
    let expression = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words = expression.split_whitespace().peekable();
    any(&mut words, allowed) && words.next().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

/// `all OR all ...`
fn any(words: &mut Words<'_>, allowed: &[&str]) -> bool {
    let mut found = all(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        found |= all(words, allowed);
    }
    found
}

/// `one AND one ...`
fn all(words: &mut Words<'_>, allowed: &[&str]) -> bool {
    let mut found = one(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        found &= one(words, allowed);
    }
    found
}

/// A licence, with an exception perhaps, or an expression in brackets.
fn one(words: &mut Words<'_>, allowed: &[&str]) -> bool {
    match words.next() {
        Some("(") => any(words, allowed) & words.next_if_eq(&")").is_some(),
        Some(licence) => match words.next_if_eq(&"WITH").and_then(|_| words.next()) {
            Some(exception) => allowed.contains(&&*format!("{licence} WITH {exception}")),
            None => allowed.contains(&licence),
        },
        None => false,
    }
}

#[test]
fn expressions_are_read_as_spdx_has_them() {
    let allowed = ["MIT", "Apache-2.0", "Unicode-3.0"];
    for yes in [
        "MIT",
        "GPL-3.0 OR MIT",
        "Apache-2.0/GPL-3.0",
        "(MIT OR GPL-3.0) AND Unicode-3.0",
        "Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT",
    ] {
        assert!(is_allowed(yes, &allowed), "{yes}");
    }
    for no in [
        "",
        "GPL-3.0",
        "MIT AND GPL-3.0",
        "(MIT OR GPL-3.0",
        "MIT MIT",
        "GPL-3.0 OR MIT AND GPL-3.0",
        "Apache-2.0 WITH LLVM-exception",
    ] {
        assert!(!is_allowed(no, &allowed), "{no}");
    }
}
