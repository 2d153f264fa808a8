//! Messages whose consent, or whose address, is known not to be there.

use std::sync::Arc;

use super::{Flow, State};
use crate::{
    diagnostics::policy,
    expr::{Root, facts::Values},
    message::Channel,
    parse::ast::{Send, Word},
    policies::ConsentRule,
};

/// Why a channel cannot be used.
enum Why {
    Consent,
    Address(&'static str),
}

impl Flow<'_> {
    /// Reports a message that nobody who gets here can be sent.
    pub(super) fn denied(&mut self, send: &Send, state: &State) {
        let Some(purpose) = send.purpose.as_ref().or(self.journey.purpose.as_ref()) else {
            return;
        };
        if self.is_elsewhere() || send.channels.is_empty() {
            return;
        }
        let why: Option<Vec<(Why, Vec<u32>)>> = send
            .channels
            .iter()
            .map(|(channel, _)| self.closed(*channel, purpose, state))
            .collect();
        if let Some(why) = why {
            self.report_denied(send, purpose, &why);
        }
    }

    /// Why a message of that purpose cannot go by that channel, and which conditions say so.
    fn closed(&self, channel: Channel, purpose: &Word, state: &State) -> Option<(Why, Vec<u32>)> {
        let rule = self.world.policies.purposes.get(&purpose.text)?;
        let path = [purpose.text.clone(), Arc::from(channel.as_str())];
        let (values, taught) = state.facts.values(Root::Consent, &path, &self.at(state));
        if rule.consent_on(channel) != ConsentRule::None && !values.yes {
            return Some((Why::Consent, taught));
        }
        let name = match channel {
            Channel::Email => "email",
            Channel::Sms => "phone",
            Channel::Chat => "chat_id",
            Channel::Push => return None,
        };
        let path = [Arc::from(name)];
        let (values, taught) = state.facts.values(Root::Customer, &path, &self.at(state));
        (values == Values::null()).then_some((Why::Address(name), taught))
    }

    fn report_denied(&mut self, send: &Send, purpose: &Word, why: &[(Why, Vec<u32>)]) {
        let (Some((channel, place)), Some((first, taught))) = (send.channels.first(), why.first())
        else {
            return;
        };
        let (message, label) = match (send.channels.as_slice(), first) {
            ([_], Why::Consent) => (
                format!("this {channel} is never sent"),
                format!("needs the consent for `{}`", purpose.text),
            ),
            ([_], Why::Address(name)) => (
                format!("this {channel} is never sent"),
                format!("goes to `customer.{name}`"),
            ),
            _ => (
                "this message is never sent".to_owned(),
                "by none of these channels".to_owned(),
            ),
        };
        let span = match send.channels.last() {
            Some((_, last)) => place.start..last.end,
            None => place.clone(),
        };
        let by = taught
            .iter()
            .rev()
            .find_map(|n| self.lessons.get(*n as usize).cloned().flatten());
        let diagnostic = self
            .sink
            .error(policy::DENIED, span, message)
            .labelled(label);
        if let Some(by) = by {
            diagnostic.shown(by, "here it is known not to be there");
        }
        diagnostic.noted(match first {
            Why::Consent => {
                "send it by another channel or for another purpose, or turn the condition around"
            }
            Why::Address(_) => "send it by another channel, or turn the condition around",
        });
    }
}
