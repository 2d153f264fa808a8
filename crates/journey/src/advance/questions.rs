//! Questions and their answers (rule 29).

use std::{collections::BTreeSet, sync::Arc};

use super::{
    Chained, Stepper,
    send::{Decided, Place},
    steps::Flow,
};
use crate::{
    answer::{self, Keyword},
    customer::{Asked, Pending},
    ids::{MessageId, RunId},
    machine::{self, Ask, Node, NodeId, REPLIED},
    message::Channel,
    time,
    trace::Fact,
};

impl Stepper<'_> {
    /// Asks, unless another question is open on that channel; then waits for the answer.
    pub(super) fn ask(&mut self, id: RunId, place: Place<'_>, ask: &Ask) -> Flow {
        if self.is_asked(id) {
            return Flow::Stay;
        }
        if self.is_busy(id, place) {
            return self.queue(id, place.node);
        }
        match self.decide_send(id, place) {
            Decided::Went(message, channel) => self.asked(id, place.node, ask, channel, message, 0),
            Decided::Refused => Flow::To(ask.otherwise),
            Decided::Held => Flow::Stay,
        }
    }

    pub(super) fn is_asked(&self, id: RunId) -> bool {
        self.run(id)
            .and_then(|r| r.state.pending.as_ref())
            .is_some_and(|p| p.asked.is_some())
    }

    /// Whether the run waits for its turn to ask.
    pub(super) fn is_queued(&self, id: RunId) -> bool {
        self.run(id)
            .and_then(|r| r.state.pending.as_ref())
            .is_some_and(|p| p.asked.is_none() && p.held.is_none())
    }

    /// Whether another run has a question open on the channel by which this one would go.
    fn is_busy(&self, id: RunId, place: Place<'_>) -> bool {
        let open: BTreeSet<Channel> = self
            .customer
            .runs
            .iter()
            .filter(|r| r.id != id)
            .filter_map(|r| Some(r.state.pending.as_ref()?.asked?.channel))
            .collect();
        !open.is_empty()
            && match self.verdict(place, &place.send.channels) {
                crate::policy::Verdict::Go { channel, .. } => open.contains(&channel),
                _ => false,
            }
    }

    fn queue(&mut self, id: RunId, node: &Node) -> Flow {
        let waits = self.run(id).and_then(|r| r.state.pending.as_ref());
        if waits.is_some_and(|p| p.held.is_none()) {
            return Flow::Stay;
        }
        let waits = Pending::until(self.now, None);
        if let Some(run) = self.touch(id) {
            run.state.pending = Some(waits);
        }
        self.note(Some(id), Some(node.id.clone()), Fact::Queued);
        Flow::Stay
    }

    fn asked(
        &mut self,
        id: RunId,
        node: &Node,
        ask: &Ask,
        channel: Channel,
        message: MessageId,
        repeats: u32,
    ) -> Flow {
        let until = ask.within.map(|within| time::plus(self.now, within));
        let mut waits = Pending::until(self.now, until);
        waits.asked = Some(Asked {
            channel,
            message,
            repeats,
        });
        if let Some(run) = self.touch(id) {
            run.state.pending = Some(waits);
        }
        let fact = Fact::Waits {
            until,
            event: Some(Arc::from(REPLIED)),
            zone: None,
        };
        self.note(Some(id), Some(node.id.clone()), fact);
        Flow::Stay
    }

    /// Whether the event is an answer to this run's question; then the run goes on, or asks again.
    pub(super) fn wake_ask(
        &mut self,
        id: RunId,
        node: &Node,
        ask: &Ask,
        event: Option<&str>,
    ) -> bool {
        if event != Some(REPLIED) || self.reply_is_for() != Some(id) {
            return false;
        }
        let text = self.event.field("text");
        let text: String = text
            .as_text()
            .map_or_else(|| text.to_string(), str::to_owned);
        let understood = answer::understand(&ask.expect, &text);
        match answer::keyword(&text) {
            Some(Keyword::Stop) => return false,
            // No answer, unless it is one of those on offer, and no misunderstanding either.
            Some(Keyword::Help) if understood.as_ref().is_none_or(|u| u.option.is_none()) => {
                return false;
            }
            _ => {}
        }
        self.step_state(id, &node.id, |s| s.replied = true);
        // One reply answers one question.
        self.answered = true;
        match understood {
            Some(understood) => {
                self.understood(id, node, ask, understood);
                true
            }
            None => self.not_understood(id, node, ask),
        }
    }

    /// The run whose question a reply is about: the message that it names, else the oldest question
    /// that is open on its channel.
    fn reply_is_for(&self) -> Option<RunId> {
        if self.answered {
            return None;
        }
        let named = self.event.field("message_id");
        let named = named.as_text().and_then(|t| t.parse().ok()).map(MessageId);
        let channel = self.event.field("channel");
        let channel: Option<Channel> = channel.as_text().and_then(|c| c.parse().ok());
        self.customer
            .runs
            .iter()
            .filter(|r| r.left.is_none())
            .filter_map(|r| {
                let pending = r.state.pending.as_ref()?;
                Some((pending.since, r.id, pending.asked?))
            })
            .filter(|(.., asked)| match (named, channel) {
                (Some(message), _) => asked.message == message,
                (None, Some(channel)) => asked.channel == channel,
                (None, None) => true,
            })
            .min_by_key(|(since, id, _)| (*since, *id))
            .map(|(_, id, _)| id)
    }

    fn understood(&mut self, id: RunId, node: &Node, ask: &Ask, found: answer::Understood) {
        let to = match (&ask.expect, found.option) {
            (machine::Expect::Options(choices), Some(option)) => {
                choices.get(option).map_or(node.next, |c| c.then)
            }
            _ => node.next,
        };
        let value = found.value;
        self.step_state(id, &node.id, |s| s.answer = value.clone());
        let answer = value.clone();
        self.note(Some(id), Some(node.id.clone()), Fact::Answered { answer });
        if let Some(target) = &ask.save {
            self.put(id, &node.id, target, value);
        }
        self.close_question(id, to);
    }

    /// Repeats the question, or gives up. True if the run goes on. In a pause it does neither: the
    /// question stays open.
    fn not_understood(&mut self, id: RunId, node: &Node, ask: &Ask) -> bool {
        let paused = self.run(id).is_some_and(|r| r.state.paused.is_some());
        if paused {
            let fact = Fact::NotUnderstood { repeated: false };
            self.note(Some(id), Some(node.id.clone()), fact);
            return false;
        }
        let asked = self
            .run(id)
            .and_then(|r| r.state.pending.as_ref())
            .and_then(|p| p.asked);
        let repeats = asked.map_or(u32::MAX, |a| a.repeats);
        let repeated = repeats < ask.retry && self.repeat_question(id, ask, repeats);
        self.note(
            Some(id),
            Some(node.id.clone()),
            Fact::NotUnderstood { repeated },
        );
        if !repeated {
            self.close_question(id, ask.not_understood);
        }
        !repeated
    }

    /// False if the question cannot go now: it is then not asked again.
    fn repeat_question(&mut self, id: RunId, ask: &Ask, repeats: u32) -> bool {
        let world = self.world;
        let Some(run) = self.run(id) else {
            return false;
        };
        let number = run.node;
        let Some(machine) = world.machine(run.machine) else {
            return false;
        };
        let Some(place) = Place::find(machine, number) else {
            return false;
        };
        match self.go_at_once(id, place) {
            Some((message, channel)) => {
                self.asked(id, place.node, ask, channel, message, repeats + 1);
                self.schedule(id);
                true
            }
            None => false,
        }
    }

    fn close_question(&mut self, id: RunId, to: NodeId) {
        self.move_on(id, to);
        self.chain(Chained::Asks);
    }

    /// Nobody has answered in time, or the question never arrived.
    pub(super) fn silence(&mut self, id: RunId, node: &Node, ask: &Ask) {
        self.close_question(id, ask.otherwise);
        self.note(
            Some(id),
            Some(node.id.clone()),
            Fact::Woke { matched: false },
        );
    }

    /// The run's open question, if that message asked it.
    pub(super) fn question_of(&self, id: RunId, message: MessageId) -> Option<Asked> {
        let pending = self.run(id)?.state.pending.as_ref()?;
        pending.asked.filter(|a| a.message == message)
    }
}
