//! Captured messages, as their recipient would see them.

use askama::Template;
use axum::{
    extract::{Path, State as Shared},
    http::{HeaderValue, header},
    response::{Html, IntoResponse, Response},
};
use journey::{
    content::{self, Content},
    ids::MessageId,
};

use super::{Frame, Page, PageError, html as page, reply, words, words::When};
use crate::{CaptureStore, Captured, Seen, State, i18n};

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
    /// Whether it asks a question that is still open.
    pub open: bool,
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

    /// As its reader sees it.
    fn seen(&self) -> String {
        let (mail, reply) = (format!("/mailbox/{}/html", self.name), self.reply());
        let at = words::moment(self.at.0);
        let seen = Seen {
            id: &self.name,
            content: &self.content,
            from: &self.from,
            to: &self.to,
            at: &at,
            mail: &mail,
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

impl From<Captured> for Shown {
    fn from(captured: Captured) -> Self {
        let channel = match captured.content {
            Content::Email { .. } => "email",
            Content::Sms { .. } => "sms",
            Content::Push(_) => "push",
            Content::Chat { .. } => "chat",
        };
        Self {
            name: captured.name,
            at: When(captured.at),
            to: captured.to,
            from: captured.from,
            message: captured.message,
            channel: words::channel(channel),
            content: captured.content,
            open: false,
        }
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
