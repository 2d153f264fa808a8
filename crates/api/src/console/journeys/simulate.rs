//! A simulation in the page: who it is, what happens, and what the journey does.

use std::sync::Arc;

use askama::Template;
use axum::{
    Extension,
    extract::{Form, Path, State as Shared, rejection::FormRejection},
    http::{HeaderMap, StatusCode},
    response::{Html, IntoResponse as _},
};
use journey::{
    explain::Tongue,
    machine::{Machine, Op},
    testing::{
        play::Played,
        show::{self, Look},
        simulate::{Field, Wrong},
    },
};
use store::read::JourneyRow;

use super::{Head, not_tried};
use crate::{
    State,
    console::{Frame, Page, PageError, reply::is_foreign, words},
    i18n::{self, say},
    trial::{Asked, Bench, NotTried},
};

#[derive(Template)]
#[template(path = "journeys/simulate.html")]
struct Simulation {
    frame: Frame,
    head: Head,
    fields: Vec<Input>,
    splits: Vec<Split>,
    /// Why it was not played; empty where it was, or nobody has asked.
    failed: String,
    played: Option<Told>,
    standing: String,
    text: String,
}

/// A field of the form.
struct Input {
    name: &'static str,
    title: &'static str,
    hint: &'static str,
    example: &'static str,
    rows: usize,
    value: String,
    wrong: Vec<String>,
}

/// A split, and its arms with whether they are chosen.
struct Split {
    id: Arc<str>,
    title: String,
    arms: Vec<(Arc<str>, bool)>,
}

/// What happened.
struct Told {
    customer: String,
    zone: String,
    timeline: Vec<Moment>,
}

struct Moment {
    /// On the customer's clock.
    at: String,
    what: String,
    facts: Vec<Said>,
}

struct Said {
    step: Option<Arc<str>>,
    text: String,
}

impl Told {
    fn of(played: &Played) -> Self {
        let moments = played.moments.iter().map(|moment| {
            let tongue = Tongue::on_the_clock(i18n::language(), moment.zone.clone());
            let facts = moment.said.iter().map(|said| Said {
                step: said.step.clone(),
                text: words::capital(&said.fact.say(&tongue)),
            });
            Moment {
                at: tongue.moment(moment.at),
                what: moment.what.clone(),
                facts: facts.collect(),
            }
        });
        Self {
            customer: played.key.to_string(),
            zone: played.zone.name.to_string(),
            timeline: moments.collect(),
        }
    }
}

pub(in crate::console) async fn form(
    Shared(state): Shared<State>,
    Extension(bench): Extension<Bench>,
    Path(name): Path<String>,
) -> Page {
    let current = state.reader.current(&name).await?;
    let (row, machine) = current.ok_or(PageError::NotFound("journey"))?;
    let sample = match bench.sample(&state.reader, &name).await {
        Err(NotTried::Read(error)) => return Err(error.into()),
        sample => sample,
    };
    let failed = sample.as_ref().err().map(not_tried).unwrap_or_default();
    let sample = sample.unwrap_or_default();
    let asked = Asked {
        journey: name,
        customer: sample.customer,
        events: sample.events,
        ..Asked::default()
    };
    let mut page = page(&state, &row, &machine, &asked, &[]);
    failed.clone_into(&mut page.failed);
    super::html(&page)
}

pub(in crate::console) async fn run(
    Shared(state): Shared<State>,
    Extension(bench): Extension<Bench>,
    Path(name): Path<String>,
    headers: HeaderMap,
    given: Result<Form<Vec<(String, String)>>, FormRejection>,
) -> Page {
    if is_foreign(&headers) {
        let why = say("Simulations are run from their own page.");
        return Err(PageError::Wrong(why.into()));
    }
    let Form(given) = given.map_err(|e| PageError::Wrong(e.body_text()))?;
    let current = state.reader.current(&name).await?;
    let (row, machine) = current.ok_or(PageError::NotFound("journey"))?;
    let asked = asked(name, given);
    match bench.simulate(&state.reader, asked.clone()).await {
        Ok(played) => {
            let mut page = page(&state, &row, &machine, &asked, &[]);
            told(&mut page, &played);
            super::html(&page)
        }
        Err(NotTried::Read(error)) => Err(error.into()),
        Err(error) => {
            let (status, wrong) = match &error {
                NotTried::Wrong(wrong) => (StatusCode::UNPROCESSABLE_ENTITY, &wrong[..]),
                _ => (StatusCode::SERVICE_UNAVAILABLE, &[][..]),
            };
            let mut page = page(&state, &row, &machine, &asked, wrong);
            page.failed = failed(&error, wrong);
            Ok((status, Html(page.render()?)).into_response())
        }
    }
}

