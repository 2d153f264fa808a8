//! A push notification: its fields, its buttons, its data, and whether providers can carry it.

use std::ops::Range;

use super::{Compiler, Field, Group, Pieces, SourceFile, Variant, codes, front_matter};
use super::{size, variant::Reported};
use crate::{
    content::{Action, Content, Push as Filled},
    parse::seconds,
};

/// What may stand in the file.
pub(crate) const FIELDS: [&str; 9] = [
    "title", "body", "url", "image", "ttl", "collapse", "actions", "data", "fetch",
];

/// Names that providers keep for themselves, or under which the app finds the rest of a
/// notification. FCM's: <https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages>
const RESERVED: [&str; 14] = [
    "actions",
    "aps",
    "body",
    "collapse",
    "collapse_key",
    "data",
    "from",
    "id",
    "image",
    "message_type",
    "notification",
    "title",
    "ttl",
    "url",
];

/// The longest key or name, in bytes: what Web Push allows a `Topic` (RFC 8030, section 5.4).
const LONGEST_KEY: usize = 32;

/// The pieces of a notification, by their names.
#[derive(Clone, Debug)]
pub(crate) struct Push {
    pub title: String,
    pub body: String,
    pub url: Option<String>,
    pub image: Option<String>,
    pub ttl: Option<String>,
    pub collapse: Option<String>,
    pub actions: Vec<Button>,
    pub data: Vec<(String, String)>,
}

/// A button: its name as it is written, the others as pieces.
#[derive(Clone, Debug)]
pub(crate) struct Button {
    pub name: String,
    pub label: String,
    pub url: Option<String>,
}

impl Push {
    pub(super) fn pieces(&self) -> Vec<&String> {
        let mut all = vec![&self.title, &self.body];
        let optional = [&self.url, &self.image, &self.ttl, &self.collapse];
        all.extend(optional.into_iter().flatten());
        for button in &self.actions {
            all.push(&button.label);
            all.extend(&button.url);
        }
        all.extend(self.data.iter().map(|(_, piece)| piece));
        all
    }
}

/// A time to live in seconds: a number of them, or a duration such as `4h`.
pub(crate) fn ttl(text: &str) -> Option<u32> {
    let text = text.trim();
    let seconds = text.parse().ok().or_else(|| seconds(text))?;
    let seconds = u32::try_from(seconds).ok()?;
    (seconds <= Filled::LONGEST_TTL).then_some(seconds)
}

/// Whether it can be a key that collapses, or an action's name.
pub(crate) fn is_key(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    (1..=LONGEST_KEY).contains(&text.len()) && text.bytes().all(fits)
}

/// How large a notification is, in bytes of JSON.
pub(crate) fn weight(content: &Content) -> usize {
    serde_json::to_vec(content).map_or(usize::MAX, |json| json.len())
}

