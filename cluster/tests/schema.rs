//! The JSON Schema in the repository is the types', and every golden document is valid by it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use clusterhat::report::Document;
use clusterhat_tests::schema::Schema;
use serde_json::{Value, json};

#[test]
fn the_schema_is_current() {
    Schema::of::<Document<'_>>().assert_current("cluster");
}

#[test]
fn every_golden_document_is_valid() {
    let count: usize =
        goldens().iter().map(|text| Schema::of_clusterhat().assert_valid(text)).sum();
    assert!(count > 500, "{count} documents were looked at");
}

#[test]
fn what_is_not_a_document_is_found() {
    let schema = Schema::of_clusterhat();
    let good = json!({"schema": 1, "command": "maxpi", "maxpi": 4});
    assert_eq!(schema.check(&good), Ok(()));
    let bad = [
        json!({"command": "maxpi", "maxpi": 4}),
        json!({"schema": "1", "command": "maxpi"}),
        json!({"schema": 1, "command": "maxpi", "unheard": 4}),
        json!({"schema": 1, "command": "maxpi", "maxpi": "4"}),
        json!({"schema": 1, "command": "on", "error": {"kind": "nonsense", "message": ""}}),
        json!({"schema": 1, "command": "on", "error": {"kind": "board"}}),
    ];
    for document in bad {
        assert!(schema.check(&document).is_err(), "{document}");
    }
}

/// Wherever a value of a wrong type is put, and whatever is added.
#[test]
fn no_value_of_a_golden_document_may_be_anything() {
    let mut kinds = BTreeMap::new();
    for text in goldens() {
        for line in text.lines().filter(|line| line.starts_with('{')) {
            let document: Value = serde_json::from_str(line).expect("it is JSON");
            let kind: BTreeSet<_> =
                places(&document).iter().map(|place| without_numbers(place)).collect();
            kinds.insert(kind, document);
        }
    }
    for document in kinds.into_values() {
        for place in places(&document) {
            let mut wrong = document.clone();
            *wrong.pointer_mut(&place).expect("it is there") = json!([["wrong"]]);
            assert!(Schema::of_clusterhat().check(&wrong).is_err(), "{place} in {wrong}");
        }
    }
}

/// The command's, and of what only a running controller prints this crate's own.
fn goldens() -> Vec<String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["../cli/tests/golden", "tests/golden"].map(|folder| here.join(folder));
    let entries = folders.iter().flat_map(|folder| fs::read_dir(folder).expect("golden files"));
    let paths = entries.map(|entry| entry.expect("it can be read").path());
    let is_json = |path: &PathBuf| path.to_string_lossy().ends_with(".json.txt");
    paths.filter(is_json).map(|path| fs::read_to_string(path).expect("it can be read")).collect()
}

/// Of one entry of a list as of the next.
fn without_numbers(place: &str) -> String {
    place.replace(|c: char| c.is_ascii_digit(), "")
}

/// JSON pointers to all values of a document.
fn places(value: &Value) -> Vec<String> {
    let parts: Vec<(String, &Value)> = match value {
        Value::Object(map) => {
            map.iter().map(|(key, part)| (key.replace('/', "~1"), part)).collect()
        }
        Value::Array(parts) => {
            parts.iter().enumerate().map(|(index, part)| (index.to_string(), part)).collect()
        }
        _ => Vec::new(),
    };
    let below = |(key, part): (String, &Value)| {
        let inside = places(part).into_iter();
        std::iter::once(format!("/{key}"))
            .chain(inside.map(move |rest| format!("/{key}{rest}")))
            .collect::<Vec<_>>()
    };
    parts.into_iter().flat_map(below).collect()
}
