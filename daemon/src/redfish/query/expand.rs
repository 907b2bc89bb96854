//! `$expand`: resources in the place of the references to them.

use axum::http::StatusCode;
use serde_json::{Map, Value};

use super::super::document::Document;
use super::super::failure::Failure;
use super::super::message::{self, Message};

/// How deep it may go.
pub(crate) const LEVELS: u64 = 6;

/// How large the resources may be together, in bytes of JSON: what does not grow with the cluster, and each node's share, which
/// is some times of what its resources are. Since everything links to everything else, each level may be many times as large
/// as the one before; in memory it takes ten times of that, and an allocator keeps it for each thread.
pub(crate) const fn limit(nodes: usize) -> usize {
    512 * 1024 + nodes * 4 * 1024
}

/// Which links are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Expand {
    /// Those within `Links`.
    links: bool,
    /// All others.
    others: bool,
    levels: u64,
}

/// One answer's links on their way.
struct Following<'a> {
    expand: Expand,
    find: &'a dyn Fn(&str) -> Option<Document>,
    limit: usize,
    /// How many bytes may still come.
    left: usize,
}

impl Expand {
    /// Reads the parameter's value: `*($levels=2)`.
    ///
    /// # Errors
    /// 400.
    pub(super) fn parse(value: &str) -> Result<Self, Failure> {
        let malformed = || Failure::wrong(&message::QUERY_VALUE_FORMAT, &[value, "$expand"]);
        let (which, levels) = match value.split_once('(') {
            None => (value, 1),
            Some((which, rest)) => {
                let levels = rest.strip_suffix(')').and_then(|rest| rest.strip_prefix("$levels="));
                let levels = levels.and_then(|levels| levels.parse().ok());
                (which, levels.ok_or_else(malformed)?)
            }
        };
        if !(1..=LEVELS).contains(&levels) {
            let (levels, range) = (levels.to_string(), format!("1 to {LEVELS}"));
            return Err(Failure::wrong(
                &message::QUERY_OUT_OF_RANGE,
                &[&levels, "$expand", &range],
            ));
        }
        let (links, others) = match which {
            "*" => (true, true),
            "." => (false, true),
            "~" => (true, false),
            _ => return Err(malformed()),
        };
        Ok(Self { links, others, levels })
    }

    /// Puts resources in the place of the references to them. `find` gives the resource at a URI.
    ///
    /// # Errors
    /// 507 where it becomes too much.
    pub(super) fn apply(
        self,
        properties: &mut Map<String, Value>,
        find: &dyn Fn(&str) -> Option<Document>,
        limit: usize,
    ) -> Result<(), Failure> {
        let mut following = Following { expand: self, find, limit, left: limit };
        following.properties(properties, self.levels, false)
    }
}

impl Following<'_> {
    fn value(&mut self, value: &mut Value, levels: u64, is_in_links: bool) -> Result<(), Failure> {
        match value {
            Value::Array(items) => {
                items.iter_mut().try_for_each(|item| self.value(item, levels, is_in_links))
            }
            Value::Object(properties) => match reference(properties) {
                Some(uri) => self.reference(properties, &uri, levels, is_in_links),
                None => self.properties(properties, levels, is_in_links),
            },
            _ => Ok(()),
        }
    }

    fn properties(
        &mut self,
        properties: &mut Map<String, Value>,
        levels: u64,
        is_in_links: bool,
    ) -> Result<(), Failure> {
        let mut values = properties.iter_mut().filter(|(name, _)| *name != "@odata.id");
        values
            .try_for_each(|(name, value)| self.value(value, levels, is_in_links || name == "Links"))
    }

    fn reference(
        &mut self,
        properties: &mut Map<String, Value>,
        uri: &str,
        levels: u64,
        is_in_links: bool,
    ) -> Result<(), Failure> {
        let Expand { links, others, .. } = self.expand;
        let is_meant = if is_in_links { links } else { others };
        let Some(found) = Some(()).filter(|()| is_meant).and_then(|()| (self.find)(uri)) else {
            return Ok(());
        };
        let found = Value::from(found);
        let left = self.left.checked_sub(found.to_string().len());
        self.left = left.ok_or_else(|| too_much(self.limit))?;
        if let Value::Object(found) = found {
            *properties = found;
        }
        if levels > 1 { self.properties(properties, levels - 1, false) } else { Ok(()) }
    }
}

/// The URI, where an object is nothing but a reference to a resource of this service.
fn reference(properties: &Map<String, Value>) -> Option<String> {
    let uri = properties.get("@odata.id")?.as_str()?;
    (properties.len() == 1 && uri.starts_with("/redfish/v1/")).then(|| uri.to_owned())
}

fn too_much(limit: usize) -> Failure {
    let message = Message::new(&message::QUERY_VALUE_ERROR, &["$expand"]);
    let text = format!(
        "the expanded resources are larger than {} KiB; ask for fewer levels, or for a part by $top and $skip",
        limit >> 10
    );
    Failure::new(StatusCode::INSUFFICIENT_STORAGE, message.in_words(text))
}
