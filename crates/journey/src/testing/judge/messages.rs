//! `sends` and `suppressed`.

use super::{
    Judge,
    lay::{Speech, Wrong, lay},
};
use crate::{
    content::Content,
    testing::{
        label::plain,
        play::{Delivery, Refusal},
        show,
        written::{Refused, Sent, When},
    },
    time,
};

impl Judge<'_> {
    /// The messages that left, in their order: the list is exact.
    pub(super) fn sends(&mut self) {
        let test = self.test;
        let Some(expected) = &test.expect.sends else {
            return;
        };
        let played = self.played;
        let own = |d: &&Delivery| &*d.message.journey == self.journey;
        let found: Vec<&Delivery> = played.sends.iter().filter(own).collect();
        let speech = Speech {
            same: &|sent: &Sent, found: &&Delivery| sent.step.text == found.message.step,
            differs: &|sent, found| self.differences(sent, found),
            missing: &|sent| (sent.step.span.clone(), self.why_not(sent)),
            extra: &|found| format!("`{}` was sent as well", found.message.step),
            wanted: &|sent| sent.step.text.to_string(),
            shown: &|found| self.delivery(found),
        };
        let laid = lay(expected, &found, &speech);
        let odd = laid.odd.iter().map(|n| found[*n].message.id).collect();
        let says = "other messages were sent than expected";
        if let Some(failure) = self.fail_list("sends", says, laid) {
            failure.marks.messages = odd;
        }
    }

    fn delivery(&self, delivery: &Delivery) -> String {
        let message = &delivery.message;
        let at = show::local(message.at, &delivery.zone, self.played.start);
        format!("{}  {}  {at}", message.step, message.channel)
    }

    /// Why the step's message did not leave, as far as the timeline knows.
    fn why_not(&self, sent: &Sent) -> String {
        let step = &sent.step.text;
        let of_step = |m: &crate::message::Message| m.step == *step && &*m.journey == self.journey;
        if let Some(refusal) = self.played.refused.iter().find(|r| of_step(&r.message)) {
            let why = show::in_local_time(&refusal.why, &self.played.zone.zone, self.played.start);
            return format!("was not sent: {why}");
        }
        let held = self
            .played
            .standing
            .iter()
            .find(|s| s.step == *step && &*s.journey == self.journey);
        if let Some(held) = held.and_then(|s| s.held.as_ref()) {
            let why = show::in_local_time(held, &self.played.zone.zone, self.played.start);
            return format!("is still held: {why}");
        }
        if self.played.sends.iter().any(|d| of_step(&d.message)) {
            return "was not sent here: the order is another".to_owned();
        }
        "was not sent: nobody came to this step".to_owned()
    }

    /// Where a message of the right step is another than expected.
    fn differences(&self, sent: &Sent, found: &Delivery) -> Vec<Wrong> {
        let message = &found.message;
        let mut wrong = Vec::new();
        if let Some(channel) = sent.channel.as_ref().filter(|c| c.value != message.channel) {
            wrong.push((channel.span.clone(), format!("went by {}", message.channel)));
        }
        if let Some(template) = sent
            .template
            .as_ref()
            .filter(|t| t.text != message.decision.template)
        {
            let says = format!("the template was {}", message.decision.template);
            wrong.push((template.span.clone(), says));
        }
        if let Some(when) = sent
            .when
            .as_ref()
            .filter(|w| !self.is_then(&w.value, found))
        {
            let at = show::local(message.at, &found.zone, self.played.start);
            let after = show::elapsed(message.at.duration_since(self.played.start));
            wrong.push((
                when.span.clone(),
                format!("went {at}, {after} after the start"),
            ));
        }
        for (word, value) in &sent.with {
            let (wanted, is) = (self.wanted(value), message.decision.with.field(&word.text));
            if !super::same(&wanted, &is) {
                wrong.push((
                    word.span.clone(),
                    format!("`{}` was {}", word.text, plain(&is)),
                ));
            }
        }
        wrong.extend(texts_differ(sent, &found.content));
        wrong
    }

    fn is_then(&self, when: &When, found: &Delivery) -> bool {
        match when {
            When::After(span) => time::plus(self.played.start, *span) == found.message.at,
            When::At(stamp) => stamp.is(found.message.at, &found.zone),
        }
    }

    /// The messages that did not leave, in their order: the list is exact.
    pub(super) fn suppressed(&mut self) {
        let test = self.test;
        let Some(expected) = &test.expect.suppressed else {
            return;
        };
        let played = self.played;
        let own = |r: &&Refusal| &*r.message.journey == self.journey;
        let found: Vec<&Refusal> = played.refused.iter().filter(own).collect();
        let speech = Speech {
            same: &|refused: &Refused, found: &&Refusal| refused.step.text == found.message.step,
            differs: &|refused, found| self.other_refusal(refused, found),
            missing: &|refused| {
                let step = &refused.step;
                (step.span.clone(), self.why_not_refused(&step.text))
            },
            extra: &|found| format!("`{}` did not leave either", found.message.step),
            wanted: &|refused| refused.step.text.to_string(),
            shown: &|found| self.refusal(found),
        };
        let laid = lay(expected, &found, &speech);
        let odd = laid.odd.iter().map(|n| found[*n].message.id).collect();
        let says = "other messages were held back than expected";
        if let Some(failure) = self.fail_list("suppressed", says, laid) {
            failure.marks.messages = odd;
        }
    }

    fn refusal(&self, refusal: &Refusal) -> String {
        let zone = &self.played.zone.zone;
        let at = show::local(refusal.message.at, zone, self.played.start);
        let mut whys = refusal.why.split("; ");
        let first = show::in_local_time(whys.next().unwrap_or_default(), zone, self.played.start);
        let more = match whys.count() {
            0 => String::new(),
            n => format!("; and {n} more"),
        };
        format!("{}  {at}  {first}{more}", refusal.message.step)
    }

    fn why_not_refused(&self, step: &str) -> String {
        let sent = self.played.sends.iter().any(|d| &*d.message.step == step);
        if sent {
            "was sent".to_owned()
        } else {
            "was never decided: nobody came to this step".to_owned()
        }
    }

    /// Where a refusal of the right step is another than expected.
    fn other_refusal(&self, expected: &Refused, found: &Refusal) -> Vec<Wrong> {
        let refusals = &found.message.decision.refusals;
        let on = |channel| refusals.iter().filter(move |r| channel == r.channel);
        let why = show::in_local_time(&found.why, &self.played.zone.zone, self.played.start);
        let mut wrong = Vec::new();
        if let Some(channel) = &expected.channel
            && found.message.channel != channel.value
            && on(channel.value).next().is_none()
        {
            wrong.push((
                channel.span.clone(),
                format!("it was {}", found.message.channel),
            ));
        }
        if let Some(reason) = &expected.reason {
            let by_channel = expected
                .channel
                .as_ref()
                .is_some_and(|c| on(c.value).any(|r| r.reason == reason.value));
            if found.reason != reason.value && !by_channel {
                wrong.push((
                    reason.span.clone(),
                    format!("the reason was {}: {why}", found.reason),
                ));
                return wrong;
            }
        }
        if let Some(rule) = expected
            .rule
            .as_ref()
            .filter(|w| refusals.iter().all(|r| r.rule != w.text))
        {
            wrong.push((rule.span.clone(), format!("no such rule refused: {why}")));
        }
        wrong
    }
}

