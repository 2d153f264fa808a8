//! The arrows of ARCHITECTURE.md, read from the manifests: one foreign technology for each crate.

use std::collections::BTreeSet;

use parcours_tests::kit;

/// What each crate of ours may use of the others.
const ARROWS: [(&str, &[&str]); 8] = [
    ("journey", &[]),
    ("store", &["journey"]),
    ("broker", &[]),
    ("channels", &["journey"]), // the types of rendered content
    ("engine", &["broker", "channels", "journey", "store"]),
    ("api", &["broker", "channels", "journey", "store"]), // channels: the captured messages
    ("lsp", &["journey"]),
    (
        "cli",
        &[
            "api", "broker", "channels", "engine", "journey", "lsp", "store",
        ],
    ),
];

/// Which crate alone may use a technology. The binary's own client of the HTTP intake
/// (`parcours event --http`) is the one exception.
const HOMES: [(&str, &str); 13] = [
    ("sqlx", "store"),
    ("jiff-sqlx", "store"),
    ("tokio-postgres", "store"),
    ("lapin", "broker"),
    ("axum", "api"),
    ("askama", "api"),
    ("lettre", "channels"),
    ("reqwest", "channels"),
    ("prometheus", "engine"),
    ("opentelemetry_sdk", "cli"),
    ("opentelemetry-otlp", "cli"),
    ("lsp-server", "lsp"),
    ("lsp-types", "lsp"),
];

/// What the pure crate must never see.
const IMPURE: [&str; 9] = [
    "async-trait",
    "axum",
    "futures",
    "lapin",
    "rand",
    "reqwest",
    "sqlx",
    "tokio",
    "tokio-util",
];

/// The names in a manifest's `[dependencies]`; those for tests alone are free.
fn dependencies(krate: &str) -> BTreeSet<String> {
    let path = kit::workspace_root()
        .join("crates")
        .join(krate)
        .join("Cargo.toml");
    let manifest = std::fs::read_to_string(&path).unwrap();
    names(&manifest)
}

fn names(manifest: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut inside = false;
    for line in manifest.lines().map(str::trim) {
        if let Some(section) = line.strip_prefix('[') {
            let section = section.trim_end_matches(']');
            let table = |part: &str| part == "dependencies" || part == "build-dependencies";
            inside = section.rsplit('.').next().is_some_and(table);
            // `[dependencies.name]` is a dependency by itself.
            let by_itself = section
                .split_once("dependencies.")
                .filter(|(dev, _)| *dev != "dev-");
            names.extend(by_itself.map(|(_, name)| name.to_owned()));
        } else if inside && !line.starts_with('#') {
            let name = line
                .split(['=', '.', ' '])
                .next()
                .unwrap_or_default()
                .trim_matches('"');
            names.extend((!name.is_empty()).then(|| name.to_owned()));
        }
    }
    names
}

#[test]
fn every_crate_is_on_the_map() {
    let crates = std::fs::read_dir(kit::workspace_root().join("crates")).unwrap();
    let there: BTreeSet<String> = crates
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let mapped: BTreeSet<String> = ARROWS
        .iter()
        .map(|(krate, _)| (*krate).to_owned())
        .collect();
    assert_eq!(there, mapped);
}

#[test]
fn crates_use_each_other_only_along_the_arrows() {
    for (krate, allowed) in ARROWS {
        for (other, _) in ARROWS {
            let used = dependencies(krate).contains(other);
            assert!(
                !used || allowed.contains(&other),
                "`{krate}` may not use `{other}`"
            );
        }
    }
}

#[test]
fn a_technology_has_one_home() {
    for (technology, home) in HOMES {
        for (krate, _) in ARROWS.iter().filter(|(krate, _)| *krate != home) {
            let used = dependencies(krate).contains(technology);
            assert!(
                !used || (technology, *krate) == ("reqwest", "cli"),
                "`{technology}` belongs to `{home}`; `{krate}` uses it"
            );
        }
    }
}

#[test]
fn the_pure_crate_stays_pure() {
    let used = dependencies("journey");
    assert!(
        used.contains("serde"),
        "the manifest was not read: {used:?}"
    );
    for technology in IMPURE {
        assert!(!used.contains(technology), "`journey` uses `{technology}`");
    }
}

#[test]
fn only_the_binary_uses_anyhow() {
    for (krate, _) in ARROWS.iter().filter(|(krate, _)| *krate != "cli") {
        assert!(
            !dependencies(krate).contains("anyhow"),
            "`{krate}` uses `anyhow`"
        );
    }
}

#[test]
fn every_way_of_naming_a_dependency_is_read() {
    let manifest = r#"
        [package]
        name = "x"
        [dependencies]
        # lapin = "1"
        a.workspace = true
        b = { version = "1" }
        "c" = "1"
        [dependencies.d]
        version = "1"
        [target.'cfg(unix)'.dependencies]
        e = "1"
        [build-dependencies]
        f = "1"
        [dev-dependencies]
        g = "1"
        [dev-dependencies.h]
        version = "1"
    "#;
    let expected = ["a", "b", "c", "d", "e", "f"].map(str::to_owned);
    assert_eq!(names(manifest), BTreeSet::from(expected));
}
