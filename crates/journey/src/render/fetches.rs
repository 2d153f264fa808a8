//! What a template needs besides what is passed on: answers of sources, and codes of vouchers. Filling
//! in what sources are asked is pure; asking is dispatch's.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::Arc,
};

use super::{
    Context, Inner, RenderError, Templates, data, output,
    reads::{self, ITEM, Reads},
    source::{self, Fetch},
};
use crate::{
    diagnostic::{Diagnostic, SourceFile},
    diagnostics::{Sink, nearest, templates as codes},
    message::Channel,
    sources::Sources,
    value::{Map, Value},
    vouchers::{self, Pools},
};

/// The name under which codes stand.
pub const VOUCHERS: &str = "vouchers";

/// Names that a template sees in any case.
const TAKEN: [&str; 5] = ["customer", "links", "options", "event", VOUCHERS];

/// Something that a message fetches, with what its source is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// What the template calls it.
    pub name: Arc<str>,
    /// The source.
    pub source: Arc<str>,
    /// The source's parameters, as texts.
    pub parameters: BTreeMap<Arc<str>, String>,
}

/// Where a template first names each pool.
pub(super) type Named = BTreeMap<Arc<str>, (Arc<str>, Range<usize>)>;

/// What parts of a template read, of what it fetches.
pub(crate) struct Fetched<'t> {
    /// What the template calls it.
    pub name: &'t Arc<str>,
    /// The source.
    pub source: &'t Arc<str>,
    /// Where it is named: file and bytes.
    pub place: (&'t Arc<str>, &'t Range<usize>),
    /// What its parameters read.
    pub reads: Vec<Reads>,
}

impl Inner {
    /// Finds out which pools each variant names, once.
    pub(super) fn find_vouchers(&mut self, files: &[SourceFile]) {
        if !files.iter().any(|f| f.text.contains(VOUCHERS)) {
            return;
        }
        for (template, channels) in &self.templates {
            for (channel, locales) in channels {
                for (locale, variant) in locales {
                    let Some(pieces) = self.pieces.get(locale) else {
                        continue;
                    };
                    let mut named = Named::new();
                    for piece in variant.pieces() {
                        for (path, place) in reads::reads(pieces, piece).named {
                            if let [root, pool, ..] = path.as_slice()
                                && root == VOUCHERS
                            {
                                named.entry(Arc::from(&**pool)).or_insert(place);
                            }
                        }
                    }
                    if !named.is_empty() {
                        self.vouchers.insert(key(template, *channel, locale), named);
                    }
                }
            }
        }
    }

    pub(super) fn fetches_of(&self, template: &str, channel: Channel, locale: &str) -> &[Fetch] {
        let found = self.fetches.get(&key(template, channel, locale));
        found.map_or(&[], Vec::as_slice)
    }
}

/// The name of a template's files of one channel and locale.
pub(super) fn key(template: &str, channel: Channel, locale: &str) -> String {
    format!("{template}/{channel}.{locale}")
}

impl Templates {
    /// What a message fetches, in the locale that [`Templates::render`] takes, with what its sources are asked.
    ///
    /// # Errors
    /// If a parameter cannot be filled in, or there is no such template.
    pub fn wants(
        &self,
        template: &str,
        channel: Channel,
        locale: Option<&str>,
        context: &Context<'_>,
    ) -> Result<Vec<Wanted>, RenderError> {
        if self.inner.fetches.is_empty() {
            return Ok(Vec::new());
        }
        let (locale, _, pieces) = self.find(template, channel, locale)?;
        let fetches = self.inner.fetches_of(template, channel, locale);
        if fetches.is_empty() {
            return Ok(Vec::new());
        }
        let fill = output::Fill::new(pieces, &self.inner.files, data::context(context));
        let mut wanted = Vec::with_capacity(fetches.len());
        for fetch in fetches {
            let mut parameters = BTreeMap::new();
            for parameter in &fetch.parameters {
                let text = fill
                    .parameter(&parameter.piece)
                    .map_err(|e| self.failed(template, channel, locale, e.line, e.fault))?;
                parameters.insert(parameter.name.clone(), text);
            }
            wanted.push(Wanted {
                name: fetch.name.clone(),
                source: fetch.source.clone(),
                parameters,
            });
        }
        Ok(wanted)
    }

