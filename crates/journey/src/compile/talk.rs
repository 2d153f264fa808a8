//! Steps that talk or lead to other journeys, checked.

use super::{
    check::Checker,
    here::{Current, Here, join},
};
use crate::{
    diagnostics::{flow, names, policy, templates},
    expr::types::Type,
    message::Channel,
    parse::ast::{Ask, Call, Choice, Expect, Given, Repeat, Step, Word},
};

/// The most answers that WhatsApp shows, as a list:
/// <https://developers.facebook.com/docs/whatsapp/cloud-api/messages/interactive-list-messages>.
const MOST_SHOWN: usize = 10;

impl Checker<'_> {
    pub(super) fn ask(&mut self, step: &Step, ask: &Ask, here: Here) -> Here {
        for (channel, place) in &ask.send.channels {
            if matches!(channel, Channel::Email | Channel::Push) {
                self.one_way(*channel, place);
            }
        }
        if let Some(Expect::Options(choices)) = &ask.expect {
            self.many_offers(ask, choices);
        }
        // A question that cannot go is silence: the answer is never there at once.
        let offers = matches!(ask.expect, Some(Expect::Options(_)));
        self.send(step, &ask.send, offers, here);
        let answered = || Here {
            event: Current::Gone(Some(step.verb_span.clone())),
            left: None,
        };
        let mut ends = vec![
            self.walk(&ask.not_understood, answered()),
            match &ask.otherwise {
                Some((_, steps)) => self.walk(steps, answered()),
                None => answered(),
            },
        ];
        match &ask.expect {
            Some(Expect::Options(choices)) => {
                for choice in choices {
                    ends.push(self.walk(&choice.then, answered()));
                }
            }
            _ => ends.push(answered()),
        }
        join(ends, &answered().event)
    }

    /// WhatsApp has buttons and lists for so many answers only.
    fn many_offers(&mut self, ask: &Ask, choices: &[Choice]) {
        let Some(first) = choices.get(MOST_SHOWN) else {
            return;
        };
        let template = ask.send.template.as_ref().zip(self.world.templates);
        let spoken =
            self.world.whatsapp || template.is_some_and(|(name, all)| all.has_whatsapp(&name.text));
        if !spoken || !ask.send.channels.iter().any(|c| c.0 == Channel::Chat) {
            return;
        }
        self.reader
            .sink
            .error(
                templates::MANY_OFFERS,
                first.name.span.clone(),
                format!("WhatsApp shows at most {MOST_SHOWN} answers to choose from"),
            )
            .labelled(format!("number {} of {}", MOST_SHOWN + 1, choices.len()))
            .noted("they go out as a numbered text there, without anything to press: offer fewer, or ask in two steps")
            .warns();
    }

    fn one_way(&mut self, channel: Channel, place: &crate::source::Span) {
        self.reader
            .sink
            .error(
                policy::ONE_WAY,
                place.clone(),
                format!("nobody can answer a question by {channel}"),
            )
            .labelled("this channel leads one way")
            .noted("`ask` by chat or sms; in a mail, send a link and wait for what it leads to: `wait_for: { event: … }`");
    }

    /// `call` and `hand_over`.
    pub(super) fn call(&mut self, step: &Step, call: &Call, here: &Here) -> Here {
        if let Some(with) = &call.with {
            self.given(with, here);
        }
        if let Some(endpoint) = &call.endpoint {
            self.endpoint(endpoint);
        }
        if let Some(purpose) = &call.purpose {
            let purposes = &self.world.policies.purposes;
            self.reader.known_purpose(purpose, purposes);
        }
        let after = Here {
            event: Current::Gone(Some(step.verb_span.clone())),
            left: None,
        };
        let gone = after.event.clone();
        let failed = self.walk(&call.otherwise, after.clone());
        join(vec![after, failed], &gone)
    }

    fn endpoint(&mut self, name: &Word) {
        let known = &self.world.endpoints.0;
        if known.contains_key(&name.text) {
            return;
        }
        let list: Vec<&str> = known.keys().map(|k| &**k).collect();
        self.reader
            .sink
            .error(
                names::NO_ENDPOINT,
                name.span.clone(),
                format!("no endpoint is called `{}`", name.text),
            )
            .guessed(&name.text, list.iter().copied())
            .noted(if list.is_empty() {
                format!(
                    "config/endpoints.yaml declares them: `{}: {{ url: https://… }}`",
                    name.text
                )
            } else {
                format!("there are: {}", list.join(", "))
            });
    }

    pub(super) fn repeat(&mut self, step: &Step, repeat: &Repeat, here: Here) -> Here {
        // What holds in the first round need not hold in a later one.
        let gone = Current::Gone(Some(step.verb_span.clone()));
        let again = Here {
            event: gone.clone(),
            left: None,
        };
        let env = self.at(&again, repeat.until.as_ref());
        self.condition(repeat.until.as_ref(), &env);
        let once = repeat.times == Some(1);
        let start = if once {
            here
        } else {
            let before = here.event.clone();
            join(vec![here, again.clone()], &before)
        };
        let end = self.walk(&repeat.steps, start);
        Here {
            event: if once { end.event } else { gone },
            left: end.left,
        }
    }

    pub(super) fn emit(&mut self, event: Option<&Word>, with: Option<&Given>, here: &Here) {
        if let Some(with) = with {
            self.given(with, here);
        }
        if let (Some(event), Some(with)) = (event, with) {
            self.emitted_fields(event, with);
        }
    }

    /// The fields of an event of our own, where its schema declares them.
    fn emitted_fields(&mut self, event: &Word, with: &Given) {
        let (
            Type::Map {
                fields,
                open: false,
            },
            Given::Map(given),
        ) = (self.world.schemas.event(&event.text), with)
        else {
            return;
        };
        for (name, _) in given {
            if fields.contains_key(name) {
                continue;
            }
            let known: Vec<&str> = fields.keys().map(|k| &**k).collect();
            self.reader
                .sink
                .error(
                    "J102",
                    event.span.clone(),
                    format!("the event has no field `{name}`"),
                )
                .labelled(format!("`{name}` stands in its `with`"))
                .noted(format!(
                    "config/events/{}.yaml declares: {}",
                    event.text,
                    known.join(", ")
                ));
        }
    }

    pub(super) fn start(&mut self, journey: Option<&Word>, with: Option<&Given>, here: &Here) {
        if let Some(with) = with {
            self.given(with, here);
        }
        let Some(name) = journey else { return };
        if self.is_itself(name, "start") || !self.known_journey(name) {
            return;
        }
        let startable = self.world.journeys.is_none_or(|j| j.starts(&name.text));
        if !startable {
            self.reader
                .sink
                .error(
                    names::NOT_STARTED,
                    name.span.clone(),
                    format!("`{}` cannot be started", name.text),
                )
                .labelled("it has no entry for that")
                .noted(format!(
                    "add one in journeys/{}/journey.yaml: `enter: {{ api: true }}`, or `- api: true` beside its others",
                    name.text
                ));
        }
    }

    pub(super) fn stop(&mut self, journey: Option<&Word>) {
        if let Some(name) = journey
            && !self.is_itself(name, "stop")
        {
            self.known_journey(name);
        }
    }

    fn is_itself(&mut self, name: &Word, verb: &str) -> bool {
        let own = self.journey.name.as_ref();
        let itself = own.is_some_and(|own| own.text == name.text);
        if itself {
            self.reader
                .sink
                .error(
                    flow::SELF_START,
                    name.span.clone(),
                    format!("a journey cannot {verb} itself"),
                )
                .labelled("this is the journey at hand")
                .noted(match verb {
                    "stop" => "to leave it, write `exit: REASON`",
                    _ => {
                        "for rounds there is `repeat`; to begin anew by an event, `inside: restart`"
                    }
                });
        }
        itself
    }

    fn known_journey(&mut self, name: &Word) -> bool {
        let Some(journeys) = self.world.journeys else {
            return true;
        };
        if journeys.has(&name.text) {
            return true;
        }
        let known: Vec<&str> = journeys.journeys().collect();
        self.reader
            .sink
            .error(
                names::NO_JOURNEY,
                name.span.clone(),
                format!("no journey is called `{}`", name.text),
            )
            .guessed(&name.text, known.iter().copied())
            .noted(format!("there are: {}", known.join(", ")));
        false
    }
}
