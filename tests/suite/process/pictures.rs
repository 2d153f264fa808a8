//! `graph`, `preview`, `completions` and what `check` prints for programs.

use super::binary::{Finished, Parcours, Workspace};

/// # Panics
/// The error stream does not hold `text`.
#[track_caller]
fn says(finished: Finished, code: i32, text: &str) {
    let finished = finished.expect(code);
    let err = finished.err();
    assert!(err.contains(text), "expected `{text}` in: {err}");
}

#[test]
fn every_sample_journey_is_drawn() {
    let workspace = Workspace::of_samples();
    let journeys = workspace.path().join("journeys");
    let mut drawn = 0;
    for entry in std::fs::read_dir(journeys).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.starts_with('_') {
            continue;
        }
        let svg = workspace
            .parcours(["graph", &name])
            .output()
            .expect(0)
            .out();
        assert!(
            svg.starts_with("<svg ") && svg.ends_with("</svg>\n"),
            "{name}"
        );
        drawn += 1;
    }
    assert!(drawn >= 3, "{drawn}");
}

#[test]
fn graph_writes_what_the_name_of_the_file_says() {
    let workspace = Workspace::of_samples();
    let graph = |args: &[&str]| {
        workspace
            .parcours([&["graph", "cart-rescue"], args].concat())
            .output()
    };
    for (file, begins) in [
        ("a.svg", "<svg "),
        ("a.mmd", "---\ntitle: "),
        ("a.dot", "digraph \"cart-rescue\""),
        ("a.json", "{\"journey\":\"cart-rescue\""),
    ] {
        says(graph(&["--output", file]), 0, file);
        assert!(workspace.read(file).starts_with(begins), "{file}");
    }
    says(
        graph(&["--output", "a.png"]),
        2,
        "a.png: which format is that? Call it .svg",
    );
    says(
        graph(&["--output", "nowhere/a.svg"]),
        2,
        "cannot write nowhere/a.svg",
    );
    let nope = workspace.parcours(["graph", "nope"]).output();
    says(nope, 2, "there is no journey `nope`");
    let path = "journeys/cart-rescue/journey.yaml";
    workspace.write(
        path,
        &workspace
            .read(path)
            .replace("steps.nudge.opened", "steps.nudgee.opened"),
    );
    says(graph(&[]), 1, "no step is called `nudgee`");
}

#[test]
fn a_journey_is_drawn_without_its_workspace() {
    let workspace = Workspace::new(&[(
        "draft.yaml",
        "journey: draft\npurpose: service\nenter: { event: a }\nsteps:\n  - wait: 2h\n  - send: email\n    template: not/there\n",
    )]);
    let json = workspace
        .parcours(["graph", "draft.yaml", "--format", "json"])
        .output()
        .expect(0)
        .json();
    let titles: Vec<&str> = json["boxes"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|b| b["title"].as_str())
        .collect();
    assert_eq!(
        titles,
        ["a", "Wait 2 h", "E-mail not/there", "End: completed"]
    );
}

#[test]
fn a_template_is_shown_with_what_its_journey_would_pass_on() {
    let workspace = Workspace::of_samples();
    let preview = |args: &[&str]| workspace.parcours([&["preview"], args].concat()).output();
    let text = preview(&["cart/nudge"]).expect(0).out();
    for expected in [
        "with: invented, as nudge of cart-rescue would pass it on",
        "subject:   You left something in your basket",
        "2 × Darjeeling de printemps",
        "29,00",
        "BACK10",
    ] {
        assert!(text.contains(expected), "no `{expected}` in {text}");
    }
    let page = workspace.read(".parcours/preview/cart/nudge/index.html");
    assert_eq!(page.matches("<iframe").count(), 4, "{page}");
    for expected in [
        "<span class=\"seen-subject\"><strong>You left something in your basket</strong>",
        "<span class=\"seen-dash\"> – </span>",
        "src=\"email.fr.html\"",
        "class=\"seen-narrow\"",
        "class=\"seen-night\"",
    ] {
        assert!(page.contains(expected), "no `{expected}` in {page}");
    }
    assert!(!page.contains("<script"), "{page}");
    let mail = workspace.read(".parcours/preview/cart/nudge/email.fr.html");
    assert!(mail.contains("Darjeeling de printemps"), "{mail}");

    let one = [
        "templates/cart/last-call/sms.fr.txt",
        "--channel",
        "sms",
        "--locale",
        "fr",
        "--format",
        "json",
    ];
    let json = preview(&one).expect(0).json();
    assert_eq!(json["variants"].as_array().unwrap().len(), 1);
    assert_eq!(json["variants"][0]["sms"]["encoding"], "GSM-7");
    assert_eq!(json["variants"][0]["sms"]["segments"], 1);
}

