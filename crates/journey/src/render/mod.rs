//! Templates: Jinja (minijinja), and MJML (mrml) for the layout of mails.
//!
//! [`Templates::compile`] reads the files under `templates/` once; [`Templates::render`] fills
//! one in for one customer. Whatever a template does is bounded: its instructions, its output,
//! its recursion, and the memory of each filter. The authors' page is `docs/templates.md`.

mod data;
mod environment;
mod fault;
mod fetches;
mod files;
mod filters;
mod front_matter;
mod growth;
pub(crate) mod local;
mod mail;
mod output;
mod reads;
mod said;
mod scan;
mod source;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    content::{Content, Offer},
    diagnostic::{Diagnostic, SourceFile},
    explain::{Language, Tongue},
    message::Channel,
    value::{Map, Value},
};

pub use self::fault::{Fault, Piece, Thing, Wrong};
pub use self::fetches::{VOUCHERS, Wanted};
pub(crate) use self::reads::{ITEM, Need, Reads, written};
pub use self::said::Said;
pub(crate) use self::scan::ELEMENTS;
pub(crate) use self::source::PUSH_FIELDS;
use self::{environment::Pieces, source::Variant};

/// Every template of a workspace. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Templates {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    templates: BTreeMap<Arc<str>, Channels>,
    /// What Jinja runs, by locale: dates and amounts differ by it.
    pieces: BTreeMap<String, Pieces>,
    default_locale: String,
    /// Templates with a file that could not be taken, which has been reported.
    broken: BTreeSet<Arc<str>>,
    /// What mails show and carry.
    files: files::Files,
    /// What is fetched, by [`fetches::key`].
    fetches: BTreeMap<String, Vec<source::Fetch>>,
    /// The pools that are drawn from, by the same.
    vouchers: BTreeMap<String, fetches::Named>,
}

/// A date with the name of its month, as templates write it: `1er janvier 2026` in `fr`, `1 January 2026` in
/// `en-gb`, `January 1, 2026` in `en`.
pub fn long_date(date: jiff::civil::Date, locale: &str) -> String {
    local::date(date.at(0, 0, 0, 0), local::Style::Long, locale)
}

/// The same with the day of the week: `lundi 5 janvier 2026`.
pub fn full_date(date: jiff::civil::Date, locale: &str) -> String {
    local::date(date.at(0, 0, 0, 0), local::Style::Full, locale)
}

/// The locales of each channel.
type Channels = BTreeMap<Channel, BTreeMap<String, Variant>>;

/// What a template sees (rule 48): the fields of `with` as top-level names, `customer`,
/// `links` and, of a question, `options`; never the event.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The send's `with`, as decided: a map, or null.
    pub with: &'a Value,
    /// The customer's traits, as dispatched.
    pub customer: &'a Map,
    /// `links.unsubscribe`, `links.preferences` and the like: texts.
    pub links: &'a Map,
    /// The answers on offer, as `options`; none where the message is no question with options.
    pub options: &'a [Offer],
    /// Names besides: what was fetched, and `vouchers`. They win over `with`.
    pub more: &'a Map,
}

/// One part of a message in one locale: a field, or a body.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// Its file.
    pub file: Arc<str>,
    /// Whether it is what a customer reads, and no line such as a subject.
    pub body: bool,
    /// Whether it is what a source is asked.
    pub asks: bool,
    /// What is fetched for it.
    pub fetched: Vec<Arc<str>>,
    /// What it reads.
    pub reads: Reads,
}

/// Why a template could not be filled in. Names places and expressions of the template, never
/// a customer's data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize, JsonSchema)]
#[error("{}", self.say(&Tongue::plain(Language::English)))]
pub struct RenderError {
    /// The template's name: `cart/nudge`.
    pub template: String,
    /// The channel that was asked for.
    pub channel: Channel,
    /// The locale of the files that were used, or the one asked for if there are none.
    pub locale: String,
    /// The line of the file, from 1, if it is known.
    pub line: Option<u32>,
    /// What is wrong.
    pub fault: Fault,
}

impl Templates {
    /// Reads the files under `templates/`; others are passed over. What is wrong with them is
    /// said; what is not wrong can be rendered.
    pub fn compile(files: &[SourceFile], default_locale: &str) -> (Self, Vec<Diagnostic>) {
        Self::compile_for(files, default_locale, None)
    }

    /// The same, where addresses in text messages that are longer than `short` characters leave with a short form of so many.
    pub fn compile_for(
        files: &[SourceFile],
        default_locale: &str,
        short: Option<usize>,
    ) -> (Self, Vec<Diagnostic>) {
        let (mut inner, diagnostics) =
            source::compile(files, &local::normal(default_locale), short);
        inner.find_vouchers(files);
        let inner = Arc::new(inner);
        (Self { inner }, diagnostics)
    }

    /// Whether there is a template of that name, for any channel.
    pub fn has(&self, template: &str) -> bool {
        self.inner.templates.contains_key(template)
    }

    /// Whether a file of that template was reported: that something of it is missing is no second
    /// mistake.
    pub(crate) fn is_broken(&self, template: &str) -> bool {
        self.inner.broken.contains(template)
    }

