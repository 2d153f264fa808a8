//! `test` and `simulate`: journeys in simulated time.

use super::binary::{Finished, Workspace};

/// The sample workspace, in which a buyer is expected to hear from us.
fn wrong() -> Workspace {
    let workspace = Workspace::of_samples();
    let path = "journeys/cart-rescue/tests.yaml";
    let text = workspace.read(path);
    workspace.write(
        path,
        &text.replace("sends: [], end: bought", "sends: [nudge], end: bought"),
    );
    workspace
}

fn run(workspace: &Workspace, args: &[&str]) -> Finished {
    workspace.parcours([&["test"], args].concat()).output()
}

#[test]
fn the_tests_of_the_samples_pass_and_walk_everything() {
    let workspace = Workspace::of_samples();
    let out = run(&workspace, &["--min-coverage", "100"]).expect(0).out();
    assert!(
        out.contains("  ok    a buyer never hears from us\n"),
        "{out}"
    );
    let walked = out.lines().filter(|line| line.contains("  100%  ")).count();
    assert_eq!(walked, 18, "{out}");
    assert!(out.contains(" of 18 journeys: all passed ("), "{out}");
}

#[test]
fn a_test_that_fails_is_shown_with_its_timeline_in_every_format() {
    let workspace = wrong();
    let out = run(&workspace, &["cart-rescue"]).expect(1).out();
    for line in [
        "  FAIL  a buyer never hears from us\n",
        "error: other messages were sent than expected\n",
        "^^^^^ was not sent: nobody came to this step\n",
        "+1h 30m  Mon 5 Jan 10:30  order.placed { cart_id: c1, order_id: o1, total: 50 }\n",
        "left: bought\n",
        " of 1 journey: 1 failed, 16 passed (",
    ] {
        assert!(out.contains(line), "{line}: {out}");
    }
    let json = run(&workspace, &["--format", "json", "--filter", "buyer"])
        .expect(1)
        .json();
    let failure = &json["tests"][0]["failures"][0];
    assert_eq!(
        (
            &json["failed"],
            &failure["about"],
            &failure["expected"][0],
            &failure["found"]
        ),
        (
            &1.into(),
            &"sends".into(),
            &"nudge".into(),
            &serde_json::json!([])
        ),
        "{json}"
    );
    assert_eq!(
        json["tests"][0]["played"]["ends"][0]["reason"], "bought",
        "{json}"
    );
    let args = [
        "--filter",
        "buyer",
        "--format",
        "junit",
        "--output",
        "tests.xml",
    ];
    let out = run(&workspace, &args).expect(1).out();
    assert!(out.contains("FAIL"), "people read it all the same: {out}");
    let xml = workspace.read("tests.xml");
    assert!(
        xml.starts_with("<?xml") && xml.contains("failures=\"1\""),
        "{xml}"
    );
    assert!(xml.contains("<testcase name=\"a buyer never hears from us\" classname=\"cart-rescue\" file=\"journeys/cart-rescue/tests.yaml\""), "{xml}");
}

#[test]
fn what_cannot_be_run_is_said() {
    let workspace = Workspace::of_samples();
    let says = |args: &[&str], code: i32, text: &str| {
        let err = run(&workspace, args).expect(code).err();
        assert!(err.contains(text), "{err}");
    };
    says(
        &["--filter", "gremlins"],
        2,
        "no test is called so: --filter gremlins",
    );
    says(
        &["nope"],
        2,
        "there is no nope, and no journey of that name",
    );
    says(&["--min-coverage", "101"], 2, "101 is not in 0..=100");
    let path = "journeys/welcome/tests.yaml";
    workspace.write(
        path,
        &workspace
            .read(path)
            .replace("sends: [account], end", "sends: [acount], end"),
    );
    says(&[], 1, "error[J701]: the journey has no step `acount`");
    let check = workspace.parcours(["check"]).output().expect(1);
    assert!(
        check.err().contains("did you mean `account`?"),
        "{}",
        check.err()
    );
}