    /// The pools that a message draws from, in the locale that [`Templates::render`] takes.
    pub fn vouchers(
        &self,
        template: &str,
        channel: Channel,
        locale: Option<&str>,
    ) -> Vec<Arc<str>> {
        if self.inner.vouchers.is_empty() {
            return Vec::new();
        }
        let Ok((locale, ..)) = self.find(template, channel, locale) else {
            return Vec::new();
        };
        let named = self.inner.vouchers.get(&key(template, channel, locale));
        named.map_or_else(Vec::new, |named| named.keys().cloned().collect())
    }

    /// What stands for answers and codes where nothing is asked and nothing drawn, in tests and previews:
    /// what is `given` by source, else the source's `default`, else what the template reads, invented.
    pub fn samples(
        &self,
        template: &str,
        channel: Channel,
        locale: Option<&str>,
        sources: &Sources,
        given: impl Fn(&str) -> Option<Value>,
    ) -> Map {
        let mut names = Map::new();
        let codes = self.vouchers(template, channel, locale);
        if !codes.is_empty() {
            let codes = codes.iter().map(|pool| {
                let code = Value::text(vouchers::sample(pool));
                (pool.clone(), code)
            });
            names.insert(Arc::from(VOUCHERS), Value::Map(Arc::new(codes.collect())));
        }
        let Ok((locale, variant, pieces)) = self.find(template, channel, locale) else {
            return names;
        };
        for fetch in self.inner.fetches_of(template, channel, locale) {
            let source = sources.0.get(&fetch.source);
            let known = given(&fetch.source).or_else(|| source?.default.clone());
            let value = known.unwrap_or_else(|| {
                let reads = variant.pieces().map(|piece| reads::reads(pieces, piece));
                invented(&fetch.name, &reads.collect::<Vec<_>>())
            });
            names.insert(fetch.name.clone(), value);
        }
        names
    }

    /// The names of what a template fetches on a channel, and in which of its locales.
    pub(crate) fn fetched(&self, template: &str, channel: Channel) -> Vec<Fetched<'_>> {
        let channels = self.inner.templates.get(template);
        let locales = channels.and_then(|c| c.get(&channel)).into_iter().flatten();
        let mut found = Vec::new();
        for (locale, _) in locales {
            let Some(pieces) = self.inner.pieces.get(locale) else {
                continue;
            };
            for fetch in self.inner.fetches_of(template, channel, locale) {
                let reads = fetch.parameters.iter();
                found.push(Fetched {
                    name: &fetch.name,
                    source: &fetch.source,
                    place: (&fetch.file, &fetch.name_span),
                    reads: reads.map(|p| reads::reads(pieces, &p.piece)).collect(),
                });
            }
        }
        found
    }

    /// The sources and the pools that templates name.
    pub(crate) fn named_sources(&self) -> (BTreeSet<&str>, BTreeSet<&str>) {
        let fetches = self.inner.fetches.values().flatten();
        let pools = self.inner.vouchers.values().flat_map(BTreeMap::keys);
        (
            fetches.map(|f| &*f.source).collect(),
            pools.map(|p| &**p).collect(),
        )
    }

    /// Holds what templates fetch and draw against what is declared.
    pub(crate) fn check_sources(
        &self,
        files: &[SourceFile],
        sources: &Sources,
        pools: &Pools,
    ) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        let sink = |path: &Arc<str>| files.iter().find(|f| f.path == *path).map(Sink::new);
        for fetch in self.inner.fetches.values().flatten() {
            if let Some(mut sink) = sink(&fetch.file) {
                check(fetch, sources, &mut sink);
                found.extend(sink.finish());
            }
        }
        let named = self.inner.vouchers.values().flatten();
        for (pool, (file, span)) in named.filter(|(pool, _)| !pools.0.contains_key(*pool)) {
            let Some(mut sink) = sink(file) else { continue };
            let known = || pools.0.keys().map(|k| &**k);
            let message = format!("no voucher pool is called `{pool}`");
            let diagnostic = sink.error(codes::NO_POOL, span.clone(), message);
            diagnostic.guessed(pool, known());
            if nearest(pool, known()).is_none() {
                diagnostic.noted(format!(
                    "pools are declared in config/vouchers.yaml: `{pool}: {{ each: customer }}`"
                ));
            }
            found.extend(sink.finish());
        }
        found
    }
}

