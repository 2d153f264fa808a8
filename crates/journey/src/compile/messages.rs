//! What a send passes on, and what its template reads.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    World,
    clashes::{besides, clashes},
};
use crate::{
    diagnostics::{nearest, templates},
    expr::{
        Root,
        types::{Env, Type},
    },
    links,
    message::Channel,
    parse::{
        Reader,
        ast::{Given, Send, Word},
    },
    policies::ConsentRule,
    render::{ITEM, Need, Part, Templates, written},
    value::Value,
};

/// Checks a send against its template, in the channels that there are. `offers`: whether it asks a
/// question with options.
pub(super) fn check(
    send: &Send,
    offers: bool,
    purpose: Option<&Word>,
    env: &Env,
    world: World<'_>,
    r: &mut Reader<'_>,
) {
    let (Some(known), Some(template)) = (world.templates, &send.template) else {
        return;
    };
    if known.is_broken(&template.text) {
        return;
    }
    if !known.has(&template.text) {
        return no_template(template, known, world, r);
    }
    no_channel(send, template, known, world, r);
    let parts = parts(send, known, &template.text);
    if let Some(fields) = &send.fields {
        let mut seen = seen(send, fields, env);
        if offers {
            seen.insert(Arc::from("options"), options());
        }
        clashes(&parts, fields, r);
        let unfilled = unfilled(&parts, seen);
        match (unfilled.as_slice(), unnamed(&parts, fields).as_slice()) {
            // Passed on under another name: one mistake.
            ([Unfilled { need, path, .. }], [field]) if path.len() == 1 => {
                called_otherwise(need, &path[0], field, r);
            }
            (unfilled, unnamed) => {
                unfilled.iter().for_each(|u| report(u, template, r));
                let meant = |field: &&&Word| unfilled.iter().any(|u| u.near() == Some(&field.text));
                unused(unnamed.iter().filter(|f| !meant(f)), template, r);
            }
        }
    }
    let rule = purpose.and_then(|p| world.policies.purposes.get(&p.text));
    if rule.is_some_and(|p| p.consent_on(Channel::Email) != ConsentRule::None) {
        no_way_out(&parts, purpose, template, r);
    }
}

fn no_template(template: &Word, known: &Templates, world: World<'_>, r: &mut Reader<'_>) {
    let (word, locale) = (&template.text, &world.policies.defaults.locale);
    let names: Vec<&str> = known.names().collect();
    let diagnostic = r
        .sink
        .error(
            templates::NO_TEMPLATE,
            template.span.clone(),
            format!("there is no template `{word}`"),
        )
        .labelled(format!("templates/{word}/ has no message"))
        .guessed(word, names.iter().copied());
    if let Some(folder) = folder_of(word, &names) {
        diagnostic.offered(Some(folder)).noted(
            "a template is named by its folder alone: the channel and the locale find the file",
        );
        return;
    }
    if nearest(word, names.iter().copied()).is_none() {
        diagnostic.noted(format!("a template is a folder with one file per channel and locale, such as templates/{word}/email.{locale}.mjml"));
    }
}

/// The template that a path into its folder means: `templates/hello/`, `hello.mjml`,
/// `hello/email.fr.mjml`.
fn folder_of<'n>(word: &str, names: &[&'n str]) -> Option<&'n str> {
    let path = word.trim_start_matches("templates/").trim_end_matches('/');
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = file.split('.').next().unwrap_or_default();
    let without = &path[..path.len() - (file.len() - stem.len())];
    let mut names = names.iter().copied();
    names.find(|n| [path, without, folder].contains(n))
}

fn no_channel(
    send: &Send,
    template: &Word,
    known: &Templates,
    world: World<'_>,
    r: &mut Reader<'_>,
) {
    let (word, locale) = (&template.text, &world.policies.defaults.locale);
    let there = known.channels(word);
    let list: Vec<&str> = there.iter().map(|c| c.as_str()).collect();
    for (channel, place) in send.channels.iter().filter(|c| !there.contains(&c.0)) {
        r.sink
            .error(
                templates::NO_CHANNEL,
                place.clone(),
                format!("the template `{word}` cannot go out by {channel}"),
            )
            .labelled(format!("templates/{word}/ has no file for it"))
            .shown(template.span.clone(), format!("has: {}", list.join(", ")))
            .noted(format!("add a file such as templates/{word}/{channel}.{locale}.{}, or take {channel} from the list", extension(*channel)));
    }
}

/// What a channel's file may be called.
fn extension(channel: Channel) -> &'static str {
    match channel {
        Channel::Email => "mjml",
        Channel::Sms | Channel::Chat => "txt",
        Channel::Push => "yaml",
    }
}

