//! Where labelled data goes, step by step.

use std::{collections::BTreeSet, mem, sync::Arc};

use super::{
    Walk,
    asked::Asked,
    marks::{Marks, Origin},
    read::Here,
    report::Use as Used,
};
use crate::{
    machine::Target,
    message::Channel,
    parse::ast::{
        Action, Ask, Call, Expect, Formula, Given, Missed, Send, Step, Use, WaitFor, Word,
    },
    processing::address,
    source::Span,
};

/// What holds behind some steps.
#[derive(Default)]
pub(super) struct After {
    /// What has decided, from here on, whether and when things are done.
    decided: Marks,
    current: Vec<Arc<str>>,
    /// Whether some customers have left.
    leaves: bool,
}

impl Walk<'_> {
    pub(super) fn steps(&mut self, steps: &[Step], mut here: Here) -> After {
        let mut after = After::default();
        for step in steps {
            let done = self.step(step, &here);
            here.decided.add(&done.decided);
            here.current = done.current;
            after.decided.add(&done.decided);
            after.leaves |= done.leaves;
        }
        after.current = here.current;
        after
    }

    fn step(&mut self, step: &Step, here: &Here) -> After {
        let mut after = After {
            current: here.current.clone(),
            ..After::default()
        };
        match &step.action {
            Action::Wait(wait) => {
                let moment = wait.moment.as_ref();
                after.decided = self.condition(moment, &here.current);
                after.current.clear();
                if let Missed::Steps(steps) = &wait.missed {
                    let inner = here.behind(&after.decided);
                    let ends = vec![self.steps(steps, inner)];
                    after = joined(ends, &after.decided).decided_by(&after.decided);
                }
            }
            Action::WaitFor(wait) => after = self.wait_for(wait, here),
            Action::Choose(arms, otherwise) => after = self.choose(arms, otherwise, here),
            Action::Split(split) => {
                let arms = split.arms.iter();
                let ends = arms.map(|arm| self.steps(&arm.steps, here.clone()));
                let ends = ends.collect::<Vec<_>>();
                if !ends.is_empty() {
                    after = joined(ends, &Marks::default());
                }
            }
            Action::Send(send) => self.send(step, send, here),
            Action::Ask(ask) => after = self.ask(step, ask, here),
            Action::Call(call) => after = self.call(step, call, here),
            Action::HandOver(call) => {
                after = self.call(step, call, here);
                after.current.clear();
            }
            Action::Repeat(repeat) => {
                let by = self.condition(repeat.until.as_ref(), &here.current);
                let ends = vec![self.steps(&repeat.steps, here.behind(&by))];
                after = joined(ends, &by).decided_by(&by);
            }
            Action::Use(used) => after = self.fragment(step, used, here),
            Action::Set(values) => {
                for (target, given, span) in values {
                    let marks = self.given(given, &here.current);
                    self.put(target, &marks, &here.decided, span);
                }
            }
            Action::Emit(Some(event), with) => self.emit(event, with.as_ref(), here),
            Action::Start(Some(journey), with) => self.start(journey, with.as_ref(), here),
            Action::Exit(_) => after.leaves = true,
            Action::Emit(None, _) | Action::Start(None, _) | Action::Stop(_) => {}
            Action::Unknown(_) => after.current.clear(),
        }
        after
    }

    fn condition(&self, condition: Option<&Formula>, current: &[Arc<str>]) -> Marks {
        condition
            .map(|c| self.formula(c, current))
            .unwrap_or_default()
    }

    fn choose(
        &mut self,
        arms: &[(Option<Formula>, Vec<Step>)],
        otherwise: &[Step],
        here: &Here,
    ) -> After {
        let mut by = Marks::default();
        let mut ends = Vec::new();
        for (condition, steps) in arms {
            by.add(&self.condition(condition.as_ref(), &here.current));
            ends.push(self.steps(steps, here.behind(&by)));
        }
        ends.push(self.steps(otherwise, here.behind(&by)));
        joined(ends, &by)
    }

    fn wait_for(&mut self, wait: &WaitFor, here: &Here) -> After {
        let mut by = Marks::default();
        for arm in &wait.arms {
            let event: Vec<_> = arm.event.iter().map(|e| e.text.clone()).collect();
            by.add(&self.listened(arm.event.as_ref()));
            by.add(&self.condition(arm.condition.as_ref(), &event));
        }
        let mut ends = Vec::new();
        for arm in &wait.arms {
            let inner = Here {
                current: arm.event.iter().map(|e| e.text.clone()).collect(),
                ..here.behind(&by)
            };
            ends.push(self.steps(&arm.then, inner));
        }
        let silence = wait.otherwise.as_ref().map_or(&[][..], |o| &o.1);
        let inner = Here {
            current: Vec::new(),
            ..here.behind(&by)
        };
        ends.push(self.steps(silence, inner));
        joined(ends, &by).decided_by(&by)
    }

    fn purpose(&self, send: Option<&Send>) -> Option<Arc<str>> {
        let own = send.and_then(|s| s.purpose.as_ref());
        let purpose = own.or(self.journey.purpose.as_ref());
        purpose.map(|p| p.text.clone())
    }

    fn send(&mut self, step: &Step, send: &Send, here: &Here) {
        self.tell(step.id.as_ref(), &here.decided);
        if self.report.is_none() {
            return;
        }
        let key = send.key.as_ref();
        let key = key.map(|k| self.given(k, &here.current));
        let decided = here.decided.clone().with(&key.unwrap_or_default());
        let (verb, purpose) = (self.place(&step.verb_span), self.purpose(Some(send)));
        for (channel, span) in &send.channels {
            let asked = self.asked(send, *channel, here);
            let told = self.told(send, *channel, &asked, here);
            self.passed_on(&asked, purpose.as_deref());
            let place = self.place(span);
            let addresses = address(*channel)
                .iter()
                .map(|name| self.customer(&[name], place.clone(), "its address is read here"))
                .collect::<Vec<_>>();
            let Some(report) = &mut self.report else {
                return;
            };
            let said = format!("sent by {channel}");
            let by_channel = Used { place, said: &said };
            report.goes_out(&told, *channel, &by_channel);
            let Some(purpose) = &purpose else { continue };
            let said = format!("told in this message for `{purpose}`");
            let in_it = Used {
                place: verb.clone(),
                said: &said,
            };
            report.serves(&told, purpose, &in_it);
            let said = format!("decides about this message for `{purpose}`");
            let about_it = Used {
                place: verb.clone(),
                said: &said,
            };
            report.serves(&decided, purpose, &about_it);
            let said = format!("this message for `{purpose}` goes there");
            let to_it = Used {
                place: verb.clone(),
                said: &said,
            };
            report.serves(&Marks::all(&addresses), purpose, &to_it);
        }
    }

    /// What a message tells on a channel: what its template names there.
    fn told(&self, send: &Send, channel: Channel, asked: &[Asked], here: &Here) -> Marks {
        let (fields, mut told) = self.fields(send.with.as_ref(), &here.current);
        let template = send.template.as_ref();
        let Some((known, template)) = self.world.templates.zip(template) else {
            return told.with(&Marks::all(fields.values()));
        };
        for part in known.parts(&template.text, channel) {
            if part.reads.unknown {
                let all: [&str; 0] = [];
                let place = self.place(&template.span);
                told.add(&Marks::all(fields.values()));
                told.add(&self.customer(&all, place, "it may name anything"));
            }
            for root in part.reads.named.keys().filter_map(|path| path.first()) {
                let asked = asked.iter().filter(|a| *a.name == **root);
                // In one locale it may be another source's.
                for asked in asked {
                    told.add(&asked.answer);
                }
            }
            // What a parameter reads is told to its source; whether its answer tells it, labels say.
            if !part.asks {
                told.add(&self.read(&part.reads, &fields));
            }
        }
        told
    }

    fn ask(&mut self, step: &Step, ask: &Ask, here: &Here) -> After {
        self.send(step, &ask.send, here);
        let answer = self.answer(step, ask);
        let all = answer.clone().with(&here.decided);
        self.tell(step.id.as_ref(), &all);
        if let Some(target) = &ask.save {
            self.put(target, &answer, &here.decided, &step.verb_span);
        }
        let inner = Here {
            current: Vec::new(),
            ..here.clone()
        };
        let mut ends = vec![self.steps(&ask.not_understood, inner.clone())];
        let silence = ask.otherwise.as_ref().map_or(&[][..], |o| &o.1);
        ends.push(self.steps(silence, inner.clone()));
        if let Some(Expect::Options(choices)) = &ask.expect {
            for choice in choices {
                ends.push(self.steps(&choice.then, inner.behind(&answer)));
            }
        }
        joined(ends, &answer)
    }

    /// An answer is what the trait is that it is saved to.
    fn answer(&self, step: &Step, ask: &Ask) -> Marks {
        let Some(Target::Customer(name)) = &ask.save else {
            return Marks::default();
        };
        let origin = Origin {
            what: format!("the answer, `customer.{name}`,"),
            place: self.place(&step.verb_span),
            said: "asked here",
        };
        Marks::of(
            self.world
                .schemas
                .labels_of_trait(std::slice::from_ref(name)),
            &origin,
        )
    }

    fn call(&mut self, step: &Step, call: &Call, here: &Here) -> After {
        let with = call.with.as_ref();
        let passed = with.map(|w| self.given(w, &here.current));
        let passed = passed.unwrap_or_default();
        let purpose = self.purpose(None);
        let place = |word: &Word| self.place(&word.span);
        let place = call.endpoint.as_ref().map(place);
        if let (Some(report), Some(place), Some(endpoint)) =
            (&mut self.report, place, &call.endpoint)
        {
            let said = |said| Used {
                place: place.clone(),
                said,
            };
            report.goes_to(&passed, &endpoint.text, &said("called here"));
            if let Some(purpose) = &purpose {
                let told = format!("passed on for `{purpose}`");
                report.serves(&passed, purpose, &said(&told));
                let decides = format!("decides about this call for `{purpose}`");
                report.serves(&here.decided, purpose, &said(&decides));
            }
        }
        let answer = self.answered(call, &passed);
        let all = answer.clone().with(&here.decided);
        self.tell(step.id.as_ref(), &all);
        if let (Some(target), Some(endpoint)) = (&call.save, &call.endpoint) {
            self.put(target, &answer, &here.decided, &endpoint.span);
        }
        let mut ends = vec![self.steps(&call.otherwise, here.clone())];
        ends.push(After {
            current: here.current.clone(),
            ..After::default()
        });
        joined(ends, &Marks::default())
    }

    /// The answer of an endpoint: what it declares, else what it was told.
    fn answered(&self, call: &Call, passed: &Marks) -> Marks {
        let Some(endpoint) = &call.endpoint else {
            return passed.clone();
        };
        let declared = self.world.endpoints.0.get(&endpoint.text);
        let Some(labels) = declared.and_then(|e| e.labels.as_ref()) else {
            return passed.clone();
        };
        let origin = Origin {
            what: format!("the answer of `{}`", endpoint.text),
            place: self.place(&endpoint.span),
            said: "called here",
        };
        Marks::of(labels.iter().cloned().collect(), &origin)
    }

    /// A variable takes the labels of its value; a trait must carry them.
    fn put(&mut self, target: &Target, marks: &Marks, decided: &Marks, span: &Span) {
        match target {
            Target::Run(name) => self.keep(name, &marks.clone().with(decided)),
            Target::Customer(name) => {
                let has = self
                    .world
                    .schemas
                    .labels_of_trait(std::slice::from_ref(name));
                let what = format!("`customer.{name}`");
                let cure = format!("label `{name}` in config/traits.yaml");
                self.must_have((marks, decided), &has, (span, &what, &cure));
            }
        }
    }

    fn must_have(
        &mut self,
        (marks, decided): (&Marks, &Marks),
        has: &BTreeSet<Arc<str>>,
        (span, what, cure): (&Span, &str, &str),
    ) {
        let place = self.place(span);
        if let Some(report) = &mut self.report {
            report.keeps(marks, has, (&place, what, cure), false);
            report.keeps(decided, has, (&place, what, cure), true);
        }
    }

    /// An event must carry the labels of its fields, and of what decides that it happens.
    fn emit(&mut self, event: &Word, with: Option<&Given>, here: &Here) {
        let (fields, whole) = self.fields(with, &here.current);
        let (name, schemas) = (&event.text, self.world.schemas);
        let nothing = Marks::default();
        for (field, marks) in &fields {
            let has = schemas.labels_of_field(name, std::slice::from_ref(field));
            let what = format!("`{field}` of `{name}`");
            let cure = format!("label `{field}` in config/events/{name}.yaml");
            self.must_have((marks, &nothing), &has, (&event.span, &what, &cure));
        }
        let has = schemas.labels_of_event(name);
        let what = format!("the event `{name}`");
        let cure = format!("label the event, at the top of config/events/{name}.yaml");
        self.must_have((&whole, &here.decided), &has, (&event.span, &what, &cure));
    }

    fn start(&mut self, journey: &Word, with: Option<&Given>, here: &Here) {
        let (fields, whole) = self.fields(with, &here.current);
        let started = self.known.started.entry(journey.text.clone()).or_default();
        let mut grown = started.decided.add(&here.decided);
        grown |= started.whole.add(&whole);
        for (name, marks) in fields {
            grown |= started.fields.entry(name).or_default().add(&marks);
        }
        self.known.grown |= grown;
    }

    fn fragment(&mut self, step: &Step, used: &Use, here: &Here) -> After {
        let params = used
            .given
            .iter()
            .map(|(name, given)| (name.clone(), self.given(given, &here.current)))
            .collect();
        let id = step.id.as_ref().map_or("", |id| &*id.text);
        let inner = format!("{}{id}.", self.prefix);
        let outside = (
            mem::replace(&mut self.file, used.file.clone()),
            mem::replace(&mut self.params, params),
            mem::replace(&mut self.prefix, inner),
        );
        let after = self.steps(&used.steps, here.clone());
        (self.file, self.params, self.prefix) = outside;
        after
    }
}

impl Here {
    /// The same, behind a decision.
    fn behind(&self, by: &Marks) -> Self {
        Self {
            decided: self.decided.clone().with(by),
            current: self.current.clone(),
        }
    }
}

impl After {
    fn decided_by(mut self, by: &Marks) -> Self {
        self.decided.add(by);
        self
    }
}

/// Where several ways meet that `by` has parted: whoever is still there was let through by it, if
/// some were not.
fn joined(ends: Vec<After>, by: &Marks) -> After {
    let mut after = After::default();
    for end in ends {
        after.decided.add(&end.decided);
        after.leaves |= end.leaves;
        for event in end.current {
            if !after.current.contains(&event) {
                after.current.push(event);
            }
        }
    }
    if after.leaves {
        after.decided.add(by);
    }
    after
}
