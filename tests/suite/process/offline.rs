//! `check`, `explain`, `backtest` and the settings: what needs no server.

use super::binary::{Finished, Workspace};

fn samples() -> Workspace {
    Workspace::of_samples()
}

/// # Panics
/// The error stream does not hold `text`.
#[track_caller]
fn says(finished: Finished, code: i32, text: &str) {
    let finished = finished.expect(code);
    assert!(
        finished.err().contains(text),
        "expected `{text}` in: {}",
        finished.err()
    );
}

#[test]
fn check_praises_and_fails_and_cannot() {
    let workspace = samples();
    let check = |args: &[&str]| workspace.parcours([&["check"], args].concat()).output();
    assert_eq!(check(&[]).expect(0).out(), "18 journeys, no errors\n");
    says(
        check(&["journeys/nope"]),
        2,
        "there is no file or folder journeys/nope here",
    );
    says(
        Workspace::new(&[]).parcours(["check"]).output(),
        2,
        "holds no workspace",
    );

    let path = "journeys/cart-rescue/journey.yaml";
    let text = workspace.read(path);
    workspace.write(
        path,
        &text.replace("steps.nudge.opened", "steps.nudgee.opened"),
    );
    let place = format!("{path}:62:44");
    says(check(&[]), 1, &place);
    says(check(&[path]), 1, "did you mean `nudge`?");
    check(&["journeys/welcome"]).expect(0);
    let json = check(&["--format", "json"]).expect(1);
    let found: serde_json::Value = serde_json::from_str(&json.out()).unwrap();
    assert_eq!(
        (&found[0]["code"], &found[0]["start"]["line"]),
        (&"J101".into(), &62.into()),
        "{found}"
    );
    let github = check(&["--format", "github"]).expect(1).out();
    assert!(
        github.starts_with(&format!("::error file={path},line=62")),
        "{github}"
    );
}

#[test]
fn explain_knows_its_codes() {
    let workspace = Workspace::new(&[]);
    let page = workspace
        .parcours(["explain", "j101"])
        .output()
        .expect(0)
        .out();
    assert!(
        page.starts_with("# J101") && page.contains("Right:"),
        "{page}"
    );
    says(
        workspace.parcours(["explain", "J999"]).output(),
        1,
        "there is no diagnostic J999",
    );
}

const EVENTS: &str = "user,event,ts,total,cart_id\n\
    001,cart.updated,2024-01-01T10:00:00Z,50,c1\n\
    2,cart.updated,2024-01-01T10:00:00Z,5,c2\n";
const MAPPED: [&str; 6] = [
    "backtest",
    "cart-rescue",
    "--events",
    "e.csv",
    "--map",
    "customer=user,at=ts",
];

#[test]
fn backtest_counts_what_a_journey_would_have_done() {
    let workspace = samples();
    workspace.write("e.csv", EVENTS);
    let customers =
        "id,country,consent\n001,FR,\"{\"\"marketing\"\":[\"\"email\"\",\"\"sms\"\"]}\"\n2,FR,\n";
    workspace.write("c.csv", customers);
    let args = [&MAPPED[..], &["--customers", "c.csv", "--format", "json"]].concat();
    let report = workspace.parcours(args).output().expect(0).json();
    assert_eq!(
        (&report["events"], &report["entered"]),
        (&2.into(), &1.into()),
        "{report}"
    );
    let text = workspace.parcours(MAPPED).output().expect(0).out();
    let entered = text
        .lines()
        .find(|line| line.starts_with("entered"))
        .unwrap();
    assert!(entered.ends_with(" 0"), "nobody's country is known: {text}");
}

#[test]
fn backtest_says_what_it_cannot_read() {
    let workspace = samples();
    workspace.write("e.csv", EVENTS);
    workspace.write("no_id.csv", "name\nana\n");
    workspace.write("consent.csv", "id,consent\nana,email\n");
    let backtest = |args: &[&str]| workspace.parcours([&["backtest"], args].concat()).output();
    let plain = ["cart-rescue", "--events", "e.csv"];
    says(
        backtest(&plain),
        2,
        "e.csv:2: no customer (looked for customer, userId, user_id, customer_id); name its column with --map customer=COLUMN",
    );
    says(
        backtest(&[&plain[..], &["--map", "customer=user"]].concat()),
        2,
        "e.csv:2: no time (looked for at, timestamp, time, date)",
    );
    let mapped = |more: &[&str]| workspace.parcours([&MAPPED[..], more].concat()).output();
    says(
        mapped(&["--zone", "Mars/Phobos"]),
        2,
        "--zone Mars/Phobos: there is no such time zone",
    );
    says(
        mapped(&["--types", "total=money"]),
        2,
        "a type is number, text or boolean",
    );
    says(
        mapped(&["--types", "price=number"]),
        2,
        "the file has no such column; it has user, event",
    );
    says(
        mapped(&["--map", "who=user"]),
        2,
        "a column can be `customer`, `event` or `at`",
    );
    says(
        mapped(&["--customers", "no_id.csv"]),
        2,
        "no_id.csv:2: a customer needs an `id`",
    );
    says(
        mapped(&["--customers", "consent.csv"]),
        2,
        "consent.csv:2: `consent` is an object of purposes",
    );
    says(
        backtest(&["nope", "--events", "e.csv"]),
        2,
        "there is no journey `nope`",
    );
    workspace.write(
        "e.csv",
        &EVENTS.replace("2024-01-01T10:00:00Z,5,", "yesterday,5,"),
    );
    says(
        mapped(&[]),
        2,
        "e.csv:3: `yesterday` is no time; write it as",
    );
}

#[test]
fn settings_say_where_they_are_wrong_and_what_there_is() {
    for (text, expected) in [
        ("database_ur: x\n", "did you mean `database_url`?"),
        (
            "http: 127.0.0.1:1\ndatabase_url: [a]\n",
            "config/parcours.yaml:2:15",
        ),
        (
            "channels:\n  email:\n    smpt: { host: a }\n",
            "an adapter for e-mail needs `postmark` or `smtp` or `webhook`",
        ),
        (
            "channels:\n  sms:\n    webhook: { secret: x }\n",
            "a web hook needs `url`",
        ),
        (
            "http: 127.0.0.1:1\nhttp: 127.0.0.1:2\n",
            "config/parcours.yaml:2:1",
        ),
        ("database_url: mysql://x\n", "it begins with `postgres://`"),
        ("# nothing\n", "no database: set DATABASE_URL"),
    ] {
        let workspace = Workspace::new(&[("config/parcours.yaml", text)]);
        says(workspace.parcours(["migrate"]).output(), 2, expected);
    }
}

#[test]
fn the_environment_wins_over_the_file() {
    let file = "amqp_url: amqp://127.0.0.1:1\nlease_seconds: 5\n";
    let workspace = Workspace::new(&[("config/parcours.yaml", file)]);
    let event = || workspace.parcours(["event", "--name", "a", "--customer", "b"]);
    says(
        event().output(),
        2,
        "RabbitMQ at 127.0.0.1:1 cannot be reached",
    );
    says(
        event().env("AMQP_URL", "amqp://127.0.0.1:2").output(),
        2,
        "RabbitMQ at 127.0.0.1:2",
    );
    says(
        event().env("AMQP_URL", " ").output(),
        2,
        "RabbitMQ at 127.0.0.1:1",
    );
    says(
        event().env("PARCOURS_LEASE_SECONDS", "soon").output(),
        2,
        "a whole number from 5 to 3600 is expected",
    );
}
