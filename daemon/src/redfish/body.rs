//! Bodies of requests: one JSON object, whose properties are taken one by one. What is left over, missing or of a wrong
//! type is told with its name, all at once.

use axum::http::{HeaderMap, StatusCode};
use serde_json::{Map, Value};

use super::failure::Failure;
use super::message::{self, Message};
use crate::http::request;

/// The properties of a body that are still to be looked at, and what is wrong about the others.
#[derive(Debug)]
pub(crate) struct Body {
    properties: Map<String, Value>,
    had_properties: bool,
    /// The action whose parameters they are; properties of a resource otherwise.
    action: Option<&'static str>,
    messages: Vec<Message>,
}

/// A type that a property can have.
pub(crate) trait Property: Sized {
    /// The value, where it is of this type.
    fn of(value: &Value) -> Option<Self>;
}

impl Property for String {
    fn of(value: &Value) -> Option<Self> {
        value.as_str().map(str::to_owned)
    }
}

impl Property for Value {
    fn of(value: &Value) -> Option<Self> {
        Some(value.clone())
    }
}

impl Property for bool {
    fn of(value: &Value) -> Option<Self> {
        value.as_bool()
    }
}

impl Property for u64 {
    fn of(value: &Value) -> Option<Self> {
        value.as_u64()
    }
}

impl Property for Map<String, Value> {
    fn of(value: &Value) -> Option<Self> {
        value.as_object().cloned()
    }
}

impl<T: Property> Property for Vec<T> {
    fn of(value: &Value) -> Option<Self> {
        value.as_array()?.iter().map(T::of).collect()
    }
}

/// A property that may be null.
impl<T: Property> Property for Option<T> {
    fn of(value: &Value) -> Option<Self> {
        if value.is_null() { Some(None) } else { T::of(value).map(Some) }
    }
}

/// What is told of these is nothing but their names.
const SECRETS: [&str; 2] = ["Password", "HttpHeaders"];

impl Body {
    /// Reads a body as the properties of a resource.
    ///
    /// # Errors
    /// 415 for another content type; 400 for what is no JSON object.
    pub(crate) fn parse(headers: &HeaderMap, bytes: &[u8]) -> Result<Self, Failure> {
        if let Some(kind) = request::other_type(headers) {
            let message = Message::new(&message::UNRECOGNIZED_REQUEST_BODY, &[]);
            let message = message.in_words(request::wrong_type(&kind));
            return Err(Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
        }
        match unique::parse(bytes) {
            Ok((Value::Object(properties), twice)) => {
                let mut body = Self::new(properties);
                body.note(
                    twice.iter().map(|name| Message::new(&message::PROPERTY_DUPLICATE, &[name])),
                );
                Ok(body)
            }
            Ok(_) => Err(Failure::wrong(&message::UNRECOGNIZED_REQUEST_BODY, &[])),
            Err(error) => {
                let message = Message::new(&message::MALFORMED_JSON, &[]);
                let text = format!("the body is not valid JSON: {error}");
                Err(Failure::bad_request(vec![message.in_words(text)]))
            }
        }
    }

    /// Reads a body as the parameters of an action; none at all is an empty object.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub(crate) fn of_action(
        headers: &HeaderMap,
        bytes: &[u8],
        action: &'static str,
    ) -> Result<Self, Failure> {
        let bytes = if bytes.is_empty() { b"{}" } else { bytes };
        Ok(Self { action: Some(action), ..Self::parse(headers, bytes)? })
    }

    /// A property that is an object is looked at like a body.
    pub(crate) fn new(mut properties: Map<String, Value>) -> Self {
        // Annotations come with what a client read before; they change nothing.
        properties.retain(|name, _| !name.contains('@'));
        let had_properties = !properties.is_empty();
        Self { properties, had_properties, action: None, messages: Vec::new() }
    }

    /// Takes a property; none where it is not there, or of another type, which is noted.
    pub(crate) fn take<T: Property>(&mut self, name: &str) -> Option<T> {
        let value = self.properties.shift_remove(name)?;
        let taken = T::of(&value);
        if taken.is_none() {
            self.messages.push(self.wrong_type(name, &value));
        }
        taken
    }

    /// Takes a property that has to be there; its absence is noted.
    pub(crate) fn require<T: Property>(&mut self, name: &str) -> Option<T> {
        if !self.properties.contains_key(name) {
            let message = match self.action {
                None => Message::new(&message::PROPERTY_MISSING, &[name]),
                Some(action) => Message::new(&message::ACTION_PARAMETER_MISSING, &[action, name]),
            };
            self.messages.push(message.about(name));
        }
        self.take(name)
    }

