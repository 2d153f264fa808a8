//! Unsubscribing by mail (RFC 2369): whatever arrives at the `mailto:` of a mail's headers.

use axum::{
    body::Body,
    extract::State as Shared,
    http::{HeaderMap, StatusCode},
};

use super::{Gone, guest, unsubscribe};
use crate::{State, intake, problem::Problem, request};

/// The longest mail that is looked at; a link stands in its subject.
const LONGEST: usize = 256 << 10;
/// How many words of a mail may be a link.
const WORDS: usize = 2_000;
/// No link is shorter.
const SHORTEST_LINK: usize = 70;

/// Takes a mail as it arrived (`message/rfc822`) and unsubscribes by the link in it.
pub(super) async fn submit(
    Shared(state): Shared<State>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Problem> {
    intake::authorised(&state, &headers)?;
    let mail = request::bytes(&headers, body, LONGEST).await?;
    for word in words(&String::from_utf8_lossy(&mail)) {
        match guest(&state, &word, &headers).await {
            Ok(guest) => match unsubscribe::stop(&state, &guest, "mail").await {
                Ok(()) => return Ok(StatusCode::NO_CONTENT),
                Err(Gone::Busy) => return Err(busy()),
                Err(Gone::Link | Gone::Wrong) => {}
            },
            Err(Gone::Busy) => return Err(busy()),
            Err(Gone::Link | Gone::Wrong) => {}
        }
    }
    Err(Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "no_link",
        "This mail holds no link that can be unsubscribed by. Nothing was changed.",
    ))
}

fn busy() -> Problem {
    Problem::unavailable("The unsubscription cannot be taken now; send the mail again.")
}

/// What may be a link: long words of its letters. Headers are folded and, where they are long,
/// written with `=` and line breaks; both are taken out first.
fn words(mail: &str) -> Vec<String> {
    let joined = mail
        .replace("=\r\n", "")
        .replace("=\n", "")
        .replace("=20", " ");
    let is_link = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let all = joined.split(|c: char| !is_link(c));
    let long = all.filter(|word| word.len() >= SHORTEST_LINK);
    long.take(WORDS).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn links_are_found_in_subjects_and_in_quoted_text() {
        let link = "A".repeat(80);
        for mail in [
            format!("Subject: unsubscribe {link}\r\n\r\n"),
            format!("Subject: Re: unsubscribe=20{link}\n"),
            format!(
                "\r\n> https://shop.example/u/{}=\r\n{}\r\n",
                &link[..40],
                &link[40..]
            ),
        ] {
            assert!(words(&mail).contains(&link), "{mail}");
        }
        assert!(words("Subject: unsubscribe me please").is_empty());
    }
}
