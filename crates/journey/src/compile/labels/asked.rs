//! What content sources are told when a message leaves, and what their answers are.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    Walk,
    marks::{Marks, Origin, Place},
    read::Here,
    report::Use as Used,
};
use crate::{message::Channel, parse::ast::Send, render::Reads};

/// Something that a template fetches.
pub(super) struct Asked {
    /// What the template calls it.
    pub(super) name: Arc<str>,
    source: Arc<str>,
    place: Place,
    /// What its parameters tell.
    told: Marks,
    /// What its answer is: what the source declares, else what it was told.
    pub(super) answer: Marks,
}

impl Walk<'_> {
    /// What a message fetches on a channel, in whatever locale.
    pub(super) fn asked(&self, send: &Send, channel: Channel, here: &Here) -> Vec<Asked> {
        let Some((known, template)) = self.world.templates.zip(send.template.as_ref()) else {
            return Vec::new();
        };
        let (fields, whole) = self.fields(send.with.as_ref(), &here.current);
        let fetched = known.fetched(&template.text, channel).into_iter();
        fetched
            .map(|fetched| {
                let told = fetched.reads.iter().fold(Marks::default(), |told, reads| {
                    let named = !reads.named.is_empty() || reads.unknown;
                    let mut told = told.with(&self.read(reads, &fields));
                    if reads.unknown {
                        let all: [&str; 0] = [];
                        let place = Place::new(fetched.place.0, fetched.place.1);
                        told.add(&Marks::all(fields.values()));
                        told.add(&self.customer(&all, place, "it may name anything"));
                    }
                    if named { told.with(&whole) } else { told }
                });
                let place = Place::new(fetched.place.0, fetched.place.1);
                let declared = self.world.sources.0.get(fetched.source);
                let labels = declared.and_then(|s| s.labels.as_ref());
                let origin = Origin {
                    what: format!("the answer of `{}`", fetched.source),
                    place: place.clone(),
                    said: "fetched here",
                };
                let answer = match labels {
                    Some(labels) => Marks::of(labels.iter().cloned().collect(), &origin),
                    None => told.clone(),
                };
                Asked {
                    name: fetched.name.clone(),
                    source: fetched.source.clone(),
                    place,
                    told,
                    answer,
                }
            })
            .collect()
    }

    /// The labels of what a part of a template reads, of traits and of what is passed on.
    pub(super) fn read(&self, reads: &Reads, fields: &BTreeMap<Arc<str>, Marks>) -> Marks {
        let mut read = Marks::default();
        for (path, (file, span)) in &reads.named {
            let Some((root, rest)) = path.split_first() else {
                continue;
            };
            if root == "customer" {
                let place = Place::new(file, span);
                read.add(&self.customer(rest, place, "read here"));
            } else if let Some(marks) = fields.get(root.as_str()) {
                read.add(marks);
            }
        }
        read
    }

    /// Says where sources are told what they may not be.
    pub(super) fn passed_on(&mut self, asked: &[Asked], purpose: Option<&str>) {
        let Some(report) = &mut self.report else {
            return;
        };
        for asked in asked {
            let used = |said| Used {
                place: asked.place.clone(),
                said,
            };
            report.goes_to(&asked.told, &asked.source, &used("fetched here"));
            if let Some(purpose) = purpose {
                let said = format!("passed on for `{purpose}`");
                report.serves(&asked.told, purpose, &used(&said));
            }
        }
    }
}
