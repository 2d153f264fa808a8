//! Captured messages, as their recipient would see them.

use askama::Template;
use axum::{
    extract::{Path, Query, State as Shared},
    http::{HeaderValue, header},
    response::{Html, IntoResponse, Response},
};
use jiff::Timestamp;
use journey::{
    content::{self, Content},
    ids::{CustomerId, MessageId},
};
use serde::Deserialize;
use uuid::Uuid;

use super::{Frame, Page, PageError, html as page, reply, words, words::When};
use crate::{
    CaptureStore, Captured, Seen, State,
    access::{Quoted, mask},
    i18n,
};

/// How many messages the list shows.
const NEWEST: usize = 100;

/// A captured mail is somebody's HTML: no script, no form, no frame, nothing from our origin.
const MAIL_POLICY: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'; \
    img-src data: https:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

#[derive(Template)]
#[template(path = "mailbox.html")]
struct Mailbox {
    frame: Frame,
    messages: Vec<Shown>,
    newest: usize,
}

#[derive(Template)]
#[template(path = "captured.html")]
struct CapturedPage {
    frame: Frame,
    shown: Shown,
}

/// A captured message on a page.
#[derive(Template)]
#[template(path = "shown.html")]
pub(super) struct Shown {
    pub name: String,
    pub at: When,
    pub to: String,
    pub from: String,
    pub message: Option<MessageId>,
    pub channel: String,
    pub content: Content,
    /// Where the HTML of a mail stands by itself.
    pub html: String,
    /// Whether it asks a question that is still open.
    pub open: bool,
    /// Names and addresses are hidden: a mail is shown by its text alone.
    pub hidden: bool,
}

impl Shown {
    /// The line that stands for it in a list.
    pub(super) fn summary(&self) -> String {
        let text = match &self.content {
            Content::Email { subject, .. } => subject,
            Content::Push(push) => &push.title,
            Content::Sms { text } | Content::Chat { text, .. } => text,
        };
        text.chars().take(100).collect()
    }

    /// With a form for the answer, if it asks a question that is still open.
    pub(super) async fn with_question(
        state: &State,
        captured: Captured,
    ) -> Result<Self, PageError> {
        let question = reply::open_question(state, captured.message).await?;
        Ok(Self {
            open: question.is_some(),
            ..captured.into()
        })
    }

    /// What is kept of a message.
    fn kept(message: MessageId, of: CustomerId, at: Timestamp, content: Content) -> Self {
        Self {
            name: message.to_string(),
            at: When(at),
            to: String::new(),
            from: String::new(),
            message: Some(message),
            channel: words::channel(channel(&content)),
            html: format!("/messages/{message}/html?of={of}"),
            content,
            open: false,
            hidden: false,
        }
    }

    /// For somebody who need not read names and addresses.
    pub(super) fn hide(&mut self, quoted: &Quoted) {
        self.to = crate::pages::hidden(&self.to);
        mask::content(&mut self.content, quoted);
        self.hidden = true;
    }

    /// As its reader sees it.
    fn seen(&self) -> String {
        let reply = self.reply();
        let at = words::moment(self.at.0);
        let seen = Seen {
            id: &self.name,
            content: &self.content,
            from: &self.from,
            to: &self.to,
            at: &at,
            mail: if self.hidden { "" } else { &self.html },
            reply: self.open.then_some(&*reply),
        };
        // Writing into a string cannot fail.
        seen.render().unwrap_or_default()
    }

    fn reply(&self) -> String {
        format!("/mailbox/{}/reply", self.name)
    }

    /// What its own page is headed: the subject, or whom the text went to.
    pub(super) fn heading(&self) -> String {
        match &self.content {
            Content::Sms { .. } | Content::Chat { .. } => {
                i18n::fill("{0} to {1}", &[&self.channel, &self.to])
            }
            _ => self.summary(),
        }
    }
}

fn channel(content: &Content) -> &'static str {
    match content {
        Content::Email { .. } => "email",
        Content::Sms { .. } => "sms",
        Content::Push(_) => "push",
        Content::Chat { .. } => "chat",
    }
}