#[test]
fn too_little_coverage_is_a_no_and_a_journey_without_tests_is_named() {
    let workspace = Workspace::of_samples();
    std::fs::remove_file(workspace.path().join("journeys/win-back/tests.yaml")).unwrap();
    let out = run(&workspace, &["--coverage"]).expect(0).out();
    assert!(
        out.contains("(it has no tests.yaml)") && out.contains("holdout: held_out"),
        "{out}"
    );
    let out = run(&workspace, &["--min-coverage", "1"]).expect(1).out();
    assert!(out.contains("less than 1%"), "{out}");
    run(&workspace, &["welcome", "--min-coverage", "100"]).expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn watching_runs_the_tests_again_when_a_file_changes() {
    let workspace = wrong();
    let args = ["test", "--watch", "--filter", "a buyer never hears from us"];
    let mut running = workspace.parcours(args).start(workspace.path(), "watch");
    let has = |text: &'static str| move |out: &str| out.contains(text).then_some(());
    running
        .says("the first run", has("Waiting for a change"))
        .await;
    let path = "journeys/cart-rescue/tests.yaml";
    workspace.write(
        path,
        &workspace
            .read(path)
            .replace("sends: [nudge], end: bought", "sends: [], end: bought"),
    );
    running
        .says("the second run", has("1 test of 1 journey: passed"))
        .await;
    assert!(running.out().contains("1 failed, 0 passed"));
}

#[test]
fn simulate_prints_a_timeline_and_where_the_customer_stands() {
    let workspace = Workspace::of_samples();
    let simulate = |args: &[&str]| {
        workspace
            .parcours([&["simulate", "cart-rescue"], args].concat())
            .output()
    };
    let cart = ["--event", "cart.updated", "cart_id=c1", "total=50"];
    let ana = [
        "--customer",
        "id=ana",
        "country=FR",
        "consent.marketing=email",
    ];
    let more = ["--arm", "offer=with_code", "--run-for", "1d"];
    let out = simulate(&[&cart[..], &ana, &more].concat()).expect(0).out();
    for line in [
        "ana, on the clock of Europe/Paris, the default\n",
        "+0m  Mon 5 Jan 09:00  cart.updated { cart_id: c1, total: 50 }\n",
        "nudge  decided to send by email\n",
        "  Tue 6 Jan 09:00: cart-rescue [c1] at back (line 58), until Tue 6 Jan 11:00 at the longest\n",
        "  due next: back at Tue 6 Jan 11:00\n",
    ] {
        assert!(out.contains(line), "{line}: {out}");
    }
    let json = simulate(&[&cart[..], &ana, &["--format", "json"]].concat())
        .expect(0)
        .json();
    assert_eq!(json[0]["sends"][0]["content"]["channel"], "email", "{json}");
    let says = |args: &[&str], text: &str| {
        let err = simulate(args).expect(2).err();
        assert!(err.contains(text), "{err}");
    };
    says(&[], "nothing happens: name an event");
    says(
        &[&cart[..], &["--arm", "offer=x"]].concat(),
        "the split `offer` has no arm `x`",
    );
    says(
        &["--event", "cart.updated@soon"],
        "behind `@` stands how long after the start",
    );
    says(
        &["--event", "cart.updated"],
        "intake would refuse it: event.cart_id is missing",
    );
    says(
        &[&cart[..], &["--customer", "consent.news=email"]].concat(),
        "there is no such purpose",
    );
}

/// Nothing happens but time, and the template shows the date that lets them in.
#[test]
fn a_journey_by_date_is_simulated_and_previewed_without_an_event() {
    let journey = "journey: renewal\npurpose: service\nenter: { date: customer.renews_at, offset: -7d, at: \"10:00\" }\nsteps:\n  - { id: notice, send: sms, template: notice, with: { renews: event.date } }\n";
    let workspace = Workspace::new(&[
        (
            "config/policies.yaml",
            "purposes: { service: { consent: none } }\ndefaults: { zone: UTC, locale: en }\n",
        ),
        (
            "config/traits.yaml",
            "type: object\nproperties:\n  renews_at: { type: string, format: date }\n",
        ),
        ("journeys/renewal/journey.yaml", journey),
        (
            "templates/notice/sms.en.txt",
            "Renews on {{ renews | date }}\n",
        ),
    ]);
    let args = [
        "simulate",
        "renewal",
        "--customer",
        "id=ana",
        "renews_at=2026-01-20",
    ];
    let out = workspace.parcours(args).output().expect(0).out();
    for line in ["Tue 13 Jan 10:00", "decided to send by sms"] {
        assert!(out.contains(line), "{line}: {out}");
    }
    let shown = workspace.parcours(["preview", "notice"]).output().expect(0);
    assert!(
        shown.out().contains("Renews on "),
        "{} {}",
        shown.out(),
        shown.err()
    );
    assert!(!shown.err().contains("error"), "{}", shown.err());
}

#[test]
fn a_preview_shows_pictures_and_names_what_is_attached() {
    let workspace = Workspace::new(&[
        (
            "config/policies.yaml",
            "purposes: { service: { consent: none } }\ndefaults: { zone: UTC, locale: en }\n",
        ),
        (
            "templates/hello/email.en.html",
            "---\nsubject: Hello\nattachments:\n  - plan.pdf\n---\n<style>p { color: green }</style><p>Hi <img src=\"logo.png\" alt=\"Tilleul\"></p>\n",
        ),
    ]);
    let folder = workspace.path().join("templates/hello");
    std::fs::write(folder.join("logo.png"), b"\x89PNG\r\n\x1a\n\xff").unwrap();
    std::fs::write(folder.join("plan.pdf"), b"%PDF-1.4\n\xff").unwrap();
    let shown = workspace
        .parcours(["preview", "hello"])
        .output()
        .expect(0)
        .out();
    for line in ["attached:  plan.pdf (1 kB)", "Hi Tilleul"] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
    let page = workspace.read(".parcours/preview/hello/email.en.html");
    assert!(
        page.contains("src=\"data:image/png;base64,iVBORw0KGgr/\""),
        "{page}"
    );
    assert!(
        page.contains("color: green") && !page.contains("<style"),
        "{page}"
    );
    std::fs::write(folder.join("plan.docx"), b"PK\xff").unwrap();
    let refused = workspace.parcours(["check"]).output().expect(2);
    assert!(refused.err().contains("not UTF-8"), "{}", refused.err());
}

#[test]
fn simulate_plays_files_of_events_and_scripts() {
    let workspace = Workspace::of_samples();
    let body = |user: &str, at: &str| {
        format!(
            "{{\"type\":\"track\",\"event\":\"cart.updated\",\"messageId\":\"{user}{at}\",\"userId\":\"{user}\",\"timestamp\":\"{at}\",\"properties\":{{\"cart_id\":\"c\",\"total\":50}},\"context\":{{\"traits\":{{\"country\":\"FR\"}}}}}}\n"
        )
    };
    workspace.write(
        "e.ndjson",
        &(body("b", "2027-01-04T10:00:00Z") + &body("a", "2027-01-04T09:00:00Z")),
    );
    let args = [
        "simulate",
        "cart-rescue",
        "--events",
        "e.ndjson",
        "--consent",
        "all",
        "--format",
        "json",
    ];
    let json = workspace.parcours(args).output().expect(0).json();
    assert_eq!(
        (&json[0]["customer"], &json[1]["customer"]),
        (&"b".into(), &"a".into()),
        "{json}"
    );
    assert_eq!(json[0]["start"], "2027-01-04T10:00:00Z");
    let one = [&args[..], &["--customer", "id=a"]].concat();
    let json = workspace.parcours(one).output().expect(0).json();
    assert_eq!(json.as_array().unwrap().len(), 1, "{json}");

    workspace.write("e.yaml", "- { event: cart.updated, with: { cart_id: c1, total: 50 } }\n- { after: 1h, opens: nudge }\n");
    let args = [
        "simulate",
        "cart-rescue",
        "--events",
        "e.yaml",
        "--customer",
        "country=FR",
    ];
    let err = workspace.parcours(args).output().expect(1).err();
    assert!(
        err.contains("no message of `nudge` had been sent by then"),
        "{err}"
    );
    workspace.write("e.ndjson", "{\"type\":\"track\"}\n");
    let args = ["simulate", "cart-rescue", "--events", "e.ndjson"];
    let err = workspace.parcours(args).output().expect(2).err();
    assert!(err.contains("e.ndjson:1: `messageId` is missing"), "{err}");
}
