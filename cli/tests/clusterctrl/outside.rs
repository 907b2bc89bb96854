//! What is told of the USB and of boards that fail, and what scripts read.

use super::*;

#[test]
fn the_controller_s_fan_is_where_the_configuration_puts_it() {
    let mut world = mixed();
    world["config"] = json!("TYPE=c\nFANGPIO=18\n");
    let tool = Tool::new(&world);
    let fans = || {
        let (world, triple, phat) = (tool.world.read(), tool.board("11"), tool.board("12"));
        let line = world.get("gpio").and_then(|lines| lines["18"].as_u64()).unwrap_or(0);
        [line, triple["fan"].as_u64().unwrap(), phat["fan"].as_u64().unwrap()]
    };
    for (words, expected) in [
        (&["fan", "on", "c"][..], [1, 0, 0]),
        (&["fan", "off", "c"], [0, 0, 0]),
        (&["fan", "on", "30"], [0, 0, 1]),
        (&["fan", "on"], [1, 1, 1]),
        (&["fan", "off", "20"], [1, 0, 1]),
        (&["fan", "off", "77"], [1, 0, 1]),
        (&["fan", "off"], [0, 0, 0]),
    ] {
        tool.does(words);
        assert_eq!(fans(), expected, "{words:?}");
    }
    // Without the key the controller has none.
    let tool = Tool::new(&mixed());
    tool.does(&["fan", "on", "c"]);
    assert_eq!(tool.world.read().get("gpio"), None);
}

/// Sorted as texts; a HAT's nodes are not told here, since no hub shows.
#[test]
fn paths_are_told_without_switching() {
    let tool = Tool::new(&World::builtin_value("a+6"));
    let before = tool.world.read();
    let (text, status) = tool.run(&["getpath"]);
    assert_eq!(status, 0);
    let ends: Vec<_> = text.lines().map(|line| line.split_once(':').unwrap()).collect();
    assert_eq!(
        ends.iter().map(|(node, _)| *node).collect::<Vec<_>>(),
        ["p1", "p2", "p3", "p4", "p5"]
    );
    // The vendor's table: A+6, controller at 4.1.
    for ((_, path), end) in ends.iter().zip(["1", "2", "3", "4.2", "4.4"]) {
        assert!(path.ends_with(&format!(".{end}")), "{path}");
    }
    let only: Vec<_> = text.lines().filter(|line| line.starts_with("p2:")).collect();
    tool.says(&["getpath", "p2"], &format!("{}\n", only[0]), 0);
    tool.says(&["getpath", "p6"], "ERROR: Valid options are p1-p5\n", 1);
    let after = tool.world.read();
    for key in ["p", "u", "alert", "led", "order"] {
        assert_eq!(after["chips"]["11"][key], before["chips"]["11"][key], "{key}");
    }
}

#[test]
fn twelve_paths_are_sorted_as_texts() {
    let mut world = World::builtin_value("a+6");
    let mut more = world["chips"]["11"].clone();
    more["order"] = json!(21);
    world["chips"]["12"] = more.clone();
    more["order"] = json!(22);
    world["chips"]["13"] = more;
    let (text, _) = Tool::new(&world).run(&["getpath"]);
    let nodes: Vec<_> = text.lines().filter_map(|line| Some(line.split_once(':')?.0)).collect();
    let mut sorted = nodes.clone();
    sorted.sort_unstable();
    assert_eq!((nodes.len(), &nodes), (15, &sorted));
    assert_eq!(nodes[..3], ["p1", "p10", "p11"]);
}

#[test]
fn a_board_that_does_not_answer_is_an_error_on_standard_output() {
    for name in ["v2.5", "triple"] {
        let mut world = World::builtin_value(name);
        world["faults"] = json!([{"transfer": 1, "kind": "io", "lasting": true}]);
        let tool = Tool::new(&world);
        for words in [&["status"][..], &["on", "p1"], &["off"]] {
            let (text, status) = tool.run(words);
            assert!(
                text.starts_with("ERROR: ") && text.lines().count() == 1,
                "{name} {words:?}: {text}"
            );
            assert_eq!(status, 1, "{name} {words:?}");
        }
    }
}

#[test]
fn a_power_on_that_fails_leaves_no_alert_lit() {
    let mut world = v2_5();
    world["chips"]["1"]["stuck"] = json!([null, 0, null, null, null, null, null, null]);
    let tool = Tool::new(&world);
    let (text, status) = tool.run(&["on"]);
    assert!(text.starts_with("ERROR: ") && text.contains("p2") && status == 1, "{text}");
    assert_eq!(tool.latch() & 0x40, 0, "ALERT");
}

/// The pHAT takes its first command and never ends it.
#[test]
fn a_board_that_fails_leaves_the_others_their_turn() {
    let mut world = mixed();
    world["chips"]["12"]["slow"] = json!(u32::MAX);
    for (words, latch, key, value) in
        [(&["on"][..], 0x9f, "p", json!([1, 1, 1])), (&["led", "off"], 0x80, "led", json!(0))]
    {
        let tool = Tool::new(&world);
        let (text, status) = tool.run(words);
        assert!(text.starts_with("ERROR: ") && text.contains("pHAT") && status == 1, "{text}");
        assert_eq!(tool.latch(), latch, "{words:?}: the HAT, its ALERT off");
        let triple = tool.board("11");
        assert_eq!((&triple[key], &triple["alert"]), (&value, &json!(0)), "{words:?}: the Triple");
    }
}

/// The lines that the scripts of users pick.
#[test]
fn scripts_find_their_lines() {
    let tool = Tool::new(&v2_5());
    tool.does(&["on", "p2"]);
    let pipe = |filter: &str| {
        let mut sh = tool.world.program(Path::new("sh"));
        sh.env("CLUSTERHAT_SIM", tool.world.path());
        sh.args(["-c", &format!("\"$0\" status | {filter}")]).arg(link(&tool.world));
        Output::of(&mut sh).stdout
    };
    assert_eq!(pipe("tail -n 4"), nodes(1, &[0, 1, 0, 0]));
    assert_eq!(pipe("grep ^p[0-9]"), nodes(1, &[0, 1, 0, 0]));
    assert_eq!(pipe("sed -n s/^p2://p"), "1\n");
    assert_eq!(pipe("grep -c ^u"), "0\n");
}
