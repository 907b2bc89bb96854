//! `$filter` of the stream of events (DSP0266, "Event stream": a comparison is `RegistryPrefix eq 'TaskEvent'`, and several are joined by
//! `and`, `or`, `not` and parentheses).

use super::failure::Failure;
use super::message;
use super::query::decode;
use super::record::Record;
use super::subscription::is_message;

/// So deep may parentheses and `not` be nested.
const DEPTH: usize = 16;

/// Which events a stream tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Filter {
    /// Every one.
    All,
    /// Those of which a property has a value.
    Is(Property, String),
    Not(Box<Filter>),
    And(Box<Filter>, Box<Filter>),
    Or(Box<Filter>, Box<Filter>),
}

/// What can be compared: these and no others are told in `SSEFilterPropertiesSupported`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Property {
    EventFormatType,
    MessageId,
    OriginResource,
    RegistryPrefix,
}

/// Every property with its word.
pub(crate) const PROPERTIES: [(&str, Property); 4] = [
    ("EventFormatType", Property::EventFormatType),
    ("MessageId", Property::MessageId),
    ("OriginResource", Property::OriginResource),
    ("RegistryPrefix", Property::RegistryPrefix),
];

impl Filter {
    /// What the query of a URI says.
    ///
    /// # Errors
    /// 400 for what is no filter, or compares what cannot be compared.
    pub(crate) fn of(query: &str) -> Result<Self, Failure> {
        let pairs = query.split('&').map(|part| part.split_once('=').unwrap_or((part, "")));
        let mut values =
            pairs.filter(|(name, _)| decode(name) == "$filter").map(|(_, value)| value);
        let Some(value) = values.next().map(decode) else { return Ok(Self::All) };
        let wrong = || Failure::wrong(&message::QUERY_VALUE_FORMAT, &[&value, "$filter"]);
        let words = words(&value).filter(|_| values.next().is_none()).ok_or_else(wrong)?;
        let mut rest = &words[..];
        let filter = any(&mut rest, DEPTH).ok_or_else(wrong)?;
        if rest.is_empty() { Ok(filter) } else { Err(wrong()) }
    }

    /// Whether an event is among those that are told.
    pub(crate) fn takes(&self, record: &Record) -> bool {
        match self {
            Self::All => true,
            Self::Is(property, value) => match property {
                // What is streamed here are events, and no metric reports.
                Property::EventFormatType => value == "Event",
                Property::MessageId => is_message(record, value),
                Property::OriginResource => *value == record.origin,
                Property::RegistryPrefix => value == record.registry,
            },
            Self::Not(filter) => !filter.takes(record),
            Self::And(one, other) => one.takes(record) && other.takes(record),
            Self::Or(one, other) => one.takes(record) || other.takes(record),
        }
    }
}

#[derive(Debug, PartialEq)]
enum Word {
    Open,
    Close,
    Name(String),
    Text(String),
}

/// None for a text that does not end. A quote in a text is there twice (OData).
fn words(text: &str) -> Option<Vec<Word>> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        rest = match first {
            '(' | ')' => {
                words.push(if first == '(' { Word::Open } else { Word::Close });
                &rest[1..]
            }
            '\'' => {
                let mut value = String::new();
                let mut parts = rest[1..].split('\'');
                let mut length = 1;
                loop {
                    let part = parts.next()?;
                    length += part.len() + 1;
                    value.push_str(part);
                    if !rest.get(length..)?.starts_with('\'') {
                        break;
                    }
                    parts.next();
                    value.push('\'');
                    length += 1;
                }
                words.push(Word::Text(value));
                &rest[length..]
            }
            _ => {
                let is_end = |c: char| c.is_whitespace() || "()'".contains(c);
                let end = rest.find(is_end).unwrap_or(rest.len());
                words.push(Word::Name(rest[..end].to_owned()));
                &rest[end..]
            }
        };
        rest = rest.trim_start();
    }
    Some(words)
}

/// Takes a name, where it is the next word.
fn takes(rest: &mut &[Word], name: &str) -> bool {
    let found = matches!(rest.first(), Some(Word::Name(word)) if word == name);
    if found {
        *rest = &rest[1..];
    }
    found
}

