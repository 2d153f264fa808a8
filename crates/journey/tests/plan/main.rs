//! Literate tests of the plan: each file of `cases/` holds what runs, who is in flight, the draft,
//! and the words that an author reads. `BLESS=1 cargo test -p parcours-journey --test plan` writes
//! the words anew.
//!
//! Blocks: `running PATH` (a file as it was applied; a journey may stand there several times, once
//! for each version), `in flight` (lines `JOURNEY VERSION STEP RUNS`), `draft PATH`, `gone PATH`
//! (a file that the draft does not have), `stop NAME`, `text`.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests read their cases from files"
)]

mod by_hand;
mod moves;
mod steps;

use std::{collections::BTreeMap, fs, path::PathBuf, sync::Arc};

use journey::{
    diagnostic::SourceFile,
    diagnostics::{self, render},
    ids::{CustomerId, sticky},
    machine::{Machine, NodeId},
    plan::{self, Draft, Flight, Published, Running},
    workspace::{self, Options, Workspace},
};

/// What every workspace holds beside what a case says.
const FIXTURE: [(&str, &str); 2] = [
    (
        "config/policies.yaml",
        "purposes:\n  marketing: { consent: opt_in }\n  service: { consent: none }\ndefaults: { zone: UTC, locale: en }\n",
    ),
    ("templates/hello/sms.en.txt", "Hello\n"),
];

type Files = BTreeMap<String, String>;

pub fn compiled(files: &Files) -> (Workspace, Vec<SourceFile>) {
    let files: Vec<SourceFile> = files
        .iter()
        .map(|(path, text)| SourceFile {
            path: Arc::from(path.as_str()),
            text: Arc::from(text.as_str()),
        })
        .collect();
    let (workspace, found) = workspace::compile(&files, &Options::default());
    let words = render::text(&found, &files, false);
    (workspace.unwrap_or_else(|| panic!("{words}")), files)
}

/// A machine from a journey's text.
pub fn machine(text: &str) -> Arc<Machine> {
    let mut files = fixture();
    files.insert("drafts/demo.yaml".into(), text.into());
    compiled(&files).0.machines[0].machine.clone()
}

fn fixture() -> Files {
    FIXTURE
        .iter()
        .map(|(p, t)| ((*p).to_owned(), (*t).to_owned()))
        .collect()
}

fn blocks(page: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in page.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) => open = Some((info.to_owned(), String::new())),
            (Some(_), Some(_)) => found.extend(open.take()),
            (Some((_, text)), None) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) => {}
        }
    }
    found
}

/// One case, read.
#[derive(Default)]
struct Case {
    running: Running,
    draft: Files,
    stop: Vec<Arc<str>>,
}

impl Case {
    fn read(blocks: &[(String, String)]) -> Self {
        let mut case = Self {
            draft: fixture(),
            ..Self::default()
        };
        let mut applied = fixture();
        for (info, text) in blocks {
            match info.split_once(' ').unwrap_or((info, "")) {
                ("running", path) => {
                    applied.insert(path.into(), text.clone());
                    case.publish(&applied);
                }
                ("draft", path) => drop(case.draft.insert(path.into(), text.clone())),
                ("gone", path) => drop(case.draft.remove(path)),
                ("stop", name) => case.stop.push(Arc::from(name)),
                ("in", "flight") => text.lines().for_each(|line| case.fly(line)),
                _ => {}
            }
        }
        if !case.running.published.is_empty() {
            case.running.files = compiled(&applied).1;
        }
        case
    }

    /// Publishes what is not published yet.
    fn publish(&mut self, files: &Files) {
        let published = &mut self.running.published;
        for each in compiled(files).0.machines {
            let machine = each.machine;
            if published.iter().any(|p| p.id == machine.id && p.current) {
                continue;
            }
            let mut versions = 0;
            for older in published
                .iter_mut()
                .filter(|p| p.journey == machine.journey)
            {
                (older.current, versions) = (false, versions + 1);
            }
            published.push(Published {
                id: machine.id,
                journey: machine.journey.clone(),
                version: versions + 1,
                current: true,
                machine: Some(machine),
            });
        }
    }

