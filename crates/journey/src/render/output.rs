//! From a template to content: each piece is run into a bounded buffer, then put together.

use std::{collections::BTreeMap, io, sync::Arc};

use minijinja::{Error, ErrorKind, Value as Jinja};

use super::{
    environment::Pieces,
    fault::{Fault, Piece, Thing, Wrong},
    files::{self, Files},
    mail,
    said::Said,
    source::{self, Variant, WhatsApp},
};
use crate::content::{Action, Content, File, Push, WhatsAppTemplate};

/// The most that one piece may write, in bytes.
pub(super) const LARGEST: usize = 512 * 1024;

/// What went wrong, and on which line of the file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub line: Option<u32>,
    pub fault: Fault,
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        let line = None;
        Self { line, fault }
    }
}

/// Pieces that are being filled in for one customer.
pub(super) struct Fill<'a> {
    pieces: &'a Pieces,
    files: &'a Files,
    context: Jinja,
}

impl<'a> Fill<'a> {
    pub fn new(pieces: &'a Pieces, files: &'a Files, context: Jinja) -> Self {
        Self {
            pieces,
            files,
            context,
        }
    }

    pub fn content(&self, variant: &Variant) -> Result<Content, Failure> {
        match variant {
            Variant::Email(email) => self.mail(email),
            Variant::Sms { text } => Ok(Content::Sms {
                text: self.text(text, Piece::Text)?,
            }),
            Variant::Push(push) => self.push(push),
            Variant::Chat { text, whatsapp } => Ok(Content::Chat {
                text: self.text(text, Piece::Text)?,
                options: Vec::new(),
                whatsapp: whatsapp.as_ref().map(|w| self.whatsapp(w)).transpose()?,
            }),
        }
    }

    fn mail(&self, email: &source::Email) -> Result<Content, Failure> {
        let preheader = self.optional_line(email.preheader.as_deref())?;
        let body = self.run(&email.body)?;
        let html = match email.mjml {
            true => mail::from_mjml(&body)?,
            false => mail::from_html(body)?,
        };
        let html = filled(html, Piece::Html)?;
        let text = match &email.text {
            Some(text) => self.text(text, Piece::PlainText)?,
            None => filled(mail::plain(&html)?, Piece::PlainText)?,
        };
        let (html, mut carried) = files::embedded(html, &email.folder, self.files);
        for attachment in &email.attachments {
            carried.push(self.attached(attachment)?);
        }
        match carried.iter().map(|f| f.bytes.len()).sum() {
            bytes if bytes > files::CARRIED => Err(Failure::from(Fault::HeavyMail { bytes })),
            _ => Ok(Content::Email {
                subject: self.line(&email.subject, Piece::Subject)?,
                html: mail::with_preheader(html, &preheader),
                preheader,
                text,
                files: carried,
            }),
        }
    }

    fn attached(&self, attachment: &source::Attachment) -> Result<File, Failure> {
        let own = &attachment.called;
        let name = match &attachment.name {
            Some(piece) => files::called(&self.line(piece, Piece::FileName)?, own),
            None => own.clone(),
        };
        if let Some(file) = &attachment.file {
            return Ok(File {
                name,
                ..file.clone()
            });
        }
        let text = match &attachment.text {
            Some(piece) => self.text(piece, Piece::Attachment)?,
            None => String::new(),
        };
        let (media_type, bytes) = files::as_file(&text, attachment.media_type);
        let (cid, bytes) = (None, bytes.into());
        Ok(File {
            name,
            media_type,
            cid,
            bytes,
        })
    }

    /// What a source is asked: on one line, and perhaps nothing.
    pub fn parameter(&self, piece: &str) -> Result<String, Failure> {
        Ok(one_line(&self.run(piece)?))
    }

    fn whatsapp(&self, whatsapp: &WhatsApp) -> Result<WhatsAppTemplate, Failure> {
        let parameters = whatsapp.parameters.iter();
        Ok(WhatsAppTemplate {
            template: whatsapp.template.clone(),
            language: whatsapp.language.clone(),
            // WhatsApp takes no line breaks in them.
            parameters: parameters
                .map(|piece| self.line(piece, Piece::Parameter))
                .collect::<Result<_, _>>()?,
            always: whatsapp.always,
        })
    }

    fn push(&self, push: &source::Push) -> Result<Content, Failure> {
        let mut actions = Vec::with_capacity(push.actions.len());
        for action in &push.actions {
            actions.push(Action {
                name: action.name.clone(),
                label: self.line(&action.label, Piece::Label)?,
                url: self.some_line(action.url.as_deref())?,
            });
        }
        let mut data = BTreeMap::new();
        for (name, piece) in &push.data {
            data.insert(name.clone(), self.run(piece)?.trim().to_owned());
        }
        let ttl = self.some_line(push.ttl.as_deref())?;
        let ttl = ttl.map(|text| source::ttl(&text).ok_or_else(|| self.at(&push.ttl, Fault::Ttl)));
        let collapse = self.some_line(push.collapse.as_deref())?;
        if collapse.as_deref().is_some_and(|key| !source::is_key(key)) {
            return Err(self.at(&push.collapse, Fault::Collapse));
        }
        let content = Content::Push(Push {
            title: self.line(&push.title, Piece::Title)?,
            body: self.text(&push.body, Piece::Body)?,
            url: self.some_line(push.url.as_deref())?,
            image: self.some_line(push.image.as_deref())?,
            ttl: ttl.transpose()?,
            collapse,
            actions,
            data,
        });
        match source::weight(&content) {
            bytes if bytes > Push::MOST => Err(Failure::from(Fault::Heavy { bytes })),
            _ => Ok(content),
        }
    }

