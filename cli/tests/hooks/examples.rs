//! The hooks that are shipped as examples, with stand-ins for the programs that they call.

use std::fs;
use std::path::Path;

use crate::site::Site;

/// With one of the examples, which know p2 by its name.
fn site(example: &str) -> Site {
    let site = Site::new("[nodes.p2]\nname = \"db\"\n");
    let path = "../udev/share/doc/clusterhat/examples/hooks";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path).join(example);
    let text = fs::read_to_string(path).unwrap();
    site.hook("50-example", text.strip_prefix("#!/bin/sh\n").unwrap());
    site
}

/// A node is busy for two looks, then drained.
const SCONTROL: &str = r#"echo "$*" >>"$log"
[ "$1 $2" != "show node" ] || case $3 in
    p4) echo "NodeName=p4 State=IDLE+DRAIN ThreadsPerCore=1" ;;
    p3) exit 1 ;;
    *)
        echo look >>"$log.looks"
        if [ $(wc -l <"$log.looks") -lt 3 ]; then state=MIXED+DRAIN; else state=IDLE+DRAIN; fi
        echo "   NodeName=$3 Arch=armv6l"
        echo "   State=$state ThreadsPerCore=1 Weight=1"
        ;;
esac"#;

#[test]
fn a_slurm_node_is_drained_until_its_jobs_end_and_resumed() {
    let site = site("slurm");
    site.program("scontrol", SCONTROL);
    let run = |args: &[&str]| site.run_with(args, &[("POLL", "0.01")]);
    assert_eq!(run(&["on", "db"]).status, 0);
    assert_eq!(site.logged(), ["update NodeName=db State=RESUME"]);
    let output = run(&["off", "db"]);
    assert_eq!(output.status, 0, "{output:?}");
    let text = site.logged().join("\n");
    let show = "show node db\n".repeat(3);
    assert_eq!(text, format!("{show}update NodeName=db State=DRAIN Reason=clusterhat off"));
    // Slurm does not know it: it keeps its power.
    run(&["on", "p3"]);
    let output = run(&["off", "p3"]);
    assert_eq!((output.status, site.on()), (1, 0b0100), "{output:?}");
    assert!(output.stderr.contains("hook 50-example: exit status 1: Slurm does not know p3"));
    site.logged();
    assert_eq!(run(&["cycle", "p4"]).status, 0);
    let cycled = [
        "show node p4",
        "update NodeName=p4 State=DRAIN Reason=clusterhat cycle",
        "update NodeName=p4 State=RESUME",
    ];
    assert_eq!(site.logged(), cycled);
}

#[test]
fn jobs_that_take_longer_than_the_limit_keep_their_node() {
    let site = site("slurm");
    let mut world = site.world.read();
    world["clusterhat_toml"] = serde_json::json!("hook-limit = 0.5\n");
    site.world.write(&world);
    let busy = "echo \"$*\" >>\"$log\"\n[ \"$1\" != show ] || echo State=ALLOCATED+DRAIN X=1";
    site.program("scontrol", busy);
    let run = |args: &[&str]| site.run_with(args, &[("POLL", "0.01")]);
    assert_eq!(run(&["on", "p1"]).status, 0);
    let output = run(&["off", "p1"]);
    assert_eq!((output.status, site.on()), (1, 1), "{output:?}");
    assert!(output.stderr.contains("not finished after 0.5 s"), "{output:?}");
    assert!(site.logged().iter().any(|line| line.contains("State=DRAIN")));
}

#[test]
fn a_kubernetes_node_is_drained_and_uncordoned() {
    let site = site("kubernetes");
    site.program(
        "kubectl",
        "echo \"$KUBECONFIG $*\" >>\"$log\"\n[ \"$1 $2\" != 'drain p3' ] || { echo evicting fails; exit 1; }",
    );
    let run = |args: &[&str]| site.run_with(args, &[("KUBECONFIG", "/k")]);
    assert_eq!(run(&["on", "db", "p3"]).status, 0);
    assert_eq!(site.logged(), ["/k uncordon db", "/k uncordon p3"]);
    let output = run(&["off", "db", "p3"]);
    assert_eq!((output.status, site.on()), (1, 0b0100), "{output:?}");
    assert!(output.stderr.contains("p3 (hook 50-example: exit status 1: p3 cannot be drained)"));
    let options = "--ignore-daemonsets --delete-emptydir-data --timeout=50s";
    let drained = [
        format!("/k drain db {options}"),
        format!("/k drain p3 {options}"),
        "/k uncordon p3".to_owned(),
    ];
    assert_eq!(site.logged(), drained);
}

#[test]
fn a_server_of_haproxy_is_drained_and_ready_again() {
    let site = site("haproxy");
    site.program(
        "socat",
        "read line\necho \"$2 $line\" >>\"$log\"\ncase $line in *nodes/p4*) echo 'No such server.' ;; *) echo ;; esac",
    );
    let run = |args: &[&str]| site.run_with(args, &[("SETTLE", "0"), ("SOCKET", "/s")]);
    assert_eq!(run(&["on", "db"]).status, 0);
    assert_eq!(site.logged(), ["UNIX-CONNECT:/s set server nodes/db state ready"]);
    assert_eq!(run(&["off", "db"]).status, 0);
    let drained = [
        "UNIX-CONNECT:/s set server nodes/db state drain",
        "UNIX-CONNECT:/s set server nodes/db state maint",
    ];
    assert_eq!(site.logged(), drained);
    let output = run(&["off", "p4"]);
    assert_eq!(output.status, 1, "{output:?}");
    assert!(output.stderr.contains("exit status 1: No such server."), "{output:?}");
}

/// Its power did not go: it works on.
#[test]
fn a_node_that_could_not_be_switched_off_is_put_back() {
    for (example, program, back) in [
        ("slurm", "scontrol", "update NodeName=p1 State=RESUME"),
        ("kubernetes", "kubectl", "uncordon p1"),
        ("haproxy", "socat", "set server nodes/p1 state ready"),
    ] {
        let site = site(example);
        let script = "case $* in *show*) echo State=IDLE+DRAIN X=1 ;; stdio*) read line; echo ;; esac\n\
                      echo \"$* ${line-}\" >>\"$log\"";
        site.program(program, script);
        let run = |args: &[&str]| site.run_with(args, &[("SETTLE", "0")]);
        assert_eq!(run(&["on", "p1"]).status, 0);
        let mut world = site.world.read();
        world["faults"] = serde_json::json!([{"transfer": 1, "kind": "nak", "lasting": true}]);
        site.world.write(&world);
        site.logged();
        assert_eq!(run(&["off", "p1"]).status, 1);
        let logged = site.logged();
        assert!(logged.iter().any(|line| line.contains(back)), "{example}: {logged:?}");
    }
}