    /// Takes a string that is one of some words; another one is noted.
    pub(crate) fn one_of<T: Copy>(&mut self, name: &str, words: &[(&str, T)]) -> Option<T> {
        let word: String = self.take(name)?;
        let found = words.iter().find(|(known, _)| *known == word).map(|&(_, value)| value);
        if found.is_none() {
            self.refuse_value(name, &word);
        }
        found
    }

    /// Takes strings that are each one of some words, none where it is not there; the first of others is noted.
    pub(crate) fn list_of(&mut self, name: &str, words: &[&str]) -> Vec<String> {
        let list: Vec<String> = self.take(name).unwrap_or_default();
        if let Some(word) = list.iter().find(|word| !words.contains(&word.as_str())) {
            self.refuse_value(name, word);
        }
        list
    }

    /// The same of a property that has to be there.
    pub(crate) fn require_one_of<T: Copy>(&mut self, name: &str, words: &[(&str, T)]) -> Option<T> {
        if self.has(name) {
            self.one_of(name, words)
        } else {
            self.require::<String>(name).and(None)
        }
    }

    /// Whether a property is there that nobody has taken yet.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.properties.contains_key(name)
    }

    /// Notes that a property has a value that it cannot have here.
    pub(crate) fn refuse(&mut self, name: &str, why: &str) {
        let message = match self.action {
            None => Message::new(&message::PROPERTY_VALUE_ERROR, &[name]),
            Some(action) => Message::new(&message::ACTION_PARAMETER_VALUE_ERROR, &[name, action]),
        };
        self.messages.push(message.about(name).in_words(format!("{name}: {why}")));
    }

    /// Notes that a property's value is none of those that it can have.
    pub(crate) fn refuse_value(&mut self, name: &str, word: &str) {
        let word = &*clusterhat::shorten(word);
        let message = match self.action {
            None => Message::new(&message::PROPERTY_VALUE_NOT_IN_LIST, &[word, name]),
            Some(action) => {
                Message::new(&message::ACTION_PARAMETER_NOT_IN_LIST, &[word, name, action])
            }
        };
        self.messages.push(message.about(name));
    }

    /// Notes what else is wrong.
    pub(crate) fn note(&mut self, messages: impl IntoIterator<Item = Message>) {
        self.messages.extend(messages);
    }

    /// Ends it: what was not taken is wrong. `known` are the properties that the resource has but that cannot be changed.
    ///
    /// # Errors
    /// 400 with a message for each thing that is wrong, or where there was nothing to change.
    pub(crate) fn finish(mut self, known: &Map<String, Value>) -> Result<(), Failure> {
        self.end(known);
        if self.messages.is_empty() && !self.had_properties && self.action.is_none() {
            self.messages.push(Message::new(&message::NO_OPERATION, &[]));
        }
        if self.messages.is_empty() { Ok(()) } else { Err(Failure::bad_request(self.messages)) }
    }

    /// What is wrong about a property that is itself an object.
    pub(crate) fn into_messages(mut self, known: &Map<String, Value>) -> Vec<Message> {
        self.end(known);
        self.messages
    }

    fn end(&mut self, known: &Map<String, Value>) {
        for name in self.properties.keys() {
            let message = match self.action {
                Some(action) => Message::new(&message::ACTION_PARAMETER_UNKNOWN, &[action, name]),
                None if known.contains_key(name) => {
                    Message::new(&message::PROPERTY_NOT_WRITABLE, &[name])
                }
                None => Message::new(&message::PROPERTY_UNKNOWN, &[name]),
            };
            self.messages.push(message.about(name));
        }
        self.properties.clear();
    }

    fn wrong_type(&self, name: &str, value: &Value) -> Message {
        let value = match SECRETS.contains(&name) {
            true => "******".to_owned(),
            false => clusterhat::shorten(&value.to_string()).into_owned(),
        };
        match self.action {
            None => Message::new(&message::PROPERTY_VALUE_TYPE, &[&value, name]),
            Some(action) => {
                Message::new(&message::ACTION_PARAMETER_VALUE_TYPE, &[&value, name, action])
            }
        }
        .about(name)
    }
}

mod unique;

#[cfg(test)]
mod tests;