    /// Something that is wrong with what a piece came to, where the piece stands.
    fn at(&self, piece: &Option<String>, fault: Fault) -> Failure {
        let place = piece.as_deref().and_then(|name| self.pieces.place(name));
        let line = place.map(|place| place.lines_before + 1);
        Failure { line, fault }
    }

    /// A piece on one line; `None` where there is none, or it is empty.
    fn some_line(&self, piece: Option<&str>) -> Result<Option<String>, Failure> {
        Ok(Some(self.optional_line(piece)?).filter(|line| !line.is_empty()))
    }

    /// A piece on one line, which must not be empty.
    fn line(&self, piece: &str, part: Piece) -> Result<String, Failure> {
        filled(one_line(&self.run(piece)?), part)
    }

    fn optional_line(&self, piece: Option<&str>) -> Result<String, Failure> {
        piece.map_or_else(|| Ok(String::new()), |p| Ok(one_line(&self.run(p)?)))
    }

    /// A piece without white space around it, which must not be empty.
    fn text(&self, piece: &str, part: Piece) -> Result<String, Failure> {
        filled(self.run(piece)?.trim().to_owned(), part)
    }

    fn run(&self, piece: &str) -> Result<String, Failure> {
        let mut buffer = Bounded::default();
        let run = self
            .pieces
            .env
            .get_template(piece)
            .and_then(|t| t.render_captured_to(self.context.clone(), &mut buffer));
        match run {
            Ok(_) => String::from_utf8(buffer.bytes).map_err(|_| Failure::from(Fault::NoText)),
            Err(_) if buffer.full => Err(too_large()),
            Err(error) => Err(self.explain(&error)),
        }
    }

    /// An error in an author's words. Its own words are passed on only where they cannot hold a
    /// customer's data.
    fn explain(&self, error: &Error) -> Failure {
        let error = deepest(error);
        let place = error.name().and_then(|n| self.pieces.place(n));
        let before = place.map_or(0, |p| p.lines_before);
        let line = error.line().and_then(|l| u32::try_from(l).ok());
        let code = place
            .zip(error.range())
            .and_then(|(place, range)| place.text.get(range))
            .map(|words| Arc::from(one_line(words)));
        let no_such = |thing| Wrong::NoSuch { thing };
        let wrong = match error.kind() {
            ErrorKind::OutOfFuel => {
                let line = line.map(|l| l + before);
                let fault = Fault::Endless;
                return Failure { line, fault };
            }
            ErrorKind::WriteFailure => return too_large(),
            ErrorKind::UndefinedError => Wrong::NoValue,
            ErrorKind::UnknownFilter => no_such(Thing::Filter),
            ErrorKind::UnknownTest => no_such(Thing::Test),
            ErrorKind::UnknownFunction | ErrorKind::UnknownMethod => no_such(Thing::Function),
            ErrorKind::MissingArgument => Wrong::FewArguments,
            ErrorKind::TooManyArguments => Wrong::ManyArguments,
            ErrorKind::TemplateNotFound => no_such(Thing::Template),
            ErrorKind::InvalidOperation => ours(error.detail().unwrap_or_default()),
            _ => Wrong::Unworkable,
        };
        Failure {
            line: line.map(|l| l + before),
            fault: Fault::At { code, wrong },
        }
    }
}

/// What an operation complains of, if it is known to name no value.
fn ours(detail: &str) -> Wrong {
    match Said::of(detail) {
        Some(said) => Wrong::Said { said },
        None if detail.starts_with("recursion limit") => Wrong::Words {
            words: Arc::from(detail),
        },
        None => Wrong::Unworkable,
    }
}

/// The error inside an include or a block that says what really happened.
fn deepest(error: &Error) -> &Error {
    let mut here = error;
    while let Some(inner) = std::error::Error::source(here).and_then(|e| e.downcast_ref()) {
        here = inner;
    }
    here
}

fn too_large() -> Failure {
    Failure::from(Fault::TooLarge)
}

fn filled(text: String, part: Piece) -> Result<String, Failure> {
    if text.trim().is_empty() {
        return Err(Failure::from(Fault::Empty { part }));
    }
    Ok(text)
}

/// White space as single spaces. Spaces that do not break are signs that an author has chosen:
/// French sets them before `:` and `?`.
fn one_line(text: &str) -> String {
    let breaks = |c: char| c.is_whitespace() && !matches!(c, '\u{a0}' | '\u{202f}' | '\u{2007}');
    let words: Vec<&str> = text.split(breaks).filter(|w| !w.is_empty()).collect();
    words.join(" ")
}

/// A buffer that refuses to grow over [`LARGEST`].
#[derive(Default)]
struct Bounded {
    bytes: Vec<u8>,
    full: bool,
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > LARGEST {
            self.full = true;
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
