//! The JSON Schemas of the programs' documents: generated from the types of the reports, and checked.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

/// Says that an object has the keys that apply to it and no other. A form that does not apply describes no key,
/// so a value of a wrong type in it is one key too many.
const CLOSED: &str = "unevaluatedProperties";

/// The same of an object without forms: a type's that is read, too, and refuses unknown keys.
const CLOSED_BY_TYPE: &str = "additionalProperties";

/// A schema, with as much of JSON Schema as the schemas here use.
#[derive(Debug)]
pub struct Schema(Value);

/// The keys of an object that a part of a schema describes.
type Keys = BTreeSet<String>;

impl Schema {
    /// A type's, as it is serialized, with every object closed.
    #[must_use]
    pub fn of<T: JsonSchema>() -> Self {
        let settings = SchemaSettings::draft2020_12().for_serialize();
        let schema = settings.into_generator().into_root_schema_for::<T>();
        // Not `to_value`: that leaves the order of its keywords to chance.
        let mut schema = serde_json::to_value(schema).unwrap_or_else(|error| panic!("{error}"));
        let all = schema.clone();
        close_parts(&mut schema, &all);
        close(&mut schema, &all);
        Self(schema)
    }

    /// That of `clusterhat`'s documents, from the repository.
    ///
    /// # Panics
    /// If it cannot be read.
    pub fn of_clusterhat() -> &'static Self {
        static SCHEMA: OnceLock<Schema> = OnceLock::new();
        SCHEMA.get_or_init(|| Self::read("cluster"))
    }

    /// That of `clusterhat-node`'s documents, from the repository.
    ///
    /// # Panics
    /// If it cannot be read.
    pub fn of_node() -> &'static Self {
        static SCHEMA: OnceLock<Schema> = OnceLock::new();
        SCHEMA.get_or_init(|| Self::read("node"))
    }

    fn read(package: &str) -> Self {
        let path = path(package);
        let text = fs::read_to_string(&path);
        let text = text.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}")))
    }

    /// Compares it with the one in the repository; `BLESS=1` replaces that one.
    ///
    /// # Panics
    /// If they differ.
    pub fn assert_current(&self, package: &str) {
        crate::golden::assert(&path(package), format!("{:#}\n", self.0));
    }

    /// Whether a document is valid.
    ///
    /// # Errors
    /// What is not as the schema has it.
    ///
    /// # Panics
    /// On a keyword that is not known here, so that nothing is valid because nobody looked.
    pub fn check(&self, document: &Value) -> Result<(), String> {
        self.keys(document, &self.0).map(|_| ())
    }

    /// Checks every line of a program's output that is a document.
    ///
    /// # Panics
    /// If one is not valid.
    pub fn assert_valid(&self, output: &str) -> usize {
        let documents = output.lines().filter(|line| line.starts_with("{\"schema\":"));
        let check = |line| {
            let document = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
            self.check(&document).unwrap_or_else(|error| panic!("{error}\n{line}"));
        };
        documents.map(check).count()
    }

    /// The keys that are described, where the value is valid.
    fn keys(&self, value: &Value, schema: &Value) -> Result<Keys, String> {
        // `true` and `{}` allow everything.
        let Value::Object(keywords) = schema else { return Ok(Keys::new()) };
        let mut keys = Keys::new();
        let is_closing = |keyword: &str| keyword == CLOSED || keyword == CLOSED_BY_TYPE;
        for (keyword, rule) in keywords.iter().filter(|(keyword, _)| !is_closing(keyword)) {
            let described = self.apply(value, keyword, rule);
            keys.extend(described.map_err(|error| format!("{keyword}: {error}"))?);
        }
        let has = value.as_object().map(Map::keys).into_iter().flatten();
        let closed = keywords.keys().any(|keyword| is_closing(keyword));
        match has.into_iter().find(|key| closed && !keys.contains(*key)) {
            Some(key) => Err(format!("{key} is too much, or not as it should be, in {value}")),
            None => Ok(keys),
        }
    }

    fn apply(&self, value: &Value, keyword: &str, rule: &Value) -> Result<Keys, String> {
        let rules = || rule.as_array().into_iter().flatten();
        let is_so = match keyword {
            "$schema" | "$defs" | "title" | "description" | "format" | "default" => true,
            "const" => value == rule,
            "enum" => rules().any(|rule| value == rule),
            "type" => is_of_type(value, rule),
            "minimum" => value.as_f64().is_none_or(|number| Some(number) >= rule.as_f64()),
            "maximum" => value.as_f64().is_none_or(|number| Some(number) <= rule.as_f64()),
            "minItems" => length(value).is_none_or(|count| Some(count) >= rule.as_u64()),
            "maxItems" => length(value).is_none_or(|count| Some(count) <= rule.as_u64()),
            "required" => {
                !value.is_object()
                    || rules().filter_map(Value::as_str).all(|key| value.get(key).is_some())
            }
            "$ref" => return self.keys(value, target(&self.0, rule)),
            "properties" => return self.properties(value, rule),
            "items" => {
                let mut values = value.as_array().into_iter().flatten();
                return values
                    .try_for_each(|value| self.keys(value, rule).map(|_| ()))
                    .map(|()| Keys::new());
            }
            "anyOf" | "oneOf" => {
                let forms: Vec<_> = rules().map(|rule| self.keys(value, rule)).collect();
                let count = forms.iter().filter(|form| form.is_ok()).count();
                if count == 0 || (count > 1 && keyword == "oneOf") {
                    return Err(format!("{count} of the forms apply to {value}: {forms:?}"));
                }
                return Ok(forms.into_iter().flatten().flatten().collect());
            }
            keyword => panic!("{keyword} is not known here"),
        };
        if is_so { Ok(Keys::new()) } else { Err(format!("{value} is not {rule}")) }
    }

    fn properties(&self, value: &Value, rules: &Value) -> Result<Keys, String> {
        let mut keys = Keys::new();
        for (key, rule) in rules.as_object().into_iter().flatten() {
            if let Some(value) = value.get(key) {
                self.keys(value, rule).map_err(|error| format!("{key}: {error}"))?;
                keys.insert(key.clone());
            }
        }
        Ok(keys)
    }
}

