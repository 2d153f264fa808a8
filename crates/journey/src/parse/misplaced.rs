//! What stands where a step is expected and is none.

use super::{
    Reader,
    ast::{Action, Step},
    foreign::meant,
    steps::{VERBS, ids},
};
use crate::{
    diagnostics::yaml,
    message::Channel,
    source::{Kind, Node, Pair, glued},
};

impl Reader<'_> {
    /// A step that stands by itself where a list of steps is expected.
    pub(super) fn one_step(&mut self, node: &Node) {
        let span = self.first_line(&node.span);
        let text = self.file.text.get(node.span.clone()).unwrap_or_default();
        let list = match text.starts_with('{') {
            true => format!("[ {text} ]"),
            false => format!("- {}", text.trim_end().replace('\n', "\n  ")),
        };
        let whole = node.span.start..node.span.start + text.trim_end().len();
        self.sink
            .error(yaml::WRONG_KIND, span, "a list of steps should stand here")
            .labelled("this is one step: begin it with a dash")
            .noted("`- ` before it makes it a list of one; what belongs to it is indented as far")
            .replaced(whole, list);
    }

    pub(super) fn not_a_step(&mut self, node: &Node) {
        match node.scalar().map(|s| s.text.clone()) {
            Some(text) if VERBS.contains(&&*text) => {
                self.sink
                    .error(
                        yaml::ONE_VERB,
                        node.span.clone(),
                        format!("`{text}` says too little"),
                    )
                    .labelled(format!("write `{text}: …`"));
            }
            Some(text) if glued(&text).is_some_and(|n| VERBS.contains(&&text[..n])) => {
                self.sink
                    .error(
                        yaml::WRONG_KIND,
                        node.span.clone(),
                        "a space is missing behind the colon",
                    )
                    .rewritten(text.replacen(':', ": ", 1));
            }
            _ => self.wrong_kind(node, "a step, such as `wait: 1d`,"),
        }
    }

    pub(super) fn without_verb(&mut self, node: &Node, pairs: &[Pair]) -> Step {
        let channels = Channel::ALL.map(Channel::as_str);
        let words: Vec<&str> = VERBS.into_iter().chain(channels).collect();
        let typo = pairs.iter().find_map(|p| {
            let near = meant(&p.name, &words)?;
            (p.name.len() > 2).then_some((p, near))
        });
        let verbs = VERBS.join(", ");
        let place = pairs
            .first()
            .map_or(node.span.clone(), |p| p.name_span.clone());
        if let Some((pair, channel)) = typo.filter(|(_, word)| channels.contains(word)) {
            self.channel_as_verb(node, pair, channel);
        } else if let Some((pair, verb)) = typo {
            self.sink
                .error(
                    yaml::UNKNOWN_WORD,
                    pair.name_span.clone(),
                    format!("`{}` is no verb", pair.name),
                )
                .offered(Some(verb))
                .noted(format!("a step does one of: {verbs}"));
        } else {
            self.sink
                .error(yaml::ONE_VERB, place.clone(), "this step has no verb")
                .labelled("what should it do?")
                .noted(format!("a step does one of: {verbs}"));
        }
        Step {
            id: None,
            verb: "step",
            verb_span: place,
            action: Action::Unknown(ids(node)),
        }
    }

    /// `email: cart/nudge`, where a message is meant.
    fn channel_as_verb(&mut self, node: &Node, pair: &Pair, channel: &str) {
        let template = pair.value.scalar().map(|s| s.text.trim().to_owned());
        let alone = matches!(&node.kind, Kind::Map(pairs) if pairs.len() == 1);
        let before = self
            .file
            .text
            .get(..pair.name_span.start)
            .unwrap_or_default();
        let column = before.len() - before.rfind('\n').map_or(0, |n| n + 1);
        let flow = before.trim_end().ends_with('{');
        let diagnostic = self
            .sink
            .error(
                yaml::UNKNOWN_WORD,
                pair.name_span.clone(),
                format!("`{}` is no verb", pair.name),
            )
            .labelled(format!("write `send: {channel}`"))
            .noted("a message is a step with the verb `send`, the channel behind it, and its `template`");
        if let Some(template) = template.filter(|t| alone && !t.is_empty()) {
            let between = match flow {
                true => ", ".to_owned(),
                false => format!("\n{}", " ".repeat(column)),
            };
            diagnostic.replaced(
                pair.name_span.start..pair.value.span.end,
                format!("send: {channel}{between}template: {template}"),
            );
        }
    }
}
