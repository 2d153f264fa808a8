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
    /// Do what they could do themselves: their links, their answers.
    CustomersAct,
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
    /// Metrics.
    OperationsRead,
    /// Users, their roles, and keys.
    UsersManage,
    /// Read the audit log.
    AuditRead,
}

use Scope as S;

impl Scope {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 13] = [
        S::EventsWrite,
        S::CustomersRead,
        S::CustomersReveal,
        S::CustomersAct,
        S::CustomersExport,
        S::CustomersErase,
        S::MessagesRead,
        S::JourneysRead,
        S::JourneysAct,
        S::InboxAnswer,
        S::OperationsRead,
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
            S::CustomersExport => "customers:export",
            S::CustomersErase => "customers:erase",
            S::MessagesRead => "messages:read",
            S::JourneysRead => "journeys:read",
            S::JourneysAct => "journeys:act",
            S::InboxAnswer => "inbox:answer",
            S::OperationsRead => "operations:read",
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

    /// What it is for, in a sentence.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Marketer => "sees how journeys and messages do, and customers",
            Self::Support => "answers customers, and reads their addresses",
            Self::Operator => "keeps it running: metrics, journeys, messages",
            Self::Admin => {
                "says who may do what; sees customers, but does not export or erase them"
            }
            Self::PrivacyOfficer => "exports and erases customers, and reads the audit log",
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
                S::MessagesRead,
                S::JourneysRead,
                S::JourneysAct,
            ],
            Self::Support => &[
                S::CustomersRead,
                S::CustomersReveal,
                S::CustomersAct,
                S::MessagesRead,
                S::JourneysRead,
                S::InboxAnswer,
            ],
            Self::Operator => &[
                S::MessagesRead,
                S::JourneysRead,
                S::JourneysAct,
                S::OperationsRead,
            ],
            Self::Admin => &[
                S::EventsWrite,
                S::CustomersRead,
                S::CustomersAct,
                S::MessagesRead,
                S::JourneysRead,
                S::JourneysAct,
                S::InboxAnswer,
                S::OperationsRead,
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
