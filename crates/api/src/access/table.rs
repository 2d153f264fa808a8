//! What each address asks for, as data.

use super::roles::{Scope, Scope as S};

/// What an address asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing: health, customers' pages, the chat widget, providers, style sheets, the sign-in itself.
    Public,
    /// Somebody who is signed in.
    User,
    /// That scope.
    Scope(Scope),
}

const PUBLIC: Need = Need::Public;
const EVENTS: Need = Need::Scope(S::EventsWrite);
const CUSTOMERS: Need = Need::Scope(S::CustomersRead);
const MERGE: Need = Need::Scope(S::CustomersMerge);
const ACT: Need = Need::Scope(S::CustomersAct);
const MOVE: Need = Need::Scope(S::CustomersMove);
const MESSAGES: Need = Need::Scope(S::MessagesRead);
const JOURNEYS: Need = Need::Scope(S::JourneysRead);
const PAUSES: Need = Need::Scope(S::JourneysAct);
const INBOX: Need = Need::Scope(S::InboxAnswer);
const OPERATIONS: Need = Need::Scope(S::OperationsRead);
const ACTS: Need = Need::Scope(S::OperationsAct);
const USERS: Need = Need::Scope(S::UsersManage);

/// Every address: method, pattern, and what it asks for. One that has no line here is refused to everybody.
pub const TABLE: &[(&str, &str, Need)] = &[
    // Intake.
    ("POST", "/v1/track", EVENTS),
    ("POST", "/v1/identify", EVENTS),
    ("POST", "/v1/page", EVENTS),
    ("POST", "/v1/screen", EVENTS),
    ("POST", "/v1/alias", EVENTS),
    ("POST", "/v1/journeys/{name}/enter", EVENTS),
    ("POST", "/v1/batch", EVENTS),
    ("POST", "/v1/events", EVENTS),
    ("POST", "/v1/unsubscribe/mail", EVENTS),
    // Support.
    ("GET", "/v1/customers", CUSTOMERS),
    ("GET", "/v1/customers/{key}", CUSTOMERS),
    (
        "DELETE",
        "/v1/customers/{key}",
        Need::Scope(S::CustomersErase),
    ),
    (
        "GET",
        "/v1/customers/{key}/export",
        Need::Scope(S::CustomersExport),
    ),
    (
        "GET",
        "/v1/customers/{key}/links",
        Need::Scope(S::CustomersAct),
    ),
    ("POST", "/v1/customers/{key}/merge", MERGE),
    ("GET", "/v1/customers/{key}/timeline", CUSTOMERS),
    (
        "GET",
        "/v1/customers/{key}/journeys/{journey}/why",
        CUSTOMERS,
    ),
    ("GET", "/v1/customers/{key}/inputs/{id}", CUSTOMERS),
    ("POST", "/v1/customers/{key}/runs/{run}/pause", ACT),
    ("POST", "/v1/customers/{key}/runs/{run}/resume", ACT),
    ("POST", "/v1/customers/{key}/runs/{run}/advance", ACT),
    ("POST", "/v1/customers/{key}/runs/{run}/exit", ACT),
    ("POST", "/v1/customers/{key}/runs/{run}/move", MOVE),
    ("POST", "/v1/customers/{key}/messages/{id}/resend", ACT),
    ("POST", "/v1/customers/{key}/opt-out", ACT),
    ("GET", "/v1/messages", MESSAGES),
    ("GET", "/v1/messages/funnel", MESSAGES),
    ("GET", "/v1/messages/{id}", MESSAGES),
    ("GET", "/v1/messages/{id}/why", MESSAGES),
    ("GET", "/v1/runs", CUSTOMERS),
    ("GET", "/v1/summary", JOURNEYS),
    ("GET", "/v1/journeys", JOURNEYS),
    ("GET", "/v1/journeys/{name}", JOURNEYS),
    ("GET", "/v1/operations", OPERATIONS),
    ("GET", "/v1/operations/samples", OPERATIONS),
    ("GET", "/v1/journeys/{name}/versions/{pair}", JOURNEYS),
    ("GET", "/v1/journeys/{name}/tests", JOURNEYS),
    ("POST", "/v1/journeys/{name}/simulate", JOURNEYS),
    ("POST", "/v1/journeys/{name}/pause", PAUSES),
    ("POST", "/v1/journeys/{name}/resume", PAUSES),
    ("GET", "/v1/inbox", INBOX),
    ("GET", "/v1/inbox/{customer}/{call}", INBOX),
    ("POST", "/v1/inbox/{customer}/{call}/say", INBOX),
    ("POST", "/v1/inbox/{customer}/{call}/end", INBOX),
    // Dead letters.
    ("GET", "/v1/dead-letters", OPERATIONS),
    ("GET", "/v1/dead-letters/causes", OPERATIONS),
    ("POST", "/v1/dead-letters/replay", ACTS),
    ("POST", "/v1/dead-letters/discard", ACTS),
    ("GET", "/v1/dead-letters/jobs/{id}", OPERATIONS),
    ("POST", "/v1/dead-letters/jobs/{id}/cancel", ACTS),
    ("GET", "/v1/dead-letters/{id}", OPERATIONS),
    ("POST", "/v1/dead-letters/{id}/replay", ACTS),
    ("POST", "/v1/dead-letters/{id}/discard", ACTS),
    ("GET", "/dead-letters", OPERATIONS),
    ("GET", "/dead-letters/live", OPERATIONS),
    ("POST", "/dead-letters/replay", ACTS),
    ("POST", "/dead-letters/discard", ACTS),
    ("POST", "/dead-letters/jobs/{id}/cancel", ACTS),
    ("GET", "/dead-letters/{id}", OPERATIONS),
    ("POST", "/dead-letters/{id}/replay", ACTS),
    ("POST", "/dead-letters/{id}/discard", ACTS),
    // The console.
    ("GET", "/", JOURNEYS),
    ("GET", "/journeys", JOURNEYS),
    ("GET", "/journeys/{name}", JOURNEYS),
    ("GET", "/journeys/{name}/picture.svg", JOURNEYS),
    ("GET", "/journeys/{name}/live", JOURNEYS),
    ("GET", "/journeys/{name}/versions", JOURNEYS),
    ("GET", "/journeys/{name}/versions/{pair}", JOURNEYS),
    ("GET", "/journeys/{name}/tests", JOURNEYS),
    ("GET", "/journeys/{name}/simulate", JOURNEYS),
    ("POST", "/journeys/{name}/simulate", JOURNEYS),
    ("POST", "/journeys/{name}/pause", PAUSES),
    ("POST", "/journeys/{name}/resume", PAUSES),
    ("GET", "/customers", CUSTOMERS),
    ("GET", "/customers/{key}", CUSTOMERS),
    ("GET", "/customers/{key}/live", CUSTOMERS),
    ("GET", "/customers/{key}/inputs/{input}", CUSTOMERS),
    ("GET", "/customers/{key}/journey", CUSTOMERS),
    ("GET", "/customers/{key}/merge", MERGE),
    ("POST", "/customers/{key}/merge", MERGE),
    ("POST", "/customers/{key}/reveal", CUSTOMERS),
    ("POST", "/customers/{key}/runs/{run}/pause", ACT),
    ("POST", "/customers/{key}/runs/{run}/resume", ACT),
    ("POST", "/customers/{key}/runs/{run}/advance", ACT),
    ("POST", "/customers/{key}/runs/{run}/exit", ACT),
    ("POST", "/customers/{key}/runs/{run}/move", MOVE),
    ("POST", "/customers/{key}/messages/{id}/resend", ACT),
    ("POST", "/customers/{key}/opt-out", ACT),
    ("GET", "/messages", MESSAGES),
    ("GET", "/messages/funnel", MESSAGES),
    ("GET", "/messages/{id}", MESSAGES),
    ("GET", "/messages/{id}/html", MESSAGES),
    ("GET", "/inbox", INBOX),
    ("GET", "/inbox/{customer}/{call}", INBOX),
    ("GET", "/inbox/{customer}/{call}/talk", INBOX),
    ("POST", "/inbox/{customer}/{call}/say", INBOX),
    ("POST", "/inbox/{customer}/{call}/typing", INBOX),
    ("POST", "/inbox/{customer}/{call}/end", INBOX),
    ("GET", "/mailbox", Need::Scope(S::CustomersReveal)),
    ("GET", "/mailbox/{name}", Need::Scope(S::CustomersReveal)),
    (
        "GET",
        "/mailbox/{name}/html",
        Need::Scope(S::CustomersReveal),
    ),
    (
        "POST",
        "/mailbox/{name}/reply",
        Need::Scope(S::CustomersAct),
    ),
    ("GET", "/operations", OPERATIONS),
    ("GET", "/operations/live", OPERATIONS),
    // Who may do what.
    ("GET", "/sign-in", PUBLIC),
    ("POST", "/sign-in", PUBLIC),
    ("GET", "/sign-in/oidc", PUBLIC),
    ("GET", "/sign-in/oidc/back", PUBLIC),
    ("GET", "/sign-out/oidc", PUBLIC),
    ("GET", "/welcome/{word}", PUBLIC),
    ("POST", "/welcome/{word}", PUBLIC),
    ("POST", "/sign-out", Need::User),
    ("GET", "/account", Need::User),
    ("POST", "/account", Need::User),
    ("GET", "/access/users", USERS),
    ("POST", "/access/users", USERS),
    ("GET", "/access/users/{id}", USERS),
    ("POST", "/access/users/{id}", USERS),
    ("GET", "/access/keys", USERS),
    ("POST", "/access/keys", USERS),
    ("POST", "/access/keys/{id}/revoke", USERS),
    ("GET", "/access/audit", Need::Scope(S::AuditRead)),
    // What the API is, for programs.
    ("GET", "/v1/openapi.json", PUBLIC),
    // Operators' tools.
    ("GET", "/healthz", PUBLIC),
    ("GET", "/readyz", PUBLIC),
    ("GET", "/metrics", OPERATIONS),
    // Customers, providers, and what any page needs.
    ("GET", "/v1/providers/{name}", PUBLIC),
    ("POST", "/v1/providers/{name}", PUBLIC),
    // The engine of this machine hands messages to its own mailbox, in `dev` and `demo`.
    ("POST", "/capture/{channel}", PUBLIC),
    ("GET", "/chat", PUBLIC),
    ("GET", "/chat/page.css", PUBLIC),
    ("GET", "/chat/widget.js", PUBLIC),
    ("POST", "/chat/session", PUBLIC),
    ("OPTIONS", "/chat/session", PUBLIC),
    ("POST", "/chat/opened", PUBLIC),
    ("OPTIONS", "/chat/opened", PUBLIC),
    ("POST", "/chat/say", PUBLIC),
    ("OPTIONS", "/chat/say", PUBLIC),
    ("GET", "/chat/lines", PUBLIC),
    ("OPTIONS", "/chat/lines", PUBLIC),
    ("GET", "/chat/stream", PUBLIC),
    ("OPTIONS", "/chat/stream", PUBLIC),
    ("GET", "/u/{word}", PUBLIC),
    ("POST", "/u/{word}", PUBLIC),
    ("GET", "/p/{word}", PUBLIC),
    ("POST", "/p/{word}", PUBLIC),
    ("GET", "/p/{word}/data", PUBLIC),
    ("GET", "/e/{word}", PUBLIC),
    ("POST", "/e/{word}", PUBLIC),
    ("GET", "/c/{word}", PUBLIC),
    ("POST", "/c/{word}", PUBLIC),
    ("GET", "/l/{word}", PUBLIC),
    ("GET", "/s/{code}", PUBLIC),
    ("GET", "/o/{word}", PUBLIC),
    ("GET", "/push/{word}", PUBLIC),
    ("POST", "/push/{word}", PUBLIC),
    ("GET", "/push/worker.js", PUBLIC),
    ("GET", "/push/subscribe.js", PUBLIC),
    ("GET", "/push/page.js", PUBLIC),
    ("GET", "/pages.css", PUBLIC),
    ("GET", "/console.css", PUBLIC),
    ("GET", "/console.js", PUBLIC),
    ("GET", "/inbox.js", PUBLIC),
];

