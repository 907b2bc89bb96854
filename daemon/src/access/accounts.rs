//! Accounts with their passwords and roles, in `accounts.json` of the state folder.

use std::io;

use serde::{Deserialize, Serialize};

use super::password;
use super::role::Role;
use super::stored::{Stored, Version};
use crate::error::{Problem, ProblemKind};
use crate::state_folder::StateFolder;

/// The file.
const FILE: &str = "accounts.json";

/// The name of no account: in Redfish, a collection has it in the place where an account's name is.
const MEMBERS: &str = "Members";

/// More accounts are not kept.
const MOST: usize = 64;

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// What the user is called: letters, digits, `-`, `_` and `.`.
    pub name: String,
    /// What the user may do.
    pub role: Role,
    /// Whether the user may log in.
    pub enabled: bool,
    /// Whether the user has to change the password before anything else.
    pub password_change_required: bool,
}

/// What is to be changed of an account; absent = nothing.
#[derive(Clone, Debug, Default)]
pub struct AccountChange {
    /// Another name.
    pub name: Option<String>,
    /// Another password.
    pub password: Option<String>,
    /// Another role.
    pub role: Option<Role>,
    /// Whether the user may log in.
    pub enabled: Option<bool>,
    /// Whether the user has to change the password before anything else.
    pub password_change_required: Option<bool>,
}

/// Why an account is not made, changed or removed.
#[derive(Clone, Debug)]
pub enum AccountError {
    /// Another one has this name.
    Taken(String),
    /// No more are kept.
    Full,
    /// Nobody could administer any more.
    LastAdministrator,
    /// A name or a password that is malformed, no such account, or a file that cannot be written.
    Other(Problem),
}

impl From<Problem> for AccountError {
    fn from(problem: Problem) -> Self {
        Self::Other(problem)
    }
}

impl From<AccountError> for Problem {
    fn from(error: AccountError) -> Self {
        let text = match error {
            AccountError::Other(problem) => return problem,
            AccountError::Taken(name) => format!("there is an account {name} already"),
            AccountError::Full => format!("there are {MOST} accounts, and no more can be kept"),
            AccountError::LastAdministrator => {
                "an enabled account with the role administrator has to be left".to_owned()
            }
        };
        Self::new(ProblemKind::Conflict, text)
    }
}

/// An account as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kept {
    name: String,
    role: Role,
    enabled: bool,
    #[serde(default, alias = "must_change")]
    password_change_required: bool,
    /// In the PHC format.
    hash: String,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(expecting = "an object")]
struct Document {
    version: Version,
    accounts: Vec<Kept>,
}

/// All accounts.
pub struct Accounts(Stored<Document>);

impl Accounts {
    /// Reads the accounts.
    ///
    /// # Errors
    /// A file that cannot be read or is damaged.
    pub fn open(folder: &StateFolder) -> io::Result<Self> {
        Stored::open(folder, FILE).map(Self)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.get(|document| document.accounts.is_empty())
    }

    /// All of them, by name.
    #[must_use]
    pub fn list(&self) -> Vec<Account> {
        self.0.get(|document| document.accounts.iter().map(shown).collect())
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Account> {
        self.0.get(|document| document.accounts.iter().find(|kept| kept.name == name).map(shown))
    }

    /// The hash of an account that may log in.
    pub(super) fn hash_of(&self, name: &str) -> Option<(Role, String)> {
        self.0.get(|document| {
            let mut accounts = document.accounts.iter();
            let account = accounts.find(|kept| kept.name == name && kept.enabled)?;
            Some((account.role, account.hash.clone()))
        })
    }

    /// Whether an account that may log in has this password. Takes as long as hashing it.
    #[must_use]
    pub fn has_password(&self, name: &str, word: &str) -> bool {
        self.hash_of(name).is_some_and(|(_, hash)| password::verify(word, &hash))
    }

    /// Adds an account that may log in. Takes as long as hashing its password.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub fn create(&self, name: &str, password: &str, role: Role) -> Result<Account, AccountError> {
        let name = name.to_owned();
        self.add(Account { name, role, enabled: true, password_change_required: false }, password)
    }