#[test]
fn a_preview_shows_what_it_is_given_and_says_what_is_missing() {
    let workspace = Workspace::of_samples();
    workspace.write("ana.yaml", "first_name: Ana & <Co>\n");
    let preview = |args: &[&str]| {
        workspace
            .parcours([&["preview", "cart/nudge", "--locale", "en"], args].concat())
            .output()
    };
    let given = [
        "--customer",
        "ana.yaml",
        "--with",
        "cart.total=7.5",
        "--with",
        "cart.url=https://a.example",
        "--with",
        "cart.items=[]",
        "--with",
        "cart.currency=EUR",
        "--output",
        "out",
    ];
    let text = preview(&given).expect(0).out();
    assert!(
        text.contains("Hello Ana & <Co>,") && text.contains("€7.50"),
        "{text}"
    );
    assert!(
        workspace
            .read("out/email.en.html")
            .contains("Ana &amp; &lt;Co&gt;")
    );
    assert!(
        workspace
            .read("out/index.html")
            .contains("Ana &#38; &#60;Co&#62;")
    );

    let missing = preview(&["--with", "code=X"]).expect(1);
    assert!(
        missing.err().contains("line 10: `cart.items` has no value"),
        "{}",
        missing.err()
    );
    assert!(
        missing
            .err()
            .contains("nudge of cart-rescue passes on: cart, code"),
        "{}",
        missing.err()
    );
    says(
        preview(&["--with", "nonsense"]),
        2,
        "--with nonsense: neither a file nor NAME=VALUE",
    );
    says(
        preview(&["--channel", "fax"]),
        2,
        "a channel is one of email, sms, push, chat",
    );
    says(preview(&["--channel", "sms"]), 2, "cart/nudge has no sms");
    says(
        workspace.parcours(["preview", "nope"]).output(),
        1,
        "there is no template `nope`; there are: ",
    );
}

#[test]
fn a_template_can_be_looked_at_while_a_journey_is_broken() {
    let workspace = Workspace::of_samples();
    workspace.write("journeys/cart-rescue/journey.yaml", "journey: [\n");
    let preview = workspace.parcours(["preview", "welcome/story"]).output();
    says(preview, 0, "a journey has errors (parcours check)");
}

#[test]
fn programs_find_diagnostics_from_the_folder_they_are_in() {
    let workspace = Workspace::of_samples();
    let path = "journeys/cart-rescue/journey.yaml";
    workspace.write(
        path,
        &workspace
            .read(path)
            .replace("steps.nudge.opened", "steps.nudgee.opened"),
    );
    let check = |folder: &str, format: &str| {
        let root = workspace.path().join(folder);
        let checked = Parcours::new(&root, ["check", "--format", format]);
        checked.at(workspace.path()).output().expect(1).out()
    };
    let sarif: serde_json::Value = serde_json::from_str(&check("", "sarif")).unwrap();
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "J101");
    let place = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
    assert_eq!(place, path);
    // One folder up, as in a repository that holds the workspace beside other things.
    for part in ["journeys", "templates", "config"] {
        let to = workspace.path().join("shop");
        std::fs::create_dir_all(&to).unwrap();
        std::fs::rename(workspace.path().join(part), to.join(part)).unwrap();
    }
    let annotation = check("shop", "github");
    assert!(
        annotation.contains(&format!("::error file=shop/{path},line=")),
        "{annotation}"
    );
    assert!(check("shop", "sarif").contains(&format!("\"uri\": \"shop/{path}\"")));
}

#[test]
fn a_clean_workspace_is_an_empty_log_and_no_annotation() {
    let workspace = Workspace::of_samples();
    let check = |format: &str| {
        workspace
            .parcours(["check", "--format", format])
            .output()
            .expect(0)
            .out()
    };
    assert_eq!(check("github"), "");
    let sarif: serde_json::Value = serde_json::from_str(&check("sarif")).unwrap();
    assert_eq!(sarif["runs"][0]["results"], serde_json::json!([]));
}

#[test]
fn every_shell_gets_its_completions() {
    let workspace = Workspace::new(&[]);
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = workspace
            .parcours(["completions", shell])
            .output()
            .expect(0)
            .out();
        assert!(
            script.contains("backtest") && script.contains("completions"),
            "{shell}: {script}"
        );
    }
    says(
        workspace.parcours(["completions", "cmd"]).output(),
        2,
        "invalid value 'cmd'",
    );
}
