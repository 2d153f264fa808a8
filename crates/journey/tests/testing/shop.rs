//! The harness: a small shop, one journey, and its tests.

use journey::{
    diagnostic::SourceFile,
    diagnostics::render,
    testing::{self, Report, Verdict},
    workspace::{self, Options, Workspace},
};

const FILES: [(&str, &str); 8] = [
    (
        "config/policies.yaml",
        "purposes:\n  marketing: { consent: opt_in, channels: { email: double_opt_in } }\n  service: { consent: none }\n\
         caps: [ { name: week, purpose: marketing, max: 2, per: 7d, window: rolling } ]\n\
         quiet_hours: [ { name: night, channels: [sms], from: \"21:00\", to: \"08:00\", except: [service] } ]\n",
    ),
    (
        "config/events/cart.updated.yaml",
        "properties: { cart_id: { type: string }, code: { type: string }, total: { type: number }, at: { type: string, format: date-time } }\n",
    ),
    (
        "config/endpoints.yaml",
        "vouchers: { url: \"https://vouchers.example/new\" }\ncrm: { url: \"https://crm.example/task\" }\n",
    ),
    (
        "config/segments/gold.yaml",
        "if: customer.loyalty == \"gold\"\n",
    ),
    (
        "templates/hello/email.fr.mjml",
        "---\nsubject: Bonjour {{ customer.first_name | default('vous') }}\n---\n<mjml><mj-body><mj-section><mj-column><mj-text>Voici {{ code | default('rien') }} <a href=\"{{ links.unsubscribe }}\">Adieu</a></mj-text></mj-column></mj-section></mj-body></mjml>\n",
    ),
    (
        "templates/hello/email.fr.txt",
        "Voici {{ code | default('rien') }}\nAdieu: {{ links.unsubscribe }}\n",
    ),
    (
        "templates/hello/sms.fr.txt",
        "Bonjour {{ code | default('') }}\n",
    ),
    ("templates/hello/chat.fr.txt", "Bonjour\n"),
];

/// The head of a journey that is entered by a cart and sends without consent.
pub const HEAD: &str =
    "journey: demo\npurpose: service\nenter: { event: cart.updated, key: event.cart_id }\n";
/// A cart.
pub const CART: &str = "  events: [ { event: cart.updated, with: { cart_id: c1, total: 50 } } ]\n";

pub fn files(journey: &str, tests: &str) -> Vec<SourceFile> {
    let journey = if journey.contains("journey:") {
        journey.to_owned()
    } else {
        format!("{HEAD}{journey}")
    };
    let own = [
        ("journeys/demo/journey.yaml", &*journey),
        ("journeys/demo/tests.yaml", tests),
    ];
    FILES
        .iter()
        .copied()
        .chain(own)
        .map(|(path, text)| SourceFile {
            path: path.into(),
            text: text.into(),
        })
        .collect()
}

#[track_caller]
pub fn compiled(files: &[SourceFile]) -> Workspace {
    let (workspace, found) = workspace::compile(files, &Options::default());
    workspace.unwrap_or_else(|| panic!("{}", render::text(&found, files, false)))
}

#[track_caller]
pub fn report(files: &[SourceFile]) -> Report {
    let workspace = compiled(files);
    let file = workspace
        .tests
        .iter()
        .find(|t| &*t.journey == "demo")
        .unwrap();
    let text = &files.iter().find(|f| f.path == file.path).unwrap().text;
    testing::run(&workspace, file, text, &|_| true).unwrap()
}

/// The verdict of the only test: its name and what else it says, from `name:` on.
#[track_caller]
pub fn verdict(journey: &str, test: &str) -> Verdict {
    let tests = format!("- name: it works\n{test}");
    report(&files(journey, &tests)).verdicts.remove(0)
}

/// The test passes.
#[track_caller]
pub fn passes(journey: &str, test: &str) {
    let verdict = verdict(journey, test);
    assert!(verdict.passed(), "{}", words(&verdict));
}

/// The test fails, and says so at that place: each failure as `ABOUT: LABEL`.
#[track_caller]
pub fn fails(journey: &str, test: &str, says: &[&str]) {
    let verdict = verdict(journey, test);
    let found: Vec<String> = verdict
        .failures
        .iter()
        .map(|f| format!("{}: {}", f.about, f.diagnostic.label))
        .collect();
    assert_eq!(found, says, "{}", words(&verdict));
}

fn words(verdict: &Verdict) -> String {
    testing::show::failed(verdict, &[], testing::show::Look::default())
}
