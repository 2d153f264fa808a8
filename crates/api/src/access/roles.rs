//! Who may do what, as data: scopes, and the roles that have them.

/// What may be done. Keys have scopes; users have roles, which have scopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Send events.
    EventsWrite,
    /// Look at customers.
    CustomersRead,
    /// Read their addresses in full, and look into the mailbox.
    CustomersReveal,
    /// Act for them: their links, their answers, their runs, failed messages, consents.
    CustomersAct,
    /// Say that two of them are one person.
    CustomersMerge,
    /// Put their runs on another version of a journey.
    CustomersMove,
    /// Take along all that is held on them.
    CustomersExport,
    /// Erase them.
    CustomersErase,
    /// Look at messages, and why they went or did not.
    MessagesRead,
    /// See how journeys do.
    JourneysRead,
    /// Pause journeys and let them go on.
    JourneysAct,
    /// Answer hand-overs and tasks.
    InboxAnswer,
    /// Metrics, and dead letters.
    OperationsRead,
    /// Submit dead letters again, and discard them.
    OperationsAct,
    /// Users, their roles, and keys.
    UsersManage,
    /// Read the audit log.
    AuditRead,
}

use crate::i18n::say;

use Scope as S;

impl Scope {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 16] = [
        S::EventsWrite,
        S::CustomersRead,
        S::CustomersReveal,
        S::CustomersAct,
        S::CustomersMerge,
        S::CustomersMove,
        S::CustomersExport,
        S::CustomersErase,
        S::MessagesRead,
        S::JourneysRead,
        S::JourneysAct,
        S::InboxAnswer,
        S::OperationsRead,
        S::OperationsAct,
        S::UsersManage,
        S::AuditRead,
    ];

    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            S::EventsWrite => "events:write",
            S::CustomersRead => "customers:read",
            S::CustomersReveal => "customers:reveal",
            S::CustomersAct => "customers:act",
            S::CustomersMerge => "customers:merge",
            S::CustomersMove => "customers:move",
            S::CustomersExport => "customers:export",
            S::CustomersErase => "customers:erase",
            S::MessagesRead => "messages:read",
            S::JourneysRead => "journeys:read",
            S::JourneysAct => "journeys:act",
            S::InboxAnswer => "inbox:answer",
            S::OperationsRead => "operations:read",
            S::OperationsAct => "operations:act",
            S::UsersManage => "users:manage",
            S::AuditRead => "audit:read",
        }
    }

    /// The scope of that word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.word() == word)
    }
}

/// What somebody does in the shop. One may have several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Writes journeys and sees how they do.
    Marketer,
    /// Answers customers.
    Support,
    /// Keeps it running.
    Operator,
    /// Says who may do what.
    Admin,
    /// Answers for what is held on customers.
    PrivacyOfficer,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Marketer,
        Self::Support,
        Self::Operator,
        Self::Admin,
        Self::PrivacyOfficer,
    ];

    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Marketer => "marketer",
            Self::Support => "support",
            Self::Operator => "operator",
            Self::Admin => "admin",
            Self::PrivacyOfficer => "privacy_officer",
        }
    }

    /// What pages call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Marketer => say("marketer"),
            Self::Support => say("support"),
            Self::Operator => say("operator"),
            Self::Admin => say("admin"),
            Self::PrivacyOfficer => say("privacy officer"),
        }
    }

    /// What it is for, in a sentence.
    pub(crate) fn about(self) -> &'static str {
        match self {
            Self::Marketer => say("sees how journeys and messages do, and customers"),
            Self::Support => say("answers customers, and reads their addresses"),
            Self::Operator => say("keeps it running: metrics, dead letters, journeys, messages"),
            Self::Admin => {
                say("says who may do what; sees customers, but does not export or erase them")
            }
            Self::PrivacyOfficer => say("exports and erases customers, and reads the audit log"),
        }
    }

    /// The role of that word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word() == word)
    }

    /// What it may do.
    pub const fn scopes(self) -> &'static [Scope] {
        match self {
            Self::Marketer => &[
                S::CustomersRead,
                S::CustomersMove,
                S::MessagesRead,
                S::JourneysRead,
                S::JourneysAct,
            ],
            Self::Support => &[
                S::CustomersRead,
                S::CustomersReveal,
                S::CustomersAct,
                S::CustomersMerge,
                S::MessagesRead,
                S::JourneysRead,
                S::InboxAnswer,
            ],
            Self::Operator => &[
                S::MessagesRead,
                S::JourneysRead,
                S::JourneysAct,
                S::OperationsRead,
                S::OperationsAct,
            ],
            Self::Admin => &[
                S::EventsWrite,
                S::CustomersRead,
                S::CustomersAct,
                S::CustomersMove,
                S::MessagesRead,
                S::JourneysRead,
                S::JourneysAct,
                S::InboxAnswer,
                S::OperationsRead,
                S::OperationsAct,
                S::UsersManage,
                S::AuditRead,
            ],
            Self::PrivacyOfficer => &[
                S::CustomersRead,
                S::CustomersReveal,
                S::CustomersExport,
                S::CustomersErase,
                S::MessagesRead,
                S::JourneysRead,
                S::AuditRead,
            ],
        }
    }
}

/// What pages call the role of that word.
pub(super) fn said(word: &str) -> &str {
    match Role::of(word) {
        Some(role) => role.name(),
        None => word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_back() {
        for scope in Scope::ALL {
            assert_eq!(Scope::of(scope.word()), Some(scope));
        }
        for role in Role::ALL {
            assert_eq!(Role::of(role.word()), Some(role));
        }
    }
}
