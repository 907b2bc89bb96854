//! Terminals, closed pipes, full disks and completions.

use super::*;

/// What the command prints on a terminal, both streams.
fn on_terminal(world: &World, args: &str, environment: &[(&str, &str)]) -> Output {
    let mut command = world.program(Path::new("script"));
    command.args(["-qec", &format!("\"$PROGRAM\" {args}"), "/dev/null"]);
    command.env("PROGRAM", clusterhat()).env("TERM", "xterm").env_remove("CI");
    command.env("CLUSTERHAT_SIM", world.path()).env("CLUSTERHAT_SIM_NOWAIT", "1");
    command.envs(environment.iter().copied());
    Output::of(&mut command)
}

#[test]
fn colour_is_for_terminals_and_not_where_it_is_unwanted() {
    let world = World::builtin("v2.5");
    let plain = world.run(&["on", "p1"]);
    assert!(!format!("{plain:?}").contains("\\u{1b}"), "{plain:?}");
    let coloured = on_terminal(&world, "status", &[]);
    assert_eq!(coloured.status, 0, "{coloured:?}");
    assert!(coloured.stdout.contains("\x1b[32mon\x1b[0m"), "{coloured:?}");
    for unwanted in [("NO_COLOR", "1"), ("TERM", "dumb"), ("CLICOLOR", "0")] {
        let output = on_terminal(&world, "status", &[unwanted]);
        assert!(!output.stdout.contains('\x1b'), "{unwanted:?}: {output:?}");
        assert!(output.stdout.contains("p1    hat1   on         on"), "{output:?}");
    }
    let json = on_terminal(&world, "status --json", &[]);
    assert!(!json.stdout.contains('\x1b'), "{json:?}");
}

#[test]
fn progress_is_for_terminals_and_gone_at_the_end() {
    let world = World::builtin("v2.5");
    let plain = world.run(&["on", "p1", "p2"]);
    assert!(!plain.stderr.contains("waiting"), "{plain:?}");
    let shown = on_terminal(&world, "on p3 p4", &[("NO_COLOR", "1")]);
    assert!(shown.stdout.contains("p3 on; waiting 1.0 s"), "{shown:?}");
    let (_, end) = shown.stdout.rsplit_once("waiting").expect("progress");
    assert!(end.contains("\r\x1b[K") && end.contains("NODE"), "{shown:?}");
    let error = on_terminal(&world, "on p9", &[]);
    assert_eq!(error.status, 2, "{error:?}");
}

/// A pipe that nobody reads.
fn nobody() -> OwnedFd {
    let (_reader, writer) = UnixStream::pair().expect("a pair");
    writer.into()
}

#[test]
fn a_reader_that_goes_away_is_no_panic() {
    let world = World::builtin("v2.5");
    for args in [
        &["status"][..],
        &["status", "--json"],
        &["on", "p1"],
        &["boards", "--probe"],
        &["--help"],
        &["--version"],
    ] {
        let output = Output::of(world.command(args).stdout(nobody()));
        assert_eq!((output.status, output.stderr.as_str()), (0, ""), "{args:?}");
    }
    assert_eq!(world.read()["chips"]["1"]["r"][1], 0x91, "what was asked for is done");
    let output = Output::of(world.command(&["on", "p9"]).stderr(nobody()));
    assert_eq!((output.status, output.stdout.as_str()), (2, ""));
}

#[test]
fn completions_survive_a_reader_that_goes_away() {
    let mut command = World::builtin("v2.5").command(&["completions", "bash"]);
    let output = Output::of(command.stdout(nobody()));
    assert_eq!((output.status, output.stderr.as_str()), (0, ""));
}

#[test]
fn a_disk_that_is_full_is_an_error() {
    let world = World::builtin("v2.5");
    let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
    let output = Output::of(world.command(&["status"]).stdout(full));
    assert_eq!(output.status, 1, "{output:?}");
    assert!(output.stderr.contains("No space left"), "{output:?}");
    // Seen: 1, as if nodes had failed.
    for words in [&["--json", "on", "p9"][..], &["--json", "on", "--bogus"]] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
        let output = Output::of(world.command(words).stdout(full));
        assert_eq!(output.status, 2, "{output:?}");
        assert!(output.stderr.contains("cannot write the output: No space left"), "{output:?}");
    }
}

#[test]
fn completions_are_scripts_of_their_shells() {
    let world = World::builtin("v2.5");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        // Without a board, a world or a configuration.
        let mut command = world.program(clusterhat());
        let output = Output::of(command.args(["completions", shell]));
        assert_eq!((output.status, output.stderr.as_str()), (0, ""), "{shell}");
        for word in ["cycle", "dry-run", "completions"] {
            assert!(output.stdout.contains(word), "{shell}: no {word}");
        }
        let script = file(&world, &format!("clusterhat.{shell}"), &output.stdout);
        if ["bash", "zsh", "fish"].contains(&shell) {
            match Command::new(shell).arg("-n").arg(&script).output() {
                Ok(check) => assert!(check.status.success(), "{shell}: {check:?}"),
                Err(_) if shell != "bash" => {}
                Err(error) => panic!("bash: {error}"),
            }
        }
    }
}
