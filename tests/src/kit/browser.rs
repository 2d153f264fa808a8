//! A real browser over pages of ours: what axe finds wrong with them, and what they look like.

use std::{
    cell::RefCell,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{driver::Driver, scratch};

/// axe-core, as published.
pub(super) const AXE: &str = include_str!("../../vendor/axe-core/axe.min.js");
/// What it is asked for: WCAG 2.2 AA, and axe's own practices.
pub(super) const RULES: &str =
    "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']";

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

thread_local! {
    /// The browser of this test, which is started once, and gone with the test's thread.
    static DRIVER: RefCell<Option<Driver>> = const { RefCell::new(None) };
}

/// What WCAG 2.2 AA and axe's own practices find wrong with a page, one line each: the rule, why,
/// and the element.
///
/// # Panics
/// The browser fails.
#[must_use]
pub fn wrong(html: &str, sheet: &str, scheme: Scheme) -> Vec<String> {
    shown(html, sheet, scheme, 1200, Driver::wrong)
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
    shown(html, sheet, scheme, width, |driver| driver.shoot(file));
}

/// The page in the browser, opened from a file.
fn shown<T>(
    html: &str,
    sheet: &str,
    scheme: Scheme,
    width: u32,
    look: impl FnOnce(&mut Driver) -> T,
) -> T {
    let folder = scratch("parcours-browser");
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    let file = folder.join("page.html");
    std::fs::write(&file, styled(html, sheet)).expect("a page can be written");
    DRIVER.with_borrow_mut(|driver| {
        let driver = driver.get_or_insert_with(Driver::start);
        driver.seen_by(width, 900, scheme);
        driver.go(&format!("file://{}", file.display()));
        look(driver)
    })
}

/// The page with its sheet in it, so that it can be opened from a file.
fn styled(html: &str, sheet: &str) -> String {
    let start = html
        .find("<link rel=\"stylesheet\"")
        .expect("a page has a sheet");
    let end = start + html[start..].find('>').expect("a tag ends") + 1;
    format!("{}<style>{sheet}</style>{}", &html[..start], &html[end..])
}
