//! Comparison with ClusterShell, whose syntax and folding the node sets follow.
//!
//! All expressions go to one Python process: starting `nodeset` for each would take a minute.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use super::{Names, NodeSet, fold};

/// What `nodeset -e`, `-f` and `-c` would print for each expression; null where it refuses one.
const SCRIPT: &str = r#"
import json, sys
from ClusterShell.NodeSet import NodeSet
def read(words):
    try:
        nodes = NodeSet()
        for word in words:
            nodes.update(NodeSet(word))
        return {"expanded": list(nodes), "folded": str(nodes), "count": len(nodes)}
    except Exception:
        return None
json.dump([read(words) for words in json.load(sys.stdin)], sys.stdout)
"#;

const MISSING: &str = "cannot run nodeset: install the Debian package clustershell";

#[derive(Debug, PartialEq)]
struct Answer {
    expanded: Vec<String>,
    folded: String,
    count: usize,
}

/// ClusterShell lives in one Python of possibly several: the one that `nodeset` itself names.
fn python() -> String {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let script = std::env::split_paths(&path)
        .find_map(|folder| std::fs::read_to_string(folder.join("nodeset")).ok())
        .expect(MISSING);
    let first = script.lines().next().unwrap_or_default();
    first.strip_prefix("#!").expect(MISSING).trim().to_owned()
}

fn clustershell(expressions: &[Vec<String>]) -> Vec<Option<Answer>> {
    let command = python();
    let mut words = command.split_whitespace();
    let mut child = Command::new(words.next().expect(MISSING))
        .args(words)
        .args(["-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect(MISSING);
    let input = serde_json::to_vec(expressions).unwrap();
    child.stdin.take().unwrap().write_all(&input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{MISSING}");
    let answers: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
    answers.iter().map(answer).collect()
}

fn answer(value: &serde_json::Value) -> Option<Answer> {
    let names = value.get("expanded")?.as_array()?;
    Some(Answer {
        expanded: names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect(),
        folded: value.get("folded")?.as_str()?.to_owned(),
        count: value.get("count")?.as_u64()?.try_into().ok()?,
    })
}

fn ours(words: &[String]) -> Option<Answer> {
    let names = Names::new(4096, 1, &BTreeMap::new());
    let nodes = NodeSet::parse(words).ok()?.resolve(&names).ok()?;
    Some(Answer {
        expanded: nodes.iter().map(|node| names.label(*node)).collect(),
        folded: fold(&nodes),
        count: nodes.len(),
    })
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

fn compare(expressions: &[Vec<String>]) {
    let theirs = clustershell(expressions);
    assert_eq!(theirs.len(), expressions.len());
    for (words, theirs) in expressions.iter().zip(theirs) {
        assert_eq!(ours(words), theirs, "{words:?}");
    }
}

/// Expressions that both sides read alike, one a line.
const ACCEPTED: &str = "\
p1
p2
p10
p252
p4096
p1,p2
p2,p1
p1,p1
p1,p3,p5
p1 p2
p3 p1 p3
p1,p2 p3,p4
p[1]
p[4096]
p[1-1]
p[1-2]
p[1-4]
p[1-4096]
p[9-11]
p[99-101]
p[1,2]
p[1,3]
p[3,1]
p[3,1-2]
p[1,1,1]
p[1-3,5]
p[1-3,2-4]
p[1-3,4-6]
p[5,1-3]
p[1-3,5,7-9]
p[10,9,8]
p[1-9/1]
p[1-9/2]
p[2-9/2]
p[1-9/3]
p[1-10/3]
p[1-3/9]
p[1-3/2,2]
p[1-9/2,2-8/2]
p[1-4],p5
p5,p[1-4]
p[1-2],p[3-4]
p[1-2],p[2-3]
p[1-4] p[3-6]
p1 p[2-3],p9
p[1-32] p[65-96]
p[1-4/2] p2 p4
p[7-7],p7
p[1-1/5]
p[100-252/50]";

/// Expressions that both sides refuse, one a line.
const REFUSED: &str = "\
p[1-4
p]
p1]
p[]
p[1-]
p[1,]
p[,1]
p[1,,2]
p[4-1]
p[a]
p[1-a]
p[1-9/0]
p[1-9/]
p[1-9/x]
p[1-[2]]
p[1-2][3-4]
p1,,p2
p1,
,p1
,
p[1-2] p[
p[1..3]";

#[test]
fn picked_expressions() {
    for (expressions, are_accepted) in [(ACCEPTED, true), (REFUSED, false)] {
        let expressions: Vec<_> = expressions.lines().map(words).collect();
        compare(&expressions);
        for words in expressions {
            assert_eq!(ours(&words).is_some(), are_accepted, "{words:?}");
        }
    }
}

/// Texts that ClusterShell takes as node names of a cluster it does not know; here they are slips of the pen.
#[test]
fn stricter_than_clustershell() {
    let strict =
        ["p", "p0", "p[0-3]", "p[-1]", "p01", "p[01-03]", "P1", "p[1-2]1", "[1-3]", "p1..p4x", "3"]
            .map(words);
    for (words, theirs) in strict.iter().zip(clustershell(&strict)) {
        assert!(theirs.is_some(), "{words:?}");
        assert_eq!(ours(words), None, "{words:?}");
    }
}

#[test]
fn generated_expressions() {
    let part = prop_oneof![
        (1u32..40).prop_map(|n| n.to_string()),
        (1u32..40, 0u32..20).prop_map(|(low, more)| format!("{low}-{}", low + more)),
        (1u32..40, 0u32..20, 1u32..6)
            .prop_map(|(low, more, step)| format!("{low}-{}/{step}", low + more)),
    ];
    let item = prop_oneof![
        (1u32..60).prop_map(|n| format!("p{n}")),
        prop::collection::vec(part, 1..5).prop_map(|parts| format!("p[{}]", parts.join(","))),
    ];
    let word = prop::collection::vec(item, 1..4).prop_map(|items| items.join(","));
    let expression = prop::collection::vec(word, 1..4);
    let mut runner = TestRunner::deterministic();
    let expressions: Vec<Vec<String>> =
        (0..200).map(|_| expression.new_tree(&mut runner).unwrap().current()).collect();
    compare(&expressions);
}
