//! A workspace written down in a test.

use journey::diagnostic::SourceFile;

/// A marketing purpose that asks for consent, a service purpose that does not, UTC and English.
const POLICIES: &str = "
purposes:
  marketing: { consent: opt_in }
  service: { consent: none }
defaults: { zone: UTC, locale: en }
";

/// Files, as an author would have them.
#[derive(Clone, Debug)]
pub struct Workspace {
    files: Vec<SourceFile>,
}

impl Default for Workspace {
    fn default() -> Self {
        Self::new()
    }
}

impl Workspace {
    /// Policies with two purposes, `marketing` (`opt_in`) and `service` (`none`), and a text
    /// message `hello`.
    #[must_use]
    pub fn new() -> Self {
        let empty = Self { files: Vec::new() };
        empty
            .file("config/policies.yaml", POLICIES)
            .sms("hello", "Hello {{ customer.first_name | default('you') }}")
    }

    /// Any file; one of the same path is replaced.
    #[must_use]
    pub fn file(mut self, path: &str, text: &str) -> Self {
        self.files.retain(|f| &*f.path != path);
        self.files.push(SourceFile {
            path: path.into(),
            text: text.into(),
        });
        self
    }

    /// A picture or a PDF; one of the same path is replaced.
    ///
    /// # Panics
    /// If a file of that name should be text, and is none.
    #[must_use]
    pub fn binary(mut self, path: &str, bytes: &[u8]) -> Self {
        self.files.retain(|f| &*f.path != path);
        let file = SourceFile::of(path, bytes.to_vec());
        self.files.push(file.expect("a binary file"));
        self
    }

    /// `journeys/NAME/journey.yaml`: `rest` follows a head with that name.
    #[must_use]
    pub fn journey(self, name: &str, rest: &str) -> Self {
        let text = format!("journey: {name}\n{rest}");
        self.file(&format!("journeys/{name}/journey.yaml"), &text)
    }

    /// Lines that follow the two purposes in the policies.
    #[must_use]
    pub fn policies(self, rest: &str) -> Self {
        self.file("config/policies.yaml", &format!("{POLICIES}{rest}"))
    }

    /// A template with an English text message.
    #[must_use]
    pub fn sms(self, name: &str, text: &str) -> Self {
        self.file(&format!("templates/{name}/sms.en.txt"), text)
    }

    /// The files.
    #[must_use]
    pub fn files(&self) -> &[SourceFile] {
        &self.files
    }
}
