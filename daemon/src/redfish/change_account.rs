//! Accounts made, changed and removed.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::asked::Asked;
use super::body::Body;
use super::change_session::note;
use super::failure::Failure;
use super::message::{self, Message};
use super::{accounts, etag, reply, roles, uri};
use crate::access::{Account, AccountChange, AccountError, Caller, Role, password};
use crate::error::{Problem, ProblemKind};
use crate::http::blocking::blocking;
use crate::http::password_change_required;
use crate::service::Service;

/// The property that lets an account do nothing before its password is another.
const PASSWORD_CHANGE_REQUIRED: &str = "PasswordChangeRequired";

/// Makes an account.
pub(super) async fn create(
    State(service): State<Service>,
    asked: Asked,
    bytes: Bytes,
) -> Result<Response, Failure> {
    let caller = asked.caller()?;
    let read = read_new(&asked, &bytes);
    let (new, word) = read.map_err(|why| noted(why, &service, caller, "create account", ""))?;
    let name = new.name.clone();
    let _turn = asked.own.turn.lock().await;
    let (own, by) = (service.clone(), caller.clone());
    let account = blocking(move || {
        let of = new.name.clone();
        let account = own.access.accounts.add(new, &word);
        note_end(&own, &by, "create account", &of, account.as_ref().err());
        account
    });
    let account = account.await.map_err(|error| refused(error, &name, None))?;
    Ok(reply::made(StatusCode::CREATED, accounts::of(&account)))
}

/// The account that a body asks for, and its password.
fn read_new(asked: &Asked, bytes: &[u8]) -> Result<(Account, String), Failure> {
    let mut body = Body::parse(&asked.headers, bytes)?;
    let name: Option<String> = body.require("UserName");
    let word: Option<String> = body.require("Password");
    let role = body.require_one_of("RoleId", &roles::NAMES);
    let enabled = body.take("Enabled").unwrap_or(true);
    let password_change_required = body.take(PASSWORD_CHANGE_REQUIRED).unwrap_or(false);
    // Every account is of the same types.
    body.take::<Vec<String>>("AccountTypes");
    check_password(&mut body, word.as_deref());
    body.finish(accounts::of(&nobody()).properties())?;
    let (name, word) = (name.unwrap_or_default(), word.unwrap_or_default());
    let role = role.unwrap_or(Role::ReadOnly);
    Ok((Account { name, role, enabled, password_change_required }, word))
}

/// Changes an account: an administrator all of it, others the password of their own.
pub(super) async fn change(
    State(service): State<Service>,
    asked: Asked,
    bytes: Bytes,
) -> Result<Response, Failure> {
    let caller = asked.caller()?;
    let name = asked.id(uri::ACCOUNTS)?;
    let _turn = asked.own.turn.lock().await;
    let read = read_change(&service, caller, name, &asked, &bytes).await;
    let read = read.map_err(|why| noted(why, &service, caller, "change account", name));
    let (change, what) = read?;
    let account = apply(&service, caller, name, change, &what).await?;
    Ok(reply::made(StatusCode::OK, accounts::of(&account)))
}

/// What a body asks to change of an account, and its words for the audit log.
async fn read_change(
    service: &Service,
    caller: &Caller,
    name: &str,
    asked: &Asked,
    bytes: &[u8],
) -> Result<(AccountChange, String), Failure> {
    let is_administrator = caller.role == Role::Administrator;
    // What somebody may not see is not there.
    if !is_administrator && caller.name != name {
        return Err(Failure::missing(&asked.path));
    }
    let account = known(service, name, asked)?;
    let document = accounts::of(&account);
    let mut body = Body::parse(&asked.headers, bytes)?;
    let change = AccountChange {
        name: body.take("UserName"),
        password: body.take("Password"),
        role: body.one_of("RoleId", &roles::NAMES),
        enabled: body.take("Enabled"),
        password_change_required: body.take(PASSWORD_CHANGE_REQUIRED),
    };
    check_password(&mut body, change.password.as_deref());
    body.finish(document.properties())?;
    let is_more = change.name.is_some()
        || change.role.is_some()
        || change.enabled.is_some()
        || change.password_change_required.is_some();
    if is_more && !is_administrator {
        return Err(Failure::forbidden());
    }
    let what = what(&change);
    Ok((by_owner(service, caller, &account, is_more, change).await?, what))
}

/// An account that is there, and is the one that the client knows.
fn known(service: &Service, name: &str, asked: &Asked) -> Result<Account, Failure> {
    let account = service.access.accounts.get(name);
    let account = account.ok_or_else(|| Failure::missing(&asked.path))?;
    etag::check(&asked.headers, &etag::of(accounts::of(&account).properties()))?;
    Ok(account)
}