/// Where a package's schema is.
fn path(package: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(package).join("schema/document.json")
}

/// Closes every object in the values of a schema's properties and lists. A schema's forms stay open, as they
/// describe only some of the keys.
fn close_parts(schema: &mut Value, all: &Value) {
    match schema {
        Value::Object(keywords) => {
            let properties = keywords.get_mut("properties").and_then(Value::as_object_mut);
            properties.into_iter().flatten().for_each(|(_, part)| close(part, all));
            keywords.get_mut("items").into_iter().for_each(|part| close(part, all));
            keywords.values_mut().for_each(|part| close_parts(part, all));
        }
        Value::Array(parts) => parts.iter_mut().for_each(|part| close_parts(part, all)),
        _ => {}
    }
}

fn close(schema: &mut Value, all: &Value) {
    if is_object(schema, all) {
        schema[CLOSED] = json!(false);
    }
}

/// Whether a value that a schema describes may be an object.
fn is_object(schema: &Value, all: &Value) -> bool {
    let forms = ["anyOf", "oneOf"].into_iter().filter_map(|key| schema[key].as_array()).flatten();
    schema["type"] == "object"
        || schema.get("$ref").is_some_and(|reference| is_object(target(all, reference), all))
        || forms.into_iter().any(|form| is_object(form, all))
}

fn target<'a>(all: &'a Value, reference: &Value) -> &'a Value {
    let path = reference.as_str().and_then(|path| path.strip_prefix('#'));
    path.and_then(|path| all.pointer(path)).unwrap_or_else(|| panic!("no {reference}"))
}

/// Of an array.
fn length(value: &Value) -> Option<u64> {
    value.as_array().and_then(|array| u64::try_from(array.len()).ok())
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
        _ => panic!("{name} is no type"),
    };
    rule.as_array().map_or_else(|| is(rule), |names| names.iter().any(is))
}