impl Compiler<'_> {
    pub(super) fn push(
        &mut self,
        pieces: &mut Pieces,
        prefix: &str,
        group: &Group<'_>,
    ) -> Option<Variant> {
        let file = *group.get("yaml")?;
        let fields = self.yaml(file, &FIELDS)?;
        let title = self.required(pieces, prefix, file, &fields, "title");
        let body = self.required(pieces, prefix, file, &fields, "body");
        let [url, image, ttl, collapse] = ["url", "image", "ttl", "collapse"]
            .map(|key| self.field(pieces, prefix, file, &fields, key).ok());
        let actions = self.items(file, &fields);
        let buttons = self.buttons(pieces, prefix, file, &actions);
        let data = self.below(file, &fields);
        let texts = self.data(pieces, prefix, file, &data);
        self.fetches(pieces, prefix, file, &fields);
        self.literals(file, &fields);
        self.heavy(file, &fields, &actions, &data);
        Some(Variant::Push(Box::new(Push {
            title: title?,
            body: body?,
            url: url?,
            image: image?,
            ttl: ttl?,
            collapse: collapse?,
            actions: buttons.ok()?,
            data: texts.ok()?,
        })))
    }

    /// What is wrong in the form of the file.
    fn form(&mut self, file: &SourceFile, span: Range<usize>, message: &str, label: &str) {
        let found = self.report(file, span, codes::FRONT_MATTER, message);
        label.clone_into(&mut found.label);
    }

    /// The items of `actions`.
    fn items(&mut self, file: &SourceFile, fields: &[Field]) -> Vec<Vec<Field>> {
        let Some(field) = fields.iter().find(|f| f.key == "actions") else {
            return Vec::new();
        };
        let Ok(items) = self.read(file, front_matter::list(&file.text, field)) else {
            return Vec::new();
        };
        if items.len() > Filled::MOST_ACTIONS {
            let message = "these are too many actions";
            let label = "phones show three, and most browsers two";
            self.form(file, field.key_span.clone(), message, label);
        }
        items
    }

    fn buttons(
        &mut self,
        pieces: &mut Pieces,
        prefix: &str,
        file: &SourceFile,
        items: &[Vec<Field>],
    ) -> Result<Vec<Button>, Reported> {
        let before = self.diagnostics.len();
        let mut buttons = Vec::<Button>::with_capacity(items.len());
        for (n, item) in items.iter().enumerate() {
            self.known_keys(file, item, &["name", "label", "url"]);
            let prefix = format!("{prefix}#action{n}");
            let label = self.required(pieces, &prefix, file, item, "label");
            let url = self.field(pieces, &prefix, file, item, "url");
            let Some(name) = item.iter().find(|f| f.key == "name") else {
                let span = item.first().map_or(0..0, |f| f.key_span.clone());
                self.form(file, span, "this action has no `name`", "");
                continue;
            };
            if !is_key(&name.value) {
                let message = "this is no name of an action";
                let label = "up to 32 letters, digits, - and _";
                self.form(file, name.span.clone(), message, label);
            }
            if buttons.iter().any(|b| b.name == name.value) {
                let message = "two actions have this name";
                self.form(file, name.span.clone(), message, "");
            }
            if let (Some(label), Ok(url)) = (label, url) {
                let name = name.value.clone();
                buttons.push(Button { name, label, url });
            }
        }
        if self.diagnostics.len() > before {
            return Err(Reported);
        }
        Ok(buttons)
    }

    /// The fields of `data`.
    fn below(&mut self, file: &SourceFile, fields: &[Field]) -> Vec<Field> {
        let Some(field) = fields.iter().find(|f| f.key == "data") else {
            return Vec::new();
        };
        let found = self.read(file, front_matter::map(&file.text, field));
        found.unwrap_or_default()
    }

    fn data(
        &mut self,
        pieces: &mut Pieces,
        prefix: &str,
        file: &SourceFile,
        data: &[Field],
    ) -> Result<Vec<(String, String)>, Reported> {
        let before = self.diagnostics.len();
        let prefix = format!("{prefix}#data");
        let mut texts = Vec::with_capacity(data.len());
        for (at, field) in data.iter().enumerate() {
            let (key, span) = (&*field.key, field.key_span.clone());
            if RESERVED.contains(&key) || key.starts_with("google") || key.starts_with("gcm") {
                let message = format!("`{key}` is taken");
                let label = "by the notification itself, or by a provider";
                self.form(file, span, &message, label);
            } else if data[..at].iter().any(|f| f.key == key) {
                self.form(file, span, &format!("`{key}` stands here twice"), "");
            } else if let Ok(Some(piece)) = self.field(pieces, &prefix, file, data, key) {
                texts.push((field.key.clone(), piece));
            }
        }
        if self.diagnostics.len() > before {
            return Err(Reported);
        }
        Ok(texts)
    }

    /// What is the same for everybody can be looked at beforehand.
    fn literals(&mut self, file: &SourceFile, fields: &[Field]) {
        type Check = (&'static str, fn(&str) -> bool, &'static str, &'static str);
        const CHECKS: [Check; 3] = [
            (
                "ttl",
                |text| ttl(text).is_none(),
                "this is no time of up to four weeks",
                "write `4h`, `2d`, or a number of seconds",
            ),
            (
                "collapse",
                |text| !is_key(text),
                "this is no key",
                "up to 32 letters, digits, - and _",
            ),
            (
                "image",
                |text| !text.starts_with("https://"),
                "this is no address of a picture",
                "phones fetch pictures by https:// alone",
            ),
        ];
        for (key, is_wrong, message, label) in CHECKS {
            let field = fields.iter().find(|f| f.key == key);
            let Some(field) = field.filter(|f| !f.value.is_empty() && is_literal(&f.value)) else {
                continue;
            };
            if is_wrong(&field.value) {
                self.form(file, field.span.clone(), message, label);
            }
        }
    }

    /// Whether it is too large for every provider, whatever is filled in.
    fn heavy(&mut self, file: &SourceFile, top: &[Field], items: &[Vec<Field>], data: &[Field]) {
        let text = |fields: &[Field], key: &str| {
            let field = fields.iter().find(|f| f.key == key)?;
            size::fixed(&field.value).map(|text| text.trim().to_owned())
        };
        let some = |fields: &[Field], key| text(fields, key).filter(|text| !text.is_empty());
        let actions = items.iter().map(|item| Action {
            name: text(item, "name").unwrap_or_default(),
            label: text(item, "label").unwrap_or_default(),
            url: some(item, "url"),
        });
        let data = data.iter().map(|field| {
            let value = text(data, &field.key).unwrap_or_default();
            (field.key.clone(), value)
        });
        let content = Content::Push(Filled {
            title: text(top, "title").unwrap_or_default(),
            body: text(top, "body").unwrap_or_default(),
            url: some(top, "url"),
            image: some(top, "image"),
            ttl: None,
            collapse: some(top, "collapse"),
            actions: actions.collect(),
            data: data.collect(),
        });
        let bytes = weight(&content);
        if bytes <= Filled::MOST {
            return;
        }
        let longest = top.iter().max_by_key(|f| f.span.len());
        let span = longest.map_or(0..0, |f| f.key_span.clone());
        let message = "no provider carries this notification";
        let most = Filled::MOST;
        let found = self.report(file, span, codes::HEAVY, message);
        found.label = format!("{bytes} bytes, without what is filled in");
        found.notes.push(format!(
            "{most} bytes are carried: say the rest where a tap leads"
        ));
    }
}

/// Whether nothing of it is filled in.
fn is_literal(text: &str) -> bool {
    !["{{", "{%", "{#"].iter().any(|open| text.contains(open))
}
