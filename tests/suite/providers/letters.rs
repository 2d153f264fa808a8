//! A mail with everything, taken by somebody else's server and read by somebody else's readers.

use std::{
    borrow::Cow,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use channels::{AdapterSettings, DkimSettings, Settings, SmtpSettings, TlsMode};
use jiff::Timestamp;
use mail_parser::{MessageParser, MimeHeaders as _};
use parcours_tests::kit::{self, Rig, Workspace, python};
use serde_json::{Value, json};

use super::Place;

const SUBJECT: &str = "Été indien : vos thés préférés, œuvres comprises, à -20 % jusqu'à dimanche soir — et la théière en grès offerte";
const NAME: &str =
    "Conditions générales de l'été indien et de la théière offerte, à lire avant de commander.pdf";
const JOURNEY: &str = "purpose: marketing
enter: { event: go, again: always }
steps:
  - { id: letter, send: email, template: letter, with: { at: 18 h } }
";
const LAYOUT: &str = "<mjml><mj-head><mj-style>.soft { color: #556655 } .soft:hover { color: #112211 }</mj-style></mj-head>
<mj-body><mj-section><mj-column>
  <mj-image src=\"_images/logo.png\" alt=\"Tilleul\" width=\"60px\" />
  {% block content %}{% endblock %}
  <mj-text><a class=\"soft\" href=\"{{ links.unsubscribe }}\">Ne plus recevoir</a></mj-text>
</mj-column></mj-section></mj-body></mjml>";
const INVITE: &str = "BEGIN:VCALENDAR
VERSION:2.0
METHOD:PUBLISH
BEGIN:VEVENT
UID:tea@shop.example
SUMMARY:Dégustation à {{ at }}, {{ customer.first_name }}
END:VEVENT
END:VCALENDAR
";

fn png() -> Vec<u8> {
    // Every byte there is, and lines that a transport might mend.
    let mut png = b"\x89PNG\r\n\x1a\n.\r\n..\n\r".to_vec();
    png.extend((0..=255).cycle().take(3_000));
    png
}

fn pdf() -> Vec<u8> {
    [b"%PDF-1.4\n".to_vec(), png(), b"\n%%EOF".to_vec()].concat()
}

fn workspace() -> Workspace {
    let mail = format!(
        "---\nsubject: \"{SUBJECT}\"\npreheader: Une théière vous attend\nattachments:\n  - file: terms.pdf\n    as: {NAME}\n  - invite.ics\n---\n\
         {{% extends \"_layouts/base.mjml\" %}}{{% block content %}}<mj-text>Bonjour {{{{ customer.first_name }}}}, à {{{{ at }}}} : {}</mj-text>{{% endblock %}}",
        "une longue ligne d'été, ".repeat(60)
    );
    Workspace::new()
        .file("templates/_layouts/base.mjml", LAYOUT)
        .binary("templates/_images/logo.png", &png())
        .file("templates/letter/email.en.mjml", &mail)
        .binary("templates/letter/terms.pdf", &pdf())
        .file("templates/letter/invite.ics", INVITE)
        .journey("letters", JOURNEY)
}

fn here(name: &str) -> PathBuf {
    Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/suite/providers/letters"
    ))
    .join(name)
}

fn perl() -> bool {
    let there = Command::new("perl")
        .args(["-MMIME::Parser", "-e", "1"])
        .output();
    there.is_ok_and(|there| there.status.success())
}

#[expect(clippy::print_stderr, reason = "whoever runs the tests must see it")]
fn skipped() {
    eprintln!(
        "SKIPPED: there is no perl with MIME::Parser; scripts/install-servers.sh browser installs it"
    );
}

/// The server, and the folder that it writes to.
struct Server {
    child: Child,
    port: u16,
    folder: PathBuf,
}

