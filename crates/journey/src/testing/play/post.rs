//! What becomes of decided messages: rendered, and taken or refused by the provider.

use std::sync::Arc;

use super::{Delivery, Player, Refusal};
use crate::{
    content::Content,
    failure::Failure,
    ids::InputId,
    input::{Input, InputKind, Receipt},
    links,
    message::{Message, Reason},
    render::Context,
    sources::Unfit,
    testing::{stage::Here, written::Answers},
    time,
    value::{Map, Value},
};

impl Player<'_> {
    /// Hands messages to the provider, as dispatch does: what cannot be rendered, and what the
    /// provider refuses, comes back as a receipt at once, and the next channel may be tried.
    pub(super) fn post(&mut self, messages: Vec<Message>) {
        for message in messages {
            match message.refused {
                Some(reason) => self.refused(message, reason, None),
                None => self.hand_over(message),
            }
        }
    }

    fn hand_over(&mut self, message: Message) {
        let (reason, detail) = match self.content(&message) {
            Err(Failure::Template(error)) => (Reason::Unrenderable, Failure::Template(error)),
            Err(failure) => (Reason::Failed, failure),
            Ok(_) if self.fails(&message) => (Reason::Failed, Failure::Staged),
            Ok(content) => {
                let defaults = &self.stage.world.policies.defaults;
                let zone = time::of_customer(&self.customer, defaults).zone;
                self.played.sends.push(Delivery {
                    message,
                    content,
                    zone,
                });
                return;
            }
        };
        self.refused(message.clone(), reason, Some(&detail));
        let receipt = Receipt {
            message,
            attempt: 1,
            reason,
            detail,
        };
        let input = Input {
            id: InputId::of_receipt(receipt.message.id, 1),
            now: receipt.message.at,
            kind: InputKind::Receipt(Box::new(receipt)),
        };
        self.answers.push_back(input);
    }

    fn content(&self, message: &Message) -> Result<Content, Failure> {
        if let Some(words) = message.decision.words() {
            let said = Content::spoken(message.channel, words);
            return said.map_err(|words| Failure::Content { words });
        }
        let link = |(name, _): (&str, _)| {
            let leads = Value::text(format!("https://shop.example/{name}"));
            (Arc::from(name), leads)
        };
        let links: Map = links::NAMES.map(link).into_iter().collect();
        let traits = &self.customer.traits;
        let locale = traits.get("locale").and_then(Value::as_text);
        let context = Context {
            with: &message.decision.with,
            customer: traits,
            links: &links,
            options: &self.stage.world.offers(message, locale),
            more: &Map::new(),
        };
        let (template, channel) = (&message.decision.template, message.channel);
        let templates = self.stage.templates;
        let more = self.fetched(message, &context, locale)?;
        let context = Context {
            more: &more,
            ..context
        };
        let content = templates.render(template, channel, locale, &context);
        content.map_err(Failure::Template)
    }

    /// What the test says that sources answer, else samples.
    fn fetched(
        &self,
        message: &Message,
        context: &Context<'_>,
        locale: Option<&str>,
    ) -> Result<Map, Failure> {
        let (templates, sources) = (self.stage.templates, self.stage.sources);
        let (template, channel) = (&message.decision.template, message.channel);
        let wanted = templates.wants(template, channel, locale, context);
        let here = Here {
            now: message.at,
            traits: &self.customer.traits,
        };
        let by = |name: &str| {
            self.calls
                .iter()
                .find(|(of, _)| **of == *name)
                .map(|c| &c.1)
        };
        for wanted in wanted.map_err(Failure::Template)? {
            let declared = sources.0.get(&wanted.source);
            let unfit = declared.and_then(|source| source.address(&wanted.parameters).err());
            let why = match (unfit, by(&wanted.source)) {
                (Some(Unfit(name)), _) => Failure::Parameter { name },
                (None, Some(Answers::Fails | Answers::Never)) => Failure::Staged,
                _ => continue,
            };
            if declared.is_none_or(|source| source.default.is_none()) {
                let (name, why) = (wanted.source, Box::new(why));
                return Err(Failure::Source { name, why });
            }
        }
        Ok(
            templates.samples(template, channel, locale, sources, |source| {
                match by(source)? {
                    Answers::With(value) => Some(value.eval(&here)),
                    Answers::Fails | Answers::Never => None,
                }
            }),
        )
    }

    fn fails(&self, message: &Message) -> bool {
        self.fails.iter().any(|f| {
            f.step == message.step && f.channel.is_none_or(|channel| channel == message.channel)
        })
    }

    fn refused(&mut self, message: Message, reason: Reason, detail: Option<&Failure>) {
        let of_rules: Vec<String> = message
            .decision
            .refusals
            .iter()
            .map(crate::message::Refusal::sentence)
            .collect();
        let why = match detail {
            Some(detail) => format!("{reason}: {detail}"),
            None if of_rules.is_empty() => reason.to_string(),
            None => of_rules.join("; "),
        };
        self.played.refused.push(Refusal {
            message,
            reason,
            why,
        });
    }
}
