//! Programs of somebody else's: a crate that is no part of the workspace uses the library clusterhat and
//! hat-driver by their documented surface.

use std::{collections::BTreeSet, fs, path::Path};

use clusterhat_tests::{
    apart,
    command::{Output, World},
};

/// What one of its programs prints, and how it ends, on simulated boards.
fn run(program: &str, world: &World, arguments: &[&str]) -> Output {
    let mut command = apart::run(Path::new(env!("CARGO")), "outside").expect("a target folder");
    command.args(["--bin", program, "--"]).arg(world.path()).args(arguments);
    command.env("XDG_RUNTIME_DIR", world.runtime());
    Output::of(&mut command)
}

fn outside(world: &World, node: &str) -> Output {
    run("clusterhat-outside", world, &[node])
}

fn locked(file: &Path) -> BTreeSet<(String, String)> {
    let text = fs::read_to_string(file).expect("a lock file");
    let field = |package: &str, name: &str| {
        let line = package.lines().find_map(|line| line.strip_prefix(&format!("{name} = ")));
        line.expect("a field").to_owned()
    };
    let packages = text.split("[[package]]").skip(1);
    packages.map(|package| (field(package, "name"), field(package, "version"))).collect()
}

#[test]
fn it_is_built_from_what_the_workspace_is_built_from() {
    let own = locked(&apart::folder("outside").join("Cargo.lock"));
    let workspace = locked(&apart::folder("..").join("Cargo.lock"));
    let alone: Vec<_> = own.difference(&workspace).map(|(name, _)| name.as_str()).collect();
    assert_eq!(alone, ["\"clusterhat-outside\""], "update tests/outside/Cargo.lock");
}

#[test]
fn it_lists_a_hat_and_switches_a_node() {
    let world = World::builtin("v2.5");
    let output = outside(&world, "2");
    let expected = "hat1: HAT 2.5, 4 nodes, i2c-1 0x20\n\
                    the board was initialised\n\
                    node 2 switched\n\
                    1 changed\n\
                    hat1 shows on: P2\n";
    assert_eq!((output.status, output.stdout.as_str()), (0, expected), "{}", output.stderr);
    let chip = &world.read()["chips"]["1"]["r"];
    assert_eq!((&chip[1], &chip[3]), (&0x92.into(), &0.into()), "latch and direction");
}

#[test]
fn it_lists_a_clusterctrl_board_and_switches_a_node() {
    let world = World::builtin("triple");
    let output = outside(&world, "3");
    assert_eq!(output.status, 0, "{}", output.stderr);
    assert!(output.stdout.contains("ClusterCTRL Triple, 3 nodes"), "{}", output.stdout);
    assert!(output.stdout.ends_with("1 changed\nctrl20 shows on: P3\n"), "{}", output.stdout);
}

#[test]
fn it_is_told_what_is_wrong() {
    let mut content = World::builtin_value("v2.5");
    content["chips"] = serde_json::json!({});
    let world = World::new(&content);
    let output = outside(&world, "2");
    assert_eq!(output.status, 1, "{}", output.stdout);
    assert!(output.stderr.contains("i2c-1 0x20"), "{}", output.stderr);
}

#[test]
fn it_switches_named_nodes_by_the_library() {
    let world = World::builtin("v2.5");
    let output = run("library", &world, &["p[1-2]"]);
    let expected = "p1 is On, changed: true\np2 is On, changed: true\n";
    assert_eq!((output.status, &*output.stdout), (0, expected), "{}", output.stderr);
    assert_eq!(world.read()["chips"]["1"]["r"][1], 0x93);
    let refused = run("library", &world, &["p[1-"]);
    assert_eq!(refused.status, 1, "{}", refused.stdout);
    assert!(refused.stderr.contains("p[1-"), "{}", refused.stderr);
}

/// The first node stays on, and the boards can be used again.
#[test]
fn a_switch_in_a_blocking_task_is_cancelled_in_the_middle() {
    let world = World::builtin("v2.5");
    let output = run("cancelled", &world, &[]);
    assert_eq!(output.status, 0, "{}", output.stderr);
    let lines: Vec<_> = output.stdout.lines().collect();
    assert_eq!(lines[..2], ["node 1 is on: cancelled", "p1 is On, changed: true"], "{lines:?}");
    assert!(lines.iter().any(|line| line.starts_with("Stopped: ")), "{lines:?}");
    assert_eq!(lines.last(), Some(&"then p1 is Off"), "{lines:?}");
    assert_eq!(world.read()["chips"]["1"]["r"][1], 0x90, "no other node was switched");
}