impl Server {
    fn start(python: &str) -> Self {
        let folder = kit::scratch("parcours-letters");
        std::fs::create_dir_all(&folder).unwrap();
        let mut child = Command::new(python)
            .arg(here("server.py"))
            .arg(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let out = child.stdout.as_mut().unwrap();
        BufReader::new(out).read_line(&mut line).unwrap();
        let port = line.trim().parse().unwrap();
        Self {
            child,
            port,
            folder,
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn said(program: &str, script: &str, arguments: &[&Path]) -> Value {
    let ran = Command::new(program)
        .arg(here(script))
        .args(arguments)
        .output()
        .unwrap();
    let wrong = String::from_utf8_lossy(&ran.stderr);
    assert!(
        ran.status.success() && wrong.is_empty(),
        "{script}: {wrong}"
    );
    serde_json::from_slice(&ran.stdout).unwrap()
}

/// The same by the reader that our own mailbox uses.
fn by_mail_parser(raw: &[u8]) -> Value {
    let mail = MessageParser::default().parse(raw).unwrap();
    let header = |name| mail.header_raw(name).unwrap().trim().to_owned();
    // Each reader ends lines as it likes.
    let text = |text: Option<Cow<'_, str>>| {
        text.unwrap()
            .replace("\r\n", "\n")
            .trim_end_matches('\n')
            .to_owned()
    };
    let (mut shown, mut attached) = (Vec::new(), Vec::new());
    for part in mail.attachments() {
        let kind = part.content_type().unwrap();
        let kind = format!("{}/{}", kind.ctype(), kind.subtype().unwrap());
        let data = STANDARD.encode(part.contents());
        match part.content_id() {
            Some(id) => shown.push(json!([id, kind, data])),
            None => attached.push(json!([part.attachment_name().unwrap(), kind, data])),
        }
    }
    json!({
        "subject": mail.subject().unwrap(),
        "list_id": header("List-Id"),
        "unsubscribe": header("List-Unsubscribe"),
        "post": header("List-Unsubscribe-Post"),
        "plain": text(mail.body_text(0)),
        "html": text(mail.body_html(0)),
        "shown": shown,
        "attached": attached,
    })
}

#[tokio::test]
async fn somebody_elses_server_and_readers_see_the_same_mail() {
    let Some(python) = python::with("aiosmtpd, dkim") else {
        return;
    };
    if !perl() {
        return skipped();
    }
    let python = python.to_str().unwrap();
    let fixtures = Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../crates/channels/src/fixtures"
    ));
    let server = Server::start(python);
    let smtp = SmtpSettings {
        port: Some(server.port),
        tls: TlsMode::None,
        dkim: vec![DkimSettings {
            domain: "shop.example".to_owned(),
            selector: "rsa".to_owned(),
            key_file: fixtures.join("dkim-rsa.key"),
        }],
        ..SmtpSettings::new("127.0.0.1", "Maison Tilleul — thés <bonjour@shop.example>")
    };
    let settings = Settings {
        email: AdapterSettings::Smtp(smtp).into(),
        ..Settings::default()
    };
    let place = Place::new(&workspace(), &settings).await;
    let traits = json!({ "email": "lea@customer.example", "first_name": "Léa" });
    place.is("lea", traits).await;
    let consent = json!({ "purpose": "marketing", "channel": "email", "how": "form" });
    place.does("lea", "consent.granted", consent).await;
    place.does("lea", "go", json!({})).await;
    place.dispatch().await;
    assert_eq!(place.messages().await, ["sent smtp"]);

    let file = server.folder.join("0.eml");
    let raw = std::fs::read(&file).unwrap();
    let by_python = said(python, "read.py", &[&file, &fixtures.join("dkim.txt")]);
    let by_perl = said("perl", "read.pl", &[&file]);
    let by_rust = by_mail_parser(&raw);
    for other in [&by_perl, &by_rust] {
        for (name, value) in other.as_object().unwrap() {
            assert_eq!(value, &by_python[name], "{name}");
        }
    }
    assert_eq!(by_python["defects"], json!([]));
    assert_eq!(by_python["signed"], json!(true));
    assert_eq!(by_python["subject"], SUBJECT);
    let tree = [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
        "application/pdf",
        "text/calendar",
    ];
    assert_eq!(by_python["tree"], json!(tree));
    let shown = &by_python["shown"][0];
    assert_eq!(shown[2], STANDARD.encode(png()));
    let html = by_python["html"].as_str().unwrap();
    let cid = format!("src=\"cid:{}\"", shown[0].as_str().unwrap());
    assert!(
        html.contains(&cid) && html.contains("Une théière vous attend</div>"),
        "{html}"
    );
    assert!(
        html.contains("class=\"soft\"") && html.contains("color: #556655"),
        "{html}"
    );
    let invite = INVITE
        .replace("{{ at }}", "18 h")
        .replace("{{ customer.first_name }}", "Léa");
    let invite = invite.replace('\n', "\r\n");
    let attached = [
        json!([NAME, "application/pdf", STANDARD.encode(pdf())]),
        json!(["invite.ics", "text/calendar", STANDARD.encode(invite)]),
    ];
    assert_eq!(by_python["attached"], json!(attached));
    let plain = by_python["plain"].as_str().unwrap();
    assert!(
        plain.starts_with("Tilleul\n") && plain.contains("Bonjour Léa, à 18 h : une longue"),
        "{plain}"
    );
    let link = by_python["unsubscribe"].as_str().unwrap();
    assert!(
        link.starts_with("<http") && plain.contains("Ne plus recevoir (http"),
        "{link} {plain}"
    );
    assert_eq!(by_python["post"], "List-Unsubscribe=One-Click");
    assert_eq!(by_python["list_id"], "<marketing.shop.example>");
}

#[tokio::test]
async fn another_picture_is_another_version_of_the_workspace() {
    let rig = Rig::new(&workspace()).await;
    let other = [png(), b"x".to_vec()].concat();
    let other = workspace().binary("templates/_images/logo.png", &other);
    for (files, changed) in [(workspace(), false), (other.clone(), true), (other, false)] {
        let published = engine::publish(&rig.store, files.files(), Timestamp::now()).await;
        assert_eq!(published.unwrap().0.changed, changed);
    }
}
