//! From files to templates.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::Arc,
};

use super::{
    Channels, Inner,
    environment::{Pieces, Place},
    files::Files,
    filters,
    front_matter::{self, Field},
    growth, local, scan,
};
use crate::{
    diagnostic::{Diagnostic, Severity, SourceFile},
    diagnostics::templates as codes,
    expr::nearest,
    message::Channel,
};

mod fetch;
mod files;
mod locales;
mod path;
mod push;
mod size;
mod variant;
mod whatsapp;

pub(super) use fetch::{FETCH, Fetch};
pub(super) use files::Attachment;
use path::Kind;
pub(crate) use push::FIELDS as PUSH_FIELDS;
pub(super) use push::{Push, is_key, ttl, weight};
pub(super) use whatsapp::WhatsApp;

/// The largest file, in bytes.
const LARGEST_FILE: usize = 256 * 1024;

/// The pieces of one template in one channel and locale, by their names.
#[derive(Clone, Debug)]
pub(super) enum Variant {
    Email(Email),
    Sms {
        text: String,
    },
    Push(Box<Push>),
    Chat {
        text: String,
        whatsapp: Option<WhatsApp>,
    },
}

#[derive(Clone, Debug)]
pub(super) struct Email {
    pub subject: String,
    pub preheader: Option<String>,
    pub body: String,
    /// Whether the body still is MJML.
    pub mjml: bool,
    /// `None`: it is made from the body.
    pub text: Option<String>,
    pub attachments: Vec<Attachment>,
    /// The template's folder, from `templates/`.
    pub folder: Arc<str>,
}

impl Variant {
    /// The names of its pieces.
    pub fn pieces(&self) -> impl Iterator<Item = &str> {
        let all = match self {
            Self::Email(e) => {
                let mut all = vec![&e.subject, &e.body];
                all.extend(e.text.iter().chain(&e.preheader));
                let attached = e.attachments.iter();
                all.extend(attached.flat_map(|a| a.name.iter().chain(&a.text)));
                all
            }
            Self::Sms { text } => vec![text],
            Self::Push(push) => push.pieces(),
            Self::Chat { text, whatsapp } => {
                let parameters = whatsapp.iter().flat_map(|w| &w.parameters);
                std::iter::once(text).chain(parameters).collect()
            }
        };
        all.into_iter().map(String::as_str)
    }

    /// Whether that piece is what a customer reads: in a mail, the layout or the plain text.
    pub fn is_body(&self, piece: &str) -> bool {
        match self {
            Self::Email(e) => piece == e.body || e.text.as_deref() == Some(piece),
            Self::Sms { text } | Self::Chat { text, .. } => piece == text,
            Self::Push(push) => piece == push.body,
        }
    }
}

/// The files of one template, channel and locale, by extension.
type Group<'a> = BTreeMap<&'a str, &'a SourceFile>;

/// Templates and what is wrong with them.
pub(super) fn compile(
    files: &[SourceFile],
    default_locale: &str,
    short: Option<usize>,
) -> (Inner, Vec<Diagnostic>) {
    let mut compiler = Compiler {
        short,
        ..Compiler::default()
    };
    let mut groups = BTreeMap::<_, Group<'_>>::new();
    for file in files {
        match path::kind(&file.path) {
            Some(Kind::Shared { name }) => {
                compiler.shared.push((name, file));
                compiler.file(name, file);
            }
            Some(Kind::File { name }) => compiler.file(name, file),
            Some(Kind::Content(place)) => {
                let key = (place.template, place.channel, local::normal(place.locale));
                groups.entry(key).or_default().insert(place.extension, file);
            }
            Some(Kind::Stranger { folder, why }) => {
                compiler.broken.insert(folder.into());
                compiler.report(file, 0..0, codes::STRANGER, format!("{}: {why}", file.path));
            }
            None => {}
        }
    }
    compiler.check_shared();
    for ((template, channel, locale), group) in &groups {
        compiler.group(template, *channel, locale, group);
    }
    compiler.check_locales(&groups, default_locale);
    compiler.check_languages(&groups, default_locale);
    compiler.finish(default_locale)
}

#[derive(Default)]
struct Compiler<'a> {
    /// Pictures and what else is no text, and how much they hold, in bytes.
    files: Files,
    weight: usize,
    /// Texts that can be attached, by their paths from `templates/`.
    attachable: BTreeMap<&'a str, &'a SourceFile>,
    shared: Vec<(&'a str, &'a SourceFile)>,
    templates: BTreeMap<Arc<str>, Channels>,
    pieces: BTreeMap<String, Pieces>,
    broken: BTreeSet<Arc<str>>,
    /// Shared templates whose texts could grow without bound: reported once, not by each user.
    grown: BTreeSet<String>,
    /// What is fetched, by the name of a channel and locale.
    fetches: BTreeMap<String, Vec<Fetch>>,
    diagnostics: Vec<Diagnostic>,
    /// How long a short form of an address in a text message is, where they are made.
    short: Option<usize>,
}

