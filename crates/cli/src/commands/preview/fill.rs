//! The variants of a template, filled in.

use std::sync::Arc;

use engine::{Linker, Sent};
use jiff::Timestamp;
use journey::{
    content::Content,
    machine::Ask,
    render::Context,
    value::{Map, Value},
    workspace::Workspace,
};

use super::{PreviewArgs, Variant, variant};

/// What templates are filled with.
pub(super) struct Given<'u> {
    pub(super) traits: Map,
    pub(super) with: Value,
    /// Makes links as long as real ones, that lead nowhere.
    pub(super) linker: Linker,
    pub(super) sent: Sent<'u>,
    /// What sources answer, by name.
    pub(super) answers: Map,
    /// The question that it is.
    pub(super) ask: Option<&'u Ask>,
}

impl Given<'_> {
    /// A text message with the short forms of its addresses, if it leaves with them.
    fn shortened(&self, content: Content) -> Content {
        match content {
            Content::Sms { text } => {
                let (text, _) = self.linker.shortened(&text, false, self.sent);
                Content::Sms { text }
            }
            other => other,
        }
    }
}

/// Every variant that was asked for, filled in as dispatch does it.
pub(super) fn variants(
    args: &PreviewArgs,
    template: &str,
    workspace: &Workspace,
    given: &Given<'_>,
) -> Vec<Variant> {
    let templates = &workspace.templates;
    let default = &workspace.policies.defaults.locale;
    let channels = templates.channels(template).into_iter();
    let channels = channels.filter(|c| args.channel.is_none_or(|wanted| wanted == *c));
    let links = given.linker.links(given.sent, Timestamp::UNIX_EPOCH);
    let mut variants = Vec::new();
    for channel in channels {
        let all = templates
            .locales(template, channel)
            .into_iter()
            .map(str::to_owned);
        let locales: Vec<String> = match &args.locale {
            Some(wanted) => vec![wanted.clone()],
            None => all.collect(),
        };
        for locale in locales {
            let mut traits = given.traits.clone();
            traits.insert(Arc::from("locale"), Value::text(&locale));
            let context = Context {
                with: &given.with,
                customer: &traits,
                links: &links,
                options: &given
                    .ask
                    .map_or_else(Vec::new, |ask| ask.offers(&locale, default)),
                more: &Map::new(),
            };
            let sources = &workspace.sources;
            let samples = templates.samples(template, channel, Some(&locale), sources, |name| {
                given.answers.get(name).cloned()
            });
            // What sources would be asked is filled in as well, so that what is wrong there is seen.
            let asked = templates.wants(template, channel, Some(&locale), &context);
            let context = Context {
                more: &samples,
                ..context
            };
            let rendered =
                asked.and_then(|_| templates.render(template, channel, Some(&locale), &context));
            let rendered = rendered.map(|content| given.shortened(content));
            variants.push(variant(channel, locale, rendered));
        }
    }
    variants
}
