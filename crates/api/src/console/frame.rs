//! What surrounds every page: the menu, who is signed in, the language.

use std::{borrow::Borrow, fmt::Display, sync::Arc};

use super::words::When;
use crate::{
    State,
    access::{self, Scope, Viewer, Who},
    i18n,
};

/// What every page needs to know of its surroundings.
pub(crate) struct Frame {
    /// Which entry of the menu is lit.
    pub(crate) here: &'static str,
    /// Whether there is a mailbox to go to.
    pub(crate) mailbox: bool,
    /// Who is signed in; `None`: everything is open.
    viewer: Option<Arc<Viewer>>,
}

/// One entry of the menu.
pub(crate) struct Item {
    pub(crate) path: &'static str,
    pub(crate) name: &'static str,
    /// The key behind `g` that goes there.
    pub(crate) key: char,
    /// Its picture, as the path of an SVG of 16 by 16.
    pub(crate) icon: &'static str,
    pub(crate) here: bool,
}

const OVERVIEW: &str = "M2.5 2.5h4.5v4.5h-4.5zM9 2.5h4.5v4.5H9zM2.5 9h4.5v4.5h-4.5zM9 9h4.5v4.5H9z";
const JOURNEYS: &str = "M3 5.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM3 5.5v5a3 3 0 0 0 3 3h4M3 8h7M12 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM12 15.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4z";
const CUSTOMERS: &str = "M8 7.5a2.75 2.75 0 1 0 0-5.5 2.75 2.75 0 0 0 0 5.5zM2.5 14c.4-2.8 2.6-4.3 5.5-4.3s5.1 1.5 5.5 4.3";
const INBOX: &str = "M2 9.5 4 3h8l2 6.5v4H2zM2 9.5h3.5l1 2h3l1-2H14";
const MESSAGES: &str = "M2 3.5h12v9H2zM2 4l6 5 6-5";
const MAILBOX: &str =
    "M5 2h6M6.5 2v4L2.6 12.6a1 1 0 0 0 .9 1.4h9a1 1 0 0 0 .9-1.4L9.5 6V2M4.3 10h7.4";
const OPERATIONS: &str = "M1.5 8.5h3l2-5.5 3 10.5 2-5h3";
const ACCESS: &str = "M5.5 13.500a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM7.7 8.3 13.5 2.500M11 5l2 2";

impl Frame {
    pub(crate) fn new(state: &State, here: &'static str) -> Self {
        Self {
            here,
            mailbox: state.mailbox.is_some(),
            viewer: access::viewer(),
        }
    }

    /// That of an error, whose menu leads nowhere that might not be there.
    pub(super) fn of_error() -> Self {
        Self {
            here: "",
            mailbox: false,
            viewer: access::viewer(),
        }
    }

    /// Whether who looks may do what a scope allows.
    pub(crate) fn may(&self, scope: &str) -> bool {
        let viewer = self.viewer.as_ref();
        viewer.is_none_or(|v| Scope::of(scope).is_some_and(|s| v.may(s)))
    }

    /// The address of who is signed in.
    pub(crate) fn who(&self) -> Option<&str> {
        match &self.viewer.as_ref()?.who {
            Who::User { email, .. } => Some(email),
            Who::Key { .. } => None,
        }
    }

    /// The language of the page, by its code.
    pub(crate) fn lang(&self) -> &'static str {
        i18n::language().as_str()
    }

    /// Leads to this page in another language.
    pub(crate) fn here_in(&self, word: &str) -> String {
        i18n::here_in(word)
    }

    /// As [`i18n::say`].
    pub(crate) fn say(&self, english: &'static str) -> &'static str {
        i18n::say(english)
    }

    /// As [`i18n::fill`], with parts of one kind: texts or numbers.
    pub(crate) fn fill(&self, english: &'static str, parts: &[impl Display]) -> String {
        let parts: Vec<&dyn Display> = parts.iter().map(|p| p as &dyn Display).collect();
        i18n::fill(english, &parts)
    }

    /// As [`i18n::count`].
    pub(crate) fn count(
        &self,
        n: impl Borrow<u64>,
        one: &'static str,
        many: &'static str,
    ) -> String {
        i18n::count(*n.borrow(), one, many)
    }

    /// As [`i18n::timed`]: with moments, as HTML.
    pub(crate) fn timed(&self, english: &'static str, moments: &[impl Borrow<When>]) -> i18n::Html {
        let moments: Vec<When> = moments.iter().map(|m| *m.borrow()).collect();
        i18n::timed(english, &moments)
    }

    /// Where who looks may go.
    pub(crate) fn menu(&self) -> Vec<Item> {
        let item = |here, path, name, key, icon| Item {
            path,
            name,
            key,
            icon,
            here: self.here == here,
        };
        let mut menu = Vec::new();
        if self.may("journeys:read") {
            menu.push(item("overview", "/", i18n::say("Overview"), 'o', OVERVIEW));
            menu.push(item(
                "journeys",
                "/journeys",
                i18n::say("Journeys"),
                'j',
                JOURNEYS,
            ));
        }
        if self.may("customers:read") {
            menu.push(item(
                "customers",
                "/customers",
                i18n::say("Customers"),
                'c',
                CUSTOMERS,
            ));
        }
        if self.may("inbox:answer") {
            menu.push(item("inbox", "/inbox", i18n::say("Inbox"), 'i', INBOX));
        }
        if self.may("messages:read") {
            menu.push(item(
                "messages",
                "/messages",
                i18n::say("Messages"),
                'm',
                MESSAGES,
            ));
        }
        if self.mailbox && self.may("customers:reveal") {
            menu.push(item(
                "mailbox",
                "/mailbox",
                i18n::say("Mailbox"),
                'x',
                MAILBOX,
            ));
        }
        if self.may("operations:read") {
            menu.push(item(
                "operations",
                "/operations",
                i18n::say("Operations"),
                'p',
                OPERATIONS,
            ));
        }
        menu.extend(
            self.access()
                .map(|(path, name)| item("access", path, name, 'a', ACCESS)),
        );
        menu
    }

    /// Who may do what is looked at by people who are signed in.
    fn access(&self) -> Option<(&'static str, &'static str)> {
        self.who()?;
        if self.may("users:manage") {
            Some(("/access/users", i18n::say("Access")))
        } else {
            self.may("audit:read")
                .then(|| ("/access/audit", i18n::say("Audit log")))
        }
    }
}