    fn fly(&mut self, line: &str) {
        let [journey, version, step, runs] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("JOURNEY VERSION STEP RUNS: {line}");
        };
        let on = self.running.published.iter();
        let on = on
            .clone()
            .find(|p| &*p.journey == journey && p.version.to_string() == version);
        let machine = on.unwrap().machine.as_ref().unwrap();
        let node = machine.nodes.iter().position(|n| &*n.id == step);
        let node = NodeId(node.unwrap_or_else(|| panic!("no step {step}")) as u32);
        let (machine, runs) = (machine.id, runs.parse().unwrap());
        let flight = Flight {
            machine,
            node,
            runs,
        };
        self.running.flights.push(flight);
    }

    fn words(&self) -> String {
        let (workspace, files) = compiled(&self.draft);
        let draft = Draft {
            files: &files,
            workspace: &workspace,
            stop: &self.stop,
        };
        let mut found = plan::check(&self.running, draft);
        found.sort_by_key(|d| d.code);
        let mut words = render::text(&found, &files, false);
        if !words.is_empty() {
            words.push('\n');
        }
        words + &plan::text(&plan::plan(&self.running, draft))
    }

    fn codes(&self) -> Vec<&'static str> {
        let (workspace, files) = compiled(&self.draft);
        let draft = Draft {
            files: &files,
            workspace: &workspace,
            stop: &self.stop,
        };
        let found = plan::check(&self.running, draft);
        found.iter().map(|d| d.code).collect()
    }
}

fn cases() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/plan/cases")
}

/// Promise 7: what would change, and for whom, in the author's words.
#[test]
fn authors_read_these_words() {
    let bless = std::env::var("BLESS").is_ok();
    let mut wrong = Vec::new();
    let mut count = 0;
    for entry in fs::read_dir(cases()).unwrap() {
        let path = entry.unwrap().path();
        let page = fs::read_to_string(&path).unwrap();
        let words = Case::read(&blocks(&page)).words();
        let (before, _) = page.split_once("\n```text\n").unwrap_or((&page, ""));
        let written = format!("{}\n\n```text\n{words}```\n", before.trim_end());
        count += 1;
        if bless {
            fs::write(&path, written).unwrap();
        } else if written != page {
            wrong.push(format!("{}:\n{written}", path.display()));
        }
    }
    assert!(count > 8, "{count} cases");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A page of this family has an example that is wrong in that way only, and one that is right; they
/// are drafts over what `running` blocks of the case of that code say.
#[test]
fn every_code_of_versions_has_a_page_and_a_case_that_gives_it() {
    let pages = diagnostics::pages().filter(|(code, _)| code.starts_with("J9"));
    let mut seen = 0;
    for (code, page) in pages {
        seen += 1;
        let case = fs::read_to_string(cases().join(format!("{code}.md")));
        let case = case.unwrap_or_else(|e| panic!("{code}: {e}"));
        assert_eq!(Case::read(&blocks(&case)).codes(), [code]);
        let running: Vec<_> = blocks(&case)
            .into_iter()
            .filter(|(info, _)| info.starts_with("running") || info == "in flight")
            .collect();
        let examples: Vec<_> = blocks(page).into_iter().map(|(_, text)| text).collect();
        let [wrong, right] = examples.as_slice() else {
            panic!("{code}: a page has two examples");
        };
        for (example, codes) in [(wrong, vec![code]), (right, vec![])] {
            let mut case = running.clone();
            case.extend(drafts(example));
            assert_eq!(Case::read(&case).codes(), codes, "{code}: {example}");
        }
    }
    assert!(seen >= 4, "{seen} codes");
}

/// `# PATH` begins a file; `# PATH is gone` leaves one out.
fn drafts(example: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for line in example.lines() {
        let path = line.strip_prefix("# ");
        let path = path.filter(|p| p.contains('/'));
        match (path, found.last_mut()) {
            (Some(path), _) => match path.strip_suffix(" is gone") {
                Some(path) => found.push((format!("gone {path}"), String::new())),
                None => found.push((format!("draft {path}"), String::new())),
            },
            (None, Some((_, text))) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) => {}
        }
    }
    found
}

/// Rule 31: with their customers at hand, the runs that a changed split draws anew are counted.
#[test]
fn rule_31_runs_in_flight_that_change_arm_are_counted_one_by_one() {
    let page = fs::read_to_string(cases().join("weights.md")).unwrap();
    let mut case = Case::read(&blocks(&page));
    let (workspace, files) = compiled(&case.draft);
    let draft = Draft {
        files: &files,
        workspace: &workspace,
        stop: &[],
    };
    let [at] = plan::wanted(&case.running, draft)[..] else {
        panic!("one place");
    };
    let customers: Vec<_> = (0..at.runs)
        .map(|n| CustomerId::of(&n.to_string()))
        .collect();
    // From 50 to 80 of 100 the first arm grows: who stands between changes.
    let between = |c: &&CustomerId| (50..80).contains(&sticky(**c, "demo", "offer", "", 100));
    let wanted = customers.iter().filter(between).count() as u64;
    assert!(wanted > 200, "{wanted}");
    case.running
        .customers
        .insert((at.machine, at.node), customers);
    let plan = plan::plan(&case.running, draft);
    let redrawn = &plan.journeys[0].flights[0].steps[0].redrawn;
    assert_eq!(redrawn[0].runs, Some(wanted));
}