fn texts_differ(sent: &Sent, content: &Content) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    if let Some(subject) = &sent.subject {
        let is = title(content).unwrap_or_default();
        if is != &*subject.text {
            wrong.push((subject.span.clone(), format!("the subject was: {is}")));
        }
    }
    let texts: Vec<String> = texts(content).into_iter().map(one_line).collect();
    let has = |wanted: &str| texts.iter().any(|t| t.contains(&one_line(wanted)));
    for word in sent.contains.iter().filter(|w| !has(&w.text)) {
        wrong.push((
            word.span.clone(),
            format!("not in the message: {}", beginning(content)),
        ));
    }
    for word in sent.lacks.iter().filter(|w| has(&w.text)) {
        wrong.push((word.span.clone(), "stands in the message".to_owned()));
    }
    wrong
}

fn title(content: &Content) -> Option<&str> {
    match content {
        Content::Email { subject, .. } => Some(subject),
        Content::Push(push) => Some(&push.title),
        Content::Sms { .. } | Content::Chat { .. } => None,
    }
}

/// Everything of a message that somebody can read.
fn texts(content: &Content) -> Vec<&str> {
    match content {
        Content::Email {
            subject,
            preheader,
            html,
            text,
            files,
        } => {
            let mut texts = vec![subject.as_str(), preheader, html, text];
            texts.extend(files.iter().filter(|f| f.cid.is_none()).map(|f| &*f.name));
            texts
        }
        Content::Push(push) => {
            let mut texts = vec![push.title.as_str(), push.body.as_str()];
            texts.extend(push.url.as_deref());
            for action in &push.actions {
                texts.push(&action.label);
                texts.extend(action.url.as_deref());
            }
            texts
        }
        Content::Sms { text } => vec![text],
        Content::Chat { text, whatsapp, .. } => {
            let parameters = whatsapp.iter().flat_map(|w| &w.parameters);
            let parameters = parameters.map(String::as_str);
            std::iter::once(text.as_str()).chain(parameters).collect()
        }
    }
}

/// Breaks and indentation mean nothing to who reads.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The first words of what the customer reads.
fn beginning(content: &Content) -> String {
    let text = match content {
        Content::Email { text, .. } | Content::Sms { text } | Content::Chat { text, .. } => text,
        Content::Push(push) => &push.body,
    };
    let text = one_line(text);
    match text.char_indices().nth(120) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
