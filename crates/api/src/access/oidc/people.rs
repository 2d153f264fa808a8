//! Who somebody is here, by what the provider says of them, and what they may do.

use jiff::Timestamp;
use serde_json::Value;
use store::access::{Access as Store, NewLinked, User};
use uuid::Uuid;

use super::{Oidc, Settings, token::Claims};
use crate::{
    access::{Role, email_of},
    console::PageError,
    i18n::say,
};

/// Somebody who is let in.
#[derive(Debug)]
pub(super) struct Admitted {
    pub(super) user: Uuid,
    /// What was done about their account, for the audit log.
    pub(super) done: String,
}

/// Why somebody is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotAdmitted {
    /// They are kept out here.
    Disabled,
    /// The provider does not say that the address is theirs.
    Unverified,
    /// Their address is of another domain.
    Domain,
    /// Nobody has invited them.
    Unknown,
    /// Whoever has that address here signs in as somebody else of the provider.
    Taken,
    /// No group of theirs has a role.
    NoRole,
}

impl NotAdmitted {
    /// The word that the audit log is told.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::Unverified => "unverified",
            Self::Domain => "domain",
            Self::Unknown => "unknown",
            Self::Taken => "taken",
            Self::NoRole => "no_role",
        }
    }

    /// As a page says it: whoever comes this far has shown who they are.
    pub(super) fn said(self) -> &'static str {
        match self {
            Self::Disabled => say("Your account here is disabled. An admin can let you in again."),
            Self::Unverified => {
                say("Your e-mail address is not verified there, so nobody is let in by it.")
            }
            Self::Domain => {
                say("Only e-mail addresses of some domains are let in, and yours is of another.")
            }
            Self::Unknown => {
                say("There is no account for you here yet. Ask an admin to invite you.")
            }
            Self::Taken => say(
                "Your e-mail address belongs to an account that signs in as somebody else. Ask an admin.",
            ),
            Self::NoRole => say("You have no role here. Ask an admin which group gives you one."),
        }
    }
}

/// What the provider says of somebody.
pub(super) struct Person {
    subject: String,
    /// As it is kept, if the provider says that it is theirs.
    email: Option<String>,
    name: String,
    /// `None`: roles are not the provider's to give.
    roles: Option<Vec<String>>,
}

impl Person {
    pub(super) fn of(claims: &Claims, settings: &Settings) -> Self {
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        let verified = claims.get(&settings.verified).is_some_and(is_yes);
        let email = text("email").filter(|_| verified).and_then(email_of);
        Self {
            subject: text("sub").unwrap_or_default().to_owned(),
            email,
            name: text("name").unwrap_or_default().chars().take(200).collect(),
            roles: roles(claims, settings),
        }
    }
}

/// Some providers say it by a word or a number.
fn is_yes(value: &Value) -> bool {
    match value {
        Value::Bool(yes) => *yes,
        Value::String(word) => word == "true" || word == "1",
        Value::Number(number) => number.as_i64() == Some(1),
        _ => false,
    }
}

/// What stands at a claim's place: its name, or else a path into it.
pub(super) fn claim<'c>(claims: &'c Claims, path: &str) -> Option<&'c Value> {
    claims.get(path).or_else(|| {
        let mut names = path.split('.');
        let first = claims.get(names.next()?)?;
        names.try_fold(first, |value, name| value.get(name))
    })
}

/// The roles that somebody's groups give, if it is groups that give them.
fn roles(claims: &Claims, settings: &Settings) -> Option<Vec<String>> {
    let roles = settings.roles.as_ref()?;
    let groups: Vec<&str> = match claim(claims, &roles.claim) {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let given = |role: &Role| {
        let mut groups = groups.iter().filter_map(|group| roles.map.get(*group));
        groups.any(|of| of.contains(role))
    };
    let all = Role::ALL.into_iter().filter(given);
    Some(all.map(|role| role.word().to_owned()).collect())
}

type Found = Result<Result<Admitted, NotAdmitted>, PageError>;

impl Oidc {
    /// Who that is here: by issuer and subject; the first time by an address that the provider says is theirs.
    pub(super) async fn admitted(&self, store: &Store, person: &Person, now: Timestamp) -> Found {
        let settings = self.settings();
        if let Err(why) = allowed(person, settings) {
            return Ok(Err(why));
        }
        let known = store.linked(&settings.issuer, &person.subject).await?;
        let (user, done) = match known {
            Some(user) => (user, String::new()),
            None => match self.met(store, person, now).await? {
                Ok(found) => found,
                Err(why) => return Ok(Err(why)),
            },
        };
        if user.disabled_at.is_some() {
            return Ok(Err(NotAdmitted::Disabled));
        }
        let changed = renewed(store, &user, person).await?;
        if person.roles.as_ref().is_some_and(Vec::is_empty) {
            return Ok(Err(NotAdmitted::NoRole));
        }
        let done = [done, changed].into_iter().filter(|d| !d.is_empty());
        Ok(Ok(Admitted {
            user: user.id,
            done: done.collect::<Vec<_>>().join("; "),
        }))
    }

    /// Somebody who comes for the first time: a user with their address, or a new one.
    async fn met(
        &self,
        store: &Store,
        person: &Person,
        now: Timestamp,
    ) -> Result<Result<(User, String), NotAdmitted>, PageError> {
        let (issuer, subject) = (&self.settings().issuer, &person.subject);
        let Some(email) = &person.email else {
            return Ok(Err(NotAdmitted::Unverified));
        };
        if let Some(user) = store.user(email).await? {
            if user.disabled_at.is_some() {
                return Ok(Err(NotAdmitted::Disabled));
            }
            let linked = store.link(user.id, issuer, subject).await?;
            return Ok(match linked {
                true => Ok((user, "linked".to_owned())),
                false => Err(NotAdmitted::Taken),
            });
        }
        let roles = person.roles.as_deref().unwrap_or_default();
        if !self.settings().create {
            return Ok(Err(NotAdmitted::Unknown));
        }
        if roles.is_empty() {
            return Ok(Err(NotAdmitted::NoRole));
        }
        let new = NewLinked {
            email,
            name: &person.name,
            roles,
            issuer,
            subject,
        };
        if store.add_linked(&new, now).await?.is_none() {
            // Somebody was quicker.
            return Ok(Err(NotAdmitted::Taken));
        }
        let user = store.linked(issuer, subject).await?;
        let user = user.ok_or(PageError::Fault)?;
        Ok(Ok((user, format!("made, roles {}", roles.join(", ")))))
    }
}

/// Whether their address is of a domain that is let in.
fn allowed(person: &Person, settings: &Settings) -> Result<(), NotAdmitted> {
    if settings.domains.is_empty() {
        return Ok(());
    }
    let email = person.email.as_ref().ok_or(NotAdmitted::Unverified)?;
    let domain = email.rsplit('@').next().unwrap_or_default();
    let allowed = settings.domains.iter();
    match allowed
        .map(String::as_str)
        .any(|d| d.eq_ignore_ascii_case(domain))
    {
        true => Ok(()),
        false => Err(NotAdmitted::Domain),
    }
}

/// Gives somebody the roles that the provider says they have by now; what was changed.
async fn renewed(store: &Store, user: &User, person: &Person) -> Result<String, PageError> {
    let Some(roles) = &person.roles else {
        return Ok(String::new());
    };
    let same = roles.len() == user.roles.len() && roles.iter().all(|r| user.roles.contains(r));
    if same {
        return Ok(String::new());
    }
    store.set_roles(user.id, roles).await?;
    Ok(format!("roles {}", roles.join(", ")))
}