/// What an address asks for; `None`: it has no line. `HEAD` is answered as `GET` is.
pub(crate) fn need(method: &str, pattern: &str) -> Option<Need> {
    let method = if method == "HEAD" { "GET" } else { method };
    let line = TABLE.iter().find(|(m, p, _)| *m == method && *p == pattern);
    line.map(|(.., need)| *need)
}

/// The methods that an address takes, as `Allow` names them; empty: there is no line of it.
pub(crate) fn allowed(pattern: &str) -> String {
    let lines = TABLE.iter().filter(|(_, p, _)| *p == pattern);
    let methods = lines.flat_map(|(method, ..)| match *method {
        "GET" => vec!["GET", "HEAD"],
        other => vec![other],
    });
    methods.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;

    /// What the sources of this crate give to `.route(`: each pattern with the methods that stand behind it.
    fn routes(folder: &Path, found: &mut BTreeSet<(String, String)>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                routes(&path, found);
                continue;
            }
            let source = fs::read_to_string(&path).unwrap();
            for part in source.split(".route(").skip(1) {
                let Some(rest) = part.trim_start().strip_prefix("\"/") else {
                    continue;
                };
                let (pattern, rest) = rest.split_once('"').unwrap();
                let end = rest.find(".route(").unwrap_or(rest.len());
                let call = &rest[..rest.find('\n').map_or(end, |_| close(rest))];
                for (word, method) in [
                    ("get(", "GET"),
                    ("post(", "POST"),
                    ("delete(", "DELETE"),
                    ("options(", "OPTIONS"),
                    ("put(", "PUT"),
                    ("patch(", "PATCH"),
                    ("any(", "ANY"),
                    ("single(", "POST"),
                ] {
                    if call.contains(word) {
                        found.insert((method.to_owned(), format!("/{pattern}")));
                    }
                }
            }
        }
    }

    /// Where the bracket of `.route(` is closed again.
    fn close(text: &str) -> usize {
        let mut depth = 1;
        for (at, letter) in text.char_indices() {
            depth += match letter {
                '(' => 1,
                ')' => -1,
                _ => 0,
            };
            if depth == 0 {
                return at;
            }
        }
        text.len()
    }

    #[test]
    fn every_route_of_the_sources_has_a_line_and_every_line_a_route() {
        let mut routed = BTreeSet::new();
        routes(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
            &mut routed,
        );
        let lines: BTreeSet<(String, String)> = TABLE
            .iter()
            .map(|(m, p, _)| ((*m).to_owned(), (*p).to_owned()))
            .collect();
        assert_eq!(lines.len(), TABLE.len(), "no address stands there twice");
        let missing: Vec<_> = routed.difference(&lines).collect();
        assert!(missing.is_empty(), "no line in TABLE: {missing:?}");
        let idle: Vec<_> = lines.difference(&routed).collect();
        assert!(idle.is_empty(), "no route: {idle:?}");
    }

    #[test]
    fn head_is_asked_for_what_get_is_and_nothing_else_is_let_through() {
        assert_eq!(need("HEAD", "/metrics"), need("GET", "/metrics"));
        assert_eq!(need("PUT", "/metrics"), None);
        assert_eq!(allowed("/v1/customers/{key}"), "GET,HEAD,DELETE");
        assert_eq!(allowed("/nothing"), "");
    }
}