fn any(rest: &mut &[Word], depth: usize) -> Option<Filter> {
    let mut filter = all(rest, depth)?;
    while takes(rest, "or") {
        filter = Filter::Or(Box::new(filter), Box::new(all(rest, depth)?));
    }
    Some(filter)
}

fn all(rest: &mut &[Word], depth: usize) -> Option<Filter> {
    let mut filter = one(rest, depth)?;
    while takes(rest, "and") {
        filter = Filter::And(Box::new(filter), Box::new(one(rest, depth)?));
    }
    Some(filter)
}

fn one(rest: &mut &[Word], depth: usize) -> Option<Filter> {
    let depth = depth.checked_sub(1)?;
    if takes(rest, "not") {
        return Some(Filter::Not(Box::new(one(rest, depth)?)));
    }
    let (filter, after) = match rest {
        [Word::Open, within @ ..] => {
            let mut within = within;
            let filter = any(&mut within, depth)?;
            (filter, within.strip_prefix(&[Word::Close])?)
        }
        [Word::Name(name), Word::Name(is), Word::Text(value), after @ ..] => {
            let (_, property) = PROPERTIES.into_iter().find(|(word, _)| word == name)?;
            let filter = Filter::Is(property, value.clone());
            match is.as_str() {
                "eq" => (filter, after),
                "ne" => (Filter::Not(Box::new(filter)), after),
                _ => return None,
            }
        }
        _ => return None,
    };
    *rest = after;
    Some(filter)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::EventKind;

    #[test]
    fn a_filter_takes_what_it_says() {
        let on = EventKind::Power { node: "p1".to_owned(), on: true };
        let record = Record::of(&on).expect("it is told");
        for (query, takes) in [
            ("", true),
            ("other=1", true),
            ("$filter=RegistryPrefix eq 'ResourceEvent'", true),
            ("%24filter=RegistryPrefix%20eq%20%27TaskEvent%27", false),
            ("$filter=(RegistryPrefix+eq+'TaskEvent')+or+(EventFormatType+eq+'Event')", true),
            ("$filter=MessageId eq 'ResourceEvent.1.4.ResourcePoweredOn'", true),
            ("$filter=MessageId eq 'ResourceEvent.ResourcePoweredOff'", false),
            (
                "$filter=OriginResource eq '/redfish/v1/Systems/p1' and not (RegistryPrefix eq 'TaskEvent')",
                true,
            ),
            ("$filter=OriginResource ne '/redfish/v1/Systems/p1'", false),
            // `and` before `or`.
            (
                "$filter=EventFormatType eq 'Event' or EventFormatType eq 'x' and EventFormatType eq 'y'",
                true,
            ),
            ("$filter=RegistryPrefix eq 'it''s'", false),
        ] {
            assert_eq!(Filter::of(query).expect(query).takes(&record), takes, "{query}");
        }
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        let deep =
            format!("$filter={}EventFormatType eq 'Event'{}", "(".repeat(9999), ")".repeat(9999));
        for query in [
            "$filter=",
            "$filter",
            "$filter=RegistryPrefix",
            "$filter=RegistryPrefix eq",
            "$filter=RegistryPrefix eq Task",
            "$filter=RegistryPrefix gt 'x'",
            "$filter=ResourceType eq 'Chassis'",
            "$filter=SubordinateResources eq true",
            "$filter=RegistryPrefix eq 'x",
            "$filter=(RegistryPrefix eq 'x'",
            "$filter=RegistryPrefix eq 'x')",
            "$filter=RegistryPrefix eq 'x' RegistryPrefix eq 'x'",
            "$filter=RegistryPrefix eq 'x'&$filter=RegistryPrefix eq 'x'",
            &deep,
        ] {
            let refused = Filter::of(query).expect_err(query);
            assert_eq!(refused.status.as_u16(), 400, "{query}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_filter_or_refused(text in "[ ()'a-zA-Z\\PC]{0,60}") {
            let _ = Filter::of(&format!("$filter={text}"));
            let _ = Filter::of(&format!("$filter=RegistryPrefix eq '{text}'"));
        }
    }
}
