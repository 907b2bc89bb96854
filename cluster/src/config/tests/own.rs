//! The program's own `clusterhat.toml`.

use super::*;
use crate::fan::FanCurve;

#[test]
fn nothing_configured() {
    let settings = good(&Sources::default());
    assert_eq!(settings, good(&own_file("")));
    assert!(settings.boards.is_empty() && settings.names.is_empty());
    assert_eq!(settings.first, 1);
    assert_eq!(settings.delay, ms(1000));
    assert_eq!(settings.off_time, ms(2000));
    assert_eq!(settings.lock_limit, ms(10_000));
    assert_eq!(settings.fan_gpio, Some(18));
    assert_eq!((settings.size, settings.force), (None, None));
    assert_eq!((settings.graceful_off, settings.shutdown_limit), (false, ms(120_000)));
    assert!(!settings.role.is_node());
}

#[test]
fn everything_configured() {
    let settings = good(&own_file(
        r#"
        first = 101
        delay = 0.25
        off-time = 3
        lock-limit = 0.0
        fan-gpio = 12
        fan = { on = 65, off = 45 }
        graceful-off = true
        shutdown-limit = "90s"
        [[board]]
        name = "lower"
        bus = 2
        address = 0x23
        revision = "2.5"
        size = 3
        [[board]]
        [[board]]
        revision = "1.3"
        [nodes.p103]
        name = "db"
        delay = 30
        usb-path = "1-1.2.4"
        ssh = "pi@db"
        [nodes.p101]
        name = "node-1"
        "#,
    ));
    let board = |name: Option<&str>, attachment, revision, size| BoardSetting {
        name: name.map(str::to_owned),
        attachment,
        revision,
        size,
    };
    assert_eq!(
        settings.boards,
        [
            board(Some("lower"), Attachment::I2c { bus: 2, address: 0x23 }, Some((2, 5)), 3),
            board(None, Attachment::I2c { bus: 1, address: 0x20 }, None, 4),
            board(None, Attachment::Gpio, Some((1, 3)), 4),
        ]
    );
    assert_eq!(settings.first, 101);
    assert_eq!((settings.delay, settings.off_time), (ms(250), ms(3000)));
    assert_eq!((settings.lock_limit, settings.fan_gpio), (Duration::ZERO, Some(12)));
    assert_eq!(settings.fan, Some(FanCurve { on_c: 65, off_c: 45 }));
    assert_eq!(
        settings.names.into_iter().collect::<Vec<_>>(),
        [(1, "node-1".to_owned()), (3, "db".to_owned())]
    );
    assert_eq!(settings.node_delay.into_iter().collect::<Vec<_>>(), [(3, ms(30_000))]);
    assert_eq!(settings.usb_paths[&3], "1-1.2.4");
    assert_eq!((settings.graceful_off, settings.shutdown_limit), (true, ms(90_000)));
    assert_eq!(settings.ssh.into_iter().collect::<Vec<_>>(), [(3, "pi@db".to_owned())]);
}

