//! A program of somebody else's: a crate that is no part of the workspace uses hat-driver by its documented
//! surface.

use std::{collections::BTreeSet, fs, path::Path};

use clusterhat_tests::{
    apart,
    command::{Output, World},
};

/// What it prints, and how it ends, in a world for one node.
fn outside(world: &World, node: &str) -> Output {
    let mut command = apart::run(Path::new(env!("CARGO")), "outside").expect("a target folder");
    // Everything that it is built from is there already: the workspace is built from the same.
    command.arg("--offline").arg("--").arg(world.path()).arg(node);
    command.env("XDG_RUNTIME_DIR", world.runtime());
    Output::of(&mut command)
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