    /// The channels that the template has content for; none if it does not exist.
    pub fn channels(&self, template: &str) -> Vec<Channel> {
        let channels = self.inner.templates.get(template);
        channels.map_or_else(Vec::new, |c| c.keys().copied().collect())
    }

    /// The locales that the template has for a channel, in order.
    pub fn locales(&self, template: &str, channel: Channel) -> Vec<&str> {
        let channels = self.inner.templates.get(template);
        let locales = channels.and_then(|c| c.get(&channel));
        locales.map_or_else(Vec::new, |l| l.keys().map(String::as_str).collect())
    }

    /// Whether WhatsApp has a template of its own for that template's chat, in any locale.
    pub(crate) fn has_whatsapp(&self, template: &str) -> bool {
        let channels = self.inner.templates.get(template);
        let locales = channels.and_then(|c| c.get(&Channel::Chat));
        let has = |v: &Variant| {
            matches!(
                v,
                Variant::Chat {
                    whatsapp: Some(_),
                    ..
                }
            )
        };
        locales.is_some_and(|l| l.values().any(has))
    }

    /// The names of all templates, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.inner.templates.keys().map(|name| &**name)
    }

    /// The names that the template reads in any locale of a channel, as far as they can be told
    /// beforehand: `customer.first_name`, `cart.items`, `links.unsubscribe`. Loop variables and
    /// names that the template sets itself are not among them.
    pub fn variables(&self, template: &str, channel: Channel) -> BTreeSet<String> {
        let locales = self
            .inner
            .templates
            .get(template)
            .and_then(|c| c.get(&channel));
        let mut names = BTreeSet::new();
        for (locale, variant) in locales.into_iter().flatten() {
            if let Some(pieces) = self.inner.pieces.get(locale) {
                let fetches = self.inner.fetches_of(template, channel, locale);
                for piece in variant.pieces().chain(fetches::pieces_of(fetches)) {
                    names.extend(pieces.variables(piece));
                }
            }
        }
        names
    }

    /// What each part of a template reads in each locale of a channel.
    pub(crate) fn parts(&self, template: &str, channel: Channel) -> Vec<Part> {
        let channels = self.inner.templates.get(template);
        let locales = channels.and_then(|c| c.get(&channel));
        let mut parts = Vec::new();
        for (locale, variant) in locales.into_iter().flatten() {
            let Some(pieces) = self.inner.pieces.get(locale) else {
                continue;
            };
            let fetches = self.inner.fetches_of(template, channel, locale);
            let fetched: Vec<Arc<str>> = fetches.iter().map(|f| f.name.clone()).collect();
            let part = |piece: &str, fetched: &[Arc<str>]| {
                Some(Part {
                    file: pieces.place(piece)?.file.clone(),
                    body: variant.is_body(piece),
                    asks: fetches::asks(piece),
                    fetched: fetched.to_vec(),
                    reads: reads::reads(pieces, piece),
                })
            };
            parts.extend(variant.pieces().filter_map(|piece| part(piece, &fetched)));
            // What is asked is filled in before there is an answer.
            parts.extend(fetches::pieces_of(fetches).filter_map(|piece| part(piece, &[])));
        }
        parts
    }

    /// Fills a template in, in the nearest locale: `fr-BE`, else `fr`, else the default one.
    pub fn render(
        &self,
        template: &str,
        channel: Channel,
        locale: Option<&str>,
        context: &Context<'_>,
    ) -> Result<Content, RenderError> {
        let (locale, variant, pieces) = self.find(template, channel, locale)?;
        let fill = output::Fill::new(pieces, &self.inner.files, data::context(context));
        fill.content(variant)
            .map(|content| content.offering(context.options.to_vec()))
            .map_err(|e| self.failed(template, channel, locale, e.line, e.fault))
    }

    fn failed(
        &self,
        template: &str,
        channel: Channel,
        locale: &str,
        line: Option<u32>,
        fault: Fault,
    ) -> RenderError {
        RenderError {
            template: template.to_owned(),
            channel,
            locale: locale.to_owned(),
            line,
            fault,
        }
    }

    /// The files of the nearest locale.
    fn find(
        &self,
        template: &str,
        channel: Channel,
        locale: Option<&str>,
    ) -> Result<(&str, &Variant, &Pieces), RenderError> {
        let inner = &self.inner;
        let wanted = local::normal(locale.unwrap_or(&inner.default_locale));
        let channels = inner.templates.get(template);
        let Some(locales) = channels.and_then(|c| c.get(&channel)) else {
            return Err(self.failed(template, channel, &wanted, None, Fault::NoTemplate));
        };
        let found = local::chain(&wanted, &inner.default_locale)
            .find_map(|l| locales.get_key_value(l))
            .and_then(|(locale, variant)| {
                Some((locale.as_str(), variant, inner.pieces.get(locale)?))
            });
        found.ok_or_else(|| {
            let default = Arc::from(&*inner.default_locale);
            self.failed(
                template,
                channel,
                &wanted,
                None,
                Fault::NoLocale { default },
            )
        })
    }
}