#[test]
fn refused_values_name_file_line_and_what_is_allowed() {
    let long = format!("[nodes.p1]\nname = \"{}\"", "a".repeat(70));
    let cut =
        format!("c.toml:2: nodes.p1.name = \"{}...: expected at most 63 letters", "a".repeat(59));
    let table = [
        (
            "[nodes.p1]\nssh = \"-oProxyCommand=x\"",
            "c.toml:2: nodes.p1.ssh = \"-oProxyCommand=x\": expected a quoted host of ssh, such as \"pi@p1.local\"",
        ),
        ("graceful-off = 1", "c.toml:1: graceful-off = 1: expected true or false"),
        (
            "shutdown-limit = 601",
            "c.toml:1: shutdown-limit = 601: expected 1 to 600 seconds, written as 120, 90s or 500ms",
        ),
        (
            "\n\n\n\n\n\ndelay = -1",
            "c.toml:7: delay = -1: expected 0 to 300 seconds, written as 2, 1.5s or 500ms",
        ),
        (
            "delay = 300.1",
            "c.toml:1: delay = 300.1: expected 0 to 300 seconds, written as 2, 1.5s or 500ms",
        ),
        (
            "delay = nan",
            "c.toml:1: delay = nan: expected 0 to 300 seconds, written as 2, 1.5s or 500ms",
        ),
        (
            "delay = inf",
            "c.toml:1: delay = inf: expected 0 to 300 seconds, written as 2, 1.5s or 500ms",
        ),
        (
            "delay = 1e400",
            "c.toml:1: delay = 1e400: expected 0 to 300 seconds, written as 2, 1.5s or 500ms",
        ),
        (
            "delay = 99999999999999999999",
            "c.toml:1: delay = 99999999999999999999: expected 0 to 300 seconds, written as 2, 1.5s or 500ms",
        ),
        (
            "delay = '1m'",
            "c.toml:1: delay = '1m': expected 0 to 300 seconds, written as 2, 1.5s or 500ms",
        ),
        (
            "off-time = 0.05",
            "c.toml:1: off-time = 0.05: expected 0.1 to 300 seconds, written as 2, 1.5s or 500ms",
        ),
        (
            "lock-limit = 3601",
            "c.toml:1: lock-limit = 3601: expected 0 to 3600 seconds, written as 2, 1.5s or 500ms",
        ),
        ("first = 0", "c.toml:1: first = 0: expected 1 to 9999"),
        ("fan = 60", "c.toml:1: fan = 60: expected a table such as { on = 60, off = 50 }"),
        (
            "fan = { on = 60 }",
            "c.toml:1: fan = { on = 60 }: expected a table such as { on = 60, off = 50 }",
        ),
        (
            "fan = { on = 300, off = 50 }",
            "c.toml:1: fan.on = 300: expected a whole number of degrees Celsius from 0 to 100",
        ),
        (
            "fan = { on = 50, off = 50 }",
            "c.toml:1: fan.off = 50: the fan has to go off below the temperature at which it goes on, 50",
        ),
        ("fan-gpio = 2", "c.toml:1: fan-gpio = 2: expected a BCM number from 4 to 27"),
        (
            "[board]\nbus = 1",
            "c.toml:1: board = [board]: expected one [[board]] table for each board",
        ),
        ("board = [1]", "c.toml:1: board = [1]: expected one [[board]] table for each board"),
        (
            "[[board]]\nbus = 256",
            "c.toml:2: board.bus = 256: expected an I2C bus number from 0 to 255",
        ),
        ("[[board]]\naddress = 0x24", "c.toml:2: board.address = 0x24: expected 0x20 to 0x23"),
        ("[[board]]\nsize = 5", "c.toml:2: board.size = 5: expected 1 to 4 nodes"),
        (
            "[[board]]\nrevision = 2.5",
            "c.toml:2: board.revision = 2.5: expected a quoted version from \"1.0\" to \"3.15\", such as \"2.5\"",
        ),
        (
            "[[board]]\nrevision = '4.0'",
            "c.toml:2: board.revision = '4.0': expected a quoted version from \"1.0\" to \"3.15\", such as \"2.5\"",
        ),
        (
            "[[board]]\nname = 'a b'",
            "c.toml:2: board.name = 'a b': expected a letter, then letters, digits, \"-\" and \"_\"",
        ),
        (
            "[[board]]\nrevision = '1.2'\nbus = 1",
            "c.toml:3: board.bus = 1: a v1.x board is on GPIO; remove this key",
        ),
        (
            "[[board]]\n[[board]]\nbus = 1",
            "c.toml:2: board: bus 1 and address 0x20, as the board of line 1 has; give each board its own",
        ),
        (
            "[[board]]\nrevision='1.3'\n[[board]]\nrevision='1.2'",
            "c.toml:3: board: the GPIO lines of v1.x, as the board of line 1 has; give each board its own",
        ),
        (
            "[[board]]\nname='a'\n[[board]]\nname='a'\nbus = 2",
            "c.toml:3: board: name \"a\", as the board of line 1 has; give each board its own",
        ),
        ("nodes = 3", "c.toml:1: nodes = 3: expected one [nodes.pN] table for each node"),
        ("[nodes]\np3 = 1", "c.toml:2: nodes.p3: expected one [nodes.pN] table for each node"),
        ("[nodes.db]", "c.toml:1: nodes.db: expected a node from nodes.p1 to nodes.p4096"),
        ("[nodes.p0]", "c.toml:1: nodes.p0: expected a node from nodes.p1 to nodes.p4096"),
        ("[nodes.p01]", "c.toml:1: nodes.p01: expected a node from nodes.p1 to nodes.p4096"),
        ("[nodes.p]", "c.toml:1: nodes.p: expected a node from nodes.p1 to nodes.p4096"),
        (
            "first = 101\n[nodes.p1]",
            "c.toml:2: nodes.p1: expected a node from nodes.p101 to nodes.p4196",
        ),
        (
            "[nodes.p1]\ndelay = 301",
            "c.toml:2: nodes.p1.delay = 301: expected 0 to 300 seconds, written as 2, 1.5s or 500ms",
        ),
        (
            "[nodes.p1]\nname = 1",
            "c.toml:2: nodes.p1.name = 1: expected a quoted name such as \"db\"",
        ),
        (
            "[nodes.p1]\nname = 'All'",
            "c.toml:2: nodes.p1.name = 'All': expected any name except all, which means every node",
        ),
        (
            "[nodes.p1]\nname = 'LocalHost'",
            "c.toml:2: nodes.p1.name = 'LocalHost': expected any name except those that every machine has for itself, such as localhost",
        ),
        (
            "[nodes.p1]\nname = 'db'\n[nodes.p2]\nname = 'DB'",
            "c.toml:4: nodes.p2.name = 'DB': line 2 gives it to another node, but for upper and lower case; change one of them",
        ),
        (
            "[nodes.p1]\nname = 'p7'",
            "c.toml:2: nodes.p1.name = 'p7': expected any name that is not a p and a number, which means a node by its place",
        ),
        (
            "[nodes.p1]\nname = 'db'\n[nodes.p2]\nname = 'db'",
            "c.toml:4: nodes.p2.name = 'db': line 2 gives it to another node; change one of them",
        ),
        (
            "[nodes.p2]\nname = 'db'\n[nodes.p1]\nname = 'db'",
            "c.toml:4: nodes.p1.name = 'db': line 2 gives it to another node; change one of them",
        ),
        (
            "[nodes.p1]\nusb-path = 'usb1'",
            "c.toml:2: nodes.p1.usb-path = 'usb1': expected a quoted USB path such as \"1-1.2\"",
        ),
        (
            "[nodes.p1]\nusb-path = '1-1'\n[nodes.p2]\nusb-path = '1-1'",
            "c.toml:4: nodes.p2.usb-path = '1-1': line 2 gives it to another node; change one of them",
        ),
        (&long, &cut),
    ];
    for (text, error) in table {
        assert_eq!(plain(&own_file(text)).map(|_| ()), Err(error.to_owned()), "{text}");
    }
}