fn check(fetch: &Fetch, sources: &Sources, sink: &mut Sink) {
    if TAKEN.contains(&&*fetch.name) {
        let message = format!("`{}` is something else already", fetch.name);
        sink.error(codes::TAKEN_NAME, fetch.name_span.clone(), message)
            .labelled("a template sees that name in any case")
            .noted("call it otherwise, and say where it comes from: `from: …`");
    }
    let Some(source) = sources.0.get(&fetch.source) else {
        let known = || sources.0.keys().map(|k| &**k);
        let message = format!("no content source is called `{}`", fetch.source);
        let diagnostic = sink.error(codes::NO_SOURCE, fetch.source_span.clone(), message);
        diagnostic.guessed(&fetch.source, known());
        if nearest(&fetch.source, known()).is_none() {
            diagnostic.noted("sources are declared in config/content.yaml");
        }
        return;
    };
    let has = |name: &str| fetch.parameters.iter().any(|p| *p.name == *name);
    let wanted = source.parameters();
    let missing: Vec<&str> = wanted.iter().copied().filter(|w| !has(w)).collect();
    let strange = fetch
        .parameters
        .iter()
        .filter(|p| !wanted.contains(&&*p.name));
    let strange: Vec<_> = strange.collect();
    let address = format!("its address is {}", source.url);
    for parameter in &strange {
        let message = format!("`{}` has no parameter `{}`", fetch.source, parameter.name);
        let span = parameter.span.clone();
        let diagnostic = sink.error(codes::PARAMETERS, span.clone(), message);
        match (&*missing, &*strange) {
            // Told under another name: one mistake.
            ([missing], [_]) => diagnostic
                .labelled(format!("it needs `{missing}`"))
                .replaced(span, *missing),
            _ => diagnostic.guessed(&parameter.name, missing.iter().copied()),
        }
        .noted(address.clone());
    }
    if missing.len() == 1 && strange.len() == 1 {
        return;
    }
    for name in missing {
        let message = format!("`{}` needs `{name}`", fetch.source);
        sink.error(codes::PARAMETERS, fetch.name_span.clone(), message)
            .labelled(format!("write below it: `{name}: \"{{{{ … }}}}\"`"))
            .noted(address.clone());
    }
}

/// A value that has what is read of a name.
fn invented(name: &str, all: &[Reads]) -> Value {
    let mut leaves = BTreeMap::<&[String], Value>::new();
    for reads in all {
        for path in reads.named.keys() {
            if path.first().is_some_and(|root| root == name) {
                let word = path.iter().rfind(|step| *step != ITEM);
                let word = word.map_or(name, String::as_str);
                leaves.entry(&path[1..]).or_insert(Value::text(word));
            }
        }
    }
    for need in all.iter().flat_map(|r| &r.needs) {
        if need.formatted && need.path.first().is_some_and(|root| root == name) {
            let value = match need.dated {
                true => Value::text("2026-01-05T09:00:00Z"),
                false => Value::number(12.5),
            };
            leaves.insert(&need.path[1..], value);
        }
    }
    built(&leaves.into_iter().collect::<Vec<_>>(), name)
}

fn built(leaves: &[(&[String], Value)], name: &str) -> Value {
    let mut below = BTreeMap::<&str, Vec<(&[String], Value)>>::new();
    let mut here = None;
    for (path, value) in leaves {
        match path.split_first() {
            Some((first, rest)) => below.entry(first).or_default().push((rest, value.clone())),
            None => here = Some(value.clone()),
        }
    }
    if let Some(item) = below.remove(ITEM) {
        return Value::List(Arc::from([built(&item, name)]));
    }
    if below.is_empty() {
        return here.unwrap_or_else(|| Value::text(name));
    }
    let fields = below.iter().map(|(step, leaves)| {
        let value = built(leaves, step);
        (Arc::from(*step), value)
    });
    Value::Map(Arc::new(fields.collect()))
}

/// Whether a piece is a parameter.
pub(super) fn asks(piece: &str) -> bool {
    piece.contains(source::FETCH)
}

/// The pieces of parameters.
pub(super) fn pieces_of(fetches: &[Fetch]) -> impl Iterator<Item = &str> {
    let all = fetches.iter().flat_map(|f| &f.parameters);
    all.map(|p| p.piece.as_str())
}
