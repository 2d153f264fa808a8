//! One of every failure, and of every fault of a template.

use std::sync::Arc;

use journey::{
    failure::{Failure, Whom},
    message::Channel,
    render::{Fault, Piece, RenderError, Said, Thing, Wrong},
};

pub fn http(whom: Whom, status: u16, words: Option<&str>) -> Failure {
    let words = words.map(Arc::from);
    Failure::Http {
        whom,
        status,
        words,
    }
}

pub fn template(fault: Fault) -> RenderError {
    RenderError {
        template: "cart/nudge".into(),
        channel: Channel::Push,
        locale: "fr-be".into(),
        line: Some(7),
        fault,
    }
}

pub fn all() -> Vec<Failure> {
    let words: Arc<str> = Arc::from("n’importe quoi");
    let name: Arc<str> = Arc::from("vouchers");
    let mut all = vec![
        Failure::Restricted,
        Failure::ConsentTakenBack,
        Failure::Chosen,
        Failure::Erased,
        Failure::Listed,
        Failure::OnlyTo,
        Failure::Expired,
        Failure::AddressGone,
        Failure::AddressUnusable {
            words: words.clone(),
        },
        Failure::NoProvider {
            channel: Channel::Push,
        },
        Failure::Content {
            words: words.clone(),
        },
        Failure::UnsubscribeLink,
        Failure::LetsNobodyIn {
            words: words.clone(),
        },
        Failure::Answer {
            words: words.clone(),
        },
        Failure::Secret {
            name: name.clone(),
            words: None,
        },
        Failure::Secret {
            name: name.clone(),
            words: Some(words.clone()),
        },
        Failure::NoJson,
        Failure::TooLate,
        Failure::NoEndpoint { name: name.clone() },
        Failure::OwnNetwork { host: name.clone() },
        Failure::NotAllowed { host: name.clone() },
        Failure::Parameter { name: name.clone() },
        Failure::NoVouchers { pool: name.clone() },
        Failure::Source {
            name,
            why: Box::new(http(Whom::Endpoint, 503, None)),
        },
        Failure::Unkept,
        Failure::Staged,
    ];
    for why in ["bounced", "complained", "role_address"] {
        let why = Arc::from(why);
        all.push(Failure::Suppressed { why });
    }
    for whom in [Whom::Provider, Whom::MailServer, Whom::Endpoint] {
        all.push(Failure::Slow { whom, seconds: 10 });
        for words in [None, Some(words.clone())] {
            all.push(Failure::Unreachable { whom, words });
        }
        all.extend([401, 404, 429, 503].map(|status| http(whom, status, None)));
    }
    for (code, words) in [(450, ""), (550, "5.1.1 inconnu")] {
        let words = Arc::from(words);
        all.push(Failure::Smtp { code, words });
    }
    for tries in [1, 3] {
        let last = Box::new(http(Whom::Provider, 500, Some("oups")));
        all.push(Failure::GaveUp { tries, last });
    }
    all.extend(faults().into_iter().map(|f| Failure::Template(template(f))));
    all
}

fn faults() -> Vec<Fault> {
    let at = |wrong| Fault::At {
        code: Some(Arc::from("cart.total")),
        wrong,
    };
    let mut all = vec![
        Fault::NoTemplate,
        Fault::NoLocale {
            default: Arc::from("fr"),
        },
        Fault::Endless,
        Fault::TooLarge,
        Fault::NoText,
        Fault::Ttl,
        Fault::Collapse,
        Fault::Heavy { bytes: 5_000 },
        Fault::Attribute {
            name: Arc::from("src"),
        },
        Fault::At {
            code: None,
            wrong: Wrong::Unworkable,
        },
        at(Wrong::NoValue),
        at(Wrong::FewArguments),
        at(Wrong::ManyArguments),
        at(Wrong::Words {
            words: Arc::from("récursion"),
        }),
    ];
    let parts = [
        Piece::Subject,
        Piece::Html,
        Piece::PlainText,
        Piece::Text,
        Piece::Title,
        Piece::Body,
        Piece::Label,
    ];
    all.extend(parts.map(|part| Fault::Empty { part }));
    let things = [Thing::Filter, Thing::Test, Thing::Function, Thing::Template];
    all.extend(things.map(|thing| at(Wrong::NoSuch { thing })));
    all.extend(Said::ALL.map(|said| at(Wrong::Said { said })));
    all.push(Fault::Mjml {
        said: Said::Malformed,
    });
    all
}
