//! Pictures and attachments.

use serde_json::json;

use super::{
    files,
    mail::{GIF, PDF, PNG, compile, filled},
    mistakes,
};
use crate::{
    content::{Content, File, standing_alone},
    message::Channel,
    render::Fault,
};

#[test]
fn pictures_go_along_and_addresses_stay() {
    let layout = "<mjml><mj-body><mj-section><mj-column>{% block c %}{% endblock %}<mj-image src=\"_images/logo.png\" alt=\"Tilleul\" /></mj-column></mj-section></mj-body></mjml>";
    let mail = "---\nsubject: Hi\n---\n{% extends \"_layouts/base.mjml\" %}{% block c %}<mj-image src=\"cup.gif\" alt=\"A cup\" /><mj-image src=\"https://a.example/x.png\" alt=\"\" />
        <mj-image src=\"{{ size }}.gif\" /><mj-text><img src='./cup.gif'> <img src=\"{{ other }}\"></mj-text>{% endblock %}";
    let texts = [("_layouts/base.mjml", layout), ("t/email.en.mjml", mail)];
    let binary = [
        ("_images/logo.png", PNG),
        ("t/cup.gif", GIF),
        ("other/cup.gif", PNG),
    ];
    let with = json!({"size": "cup", "other": "nowhere.gif"});
    let mail = filled(&texts, &binary[..2], with).unwrap();
    let names: Vec<(&str, &str)> = mail
        .files
        .iter()
        .map(|f| (&*f.name, &*f.media_type))
        .collect();
    assert_eq!(names, [("cup.gif", "image/gif"), ("logo.png", "image/png")]);
    assert_eq!([&*mail.files[0].bytes, &*mail.files[1].bytes], [GIF, PNG]);
    let [cup, logo] = [0, 1].map(|n| format!("cid:{}", mail.files[n].cid.as_ref().unwrap()));
    assert_eq!(
        (
            mail.html.matches(&cup).count(),
            mail.html.matches(&logo).count()
        ),
        (3, 1)
    );
    assert!(mail.html.contains("https://a.example/x.png") && mail.html.contains("\"nowhere.gif\""));
    assert_eq!(mail.text, "A cup\nTilleul");
    let alone = standing_alone(&mail.html, &mail.files);
    assert!(
        alone.contains("src=\"data:image/gif;base64,R0lGODlh\"") && !alone.contains("cid:"),
        "{alone}"
    );
}

#[test]
fn attachments_go_along_under_their_names() {
    let mail = "---\nsubject: Hi\nattachments:\n  - terms.pdf\n  - file: _files/invite.ics\n    as: Tea {{ at }}/{{ customer.first_name }}\n  - \"list.csv\"\n---\n<p>Hi</p>";
    let invite =
        "BEGIN:VCALENDAR\nMETHOD:REQUEST\nSUMMARY:Tea & {{ customer.first_name }}\nEND:VCALENDAR\n";
    let texts = [
        ("t/email.en.html", mail),
        ("_files/invite.ics", invite),
        ("t/list.csv", "a;{{ at }}\n"),
        ("t/notes.txt", "{{ unused"),
    ];
    let mail = filled(&texts, &[("t/terms.pdf", PDF)], json!({"at": "9h"})).unwrap();
    let all: Vec<(&str, &str, &[u8])> = mail
        .files
        .iter()
        .map(|f| (&*f.name, &*f.media_type, &*f.bytes))
        .collect();
    let invite = b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nSUMMARY:Tea & Ana <3\r\nEND:VCALENDAR\r\n";
    assert_eq!(
        all,
        [
            ("terms.pdf", "application/pdf", PDF),
            (
                "Tea 9h-Ana -3.ics",
                "text/calendar; charset=utf-8; method=REQUEST",
                invite
            ),
            ("list.csv", "text/csv; charset=utf-8", b"a;9h"),
        ]
    );
    assert!(mail.files.iter().all(|f| f.cid.is_none()));
    let (templates, _) = compile(&texts, &[("t/terms.pdf", PDF)]);
    let reads = templates.variables("t", Channel::Email);
    assert_eq!(
        reads.into_iter().collect::<Vec<_>>(),
        ["at", "customer.first_name"]
    );
}

#[test]
fn a_content_with_files_is_read_again_and_an_old_one_too() {
    let file = File {
        name: "a.png".into(),
        media_type: "image/png".into(),
        cid: Some("x@parcours".into()),
        bytes: PNG.into(),
    };
    let content = Content::Email {
        subject: "a".into(),
        preheader: String::new(),
        html: "b".into(),
        text: "c".into(),
        files: vec![file],
    };
    let json = serde_json::to_value(&content).unwrap();
    assert_eq!(json["files"][0]["bytes"], "iVBORw0KGgogYW5kIG1vcmU=");
    assert_eq!(serde_json::from_value::<Content>(json).unwrap(), content);
    let old =
        json!({"channel": "email", "subject": "a", "preheader": "", "html": "b", "text": "c"});
    let old: Content = serde_json::from_value(old).unwrap();
    assert!(matches!(old, Content::Email { files, .. } if files.is_empty()));
}

