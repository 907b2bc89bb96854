//! Words, and machines that are no controllers.

use super::*;

#[test]
fn other_roles_say_nothing() {
    for config in ["TYPE=usbboot\nID=2\n", "TYPE=node\nID=3\n", "TYPE=x\n", "", "ID=3\n"] {
        let tool = Tool::new(&configured(config));
        let before = tool.world.read();
        for words in
            [&["on"][..], &["status"], &["maxpi"], &["frob"], &["on", "p9"], &["save", "x"]]
        {
            tool.does(words);
        }
        assert_eq!(tool.world.read(), before, "{config:?}");
    }
    for config in ["type=c\n", "TYPE='c'\n", "TYPE=\"cnat\" # NAT\n"] {
        Tool::new(&configured(config)).says(&["maxpi"], "4\n", 0);
    }
}

#[test]
fn the_usage_needs_no_board() {
    for world in [v2_5(), json!({"chips": {}}), configured("TYPE=node\n")] {
        let tool = Tool::new(&world);
        let before = tool.world.read();
        let (usage, status) = tool.run(&[]);
        assert!(usage.starts_with("Usage: "), "{usage}");
        assert_eq!(status, 0);
        for words in [&["help"][..], &["--help"], &["-h"], &["/?"], &["help", "on"]] {
            tool.says(words, &usage, 0);
        }
        assert_eq!(tool.world.read(), before);
    }
}

#[test]
fn every_command_stands_in_the_usage() {
    let (usage, _) = Tool::new(&v2_5()).run(&["help"]);
    for word in
        "on off status maxpi init getpath alert led hub wp act fan usbboot setorder save saveorder \
                 saveusbboot savepos savedefaults reset"
            .split_whitespace()
    {
        let known = usage.split(|c: char| !c.is_alphanumeric()).any(|part| part == word);
        assert!(known, "{word}: {usage}");
    }
}

/// The vendor's tool initialises the HAT before it looks at its words.
#[test]
fn words_that_mean_nothing_initialise_nothing() {
    let world = World::builtin_value("v2.5");
    let tool = Tool::new(&world);
    let before = tool.world.read();
    for words in [&["frob"][..], &["hub"], &["on", "p9"], &["led", "frob"], &["fan", "on", "0"]] {
        tool.run(words);
        assert_eq!(tool.world.read(), before, "{words:?}");
    }
    tool.run(&["maxpi"]);
    assert_ne!(tool.world.read(), before);
}

/// Defect 14: tracebacks of the tool.
#[test]
fn words_that_are_no_numbers_are_told() {
    let tool = Tool::new(&World::builtin_value("triple"));
    let before = tool.world.read();
    for node in
        ["p", "", "p-1", "p+1", "p 1", "1", "p1.0", "p1,p2", "p0x1", "p99999999999999999999"]
    {
        for words in [&["on", node][..], &["off", "p1", node], &["usbboot", "on", node]] {
            tool.says(words, "ERROR: Valid options are p1-p3\n", 1);
        }
    }
    for order in ["x", "", "-1", "1.5", "20x"] {
        tool.says(&["save", order], "Invalid order\n", 1);
        tool.says(&["savedefaults", order], "Invalid order\n", 1);
        tool.says(&["reset", order], "Invalid order\n", 1);
        tool.says(&["setorder", order, "3"], "Invalid order old\n", 1);
        tool.says(&["setorder", "20", order], "Invalid order new\n", 1);
        let unknown = "Error: Unable to find Cluster CTRL device with that order\n";
        for word in ["saveorder", "saveusbboot", "savepos"] {
            tool.says(&[word, order], &format!("Invalid order\n{unknown}"), 0);
        }
        assert!(tool.run(&["fan", "on", order]).0.contains("Invalid order"));
        assert!(tool.run(&["act", "on", order]).0.contains("Invalid order"));
    }
    assert_eq!(tool.world.read()["chips"], before["chips"]);
}
