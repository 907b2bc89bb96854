use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn set(words: &[&str]) -> Result<NodeSet, NodeSetError> {
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    NodeSet::parse(&words)
}

fn names(count: usize, first: u32, aliases: &[(usize, &str)]) -> Names {
    let aliases: BTreeMap<usize, String> =
        aliases.iter().map(|(node, name)| (*node, (*name).to_owned())).collect();
    Names::new(count, first, &aliases)
}

fn resolved(words: &[&str], names: &Names) -> Result<Vec<usize>, String> {
    set(words).and_then(|set| set.resolve(names)).map_err(|error| error.to_string())
}

#[test]
fn sets_of_numbers() {
    let nine = names(9, 1, &[]);
    let table: &[(&[&str], &[usize])] = &[
        (&[], &[]),
        (&["p1"], &[1]),
        (&["p3", "p1"], &[1, 3]),
        (&["p1,p3"], &[1, 3]),
        (&["p1..p4"], &[1, 2, 3, 4]),
        (&["p1..4"], &[1, 2, 3, 4]),
        (&["p1-p4"], &[1, 2, 3, 4]),
        (&["p1-4"], &[1, 2, 3, 4]),
        (&["p2..p2"], &[2]),
        (&["p[1-3,5]"], &[1, 2, 3, 5]),
        (&["p[5]"], &[5]),
        (&["p[1-9/2]"], &[1, 3, 5, 7, 9]),
        (&["p[1-9/4,2]"], &[1, 2, 5, 9]),
        (&["p[1-3/9]"], &[1]),
        (&["p[1-3],p5", "p2..3", "p3"], &[1, 2, 3, 5]),
        (&["all"], &[1, 2, 3, 4, 5, 6, 7, 8, 9]),
        (&["p2", "all", "all"], &[1, 2, 3, 4, 5, 6, 7, 8, 9]),
    ];
    for (words, nodes) in table {
        assert_eq!(resolved(words, &nine), Ok(nodes.to_vec()), "{words:?}");
    }
}

#[test]
fn numbering_may_start_elsewhere() {
    let names = names(4, 101, &[(3, "db")]);
    assert_eq!(resolved(&["p101,p104", "db"], &names), Ok(vec![1, 3, 4]));
    assert_eq!(
        resolved(&["p1"], &names).unwrap_err(),
        "bad node set \"p1\": no node p1: this controller has p101..p104"
    );
    assert_eq!(names.label(2), "p102");
    assert_eq!(names.fold(&[4, 1, 2]), "p[101-102,104]");
}

#[test]
fn configured_names() {
    let names = names(
        6,
        1,
        &[(1, "worker-a"), (2, "node-1"), (3, "node-2"), (4, "rack2-1"), (5, "n01"), (6, "n02")],
    );
    let table: &[(&[&str], &[usize])] = &[
        (&["worker-a"], &[1]),
        (&["node-1,p1"], &[1, 2]),
        (&["node-[1-2]"], &[2, 3]),
        (&["node-1..node-2"], &[2, 3]),
        (&["node-1-2"], &[2, 3]),
        // Exactly a name, though it could be read as a backward range.
        (&["rack2-1"], &[4]),
        (&["n[01-02]"], &[5, 6]),
        (&["n01-n02"], &[5, 6]),
        (&["n01", "all"], &[1, 2, 3, 4, 5, 6]),
    ];
    for (words, nodes) in table {
        assert_eq!(resolved(words, &names), Ok(nodes.to_vec()), "{words:?}");
    }
}

#[test]
fn an_exact_name_wins_over_a_range() {
    let names = names(4, 1, &[(4, "a1-3"), (1, "a1"), (2, "a2"), (3, "a3")]);
    assert_eq!(resolved(&["a1-3"], &names), Ok(vec![4]));
    assert_eq!(resolved(&["a[1-3]"], &names), Ok(vec![1, 2, 3]));
}