/// Each mistake as `code|file|the words at fault|the cure`.
fn brief(texts: &[(&str, &str)], binary: &[(&str, &[u8])]) -> Vec<String> {
    let sources = files(texts);
    compile(texts, binary)
        .1
        .iter()
        .map(|d| {
            let file = sources.iter().find(|f| f.path == d.file);
            let words = file.map_or("", |f| &f.text[d.span.clone()]);
            let cure = d.replacement.as_ref().map_or("", |(_, t)| t);
            format!(
                "{}|{}|{words}|{cure}",
                d.code,
                d.file.trim_start_matches("templates/")
            )
        })
        .collect()
}

#[test]
fn files_that_are_missing_or_unfit_are_reported_at_their_names() {
    let with = |head: &str, body: &str| format!("---\nsubject: a\n{head}---\n{body}");
    let mail = |head: &str, body: &str, binary: &[(&str, &[u8])]| {
        brief(&[("t/email.en.html", &with(head, body))], binary).join(" ")
    };
    let cup: [(&str, &[u8]); 1] = [("t/cup.png", PNG)];
    assert_eq!(
        mail("", "<img src=\"cup.pn\"><img src=\"x/cap.png\">", &[]),
        "J624|t/email.en.html|cup.pn| J623|t/email.en.html|x/cap.png|"
    );
    assert_eq!(
        mail("", "<img src=\"cap.png\">", &cup),
        "J623|t/email.en.html|cap.png|cup.png"
    );
    assert_eq!(
        mail("", "<img src=\"cup.png\"><img src=\"{{ a }}.png\">", &cup),
        ""
    );
    assert_eq!(
        mail("attachments:\n  - cupp.png\n", "a", &cup),
        "J623|t/email.en.html|cupp.png|cup.png"
    );
    assert_eq!(
        mail("attachments:\n  - a.docx\n", "a", &cup),
        "J624|t/email.en.html|a.docx|"
    );
    assert_eq!(
        mail("attachments:\n  - as: b\n", "a", &cup),
        "J605|t/email.en.html|as|"
    );
    assert_eq!(
        mail("attachments: cup.png\n", "a", &cup),
        "J605|t/email.en.html|cup.png|"
    );
    assert_eq!(
        mail("attachments:\n  - file: cup.png\n    az: b\n", "a", &cup),
        "J605|t/email.en.html|az|as"
    );
    let many = "  - cup.png\n".repeat(11);
    assert_eq!(
        mail(&format!("attachments:\n{many}"), "a", &cup),
        "J624|t/email.en.html|attachments|"
    );
    // What is no picture is not shown, and nothing is what its name does not say.
    assert_eq!(
        mail("", "<img src=\"a.pdf\">", &[("t/a.pdf", PDF)]),
        "J624|t/email.en.html|a.pdf|"
    );
    assert_eq!(
        mail("", "a", &[("t/a.png", b"version https://git-lfs")]),
        "J624|t/a.png||"
    );
    assert_eq!(
        mail("", "a", &[("t/a.png", &[PNG, &[0; 300_000]].concat())]),
        "J609|t/a.png||"
    );
    // A layout names what stands under `templates/`; what lies beside each of its mails is not known.
    let layout =
        |src: &str| brief(&[("_layouts/a.html", &format!("<img src=\"{src}\">"))], &[]).join(" ");
    assert_eq!(
        layout("_images/a.png"),
        "J623|_layouts/a.html|_images/a.png|"
    );
    assert_eq!(layout("a.png"), "");
    assert!(mistakes(&[("t/emial.en.txt", "a")])[0].code == "J602");
}

#[test]
fn the_files_of_a_mail_and_of_a_workspace_are_bounded() {
    let big = [PNG, &[0; 250_000]].concat();
    let names: Vec<String> = (0..9).map(|n| format!("t/{n}.png")).collect();
    let binary: Vec<(&str, &[u8])> = names.iter().map(|name| (&**name, &*big)).collect();
    let shown: String = (0..9).map(|n| format!("<img src=\"{n}.png\">")).collect();
    let mail = format!("---\nsubject: a\n---\n{shown}");
    assert_eq!(
        brief(&[("t/email.en.html", &mail)], &binary),
        ["J624|t/email.en.html||"]
    );
    // Where that is seen only when it is filled in, it is not sent. Equal ones are one.
    let different: Vec<Vec<u8>> = (0..9).map(|n| [&big, &[n][..]].concat()).collect();
    let binary: Vec<(&str, &[u8])> = names
        .iter()
        .zip(&different)
        .map(|(n, b)| (&**n, &**b))
        .collect();
    let mail = "---\nsubject: a\n---\n{% for n in range(9) %}<img src=\"{{ n }}.png\" alt=\"a\">{% endfor %}";
    let fault = filled(&[("t/email.en.html", mail)], &binary, json!({}))
        .unwrap_err()
        .fault;
    assert!(
        matches!(fault, Fault::HeavyMail { bytes } if bytes > 2_250_000),
        "{fault:?}"
    );
    let names: Vec<String> = (0..68).map(|n| format!("t/{n}.png")).collect();
    let binary: Vec<(&str, &[u8])> = names.iter().map(|name| (&**name, &*big)).collect();
    assert_eq!(brief(&[], &binary).len(), 1);
}