#[test]
fn a_syntax_error_names_file_and_line() {
    for (text, line) in [("a = 1\nb = ", 2), ("\n[[board]\n", 2), ("delay = 1\ndelay = 2", 2)] {
        let error = plain(&own_file(text)).unwrap_err();
        assert!(error.starts_with(&format!("c.toml:{line}: ")), "{error}");
        assert_eq!(error.lines().count(), 1);
    }
}

#[test]
fn unknown_keys_are_warned_of_and_no_more() {
    let text = "dealy = 5\n[nodes.p1]\nnmae = 'x'\n[[board]]\nbuss = 1\nzzzzz = 0\n";
    let (settings, warnings) = plain(&own_file(text)).unwrap();
    assert_eq!(settings.delay, ms(1000));
    assert_eq!(
        warnings,
        [
            "c.toml:1: unknown key \"dealy\" is ignored; did you mean \"delay\"?",
            "c.toml:3: unknown key \"nodes.p1.nmae\" is ignored; did you mean \"name\"?",
            "c.toml:5: unknown key \"board.buss\" is ignored; did you mean \"bus\"?",
            "c.toml:6: unknown key \"board.zzzzz\" is ignored; remove it",
        ]
    );
}

/// The example in the module's documentation must stay true.
#[test]
fn the_documented_example_is_valid() {
    let example: Vec<&str> = include_str!("../mod.rs")
        .lines()
        .skip_while(|line| *line != "//! ```toml")
        .skip(1)
        .take_while(|line| *line != "//! ```")
        .map(|line| line.trim_start_matches("//!"))
        .collect();
    let settings = good(&own_file(&example.join("\n")));
    assert_eq!(settings.names[&3], "db");
}

#[test]
fn the_manual_page_explains_every_key() {
    let page = clusterhat_tests::pages::file_page("clusterhat.toml.5");
    let keys = [&file::TOP_KEYS[..], &file::BOARD_KEYS, &file::NODE_KEYS].concat();
    // Those of [daemon] are clusterhatd's, which looks after them.
    let daemons = clusterhat_tests::pages::section_keys("clusterhat.toml.5", "[daemon]");
    assert_eq!(page.keys, [keys.into_iter().map(str::to_owned).collect(), daemons].concat());
    good(&own_file(&page.example));
}