fn parts(send: &Send, known: &Templates, template: &str) -> Vec<(Channel, Part)> {
    let of = |channel: Channel| known.parts(template, channel).into_iter();
    send.channels
        .iter()
        .flat_map(|(channel, _)| of(*channel).map(|part| (*channel, part)))
        .collect()
}

/// The names that a template sees, with their types.
fn seen(send: &Send, fields: &[Word], env: &Env) -> BTreeMap<Arc<str>, Type> {
    let mut seen: BTreeMap<Arc<str>, Type> = fields
        .iter()
        .map(|word| (word.text.clone(), Type::Any))
        .collect();
    if let Some(Given::Map(given)) = &send.with {
        seen.extend(
            given
                .iter()
                .map(|(name, g)| (name.clone(), type_of(g, env))),
        );
    }
    let customer = env.roots.get(&Root::Customer).cloned();
    seen.insert(Arc::from("customer"), customer.unwrap_or(Type::Any));
    let names = links::NAMES.map(|(l, _)| (Arc::from(l), Type::Text(None)));
    seen.insert(Arc::from("links"), closed(names));
    seen
}

/// What a question offers.
fn options() -> Type {
    let fields = ["name", "label"].map(|f| (Arc::from(f), Type::Text(None)));
    Type::List(Box::new(closed(fields)))
}

fn closed(fields: impl IntoIterator<Item = (Arc<str>, Type)>) -> Type {
    Type::Map {
        fields: fields.into_iter().collect(),
        open: false,
    }
}

pub(super) fn type_of(given: &Given, env: &Env) -> Type {
    match given {
        Given::Literal(Value::Text(_)) => Type::Text(None),
        Given::Literal(Value::Int(_) | Value::Float(_)) => Type::Number,
        Given::Literal(Value::Bool(_)) => Type::Bool,
        Given::Literal(_) => Type::Any,
        // What is wrong with it is reported elsewhere.
        Given::Computed(formula) => formula.expr.check(env).0,
        // Items may differ from one another.
        Given::List(_) => Type::List(Box::new(Type::Any)),
        Given::Map(fields) => closed(fields.iter().map(|(k, g)| (k.clone(), type_of(g, env)))),
    }
}

/// A name that a template needs and nothing fills.
struct Unfilled<'n> {
    need: &'n Need,
    /// The name, up to the step that does not exist.
    path: &'n [String],
    /// What there is instead of that step.
    names: Vec<Arc<str>>,
}

impl Unfilled<'_> {
    /// The name that is probably meant.
    fn near(&self) -> Option<&str> {
        let last = self.path.last().map_or("", String::as_str);
        nearest(last, self.names.iter().map(|n| &**n))
    }
}

/// Names that a template needs and nothing fills: each once, with the first place.
fn unfilled(parts: &[(Channel, Part)], seen: BTreeMap<Arc<str>, Type>) -> Vec<Unfilled<'_>> {
    let whole = closed(seen);
    let mut unfilled: Vec<Unfilled<'_>> = Vec::new();
    let needs = parts.iter().flat_map(|(_, part)| {
        let needs = part.reads.needs.iter();
        // What is fetched may hold anything; pools are looked at where they are declared.
        needs.filter(|need| !need.path.first().is_some_and(|root| besides(part, root)))
    });
    for need in needs {
        let Some((at, names)) = missing(&whole, &need.path) else {
            continue;
        };
        let path = &need.path[..=at];
        if at >= need.tested && !unfilled.iter().any(|u| u.path == path) {
            unfilled.push(Unfilled { need, path, names });
        }
    }
    unfilled
}

/// Which step of a path does not exist, and what stands there instead; `None` where it exists
/// or nobody can tell.
fn missing(whole: &Type, path: &[String]) -> Option<(usize, Vec<Arc<str>>)> {
    let mut here = whole;
    for (at, step) in path.iter().enumerate() {
        here = match here {
            Type::List(item) if step == ITEM => item,
            Type::Map { fields, open } => match fields.get(step.as_str()) {
                Some(field) => field,
                None if *open || step == ITEM => return None,
                None => return Some((at, fields.keys().cloned().collect())),
            },
            _ => return None,
        };
    }
    None
}

