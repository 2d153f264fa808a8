//! Gathering what a new journey consists of.

use anyhow::{Result, bail};

use super::{
    Plan,
    declare::{self, Traits},
    locales::Locales,
    place::Place,
    prune::prune,
};
use crate::gallery::{self, Entry, Needs};

/// Plans the journey `name` from an entry of the gallery.
///
/// # Errors
/// If a journey or a folder of templates of that name is there.
pub fn plan(entry: &Entry, name: &str, locales: &Locales, place: &Place) -> Result<Plan> {
    collides(name, place)?;
    let mut gathering = Gathering {
        plan: Plan {
            journey: name.to_owned(),
            from: entry.name.to_owned(),
            ..Plan::default()
        },
        place,
        locales,
        needs: Needs::default(),
        traits: Traits::default(),
    };
    gathering.journey(entry.name, name);
    gathering.layouts();
    gathering.declarations();
    let mut plan = gathering.plan;
    plan.created.sort_by(|a, b| a.path.cmp(&b.path));
    prune(&mut plan, place);
    Ok(plan)
}

fn collides(name: &str, place: &Place) -> Result<()> {
    let folders = [format!("journeys/{name}"), format!("templates/{name}")];
    let taken = folders.iter().find(|f| place.is_taken(f));
    if let Some(path) = place.journey(name).or(taken.map(String::as_str)) {
        bail!("there is `{name}` already: {path}; choose another name");
    }
    Ok(())
}

struct Gathering<'a> {
    plan: Plan,
    place: &'a Place,
    locales: &'a Locales,
    needs: Needs,
    traits: Traits,
}

impl Gathering<'_> {
    /// A journey of the gallery under a name, with all that it names.
    fn journey(&mut self, from: &str, name: &str) {
        let path = format!("journeys/{from}/journey.yaml");
        let Some(text) = gallery::file(&path) else {
            return;
        };
        let needs = Needs::of(&gallery::data(text));
        let own = Renamed {
            from,
            name,
            templates: needs.templates.iter().cloned().collect(),
        };
        let source = self.locales.labels(&own.journey(text));
        self.add(&format!("journeys/{name}/journey.yaml"), &source);
        if let Some(tests) = gallery::file(&format!("journeys/{from}/tests.yaml")) {
            self.add(&format!("journeys/{name}/tests.yaml"), &own.journey(tests));
        }
        for template in &needs.templates {
            self.template(template, &own.template(template));
        }
        for fragment in &needs.fragments {
            self.fragment(fragment);
        }
        for other in &needs.journeys {
            self.companion(other);
        }
        self.needs = std::mem::take(&mut self.needs).and(needs);
    }

    /// A journey that another one starts or stops: it has to be there.
    fn companion(&mut self, name: &str) {
        let planned = name == self.plan.journey || self.plan.companions.contains(name);
        if planned || self.place.journey(name).is_some() {
            return;
        }
        self.plan.companions.insert(name.to_owned());
        self.journey(name, name);
    }

    fn fragment(&mut self, name: &str) {
        let path = format!("journeys/_fragments/{name}.yaml");
        let Some(text) = gallery::file(&path) else {
            return;
        };
        self.add(&path, text);
        let needs = Needs::of(&gallery::data(text));
        for template in &needs.templates {
            self.template(template, template);
        }
        self.needs = std::mem::take(&mut self.needs).and(needs);
    }

    /// A template under a name, in the locales that are wanted.
    fn template(&mut self, from: &str, name: &str) {
        let folder = format!("templates/{from}/");
        for (path, text) in gallery::below(&folder) {
            let own = path.replacen(&folder, &format!("templates/{name}/"), 1);
            for (new, foreign) in self.locales.files(&own) {
                self.add(&new, &self.locales.text(path, &new, text));
                if foreign && !self.place.has(&new) {
                    self.plan.untranslated.insert(new);
                }
            }
        }
    }

    /// What the templates are laid out with.
    fn layouts(&mut self) {
        let mails = self.plan.created.iter().any(|f| f.path.ends_with(".mjml"));
        for (path, text) in gallery::below("templates/_layouts/").filter(|_| mails) {
            for (new, foreign) in self.locales.files(path) {
                self.add(&new, &self.locales.text(path, &new, text));
                if foreign && !self.place.has(&new) {
                    self.plan.untranslated.insert(new);
                }
            }
        }
    }

    fn add(&mut self, path: &str, text: &str) {
        self.traits.seen_in(text);
        self.plan.create(self.place, path, text);
    }

    fn declarations(&mut self) {
        // What editors complete and check by; the first line of each YAML file names it.
        for (path, text) in gallery::below("config/schema/") {
            self.plan.create(self.place, path, text);
        }
        for segment in self.needs.segments.clone() {
            let path = format!("config/segments/{segment}.yaml");
            if let Some(text) = gallery::file(&path) {
                self.add(&path, text);
            }
        }
        for event in &self.needs.events {
            declare::event(event, self.place, &mut self.plan);
        }
        declare::traits(&self.traits, self.place, &mut self.plan);
        declare::endpoints(&self.needs, self.place, &mut self.plan);
        declare::policies(&self.needs, self.locales, self.place, &mut self.plan);
    }
}

/// The names of a journey of the gallery, and what they become.
struct Renamed<'a> {
    from: &'a str,
    name: &'a str,
    templates: Vec<String>,
}

impl Renamed<'_> {
    /// `cart/nudge` of the journey `spring` is `spring/nudge`.
    fn template(&self, template: &str) -> String {
        let last = template.rsplit('/').next().unwrap_or(template);
        if self.from == self.name {
            template.to_owned()
        } else {
            format!("{}/{last}", self.name)
        }
    }

    /// A journey or its tests, line by line: names stand behind `journey:` and `template:`.
    fn journey(&self, text: &str) -> String {
        let mut text = text.replacen(
            &format!("\njourney: {}\n", self.from),
            &format!("\njourney: {}\n", self.name),
            1,
        );
        text = text.replace(
            &format!("`parcours test {}`", self.from),
            &format!("`parcours test {}`", self.name),
        );
        for template in &self.templates {
            let new = self.template(template);
            for end in ["\n", " ", ",", "}"] {
                text = text.replace(
                    &format!("template: {template}{end}"),
                    &format!("template: {new}{end}"),
                );
            }
        }
        text
    }
}