impl From<Captured> for Shown {
    fn from(captured: Captured) -> Self {
        let channel = channel(&captured.content);
        Self {
            html: format!("/mailbox/{}/html", captured.name),
            name: captured.name,
            at: When(captured.at),
            to: captured.to,
            from: captured.from,
            message: captured.message,
            channel: words::channel(channel),
            content: captured.content,
            open: false,
            hidden: false,
        }
    }
}

/// A message as it went: what was captured instead, else what is kept of it.
pub(super) async fn as_sent(
    state: &State,
    message: MessageId,
    of: CustomerId,
    quoted: Option<&Quoted>,
) -> Result<Option<Shown>, PageError> {
    let captured = match &state.mailbox {
        Some(mailbox) => mailbox.of_message(message).await?,
        None => None,
    };
    let shown = match captured {
        Some(captured) => Some(Shown::with_question(state, captured).await?),
        None => {
            let kept = state.reader.content(of, message).await?;
            kept.map(|(at, content)| Shown::kept(message, of, at, content))
        }
    };
    Ok(shown.map(|mut shown| {
        if let Some(quoted) = quoted {
            shown.hide(quoted);
        }
        shown
    }))
}

#[derive(Deserialize)]
pub(super) struct Whose {
    of: Uuid,
}

/// The HTML of a mail that is kept, by itself.
pub(super) async fn kept(
    Shared(state): Shared<State>,
    Path(id): Path<Uuid>,
    Query(whose): Query<Whose>,
) -> Page {
    let of = CustomerId(whose.of);
    if !mask::sees(of, state.now()) {
        return Err(PageError::NotFound("page"));
    }
    match state.reader.content(of, MessageId(id)).await? {
        Some((_, Content::Email { html, files, .. })) => {
            let html = content::standing_alone(&html, &files);
            Ok(([(header::CONTENT_SECURITY_POLICY, MAIL_POLICY)], Html(html)).into_response())
        }
        _ => Err(PageError::NotFound("page")),
    }
}

/// A page that shows the picture of a notification.
pub(super) fn with_pictures(mut page: Response) -> Response {
    const POLICY: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self' data: https:; \
        frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    let policy = HeaderValue::from_static(POLICY);
    page.headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, policy);
    page
}

fn store(state: &State) -> Result<&dyn CaptureStore, PageError> {
    state.mailbox.as_deref().ok_or(PageError::NotFound("page"))
}

pub(super) async fn list(Shared(state): Shared<State>) -> Page {
    let messages = store(&state)?.list(NEWEST).await?;
    page(&Mailbox {
        frame: Frame::new(&state, "mailbox"),
        messages: messages.into_iter().map(Shown::from).collect(),
        newest: NEWEST,
    })
}

pub(super) async fn one(Shared(state): Shared<State>, Path(name): Path<String>) -> Page {
    let captured = get(&state, &name).await?;
    let shown = page(&CapturedPage {
        frame: Frame::new(&state, "mailbox"),
        shown: Shown::with_question(&state, captured).await?,
    })?;
    Ok(with_pictures(shown))
}

pub(super) async fn html(Shared(state): Shared<State>, Path(name): Path<String>) -> Page {
    match get(&state, &name).await?.content {
        Content::Email { html, files, .. } => {
            let html = content::standing_alone(&html, &files);
            Ok(([(header::CONTENT_SECURITY_POLICY, MAIL_POLICY)], Html(html)).into_response())
        }
        _ => Err(PageError::NotFound("page")),
    }
}

pub(super) async fn get(state: &State, name: &str) -> Result<Captured, PageError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    // A name is a file's in some mailboxes: nothing that could leave its folder passes.
    if name.starts_with('.') || !name.chars().all(plain) {
        return Err(PageError::NotFound("message"));
    }
    let found = store(state)?.get(name).await?;
    found.ok_or(PageError::NotFound("message"))
}