/// Reports a name at the words of the template; or, where the send passes on too little, there.
fn report(unfilled: &Unfilled<'_>, template: &Word, r: &mut Reader<'_>) {
    let Unfilled { need, path, names } = unfilled;
    let (name, near) = (written(path), unfilled.near());
    let word = need.words.get(path.len() - 1).cloned().flatten();
    let at = word.clone().unwrap_or_else(|| need.span.clone());
    let (here, there) = (r.file.path.clone(), need.file.clone());
    let message = format!("nothing fills `{name}`");
    let diagnostic = match (near, path) {
        (None, [_]) => {
            let message = format!("{message} in {there}");
            let span = template.span.clone();
            let passed = r.sink.error(templates::UNFILLED, span, message);
            passed.shown_in(there, at, "needed here")
        }
        _ => {
            let found = r.sink.error_in(there, templates::UNFILLED, at, message);
            found.shown_in(here, template.span.clone(), "sent here")
        }
    };
    match (near, path) {
        (Some(near), _) => {
            diagnostic.labelled(format!("did you mean `{near}`?"));
            diagnostic.replacement = word.map(|word| (word, near.to_owned()));
        }
        (None, [name]) if name == "options" => {
            diagnostic.noted("only a question has them: `ask` with `options`");
        }
        (None, [_]) => drop(diagnostic.noted(format!(
            "pass it on: `with: {{ {name}: … }}`; a template sees that, `customer` and `links`"
        ))),
        (None, [root, ..]) if root == "customer" => {
            diagnostic.noted("config/traits.yaml declares no such trait");
        }
        (None, _) => drop(diagnostic.noted(format!(
            "there is: {}",
            names.iter().map(|n| &**n).collect::<Vec<_>>().join(", ")
        ))),
    }
    let may = "where it may be absent, the template can say so";
    let item = path.iter().any(|step| step == ITEM);
    diagnostic.noted(match (item, need.formatted) {
        (true, true) => format!("{may}, by `{{% if … %}}`"),
        (true, false) => format!("{may}, by `| default(\"…\")` or `{{% if … %}}`"),
        (false, true) => format!("{may}: `{{% if {name} %}}`"),
        (false, false) => {
            format!("{may}: `{{{{ {name} | default(\"…\") }}}}`, or `{{% if {name} %}}`")
        }
    });
}

/// Fields of `with` that no part of the template names.
fn unnamed<'f>(parts: &[(Channel, Part)], fields: &'f [Word]) -> Vec<&'f Word> {
    if parts.is_empty() || parts.iter().any(|(_, part)| part.reads.unknown) {
        return Vec::new();
    }
    let named = |field: &&Word| {
        parts.iter().any(|(_, part)| {
            let mut named = part.reads.named.keys();
            named.any(|path| path.first().is_some_and(|root| **root == *field.text))
        })
    };
    fields.iter().filter(|field| !named(field)).collect()
}

/// The one name that nothing fills is probably that field.
fn called_otherwise(need: &Need, name: &str, field: &Word, r: &mut Reader<'_>) {
    let word = need.words.first().cloned().flatten();
    let needed = word.unwrap_or_else(|| need.span.clone());
    r.sink
        .error(
            templates::UNFILLED,
            field.span.clone(),
            format!("nothing fills `{name}` in {}", need.file),
        )
        .labelled("the template never names this")
        .shown_in(need.file.clone(), needed, "needed here")
        .noted(format!(
            "call it `{name}`, or name `{}` in the template",
            field.text
        ))
        .replaced(field.span.clone(), name);
}

fn unused<'f>(fields: impl Iterator<Item = &'f &'f Word>, template: &Word, r: &mut Reader<'_>) {
    for field in fields {
        r.sink
            .error(
                templates::UNUSED,
                field.span.clone(),
                format!("the template never names `{}`", field.text),
            )
            .labelled("passed on for nothing")
            .shown(
                template.span.clone(),
                "in none of its files that can go out here",
            )
            .warns();
    }
}

/// Mails that need consent and do not say how to take it back.
fn no_way_out(
    parts: &[(Channel, Part)],
    purpose: Option<&Word>,
    template: &Word,
    r: &mut Reader<'_>,
) {
    let lacks = |part: &Part| {
        let mut named = part.reads.named.keys();
        !part.reads.unknown
            && !named.any(|path| match path.as_slice() {
                [links] => links == "links",
                [links, link, ..] => links == "links" && link == "unsubscribe",
                [] => false,
            })
    };
    let files: Vec<&str> = parts
        .iter()
        .filter(|(channel, part)| *channel == Channel::Email && part.body && lacks(part))
        .map(|(_, part)| &*part.file)
        .collect();
    if let Some(first) = files.first() {
        let purpose = purpose.map_or("", |p| &*p.text);
        r.sink
            .error(
                templates::NO_UNSUBSCRIBE,
                template.span.clone(),
                format!("{first} has no link to unsubscribe"),
            )
            .labelled(format!("goes out for `{purpose}`, which needs consent"))
            .noted(match files.len() {
                1 => "print it: {{ links.unsubscribe }}".to_owned(),
                more => format!(
                    "print it, here and in {} more: {{{{ links.unsubscribe }}}}",
                    more - 1
                ),
            })
            .noted("some read the layout and some the plain text: both need it, in every locale");
    }
}