impl Compiler<'_> {
    /// Adds an error, to which cures can be added.
    fn report(
        &mut self,
        file: &SourceFile,
        span: Range<usize>,
        code: &'static str,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        let at = self.diagnostics.len();
        self.diagnostics.push(Diagnostic {
            code,
            severity: Severity::Error,
            message: message.into(),
            file: file.path.clone(),
            span,
            label: String::new(),
            also: Vec::new(),
            elsewhere: Vec::new(),
            notes: Vec::new(),
            replacement: None,
        });
        &mut self.diagnostics[at]
    }

    fn finish(self, default_locale: &str) -> (Inner, Vec<Diagnostic>) {
        let mut diagnostics = self.diagnostics;
        diagnostics.sort_by(|a, b| (&a.file, a.span.start).cmp(&(&b.file, b.span.start)));
        let inner = Inner {
            templates: self.templates,
            pieces: self.pieces,
            default_locale: default_locale.to_owned(),
            broken: self.broken,
            files: self.files,
            fetches: self.fetches,
            vouchers: BTreeMap::new(),
        };
        (inner, diagnostics)
    }

    fn check_shared(&mut self) {
        let mut scratch = Pieces::new("");
        for (name, file) in self.shared.clone() {
            if self.fits(file) {
                self.piece(&mut scratch, name, file, &whole(file, 0));
                self.elements(file, 0);
                if file.path.ends_with(".mjml") || file.path.ends_with(".html") {
                    self.pictures("", file, 0);
                }
            }
        }
    }

    /// Whether the file is small enough to be read.
    fn fits(&mut self, file: &SourceFile) -> bool {
        let fits = file.text.len() <= LARGEST_FILE;
        if !fits {
            let limit = LARGEST_FILE / 1024;
            self.report(
                file,
                0..0,
                codes::TOO_LARGE,
                format!("this file is larger than {limit} kB"),
            );
        }
        fits
    }

    /// The pieces of a locale, with the shared ones in it.
    fn take_pieces(&mut self, locale: &str) -> Pieces {
        self.pieces.remove(locale).unwrap_or_else(|| {
            let mut pieces = Pieces::new(locale);
            for (name, file) in &self.shared {
                // Its errors have been reported by `check_shared`.
                let _ = pieces.add(name, whole(file, 0));
            }
            pieces
        })
    }

    fn group(&mut self, template: &str, channel: Channel, locale: &str, group: &Group<'_>) {
        let mut pieces = self.take_pieces(locale);
        let prefix = format!("{template}/{channel}.{locale}");
        let before = self.diagnostics.len();
        let variant = match channel {
            Channel::Email => self.email(&mut pieces, (template, &prefix), group),
            Channel::Sms => self.sms(&mut pieces, &prefix, group),
            Channel::Push => self.push(&mut pieces, &prefix, group),
            Channel::Chat => self.chat(&mut pieces, &prefix, group),
        };
        self.pieces.insert(locale.to_owned(), pieces);
        if self.diagnostics.len() > before {
            self.broken.insert(template.into());
        }
        if let Some(variant) = variant {
            let files: Vec<&SourceFile> = group.values().copied().collect();
            self.sizes(&variant, &files);
            let channels = self.templates.entry(template.into()).or_default();
            let locales = channels.entry(channel).or_default();
            locales.insert(locale.to_owned(), variant);
        }
    }

    /// Adds one piece of a file; its name, unless something is wrong with it.
    fn piece(
        &mut self,
        pieces: &mut Pieces,
        name: &str,
        file: &SourceFile,
        place: &Place,
    ) -> Option<String> {
        let before = self.diagnostics.len();
        self.named_templates(file, place);
        if let Err(error) = pieces.add(name, place.clone()) {
            let span = error
                .range()
                .map_or(place.span.clone(), |range| place.at(range));
            let detail = error.detail().unwrap_or("this is no Jinja").to_owned();
            self.report(file, span, codes::SYNTAX, detail)
                .notes
                .push("templates are Jinja: {{ value }}, {% if … %}{% endif %}".to_owned());
        } else {
            self.no_event(pieces, name, file, place);
            self.unknown_filters(pieces, file, place);
            self.no_growth(pieces, name, file, place);
        }
        (self.diagnostics.len() == before).then(|| name.to_owned())
    }

    /// Rule 48: a template never sees the event.
    fn no_event(&mut self, pieces: &Pieces, name: &str, file: &SourceFile, place: &Place) {
        let Ok(template) = pieces.env.get_template(name) else {
            return;
        };
        if template.undeclared_variables(false).contains("event") {
            let region = &file.text[place.span.clone()];
            let span = scan::word_in_tag(region, "event").map_or(place.span.clone(), |r| {
                place.span.start + r.start..place.span.start + r.end
            });
            self.report(file, span, codes::EVENT, "a template cannot see `event`")
                .notes
                .push(
                    "pass what it needs in the send's `with`: it is a name of its own here"
                        .to_owned(),
                );
        }
    }

    /// Jinja itself would say so only when a message is made.
    fn unknown_filters(&mut self, pieces: &Pieces, file: &SourceFile, place: &Place) {
        for (range, name, filter) in scan::filters_and_tests(&place.text) {
            if pieces.knows(name, filter) {
                continue;
            }
            let span = place.at(range);
            let what = if filter { "filter" } else { "test" };
            let known = filters::NAMES
                .into_iter()
                .filter(|n| pieces.knows(n, filter));
            let near = nearest(name, known).filter(|_| place.exact);
            let message = format!("no {what} is called `{name}`");
            let diagnostic = self.report(file, span.clone(), codes::SYNTAX, message);
            match near {
                Some(near) => {
                    diagnostic.label = format!("did you mean `{near}`?");
                    diagnostic.replacement = Some((span, near.to_owned()));
                }
                None if filter => diagnostic.notes.push(
                    "of our own are `money` and `date`; the others are those of Jinja, such as `default`, `upper`, `length`, `join` and `round`".to_owned(),
                ),
                None => diagnostic.notes.push(
                    "a test is one of Jinja's, such as `{% if code is defined %}`; to compare, write `==`".to_owned(),
                ),
            }
        }
    }

    /// A template must not use up the memory.
    fn no_growth(&mut self, pieces: &Pieces, name: &str, file: &SourceFile, place: &Place) {
        if let Some(range) = growth::unbounded(pieces, name, &self.grown) {
            self.report(file, place.at(range), codes::GROWTH, "this could make an endlessly long text")
                .notes
                .push("a text may be put together from 64 others, and from 8 for a macro's argument; print the parts one after the other instead of collecting them".to_owned());
            self.grown.insert(name.to_owned());
        }
    }

    fn named_templates(&mut self, file: &SourceFile, place: &Place) {
        let names: Vec<_> = self.shared.iter().map(|(name, _)| *name).collect();
        for (range, name) in scan::named_templates(&file.text[place.span.clone()]) {
            if names.contains(&name) {
                continue;
            }
            let span = place.span.start + range.start..place.span.start + range.end;
            let near = nearest(name, names.iter().copied()).map(str::to_owned);
            let message = format!("there is no shared template `{name}`");
            let diagnostic = self.report(file, span.clone(), codes::NO_SHARED, message);
            diagnostic.notes.push("shared templates are named from templates/, and stand in a folder that begins with _: _layouts/base.mjml".to_owned());
            if let Some(near) = near {
                diagnostic.label = format!("did you mean `{near}`?");
                diagnostic.replacement = Some((span, near));
            }
        }
    }

    fn elements(&mut self, file: &SourceFile, from: usize) {
        if !file.path.ends_with(".mjml") {
            return;
        }
        for (range, name) in scan::unknown_elements(&file.text[from..]) {
            let span = from + range.start..from + range.end;
            let message = format!("there is no MJML element <{name}>");
            let diagnostic = self.report(file, span.clone(), codes::ELEMENT, message);
            if name == "mj-include" {
                diagnostic.notes.push(
                    "include another file by Jinja: {% include \"_layouts/footer.mjml\" %}"
                        .to_owned(),
                );
            } else if let Some(near) = nearest(name, scan::ELEMENTS) {
                diagnostic.label = format!("did you mean <{near}>?");
                diagnostic.replacement = Some((span, near.to_owned()));
            }
        }
    }
}

/// All of the file from byte `from` on.
fn whole(file: &SourceFile, from: usize) -> Place {
    let text = &file.text;
    let lines = text[..from].bytes().filter(|b| *b == b'\n').count();
    Place {
        file: file.path.clone(),
        text: text[from..].to_owned(),
        lines_before: u32::try_from(lines).unwrap_or(u32::MAX),
        span: from..text.len(),
        exact: true,
    }
}