/// The caret line stands below the word, so that both are read together.
#[test]
fn malformed_sets_point_at_the_place() {
    let table = [
        ("", "the word is empty; name a node such as p1, or all", "^"),
        ("p[1-4", "the bracket is never closed", " ^"),
        ("p1-4]", "no bracket is open here", "    ^"),
        ("p[1-[2]]", "brackets cannot be nested", "    ^"),
        ("p[1-2][3-4]", "only a comma may follow the bracket", "      ^^^^^"),
        ("p[1-2]1", "only a comma may follow the bracket", "      ^"),
        ("[1-3]", "a name must precede the bracket, as in p[1-3]", "^"),
        ("p1[2-3]", "\"1[\" is not a number; write a range as p1..p4 or p[1-4]", " ^"),
        ("p[1-]", "\"1-\" is not a number; write a range as p1..p4 or p[1-4]", "  ^^"),
        ("p[1..3]", "\"1..3\" is not a number; write a range as p1..p4 or p[1-4]", "  ^^^^"),
        ("p[]", "a number is missing in the bracket", "  ^"),
        ("p[1,,2]", "a number is missing in the bracket", "    ^"),
        ("p[1-9/0]", "a step is 1 or more, as in p[1-9/2]", "      ^"),
        ("p[3/2]", "a step needs a range, as in p[1-9/2]", "  ^^^"),
        ("p1,,p2", "a node is missing next to the comma", "   ^"),
        ("p1,", "a node is missing next to the comma", "   ^"),
        (",", "a node is missing next to the comma", "^"),
        ("p", "a number must follow the p, as in p1", "^"),
        ("P1", "the p must be lower case; did you mean \"p1\"?", "^^"),
        ("P[1-2]", "the p must be lower case; did you mean \"p[1-2]\"?", "^^^^^^"),
        ("P1-P4", "the p must be lower case; did you mean \"p1-p4\"?", "^^^^^"),
        ("p0", "there is no node 0; nodes are counted from 1", " ^"),
        ("p[0-3]", "there is no node 0; nodes are counted from 1", "  ^"),
        ("p01", "node numbers have no leading zero; did you mean \"p1\"?", " ^^"),
        ("p[01-03]", "node numbers have no leading zero; did you mean \"p1\"?", "  ^^"),
        ("p99999999999", "the node number is too large", " ^^^^^^^^^^^"),
        ("p4..p1", "the range runs backwards; did you mean \"p1..p4\"?", "^^^^^^"),
        ("p4-1", "the range runs backwards; did you mean \"p1-4\"?", "^^^^"),
        ("p[7,4-1/2]", "the range runs backwards; did you mean \"1-4/2\"?", "    ^^^^^"),
        ("p1..", "\"\" is not a number; write a range as p1..p4 or p[1-4]", "    ^"),
        ("p1..node4", "both ends of a range must have the same name, as in p1..p4", "    ^^^^^"),
        (
            "n[1-03]",
            "both ends of a zero-padded range must have the same length, as in 01-12",
            "  ^^^^",
        ),
        ("3", "a node's name starts with a letter; did you mean \"p3\"?", "^"),
        ("1-3", "a node's name starts with a letter; did you mean \"p1-3\"?", "^^^"),
        ("1..3", "a node's name starts with a letter; did you mean \"p1..p3\"?", "^^^^"),
        ("p2,-x", "a node's name starts with a letter", "   ^"),
        ("p[1-4097]", "the range has 4097 nodes; at most 4096 are allowed", "  ^^^^^^"),
        (
            "p1..p999999999",
            "the range has 999999999 nodes; at most 4096 are allowed",
            "^^^^^^^^^^^^^^",
        ),
        ("p1 p2", "' ' is not allowed here; separate nodes with commas or spaces", "  ^"),
        ("p1,@all", "'@' is not allowed here; separate nodes with commas or spaces", "   ^"),
        ("pé", "'é' is not allowed here; separate nodes with commas or spaces", " ^"),
    ];
    for (word, problem, carets) in table {
        let error = set(&[word]).expect_err(word);
        let line = format!("bad node set \"{word}\": {problem}");
        assert_eq!(error.to_string(), line);
        // There is nothing to point at in an empty word.
        let place = if word.is_empty() { String::new() } else { format!("\n  {word}\n  {carets}") };
        assert_eq!(error.pointed(), line + &place);
    }
}

#[test]
fn one_bad_word_refuses_the_set() {
    let error = set(&["p1", "p2,px4,p4..p1", "p["]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "bad node set \"p2,px4,p4..p1\": the range runs backwards; did you mean \"p1..p4\"?"
    );
}

