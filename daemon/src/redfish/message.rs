//! The messages of DMTF's Base registry, version 1.22, that the service uses. A client goes by their identifiers and
//! arguments, which are the registry's; the sentences are the service's own.

use serde_json::{Value, json};

/// The registry with the version whose messages these are.
const REGISTRY: &str = "Base.1.22";

/// A message of the registry.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    /// Its key in the registry.
    pub id: &'static str,
    severity: Severity,
    /// `%1`, `%2` ... stand for the arguments, as in the registry.
    text: &'static str,
    resolution: &'static str,
}

/// How bad it is, as the registry says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Severity {
    Ok,
    Warning,
    Critical,
}

impl Severity {
    const fn name(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Warning => "Warning",
            Self::Critical => "Critical",
        }
    }
}

/// One line a message: its constant, its key, its severity, its text, and what to do.
macro_rules! messages {
    ($($name:ident $id:literal $severity:ident $text:literal $resolution:literal;)*) => {
        $(pub(crate) const $name: Kind =
            Kind { id: $id, severity: Severity::$severity, text: $text, resolution: $resolution };)*

        /// Every message.
        #[cfg(test)]
        const ALL: &[Kind] = &[$($name),*];
    };
}

messages! {
    SUCCESS "Success" Ok "the request was carried out" "None";
    GENERAL_ERROR "GeneralError" Critical "the request failed" "See the other messages, or the daemon's journal.";
    NO_OPERATION "NoOperation" Warning "the request contains nothing to change" "Send at least one property that can be changed.";
    MALFORMED_JSON "MalformedJSON" Critical "the body is not valid JSON" "Send a body that is one JSON object.";
    UNRECOGNIZED_REQUEST_BODY "UnrecognizedRequestBody" Warning "the body is not a JSON object" "Send a body that is one JSON object, with the content type application/json.";
    PAYLOAD_TOO_LARGE "PayloadTooLarge" Critical "the body is too large" "Send a smaller body.";
    PROPERTY_UNKNOWN "PropertyUnknown" Warning "the resource has no property %1" "Leave the property out.";
    PROPERTY_NOT_WRITABLE "PropertyNotWritable" Warning "the property %1 cannot be changed" "Leave the property out.";
    PROPERTY_DUPLICATE "PropertyDuplicate" Warning "the property %1 is there more than once" "Send the property once.";
    PROPERTY_MISSING "PropertyMissing" Warning "the property %1 is missing" "Add the property.";
    PROPERTY_VALUE_TYPE "PropertyValueTypeError" Warning "the value '%1' is of a type that the property %2 cannot have" "Send a value of the property's type.";
    PROPERTY_VALUE_NOT_IN_LIST "PropertyValueNotInList" Warning "the value '%1' is not one of those that the property %2 can have" "Send one of the allowable values.";
    PROPERTY_VALUE_ERROR "PropertyValueError" Warning "the value of the property %1 is not acceptable" "Correct the value.";
    ACTION_PARAMETER_MISSING "ActionParameterMissing" Critical "the action %1 needs the parameter %2" "Add the parameter.";
    ACTION_PARAMETER_UNKNOWN "ActionParameterUnknown" Warning "the action %1 has no parameter %2" "Leave the parameter out.";
    ACTION_PARAMETER_VALUE_TYPE "ActionParameterValueTypeError" Warning "the value '%1' is of a type that the parameter %2 of the action %3 cannot have" "Send a value of the parameter's type.";
    ACTION_PARAMETER_NOT_IN_LIST "ActionParameterValueNotInList" Warning "the value '%1' is not one of those that the parameter %2 of the action %3 can have" "Send one of the allowable values.";
    ACTION_PARAMETER_VALUE_ERROR "ActionParameterValueError" Warning "the value of the parameter %1 of the action %2 is not acceptable" "Correct the value.";
    ACTION_NOT_SUPPORTED "ActionNotSupported" Critical "the resource does not have the action %1" "Use one of the actions that the resource has.";
    RESOURCE_MISSING "ResourceMissingAtURI" Critical "there is no resource at '%1'" "Follow the links from /redfish/v1/.";
    RESOURCE_ALREADY_EXISTS "ResourceAlreadyExists" Critical "there is already a %1 whose %2 is '%3'" "Choose another value.";
    RESOURCE_CANNOT_BE_DELETED "ResourceCannotBeDeleted" Critical "the resource cannot be deleted" "Give another enabled account the role Administrator first.";
    PROPERTY_NOT_UPDATED "PropertyNotUpdated" Critical "the property %1 cannot be changed now" "Give another enabled account the role Administrator first.";
    CREATE_LIMIT_REACHED "CreateLimitReachedForResource" Critical "there are as many of these as there can be" "Delete one that is not needed.";
    SUBSCRIPTION_LIMIT_EXCEEDED "EventSubscriptionLimitExceeded" Critical "there are as many subscriptions as there can be" "Delete a subscription that is not needed.";
    OPERATION_NOT_ALLOWED "OperationNotAllowed" Critical "the resource does not have this HTTP method" "Use one of the methods of the Allow header.";
    PRECONDITION_FAILED "PreconditionFailed" Critical "the resource changed since its ETag was read" "Read the resource again, and repeat the change if it is still wanted.";
    HEADER_INVALID "HeaderInvalid" Critical "the header '%1' is not valid" "Correct the header.";
    QUERY_UNSUPPORTED "QueryParameterUnsupported" Warning "the query parameter '%1' is not supported" "Leave the parameter out.";
    QUERY_NOT_ON_RESOURCE "QueryNotSupportedOnResource" Warning "the resource cannot be queried like this" "Leave the query parameters out.";
    QUERY_VALUE_TYPE "QueryParameterValueTypeError" Warning "the value '%1' is of a type that the query parameter %2 cannot have" "Correct the value.";
    QUERY_VALUE_FORMAT "QueryParameterValueFormatError" Warning "the value '%1' is not written as the query parameter %2 wants it" "Correct the value.";
    QUERY_VALUE_ERROR "QueryParameterValueError" Warning "the value of the query parameter %1 is not acceptable" "Correct the value.";
    QUERY_OUT_OF_RANGE "QueryParameterOutOfRange" Warning "the value '%1' of the query parameter %2 is not in the range %3" "Choose a value in the range.";
    QUERY_COMBINATION "QueryCombinationInvalid" Warning "these query parameters cannot be used together" "Leave one of them out.";
    NO_VALID_SESSION "NoValidSession" Critical "the request has no valid credentials" "Log in, or send a valid user name and password.";
    INSUFFICIENT_PRIVILEGE "InsufficientPrivilege" Critical "the account's role does not permit this" "Use an account with a role that permits it.";
    PASSWORD_CHANGE_REQUIRED "PasswordChangeRequired" Critical "the password of the account at '%1' must be changed before anything else can be done" "Change the account's Password with PATCH.";
    SERVICE_UNAVAILABLE "ServiceTemporarilyUnavailable" Critical "the service cannot answer now; try again in %1 seconds" "Try again later.";
    INTERNAL_ERROR "InternalError" Critical "the request failed inside the service" "See the daemon's journal.";
    OPERATION_FAILED "OperationFailed" Warning "a part of the request failed" "Remove the cause that the message names, and send the request again.";
}

