//! What `cli/try` and `daemon/try` say while they build, with a cargo that builds nothing.

// Helpers may fail a test.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

fn script(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Seen: minutes of silence, and cargo's last line at each call.
#[test]
fn a_build_is_announced_once() {
    for (folder, program) in [("cli", "clusterhat"), ("daemon", "clusterhatd")] {
        let world = tempfile::tempdir().unwrap();
        let built = world.path().join("release").join(program);
        let said = format!("echo '{{\"executable\":\"{}\",\"fresh\":true}}'", built.display());
        script(&world.path().join("bin/cargo"), &said);
        let build = || {
            let mut build = Command::new("../tests/build-to-try");
            let path = std::env::var("PATH").unwrap();
            build.arg(folder).env("CARGO_TARGET_DIR", world.path());
            build.env("PATH", format!("{}:{path}", world.path().join("bin").display()));
            let output = build.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
            assert_eq!(output.stdout, format!("{}\n", built.display()).as_bytes(), "{output:?}");
            String::from_utf8(output.stderr).unwrap()
        };
        let announced = format!("building {program}: this takes 5 to 10 minutes the first time\n");
        assert_eq!(build(), announced);
        script(&built, "");
        assert_eq!(build(), "");
    }
}