/// What a change is of, for the audit log.
fn what(change: &AccountChange) -> String {
    let state = |on: bool| if on { "on" } else { "off" };
    let parts = [
        change.name.as_ref().map(|name| format!("name to {name}")),
        change.password.as_ref().map(|_| "password".to_owned()),
        change.role.map(|role| format!("role to {}", role.name())),
        change.enabled.map(|on| format!("log-in to {}", state(on))),
        change
            .password_change_required
            .map(|on| format!("required password change to {}", state(on))),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Who has to change the own password changes nothing else before, and to another one; then it is done.
async fn by_owner(
    service: &Service,
    caller: &Caller,
    account: &Account,
    is_more: bool,
    change: AccountChange,
) -> Result<AccountChange, Failure> {
    if caller.name != account.name || !account.password_change_required {
        return Ok(change);
    }
    let Some(word) = change.password.clone().filter(|_| !is_more) else {
        return Err(password_change_required::problem(&account.name).into());
    };
    let (own, name) = (service.clone(), account.name.clone());
    let has_it = move || Ok(own.access.accounts.has_password(&name, &word));
    let is_same = blocking::<_, Problem>(has_it).await?;
    if is_same {
        let message = Message::new(&message::PROPERTY_VALUE_ERROR, &["Password"]).about("Password");
        let text = "Password: the same as the current one; choose another";
        return Err(Failure::bad_request(vec![message.in_words(text)]));
    }
    Ok(AccountChange { password_change_required: Some(false), ..change })
}

/// Who has another password or name, or may not log in any more, is logged out.
async fn apply(
    service: &Service,
    caller: &Caller,
    name: &str,
    change: AccountChange,
    what: &str,
) -> Result<Account, Failure> {
    let ends = change.password.is_some() || change.name.is_some() || change.enabled == Some(false);
    let lowers = change.role.is_some_and(|role| role != Role::Administrator);
    let property = if lowers { "RoleId" } else { "Enabled" };
    let last = Message::new(&message::PROPERTY_NOT_UPDATED, &[property]).about(property);
    let (own, by, of) = (service.clone(), caller.clone(), name.to_owned());
    let what = format!("change {what} of account");
    let account = blocking(move || {
        let account = own.access.accounts.change(&of, &change);
        if ends && account.is_ok() {
            own.access.sessions.end_of(&of);
        }
        note_end(&own, &by, &what, &of, account.as_ref().err());
        account
    });
    account.await.map_err(|error| refused(error, name, Some(last)))
}

/// Removes an account.
pub(super) async fn delete(
    State(service): State<Service>,
    asked: Asked,
) -> Result<Response, Failure> {
    let caller = asked.caller()?;
    let name = asked.id(uri::ACCOUNTS)?;
    let _turn = asked.own.turn.lock().await;
    let found = known(&service, name, &asked);
    found.map_err(|why| noted(why, &service, caller, "remove account", name))?;
    let (own, by, of) = (service.clone(), caller.clone(), name.to_owned());
    let removed = blocking(move || {
        let removed = own.access.accounts.remove(&of);
        if removed.is_ok() {
            own.access.sessions.end_of(&of);
        }
        note_end(&own, &by, "remove account", &of, removed.as_ref().err());
        removed
    });
    let last = Message::new(&message::RESOURCE_CANNOT_BE_DELETED, &[]);
    removed.await.map_err(|error| refused(error, name, Some(last)))?;
    Ok(reply::done())
}

/// Writes down what is refused before anything is tried.
fn noted(why: Failure, service: &Service, caller: &Caller, what: &str, name: &str) -> Failure {
    let audit = &service.access.audit;
    audit.note_refused(caller, what, &clusterhat::shorten(name), &why.text());
    why
}

/// Writes down how a change of an account ended, and tells one that was made.
fn note_end(
    service: &Service,
    caller: &Caller,
    what: &str,
    name: &str,
    failed: Option<&AccountError>,
) {
    match failed.cloned().map(Problem::from) {
        None => note(service, caller, what, name),
        Some(why) => {
            service.access.audit.note(caller, what, &clusterhat::shorten(name), &why.message);
        }
    }
}

fn check_password(body: &mut Body, word: Option<&str>) {
    if let Some(Err(why)) = word.map(password::check) {
        body.refuse("Password", &why);
    }
}

/// `last` is what the registry has for the last administrator who is to go.
fn refused(error: AccountError, name: &str, last: Option<Message>) -> Failure {
    let message = match &error {
        AccountError::Taken(name) => {
            let args = ["ManagerAccount", "UserName", name];
            Some(Message::new(&message::RESOURCE_ALREADY_EXISTS, &args).about("UserName"))
        }
        AccountError::Full => Some(Message::new(&message::CREATE_LIMIT_REACHED, &[])),
        AccountError::LastAdministrator => last,
        AccountError::Other(Problem { kind: ProblemKind::BadRequest, .. }) => {
            Some(Message::new(&message::PROPERTY_VALUE_ERROR, &["UserName"]).about("UserName"))
        }
        AccountError::Other(_) => None,
    };
    let problem = Problem::from(error);
    match message {
        Some(message) => Failure::new(problem.status(), message.in_words(problem.message)),
        None => Failure::of(&problem, &uri::member(uri::ACCOUNTS, name)),
    }
}

/// What an account that is yet to be made could say of itself.
fn nobody() -> Account {
    Account {
        name: String::new(),
        role: Role::ReadOnly,
        enabled: false,
        password_change_required: false,
    }
}
