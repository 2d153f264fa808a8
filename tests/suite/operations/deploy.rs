//! The files of `deploy/` and `docs/operations.md`, held against what the binary really is: no container engine and no
//! Prometheus is at hand here, so what can be read is read.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
};

use engine::metrics::EXPORTED;
use journey::grammar::VARIABLES;
use parcours_tests::kit;
use serde_json::Value;

fn path(name: &str) -> PathBuf {
    kit::workspace_root().join(name)
}

fn read(name: &str) -> String {
    std::fs::read_to_string(path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn yaml(name: &str) -> Value {
    serde_yaml::from_str(&read(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// The names in a text that look like metrics of ours, without what a histogram adds to them.
fn metrics(text: &str) -> BTreeSet<String> {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let named = text.split(|c| !word(c));
    let of = |name: &str| {
        let histogram = |end| {
            name.strip_suffix(end).filter(|n| {
                EXPORTED
                    .iter()
                    .any(|m| m.name == *n && m.kind == "histogram")
            })
        };
        let family = ["_bucket", "_sum", "_count"]
            .into_iter()
            .find_map(histogram);
        family.unwrap_or(name).to_owned()
    };
    named
        .filter(|n| n.starts_with("parcours_") && n.len() > "parcours_".len())
        .map(of)
        .collect()
}

fn exported() -> BTreeSet<String> {
    EXPORTED.iter().map(|m| m.name.to_owned()).collect()
}

/// The labels that a query asks for, as `metric{label="…"}` and `by (label, …)`.
fn labels(query: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for inside in query.split('{').skip(1) {
        let inside = inside.split('}').next().unwrap_or_default();
        let named = inside
            .split(',')
            .filter_map(|l| l.split(['=', '!', '~']).next());
        found.extend(named.map(|l| l.trim().to_owned()));
    }
    for inside in query.split("by (").skip(1) {
        let inside = inside.split(')').next().unwrap_or_default();
        found.extend(inside.split(',').map(|l| l.trim().to_owned()));
    }
    found.remove("");
    found
}

/// Every metric and every label of a query is exported, and the label by one of its metrics.
fn asks_for_what_there_is(place: &str, query: &str) {
    let named = metrics(query);
    assert!(
        !named.is_empty() || query.contains("up{"),
        "{place}: {query}"
    );
    let all: Vec<_> = EXPORTED.iter().filter(|m| named.contains(m.name)).collect();
    assert_eq!(all.len(), named.len(), "{place}: {query}");
    for label in labels(query) {
        let known = ["le", "job", "instance"].contains(&&*label)
            || all.iter().any(|m| m.labels.contains(&&*label));
        assert!(known, "{place} asks for the label `{label}`: {query}");
    }
}

/// Every query of a dashboard's panels and variables.
fn queries(of: &Value, found: &mut Vec<String>) {
    match of {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(text) if name == "expr" => found.push(text.clone()),
                    _ => queries(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| queries(item, found)),
        _ => {}
    }
}

#[test]
fn the_dashboard_asks_for_metrics_that_there_are() {
    let text = read("deploy/grafana/dashboard.json");
    let dashboard: Value = serde_json::from_str(&text).unwrap();
    let mut found = Vec::new();
    queries(&dashboard, &mut found);
    assert!(found.len() >= 15, "{found:?}");
    found
        .iter()
        .for_each(|query| asks_for_what_there_is("dashboard", query));
    let ids: Vec<u64> = dashboard["panels"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["id"].as_u64().unwrap())
        .collect();
    let unique: BTreeSet<u64> = ids.iter().copied().collect();
    assert_eq!(unique.len(), ids.len(), "{ids:?}");
    // Of what is exported, the dashboard leaves out what is for other eyes only.
    let shown = metrics(&found.join("\n"));
    let left: Vec<_> = exported().difference(&shown).cloned().collect();
    assert_eq!(left, ["parcours_build_info", "parcours_workspace_revision"]);
}

#[test]
fn alerts_ask_for_metrics_that_there_are_and_stand_in_the_manual() {
    let manual = read("docs/operations.md");
    let rules = yaml("deploy/prometheus/alerts.yaml");
    let mut names = BTreeSet::new();
    for group in rules["groups"].as_array().unwrap() {
        for rule in group["rules"].as_array().unwrap() {
            let name = rule["alert"].as_str().unwrap();
            assert!(names.insert(name.to_owned()), "{name} stands twice");
            asks_for_what_there_is(name, rule["expr"].as_str().unwrap());
            assert!(["page", "ticket"].contains(&rule["labels"]["severity"].as_str().unwrap()));
            for note in ["summary", "runbook"] {
                assert!(rule["annotations"][note].is_string(), "{name}: {note}");
            }
            let anchor = format!("#{}", name.to_lowercase());
            let runbook = rule["annotations"]["runbook"].as_str().unwrap();
            assert!(runbook.ends_with(&anchor), "{name}: {runbook}");
            assert!(
                manual.contains(&format!("\n#### {name}\n")),
                "{name} has no section"
            );
        }
    }
    assert!(names.len() >= 10, "{names:?}");
    let scrape = yaml("deploy/prometheus/prometheus.yaml");
    assert_eq!(scrape["rule_files"][0], "alerts.yaml");
    assert_eq!(scrape["scrape_configs"][0]["job_name"], "parcours");
}

#[test]
fn the_manual_has_every_metric_and_no_other() {
    let page = read("docs/operations.md");
    let (before, table) = page.split_once("<!-- metrics -->").unwrap();
    let (table, after) = table.split_once("<!-- end of metrics -->").unwrap();
    let mut made = "\n| metric | kind | labels | says |\n| --- | --- | --- | --- |\n".to_owned();
    for metric in EXPORTED {
        let labels: Vec<String> = metric.labels.iter().map(|l| format!("`{l}`")).collect();
        made.push_str(&format!(
            "| `{}` | {} | {} | {} |\n",
            metric.name,
            metric.kind,
            labels.join(", "),
            metric.help
        ));
    }
    if std::env::var("BLESS").is_ok() {
        let page = format!("{before}<!-- metrics -->{made}<!-- end of metrics -->{after}");
        std::fs::write(path("docs/operations.md"), page).unwrap();
    } else {
        assert_eq!(table, made, "write it anew with BLESS=1");
    }
    assert!(
        metrics(&page).is_subset(&exported()),
        "{:?}",
        metrics(&page)
    );
}

#[test]
fn the_manual_has_every_setting_with_its_variable() {
    let page = read("docs/operations.md");
    for (variable, way) in VARIABLES {
        let row = format!("| `{variable}` | `{}` |", way.join("."));
        assert!(page.contains(&row), "{row}");
    }
}

/// The lines of a Dockerfile that are instructions, those that go on joined.
fn instructions(text: &str) -> Vec<(String, String)> {
    let joined = text.replace("\\\n", " ");
    let lines = joined.lines().map(str::trim);
    let lines = lines.filter(|l| !l.is_empty() && !l.starts_with('#'));
    lines
        .map(|line| {
            let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            (word.to_uppercase(), rest.trim().to_owned())
        })
        .collect()
}

#[test]
fn the_image_is_pinned_small_and_not_roots_and_copies_what_there_is() {
    let all = instructions(&read("deploy/Dockerfile"));
    let of = |word: &str| -> Vec<String> {
        let found = all.iter().filter(|(w, _)| w == word);
        found.map(|(_, rest)| rest.clone()).collect()
    };
    let from = of("FROM");
    assert_eq!(from.len(), 2, "{from:?}");
    for image in &from {
        let (name, tag) = image.split(' ').next().unwrap().rsplit_once(':').unwrap();
        assert!(!name.is_empty() && tag != "latest", "{image}");
        assert!(
            tag.starts_with(|c: char| c.is_ascii_digit()) || name.ends_with("debian12"),
            "{image}"
        );
    }
    let last = all.iter().rposition(|(w, _)| w == "FROM").unwrap();
    let user = all[last..].iter().find(|(w, _)| w == "USER").unwrap();
    assert!(
        !["root", "0"].contains(&user.1.split(':').next().unwrap()),
        "{user:?}"
    );
    for copied in of("COPY").iter().filter(|c| !c.starts_with("--from=")) {
        let mut parts: Vec<&str> = copied.split_whitespace().collect();
        parts.pop();
        for part in parts {
            assert!(path(part).exists(), "COPY {part}");
        }
    }
    let entry: Vec<String> = serde_json::from_str(&of("ENTRYPOINT")[0]).unwrap();
    assert_eq!(entry, ["/usr/bin/parcours"]);
    // What is built in the first stage is what the second one takes.
    let taken = of("COPY")
        .into_iter()
        .find(|c| c.starts_with("--from="))
        .unwrap();
    let name = from[0].rsplit(' ').next().unwrap();
    assert!(taken.starts_with(&format!("--from={name} ")), "{taken}");
    // Every member of the workspace is in the context.
    let ignored = read("deploy/Dockerfile.dockerignore");
    for needed in [
        "crates",
        "migrations",
        "Cargo.lock",
        "journeys",
        "templates",
        "config",
    ] {
        assert!(
            ignored.contains(&format!("!{needed}")),
            "{needed} is kept from the build"
        );
    }
}

#[test]
fn compose_pins_its_images_looks_after_health_and_names_settings_that_there_are() {
    let compose = yaml("deploy/compose.yaml");
    let services = compose["services"].as_object().unwrap();
    let names: BTreeSet<&str> = services.keys().map(String::as_str).collect();
    assert_eq!(names, BTreeSet::from(["parcours", "postgres", "rabbitmq"]));
    for (name, service) in services {
        assert!(service["healthcheck"]["test"].is_array(), "{name}");
        if let Some(image) = service["image"].as_str() {
            let tag = image.rsplit_once(':').map(|(_, tag)| tag).unwrap();
            assert!(tag.starts_with(|c: char| c.is_ascii_digit()), "{image}");
        }
    }
    let parcours = &services["parcours"];
    let dockerfile = parcours["build"]["dockerfile"].as_str().unwrap();
    let context = path("deploy").join(parcours["build"]["context"].as_str().unwrap());
    assert!(context.join(dockerfile).exists(), "{dockerfile}");
    let known: BTreeSet<&str> = VARIABLES.iter().map(|(name, _)| *name).collect();
    for name in parcours["environment"].as_object().unwrap().keys() {
        let ours = known.contains(&**name) || name.starts_with("OTEL_") || name == "RUST_LOG";
        assert!(ours, "{name} is no setting");
    }
    for (other, condition) in parcours["depends_on"].as_object().unwrap() {
        assert!(services.contains_key(other));
        assert_eq!(condition["condition"], "service_healthy", "{other}");
    }
    // It stops by itself before it is killed.
    let grace = parcours["stop_grace_period"].as_str().unwrap();
    let grace: u64 = grace.trim_end_matches('s').parse().unwrap();
    assert!(grace >= 10, "{grace}");
    for volume in compose["volumes"].as_object().unwrap().keys() {
        let used = services.values().any(|s| {
            let of = s["volumes"].as_array().into_iter().flatten();
            of.filter_map(Value::as_str)
                .any(|v| v.starts_with(&format!("{volume}:")))
        });
        assert!(used, "the volume {volume} is nobody's");
    }
}

/// A unit's settings by section and name.
fn unit(text: &str) -> BTreeMap<(String, String), Vec<String>> {
    let mut found: BTreeMap<_, Vec<String>> = BTreeMap::new();
    let mut section = String::new();
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            name.clone_into(&mut section);
            continue;
        }
        let (name, value) = line.split_once('=').unwrap_or_else(|| panic!("{line}"));
        let key = (section.clone(), name.to_owned());
        found.entry(key).or_default().push(value.to_owned());
    }
    found
}

#[test]
fn the_unit_waits_to_be_told_stops_in_time_and_may_do_little() {
    let unit = unit(&read("deploy/parcours.service"));
    let of = |name: &str| {
        let found = unit.get(&("Service".to_owned(), name.to_owned()));
        found.map(|all| all.join(" ")).unwrap_or_default()
    };
    assert_eq!(of("Type"), "notify");
    assert!(
        of("ExecStart").ends_with("parcours run"),
        "{}",
        of("ExecStart")
    );
    let seconds: u64 = of("TimeoutStopSec").trim_end_matches('s').parse().unwrap();
    assert!(seconds >= 10, "{seconds}");
    for (name, value) in [
        ("NoNewPrivileges", "yes"),
        ("ProtectSystem", "strict"),
        ("PrivateTmp", "yes"),
        ("DynamicUser", "yes"),
        ("Restart", "on-failure"),
    ] {
        assert_eq!(of(name), value, "{name}");
    }
    // Exit status 2 is a wrong setting: to start again would change nothing.
    assert!(of("RestartPreventExitStatus").contains('2'));
    // What systemd itself says of it, where there is one.
    let whole = path("deploy/parcours.service");
    if let Ok(done) = verify(&whole) {
        assert!(done.is_empty(), "{done}");
    }
}

/// What `systemd-analyze verify` finds, but that the binary is not installed here.
fn verify(file: &Path) -> std::io::Result<String> {
    let mut command = Command::new("systemd-analyze");
    let done = command.args(["verify", "--man=no"]).arg(file).output()?;
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    let ours = said.lines().filter(|l| l.contains("parcours.service"));
    let ours = ours.filter(|l| !l.contains("is not executable") && !l.contains("Failed to"));
    Ok(ours.collect::<Vec<_>>().join("\n"))
}
