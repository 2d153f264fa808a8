//! Where settings come from, and what is wrong with them: all of it at once, at its place, without the secrets.

use std::path::Path;

use anyhow::{Result, bail};
use journey::{
    diagnostic::{Diagnostic, Severity, SourceFile},
    diagnostics::yaml,
    settings,
};

use super::Config;
use crate::{
    output::{self, Format},
    workspace,
};

/// The file, if there is one, and the variables of the environment.
pub struct Sources {
    file: Option<SourceFile>,
    environment: SourceFile,
    found: Vec<Diagnostic>,
}

/// What is wrong with a setting that reads well.
pub struct Wrong {
    /// The names on the way to it.
    pub path: Vec<String>,
    /// What is wrong, without quoting a secret.
    pub message: String,
    /// What to say of its place.
    pub label: String,
}

impl Sources {
    /// Reads and checks both.
    ///
    /// # Errors
    /// If the file cannot be read, or is no text.
    pub fn read(root: &Path) -> Result<Self> {
        let path = root.join(settings::FILE);
        let file = match path.is_file() {
            true => Some(workspace::source(&path, settings::FILE)?),
            false => None,
        };
        Ok(Self::of(file, std::env::vars_os().filter_map(text)))
    }

    /// The file alone, with all that can be said of it where it will not run: the environment is another there, and so
    /// are the files that it names. `None`: there is none.
    ///
    /// # Errors
    /// If it cannot be read, or is no text.
    pub fn to_check(root: &Path) -> Result<Option<Self>> {
        let path = root.join(settings::FILE);
        if !path.is_file() {
            return Ok(None);
        }
        let file = workspace::source(&path, settings::FILE)?;
        let mut sources = Self::of(Some(file), []);
        if !sources.failed() {
            let wrong = sources.config()?.wrong();
            let here = |w: &&Wrong| w.path.last().is_none_or(|last| last != "ca_file");
            wrong.iter().filter(here).for_each(|w| sources.add(w));
        }
        Ok(Some(sources))
    }

    fn of(file: Option<SourceFile>, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut found = file.as_ref().map(settings::check).unwrap_or_default();
        let (environment, of_environment) = settings::environment(variables);
        found.extend(of_environment);
        Self {
            file,
            environment,
            found,
        }
    }

    /// The settings; nothing wrong may have been found.
    ///
    /// # Errors
    /// If the grammar and the types disagree: a fault of ours.
    pub fn config(&self) -> Result<Config> {
        let values = settings::values(self.file.as_ref(), &self.environment);
        Ok(serde_json::from_value(values)?)
    }

    /// Notes what else is wrong, where the setting stands.
    pub fn add(&mut self, wrong: &Wrong) {
        let path: Vec<&str> = wrong.path.iter().map(String::as_str).collect();
        let set = settings::variable(&path)
            .is_some_and(|name| self.environment.text.lines().any(|l| is_of(l, name)));
        let file = match (&self.file, set) {
            (Some(file), false) => file,
            _ => &self.environment,
        };
        let (message, label) = (wrong.message.clone(), wrong.label.clone());
        let found = settings::wrong(file, &path, message, label);
        self.found.push(found);
    }

    /// Notes that one is missing that is needed.
    pub fn missing(&mut self, message: &str, label: &str) {
        let file = self.file.as_ref().unwrap_or(&self.environment);
        let mut found = settings::wrong(file, &[], message.to_owned(), label.to_owned());
        found.code = yaml::MISSING;
        self.found.push(found);
    }

    /// What was found, as it may be shown, with the texts that it is about.
    pub fn shown(&self) -> (Vec<SourceFile>, Vec<Diagnostic>) {
        let (mut files, mut found) = (Vec::new(), self.found.clone());
        for file in self.file.iter().chain([&self.environment]) {
            let (masked, hushed) = settings::shown(file, found);
            files.push(masked);
            found = hushed;
        }
        (files, found)
    }

    /// Prints what was found.
    ///
    /// # Errors
    /// If an error is among it.
    pub fn refuse(&self) -> Result<()> {
        let (files, found) = self.shown();
        output::diagnostics(&files, &found, Format::Text);
        match self.failed() {
            true => bail!("the settings cannot be used"),
            false => Ok(()),
        }
    }

    /// Whether an error was found.
    pub fn failed(&self) -> bool {
        self.found.iter().any(|d| d.severity == Severity::Error)
    }
}

fn is_of(line: &str, variable: &str) -> bool {
    line.split_once('=')
        .is_some_and(|(name, _)| name == variable)
}

/// What is no text is none of ours.
fn text((name, value): (std::ffi::OsString, std::ffi::OsString)) -> Option<(String, String)> {
    Some((name.into_string().ok()?, value.into_string().ok()?))
}