#[test]
fn names_and_nodes_that_are_not_there() {
    let four = names(4, 1, &[(1, "db"), (2, "worker-a"), (7, "far")]);
    let table = [
        ("p5", "no node p5: this controller has p1..p4", "^^"),
        ("p1..p9", "no node p5: this controller has p1..p4", "^^^^^^"),
        ("p[1,3-5]", "no node p5: this controller has p1..p4", "    ^^^"),
        ("p1,far", "no node far (p7): this controller has p1..p4", "   ^^^"),
        ("wroker-a", "no node is named \"wroker-a\"; did you mean \"worker-a\"?", "^^^^^^^^"),
        ("ALL", "no node is named \"ALL\"; did you mean \"all\"?", "^^^"),
        ("p-1", "no node is named \"p-1\"; did you mean \"p1\"?", "^^^"),
        ("frontend", "no node is named \"frontend\"; this controller has p1..p4", "^^^^^^^^"),
        ("web[1-2]", "no node is named \"web1\"; this controller has p1..p4", "    ^^^"),
        ("web4-1", "the range runs backwards; did you mean \"web1-4\"?", "^^^^^^"),
    ];
    for (word, problem, carets) in table {
        let error = set(&[word]).unwrap().resolve(&four).expect_err(word);
        let line = format!("bad node set \"{word}\": {problem}");
        // There is nothing to point at in an empty word.
        let place = if word.is_empty() { String::new() } else { format!("\n  {word}\n  {carets}") };
        assert_eq!(error.pointed(), line + &place);
    }
    let none = names(0, 1, &[]);
    for word in ["all", "p1"] {
        let error = resolved(&[word], &none).unwrap_err();
        assert!(error.ends_with(": this controller has no nodes"), "{error}");
    }
    let one = resolved(&["p2"], &names(1, 1, &[])).unwrap_err();
    assert!(one.ends_with("this controller has only p1"), "{one}");
}

#[test]
fn a_flood_of_zeros_is_refused() {
    let zeros = "0".repeat(100_000);
    let error = set(&[&format!("n[{zeros}-{zeros}]")]).unwrap_err();
    assert!(error.to_string().ends_with(": the node number is too large"));
}

#[test]
fn an_error_is_one_line() {
    let error = set(&["p1\n\u{202e}p2"]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "bad node set \"p1\\n\\u{202e}p2\": '\\n' is not allowed here; \
         separate nodes with commas or spaces"
    );
}

#[test]
fn folding() {
    let table: &[(&[usize], &str)] = &[
        (&[], ""),
        (&[2], "p2"),
        (&[2, 2], "p2"),
        (&[1, 2], "p[1-2]"),
        (&[5, 3, 1, 2], "p[1-3,5]"),
        (&[1, 3, 5], "p[1,3,5]"),
        (&[usize::MAX], "p18446744073709551615"),
    ];
    for (numbers, text) in table {
        if usize::BITS == 64 || numbers != &[usize::MAX] {
            assert_eq!(fold(numbers), *text);
        }
    }
}

#[test]
fn which_names_are_allowed() {
    for name in ["db", "worker-a", "node-1", "p-1", "pi3", "A_1", "p1-x", "px"] {
        assert_eq!(check_name(name), Ok(()), "{name}");
    }
    let long = "a".repeat(64);
    for name in [
        "", "1", "-a", "_a", "a b", "a.b", "é", "all", "ALL", "p", "p1", "P1", "p01", "p1-4",
        "p1-p4", &long,
    ] {
        assert!(check_name(name).is_err(), "{name}");
    }
}

proptest! {
    #[test]
    fn folded_text_is_read_back(nodes in prop::collection::btree_set(1usize..=600, 1..40)) {
        let nodes: Vec<usize> = nodes.into_iter().collect();
        let read = resolved(&[&fold(&nodes)], &names(600, 1, &[]));
        prop_assert_eq!(read, Ok(nodes));
    }

    #[test]
    fn no_text_panics(words in prop::collection::vec(any::<String>(), 0..4)) {
        try_everything(words)?;
    }

    #[test]
    fn no_nearly_right_text_panics(words in prop::collection::vec("[pPalxé0-9,.\\[\\]/ -]{0,12}", 0..4)) {
        try_everything(words)?;
    }
}

fn try_everything(words: Vec<String>) -> Result<(), TestCaseError> {
    let names = names(4, 1, &[(1, "a"), (2, "l-1")]);
    let result = NodeSet::parse(&words).and_then(|set| set.resolve(&names));
    match result {
        Ok(nodes) => prop_assert!(nodes.iter().all(|node| (1..=4).contains(node))),
        Err(error) => {
            prop_assert_eq!(error.to_string().lines().count(), 1);
            let lines = error.pointed().lines().count();
            prop_assert!(lines == 3 || lines == 1 && words.iter().any(String::is_empty));
        }
    }
    Ok(())
}
