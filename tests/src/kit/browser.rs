//! A real browser over pages of ours: what axe finds wrong with them, and what they look like.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use super::scratch;

/// axe-core, as published.
pub(super) const AXE: &str = include_str!("../../vendor/axe-core/axe.min.js");
/// What it is asked for: WCAG 2.2 AA, and axe's own practices.
pub(super) const RULES: &str =
    "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']";
/// Around what the browser is to tell us.
const MARKS: [&str; 2] = ["<!--axe:", ":axe-->"];

/// Where the browser is.
///
/// # Panics
/// There is none: `make browser` installs it.
pub(super) fn browser() -> PathBuf {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let on_path = std::env::split_paths(&paths).flat_map(|dir| names.map(|n| dir.join(n)));
    let mac = PathBuf::from("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome");
    let found = on_path.chain([mac]).find(|path| path.is_file());
    found.expect("a browser is there: make browser")
}

/// How the reader has set their system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// What WCAG 2.2 AA and axe's own practices find wrong with a page, one line each: the rule, why,
/// and the element.
///
/// # Panics
/// The browser fails.
#[must_use]
pub fn wrong(html: &str, sheet: &str, scheme: Scheme) -> Vec<String> {
    let run = format!(
        "<script>{AXE}</script><script>axe.run(document, {{ runOnly: {RULES} }}).then(r => document.body.append(document.createComment(\
         'axe:' + JSON.stringify(r.violations.concat(r.passes.length ? [] : [{{ id: 'nothing', help: 'no rule ran', \
         nodes: [] }}])) + ':axe')));</script>"
    );
    let page = styled(html, sheet).replace("</body>", &format!("{run}</body>"));
    let dom = opened(
        &page,
        scheme,
        &["--virtual-time-budget=30000", "--dump-dom"],
    );
    let found = dom
        .rsplit_once(MARKS[0])
        .and_then(|(_, rest)| rest.split_once(MARKS[1]));
    let (found, _) = found.unwrap_or_else(|| panic!("axe did not run: {dom:.400}"));
    let found: Value = serde_json::from_str(found).expect("axe tells JSON");
    told(&found)
}

/// One line for each thing that axe has found.
pub(super) fn told(found: &Value) -> Vec<String> {
    let all = found.as_array().cloned().unwrap_or_default();
    let line = |v: &Value| {
        let nodes = v["nodes"].as_array().cloned().unwrap_or_default();
        let places: Vec<String> = nodes.iter().map(|n| n["html"].to_string()).collect();
        format!("{}: {} at {}", v["id"], v["help"], places.join(", "))
    };
    all.iter().map(line).collect()
}

/// A picture of the page, as PNG, written to `file`.
///
/// # Panics
/// The browser fails.
pub fn picture(html: &str, sheet: &str, scheme: Scheme, width: u32, file: &Path) {
    let shot = format!("--screenshot={}", file.display());
    let size = format!("--window-size={width},1400");
    opened(
        &styled(html, sheet),
        scheme,
        &[&shot, &size, "--hide-scrollbars"],
    );
    assert!(file.is_file(), "a picture was taken");
}

/// The page with its sheet in it, so that it can be opened from a file.
fn styled(html: &str, sheet: &str) -> String {
    let start = html
        .find("<link rel=\"stylesheet\"")
        .expect("a page has a sheet");
    let end = start + html[start..].find('>').expect("a tag ends") + 1;
    format!("{}<style>{sheet}</style>{}", &html[..start], &html[end..])
}

/// How often a browser that falls over is started.
const STARTS: usize = 3;

fn opened(page: &str, scheme: Scheme, arguments: &[&str]) -> String {
    let folder = scratch("parcours-browser");
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    let file = folder.join("page.html");
    std::fs::write(&file, page).expect("a page can be written");
    let dark = match scheme {
        Scheme::Light => "--blink-settings=preferredColorScheme=1",
        Scheme::Dark => "--blink-settings=preferredColorScheme=0",
    };
    // Chromium itself falls over now and then, under load: then it is asked again, with another profile.
    let mut said = String::new();
    for start in 0..STARTS {
        let done = Command::new(browser())
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                dark,
            ])
            .arg(format!(
                "--user-data-dir={}",
                folder.join(format!("profile-{start}")).display()
            ))
            .args(arguments)
            .arg(format!("file://{}", file.display()))
            .output()
            .expect("the browser starts");
        if done.status.success() {
            return String::from_utf8_lossy(&done.stdout).into_owned();
        }
        said = String::from_utf8_lossy(&done.stderr).into_owned();
    }
    panic!("{said}");
}