    /// Adds an account. Takes as long as hashing its password.
    ///
    /// # Errors
    /// A name that is taken or malformed, a password that is not taken, too many accounts, or a file that cannot be written.
    pub fn add(&self, account: Account, password: &str) -> Result<Account, AccountError> {
        check_account_name(&account.name)?;
        let hash = hashed(password)?;
        let Account { name, role, enabled, password_change_required } = account;
        let account = Kept { name, role, enabled, password_change_required, hash };
        self.change_all(|accounts| {
            if accounts.iter().any(|kept| kept.name == account.name) {
                return Err(AccountError::Taken(account.name.clone()));
            }
            if accounts.len() >= MOST {
                return Err(AccountError::Full);
            }
            accounts.push(account.clone());
            accounts.sort_by(|a, b| a.name.cmp(&b.name));
            Ok(shown(&account))
        })
    }

    /// Changes an account. Takes as long as hashing a password where there is a new one.
    ///
    /// # Errors
    /// As [`Self::create`]; no such account; or nobody could administer any more.
    pub fn change(&self, name: &str, change: &AccountChange) -> Result<Account, AccountError> {
        let hash = change.password.as_deref().map(hashed).transpose()?;
        if let Some(new) = &change.name {
            check_account_name(new)?;
        }
        self.change_all(|accounts| {
            let is_taken = |new: &&String| *new != name && accounts.iter().any(|a| a.name == **new);
            if let Some(taken) = change.name.as_ref().filter(is_taken) {
                return Err(AccountError::Taken(taken.clone()));
            }
            let account = accounts.iter_mut().find(|kept| kept.name == name);
            let account = account.ok_or_else(|| no_such(name))?;
            account.role = change.role.unwrap_or(account.role);
            account.enabled = change.enabled.unwrap_or(account.enabled);
            account.password_change_required =
                change.password_change_required.unwrap_or(account.password_change_required);
            account.hash = hash.unwrap_or_else(|| account.hash.clone());
            account.name = change.name.clone().unwrap_or_else(|| account.name.clone());
            Ok(shown(account))
        })
    }

    /// Removes an account.
    ///
    /// # Errors
    /// No such account; nobody could administer any more; or a file that cannot be written.
    pub fn remove(&self, name: &str) -> Result<(), AccountError> {
        self.change_all(|accounts| {
            let place = accounts.iter().position(|kept| kept.name == name);
            accounts.remove(place.ok_or_else(|| no_such(name))?);
            Ok(())
        })
    }

    /// Somebody who can administer is left, unless nobody could before.
    fn change_all<T>(
        &self,
        change: impl FnOnce(&mut Vec<Kept>) -> Result<T, AccountError>,
    ) -> Result<T, AccountError> {
        let administers = |kept: &Kept| kept.enabled && kept.role == Role::Administrator;
        self.0.change(|document| {
            let could = document.accounts.iter().any(administers);
            let result = change(&mut document.accounts)?;
            if could && !document.accounts.iter().any(administers) {
                return Err(AccountError::LastAdministrator);
            }
            Ok(result)
        })
    }
}

fn shown(kept: &Kept) -> Account {
    let Kept { role, enabled, password_change_required, .. } = *kept;
    Account { name: kept.name.clone(), role, enabled, password_change_required }
}

fn no_such(name: &str) -> Problem {
    Problem::not_found(&format!("account {name:?}"))
}

fn hashed(password: &str) -> Result<String, Problem> {
    password::check(password).map_err(Problem::bad_request)?;
    password::hash(password).map_err(|error| Problem::new(ProblemKind::Internal, error))
}