/// What is said above the form: what belongs to none of its fields as well.
fn failed(error: &NotTried, wrong: &[Wrong]) -> String {
    let of_none = wrong.iter().filter(|w| w.field == Field::Journey);
    let mut said = vec![not_tried(error).to_owned()];
    said.extend(of_none.map(|w| w.what.clone()));
    said.join(" ")
}

/// What was filled in. A split is `arm.ID`.
fn asked(journey: String, given: Vec<(String, String)>) -> Asked {
    let mut asked = Asked {
        journey,
        ..Asked::default()
    };
    for (name, value) in given {
        match &*name {
            "customer" => asked.customer = value,
            "events" => asked.events = value,
            "at" => asked.at = value,
            "run_for" => asked.run_for = value,
            other => {
                if let Some(split) = other.strip_prefix("arm.").filter(|_| !value.is_empty()) {
                    asked.arms.push((split.to_owned(), value));
                }
            }
        }
    }
    asked
}

fn told(page: &mut Simulation, played: &Played) {
    page.played = Some(Told::of(played));
    page.text = show::whole(played, Look::default());
    page.standing = show::standing(played, Look::default()).trim().to_owned();
}

fn page(
    state: &State,
    row: &JourneyRow,
    machine: &Machine,
    asked: &Asked,
    wrong: &[Wrong],
) -> Simulation {
    Simulation {
        frame: Frame::new(state, "journeys"),
        head: Head::of(row, "simulate"),
        fields: fields(asked, wrong),
        splits: splits(machine, &asked.arms),
        failed: String::new(),
        played: None,
        standing: String::new(),
        text: String::new(),
    }
}

fn fields(asked: &Asked, wrong: &[Wrong]) -> Vec<Input> {
    let lines = |text: &str| text.lines().count().clamp(5, 16);
    let field = |field: Field, title, hint, value: &str| Input {
        name: field.as_str(),
        title,
        hint,
        example: "",
        rows: 1,
        value: value.to_owned(),
        wrong: wrong
            .iter()
            .filter(|w| w.field == field)
            .map(|w| w.what.clone())
            .collect(),
    };
    vec![
        Input {
            rows: lines(&asked.customer),
            ..field(
                Field::Customer,
                say("The customer"),
                say("traits and consents, as YAML or JSON"),
                &asked.customer,
            )
        },
        Input {
            rows: lines(&asked.events),
            ..field(
                Field::Events,
                say("What happens"),
                say("as the events of a test"),
                &asked.events,
            )
        },
        Input {
            example: "2026-01-05 09:00",
            ..field(
                Field::At,
                say("It begins"),
                say("on the customer’s clock; else on a Monday at nine"),
                &asked.at,
            )
        },
        Input {
            example: "30d",
            ..field(
                Field::RunFor,
                say("It lasts"),
                say("else until nothing is pending"),
                &asked.run_for,
            )
        },
    ]
}

fn splits(machine: &Machine, chosen: &[(String, String)]) -> Vec<Split> {
    let split = |node: &journey::machine::Node| {
        let Op::Split { arms, .. } = &node.op else {
            return None;
        };
        let is = |arm: &str| chosen.iter().any(|(id, a)| **id == *node.id && a == arm);
        Some(Split {
            id: node.id.clone(),
            title: i18n::fill("Arm of {0}", &[&node.id]),
            arms: arms.iter().map(|a| (a.name.clone(), is(&a.name))).collect(),
        })
    };
    machine.nodes.iter().filter_map(split).collect()
}
