//! The JSON Schema in the repository is the types', and every golden document is valid by it.

use std::fs;
use std::path::{Path, PathBuf};

use clusterhat_tests::golden;
use serde_json::{Map, Value, json};

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn schema() -> Value {
    serde_json::to_value(clusterhat::schema::document()).expect("a schema is JSON")
}

#[test]
fn the_schema_is_current() {
    let text = serde_json::to_string_pretty(&schema()).expect("it can be written") + "\n";
    golden::assert(&folder().join("schema/document.json"), text);
}

#[test]
fn every_golden_document_is_valid() {
    let (schema, mut count) = (Validator(schema()), 0);
    for path in goldens() {
        let text = fs::read_to_string(&path).expect("it can be read");
        for line in text.lines().filter(|line| line.starts_with('{')) {
            let document = serde_json::from_str(line).expect("it is JSON");
            schema.check(&document).unwrap_or_else(|e| panic!("{}: {e}\n{line}", path.display()));
            count += 1;
        }
    }
    assert!(count > 500, "{count} documents were looked at");
}

#[test]
fn what_is_not_a_document_is_found() {
    let schema = Validator(schema());
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

fn goldens() -> Vec<PathBuf> {
    let entries =
        fs::read_dir(folder().join("../cli/tests/golden")).expect("the command's goldens");
    let paths = entries.map(|entry| entry.expect("it can be read").path());
    paths.filter(|path| path.to_string_lossy().ends_with(".json.txt")).collect()
}

/// What of JSON Schema the schema uses. A keyword that is not known here is a failure, so that nothing is
/// valid because nobody looked. A key that no part of the schema describes is none of a document's.
struct Validator(Value);

impl Validator {
    fn check(&self, document: &Value) -> Result<(), String> {
        self.keys(document)?;
        self.valid(document, &self.0)
    }

    /// Whether each key is described somewhere: reports are open, as they will grow.
    fn keys(&self, value: &Value) -> Result<(), String> {
        match value {
            Value::Object(map) => map.iter().try_for_each(|(key, value)| {
                if !describes(&self.0, key) {
                    return Err(format!("{key} is not in the schema"));
                }
                self.keys(value)
            }),
            Value::Array(values) => values.iter().try_for_each(|value| self.keys(value)),
            _ => Ok(()),
        }
    }

    fn valid(&self, value: &Value, schema: &Value) -> Result<(), String> {
        let Value::Object(keywords) = schema else {
            return if *schema == json!(true) {
                Ok(())
            } else {
                Err(format!("{value}: not allowed"))
            };
        };
        keywords.iter().try_for_each(|(keyword, rule)| {
            self.holds(value, keyword, rule, keywords)
                .map_err(|error| format!("{keyword}: {error}"))
        })
    }

    fn holds(
        &self,
        value: &Value,
        keyword: &str,
        rule: &Value,
        keywords: &Map<String, Value>,
    ) -> Result<(), String> {
        let wrong = || Err(format!("{value} is not {rule}"));
        let all = |rules: &Value| {
            rules.as_array().into_iter().flatten().try_for_each(|rule| self.valid(value, rule))
        };
        match keyword {
            "$schema" | "$defs" | "title" | "description" | "format" | "default" => Ok(()),
            "$ref" => self.valid(value, self.definition(rule)),
            "const" => {
                if value == rule {
                    Ok(())
                } else {
                    wrong()
                }
            }
            "enum" => {
                if rule.as_array().is_some_and(|values| values.contains(value)) {
                    Ok(())
                } else {
                    wrong()
                }
            }
            "type" => {
                if is_of_type(value, rule) {
                    Ok(())
                } else {
                    wrong()
                }
            }
            "minimum" => {
                if value.as_f64().is_none_or(|n| Some(n) >= rule.as_f64()) {
                    Ok(())
                } else {
                    wrong()
                }
            }
            "maximum" => {
                if value.as_f64().is_none_or(|n| Some(n) <= rule.as_f64()) {
                    Ok(())
                } else {
                    wrong()
                }
            }
            "required" => {
                let missing = rule.as_array().into_iter().flatten();
                let missing =
                    missing.filter_map(Value::as_str).find(|key| value.get(key).is_none());
                missing.filter(|_| value.is_object()).map_or(Ok(()), |key| Err(format!("no {key}")))
            }
            "properties" => rule.as_object().into_iter().flatten().try_for_each(|(key, rule)| {
                value.get(key).map_or(Ok(()), |value| {
                    self.valid(value, rule).map_err(|error| format!("{key}: {error}"))
                })
            }),
            "propertyNames" => {
                let mut keys = value.as_object().into_iter().flatten();
                keys.try_for_each(|(key, _)| self.valid(&json!(key), rule))
            }
            "items" => {
                let mut values = value.as_array().into_iter().flatten();
                values.try_for_each(|value| self.valid(value, rule))
            }
            "additionalProperties" => {
                let known = keywords.get("properties").and_then(Value::as_object);
                let is_known = |key: &String| known.is_some_and(|known| known.contains_key(key));
                let mut others = value.as_object().into_iter().flatten();
                others.try_for_each(
                    |(key, value)| {
                        if is_known(key) { Ok(()) } else { self.valid(value, rule) }
                    },
                )
            }
            "allOf" => all(rule),
            "anyOf" | "oneOf" => {
                let rules = rule.as_array().into_iter().flatten();
                let results: Vec<_> = rules.map(|rule| self.valid(value, rule)).collect();
                match results.iter().filter(|result| result.is_ok()).count() {
                    0 => Err(format!("{value}: {results:?}")),
                    2.. if keyword == "oneOf" => Err(format!("{value} is more than one")),
                    _ => Ok(()),
                }
            }
            keyword => Err(format!("{keyword} is not known to this test")),
        }
    }

    fn definition(&self, reference: &Value) -> &Value {
        let path = reference.as_str().and_then(|path| path.strip_prefix('#')).expect("a reference");
        self.0.pointer(path).expect("a definition")
    }
}

/// Whether some part of a schema has a property of this name.
fn describes(schema: &Value, key: &str) -> bool {
    match schema {
        Value::Object(map) => {
            let has = map.get("properties").and_then(Value::as_object);
            has.is_some_and(|has| has.contains_key(key))
                || map.values().any(|value| describes(value, key))
        }
        Value::Array(values) => values.iter().any(|value| describes(value, key)),
        _ => false,
    }
}

fn is_of_type(value: &Value, rule: &Value) -> bool {
    let is = |name: &Value| match name.as_str() {
        Some("null") => value.is_null(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("string") => value.is_string(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        _ => false,
    };
    rule.as_array().map_or_else(|| is(rule), |names| names.iter().any(is))
}