/// A message with its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    kind: &'static Kind,
    args: Vec<String>,
    property: Option<String>,
    /// What the service itself says instead of the message's text.
    text: Option<String>,
}

impl Message {
    /// With as many arguments as the registry says.
    pub(crate) fn new(kind: &'static Kind, args: &[&str]) -> Self {
        debug_assert_eq!(kind.arguments(), args.len(), "{}", kind.id);
        let args = args.iter().map(|arg| shorten(arg)).collect();
        Self { kind, args, property: None, text: None }
    }

    /// Names the property of the body that it is about.
    pub(crate) fn about(mut self, property: &str) -> Self {
        self.property = Some(format!("#/{}", property.replace('~', "~0").replace('/', "~1")));
        self
    }

    /// Says it in these words.
    pub(crate) fn in_words(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }

    /// As it stands in `@Message.ExtendedInfo`.
    pub(crate) fn to_json(&self) -> Value {
        let mut json = json!({
            "@odata.type": "#Message.v1_3_0.Message",
            "MessageId": self.id(),
            "Message": self.text(),
            "MessageArgs": self.args,
            "MessageSeverity": self.kind.severity.name(),
            "Resolution": self.kind.resolution,
        });
        if let Some(property) = &self.property {
            json["RelatedProperties"] = json!([property]);
        }
        json
    }

    /// With the registry: `Base.1.22.PropertyUnknown`.
    pub(crate) fn id(&self) -> String {
        format!("{REGISTRY}.{}", self.kind.id)
    }

    /// For people.
    pub(crate) fn text(&self) -> String {
        if let Some(text) = &self.text {
            return text.clone();
        }
        let numbered = self.args.iter().enumerate();
        numbered.fold(self.kind.text.to_owned(), |text, (index, arg)| {
            text.replace(&format!("%{}", index + 1), arg)
        })
    }
}

impl Kind {
    fn arguments(&self) -> usize {
        (1..=9).take_while(|number| self.text.contains(&format!("%{number}"))).count()
    }
}

/// What a client sent comes back at a harmless length.
fn shorten(arg: &str) -> String {
    const LIMIT: usize = 200;
    match arg.char_indices().nth(LIMIT) {
        Some((end, _)) => format!("{}...", &arg[..end]),
        None => arg.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn arguments_take_their_places() {
        let message = Message::new(&PROPERTY_VALUE_TYPE, &["7", "UserName"]).about("UserName");
        let json = message.to_json();
        assert_eq!(json["MessageId"], "Base.1.22.PropertyValueTypeError");
        assert_eq!(json["MessageArgs"], serde_json::json!(["7", "UserName"]));
        assert_eq!(json["RelatedProperties"], serde_json::json!(["#/UserName"]));
        assert!(json["Message"].as_str().unwrap().contains("'7'"));
    }

    #[test]
    fn what_a_client_sends_comes_back_short() {
        let long = "ä".repeat(10_000);
        let message = Message::new(&PROPERTY_UNKNOWN, &[&long]);
        assert!(message.text().len() < 500);
    }

    #[test]
    fn no_message_has_two_constants() {
        let ids: BTreeSet<_> = ALL.iter().map(|kind| kind.id).collect();
        assert_eq!(ids.len(), ALL.len());
    }

    /// As the registry has them: key, number of arguments, severity.
    #[test]
    fn keys_arguments_and_severities_are_the_registrys() {
        let registry = include_str!("message/base-1.22.1.txt");
        for kind in ALL {
            let line = format!("{} {} {}", kind.id, kind.arguments(), kind.severity.name());
            assert!(registry.lines().any(|known| known == line), "{line}");
        }
    }
}