fn check_account_name(name: &str) -> Result<(), Problem> {
    if name == MEMBERS {
        let text =
            format!("{name:?} is reserved for the collection of accounts; choose another name");
        return Err(Problem::bad_request(text));
    }
    check_name(name)
}

/// A name goes into logs, headers and paths.
pub(super) fn check_name(name: &str) -> Result<(), Problem> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.is_empty() || name.len() > 32 || !name.chars().all(is_plain) || name.starts_with('.') {
        let text = format!(
            "{name:?} is not a valid name: use 1 to 32 letters, digits, dots, hyphens and underscores, and no dot at the start"
        );
        return Err(Problem::bad_request(clusterhat::shorten(&text).into_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_kept_and_one_administrator_stays() {
        let parent = tempfile::tempdir().unwrap();
        let folder = StateFolder::open(parent.path()).unwrap();
        let accounts = Accounts::open(&folder).unwrap();
        assert!(accounts.is_empty());
        accounts.create("admin", "long enough", Role::Administrator).unwrap();
        accounts.create("op", "long enough", Role::Operator).unwrap();
        let kind = |error: AccountError| Problem::from(error).kind;
        let conflict = |result: Result<(), AccountError>| kind(result.unwrap_err());
        let again = accounts.create("op", "long enough", Role::Operator).map(drop);
        assert_eq!(conflict(again), ProblemKind::Conflict);
        assert_eq!(conflict(accounts.remove("admin")), ProblemKind::Conflict);
        let lower = AccountChange { role: Some(Role::Operator), ..AccountChange::default() };
        assert_eq!(conflict(accounts.change("admin", &lower).map(drop)), ProblemKind::Conflict);
        // Seen: nobody could change or remove an account called Members.
        for name in ["", "a b", "../x", ".x", "<b>", "Members", &"x".repeat(33)] {
            let refused = accounts.create(name, "long enough", Role::Operator);
            assert_eq!(kind(refused.unwrap_err()), ProblemKind::BadRequest, "{name}");
        }
        let short = accounts.create("short", "seven77", Role::Operator);
        assert_eq!(kind(short.unwrap_err()), ProblemKind::BadRequest);
        let renamed = AccountChange { name: Some("root".to_owned()), ..AccountChange::default() };
        accounts.change("admin", &renamed).unwrap();
        let read = Accounts::open(&folder).unwrap();
        assert_eq!(read.list(), accounts.list());
        assert_eq!(read.get("root").unwrap().role, Role::Administrator);
        assert!(read.get("admin").is_none());
    }

    /// Seen: accounts of a later version were written as this one knows them, at the first change.
    #[test]
    fn a_file_of_a_newer_version_is_not_used() {
        let parent = tempfile::tempdir().unwrap();
        let folder = StateFolder::open(parent.path()).unwrap();
        std::fs::write(folder.path(FILE), r#"{"version": 2, "accounts": []}"#).unwrap();
        let error = Accounts::open(&folder).err().unwrap().to_string();
        assert!(error.contains("accounts.json: version 2, of a newer clusterhatd"), "{error}");
    }

    #[test]
    fn a_required_password_change_is_read_by_its_old_name_and_kept_by_its_new_one() {
        let parent = tempfile::tempdir().unwrap();
        let folder = StateFolder::open(parent.path()).unwrap();
        let text = |name: &str| std::fs::read_to_string(folder.path(name)).unwrap();
        let old = r#"{"version": 1, "accounts": [
            {"name": "a", "role": "administrator", "enabled": true, "hash": "x"},
            {"name": "b", "role": "operator", "enabled": true, "must_change": true, "hash": "x"}]}"#;
        std::fs::write(folder.path(FILE), old).unwrap();
        let accounts = Accounts::open(&folder).unwrap();
        let is_required = |name| accounts.get(name).unwrap().password_change_required;
        assert!(is_required("b") && !is_required("a"));
        accounts.change("a", &AccountChange::default()).unwrap();
        assert!(is_required("b") && text(FILE).contains("\"password_change_required\": true"));
    }
}
