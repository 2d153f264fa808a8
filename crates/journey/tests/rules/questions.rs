//! Rule 29: questions and their answers.

use crate::play::{FREE, Play, json};
use journey::message::{Channel, Reason};

const OPTIONS: &str = "options: { talk: { label: \"Talk to a person\", synonyms: [agent], then: [ { set: { run.way: talked } } ] }, write: { label: { en: \"Write\", fr: \"Écrire\" } } }";

fn ask(rest: &str) -> String {
    format!(
        "enter: {{ event: go }}\nsteps:\n  - id: q\n    ask: chat\n    template: t\n    within: 1d\n    save: run.said\n    {rest}\n  - set: {{ run.after: steps.q.answer }}\n"
    )
}

fn asked(rest: &str) -> Play {
    let mut play = Play::new(&ask(rest), FREE);
    play.does("go", json!({})).log();
    play
}

#[test]
fn rule_29_an_answer_is_understood_saved_and_followed() {
    let mut play = asked(OPTIONS);
    assert_eq!(play.sent(), ["q chat"]);
    play.waits("1h").replies("chat", "  AGENT! ");
    assert_eq!(
        play.log(),
        [
            "answered \"talk\"",
            "run.said=\"talk\"",
            "run.way=\"talked\"",
            "run.after=\"talk\"",
            "left completed"
        ]
    );
    let mut play = asked(OPTIONS);
    play.replies("chat", "ecrire");
    assert_eq!(play.log_of("answered"), ["answered \"write\""]);
}

#[test]
fn rule_29_silence_is_else() {
    let mut play = asked(&format!("{OPTIONS}\n    else: [ {{ exit: silent }} ]"));
    play.waits("23h").log();
    play.waits("1h");
    assert_eq!(play.log(), ["time is over", "left silent"]);
    // Without `else` it goes on.
    let mut play = asked(OPTIONS);
    play.waits("1d");
    assert_eq!(play.log_of("left"), ["left completed"]);
}

#[test]
fn rule_29_retry_repeats_then_not_understood() {
    let mut play = asked(
        "expect: { number: { min: 0, max: 10 } }\n    retry: 2\n    not_understood: [ { exit: gave_up } ]\n    else: [ { exit: silent } ]",
    );
    play.replies("chat", "eleven")
        .waits("20h")
        .replies("chat", "11");
    assert_eq!(play.sent().len(), 3, "asked three times");
    // Each time the customer has the whole time for an answer.
    play.waits("20h").log();
    play.replies("chat", "-1");
    assert_eq!(
        play.log(),
        ["not understood, repeated: false", "left gave_up"]
    );
    let mut play = asked("expect: { number: { min: 0, max: 10 } }\n    retry: 1");
    play.replies("chat", "?").replies("chat", "9");
    assert_eq!(play.log_of("run.said"), ["run.said=9"]);
}

#[test]
fn rule_29_a_question_that_is_refused_is_silence() {
    let mut play = Play::new(
        &ask(&format!("{OPTIONS}\n    else: [ {{ exit: silent }} ]")),
        FREE,
    );
    play.ana().ledger.consents.clear();
    play.does("go", json!({}));
    assert_eq!(
        play.log(),
        ["entered", "suppressed q no_consent", "left silent"]
    );
}

#[test]
fn rule_29_one_question_is_open_per_channel_and_later_ones_queue() {
    let second = "journey: second\npurpose: marketing\nenter: { event: go2 }\nsteps: [ { id: p, ask: chat, template: t, expect: text, within: 1d } ]";
    let mut play = Play::of(&[&ask(OPTIONS), second], FREE);
    play.does("go", json!({}))
        .waits("1m")
        .does("go2", json!({}));
    assert_eq!(play.sent(), ["q chat"]);
    assert_eq!(play.log_of("queued"), ["second: queued"]);
    play.replies("chat", "talk");
    assert_eq!(play.sent(), ["q chat", "p chat"], "now it is asked");
    play.replies("chat", "fine");
    assert_eq!(
        play.log_of("answered"),
        ["demo: answered \"talk\"", "second: answered \"fine\""]
    );
}

#[test]
fn rule_29_a_queued_question_is_asked_when_the_one_before_ends_in_any_way() {
    let second = "journey: second\npurpose: marketing\nenter: { event: go2 }\nsteps: [ { id: p, ask: chat, template: t, expect: text, within: 9d } ]";
    let first = ask(OPTIONS).replace("steps:", "exit: { event: stop }\nsteps:");
    for end in ["stop", "silence"] {
        let mut play = Play::of(&[&first, second], FREE);
        play.does("go", json!({})).does("go2", json!({}));
        match end {
            "stop" => play.does("stop", json!({})),
            _ => play.waits("1d"),
        };
        assert_eq!(play.sent(), ["q chat", "p chat"], "{end}");
    }
    // Another channel has its own.
    let other = second.replace("ask: chat", "ask: sms");
    let mut play = Play::of(&[&first, &other], FREE);
    play.does("go", json!({})).does("go2", json!({}));
    assert_eq!(play.sent(), ["q chat", "p sms"]);
    play.replies("sms", "hello");
    assert_eq!(play.log_of("answered"), ["second: answered \"hello\""]);
}

#[test]
fn rule_29_stop_words_come_first() {
    let mut play = asked("expect: text\n    else: [ { exit: silent } ]");
    play.replies("chat", "STOP");
    assert_eq!(play.log(), ["stopped chat"], "and it is no answer");
    let consents = &play.ana().ledger.consents["marketing"];
    assert_eq!(
        consents[&Channel::Chat].state,
        journey::customer::ConsentState::Withdrawn
    );
    assert_eq!(
        consents[&Channel::Sms].state,
        journey::customer::ConsentState::Granted
    );
    play.waits("1d");
    assert_eq!(play.log_of("left"), ["left silent"]);
}

#[test]
fn rule_29_help_is_no_answer_and_no_misunderstanding_unless_it_is_on_offer() {
    for expect in ["expect: text", "expect: number\n    retry: 1"] {
        let mut play = asked(expect);
        play.replies("chat", "Help!");
        assert_eq!(play.sent(), ["q chat"], "not asked again");
        play.replies("chat", "7");
        assert_eq!(play.log_of("answered").len(), 1, "{expect}");
    }
    let mut play = asked(
        "options:\n      help: { label: Help, then: [ { exit: helped } ] }\n      buy: { label: Buy }",
    );
    play.replies("chat", "HELP");
    assert_eq!(play.log_of("left"), ["left helped"]);
}

#[test]
fn rule_29_which_word_a_reply_is_stands_in_event_keyword() {
    let listens = "journey: demo\npurpose: marketing\nenter: { event: message.replied, again: always }\nsteps: [ { set: { run.word: event.keyword } } ]";
    for (text, word) in [
        ("Aide", "\"help\""),
        (" INFO. ", "\"help\""),
        ("Arrêt", "\"stop\""),
        ("unstop", "\"start\""),
        ("help me", "null"),
    ] {
        let mut play = Play::new(listens, FREE);
        play.replies("sms", text);
        assert_eq!(play.log_of("run.word"), [format!("run.word={word}")]);
    }
    // What a producer says of it stays.
    let mut play = Play::new(listens, FREE);
    let says = json!({ "channel": "sms", "text": "sos", "keyword": "help" });
    play.does("message.replied", says);
    assert_eq!(play.log_of("run.word"), ["run.word=\"help\""]);
}

#[test]
fn rule_29_and_47_a_question_that_fails_goes_by_the_next_channel_or_is_silence() {
    let journey = ask(OPTIONS)
        .replace("ask: chat", "ask: [chat, sms]")
        .replace("within: 1d", "within: 1d\n    else: [ { exit: silent } ]");
    let mut play = Play::new(&journey, FREE);
    play.does("go", json!({})).fails(0, Reason::Failed);
    assert_eq!(play.sent(), ["q chat", "q sms"]);
    play.log();
    play.replies("chat", "talk");
    assert_eq!(
        play.log_of("answered"),
        Vec::<String>::new(),
        "it was asked by sms"
    );
    play.replies("sms", "talk");
    assert_eq!(play.log_of("answered"), ["answered \"talk\""]);
    let mut play = Play::new(&journey, FREE);
    play.does("go", json!({}))
        .fails(0, Reason::Failed)
        .fails(1, Reason::Failed);
    assert_eq!(play.log_of("left"), ["left silent"]);
}

#[test]
fn rule_29_a_reply_is_for_the_message_it_names() {
    let mut play = asked(OPTIONS);
    let other = uuid::Uuid::nil().to_string();
    play.does(
        "message.replied",
        json!({ "channel": "chat", "message_id": other, "text": "talk" }),
    );
    assert_eq!(play.log_of("answered"), Vec::<String>::new());
    let id = play.messages[0].id.to_string();
    play.does(
        "message.replied",
        json!({ "message_id": id, "text": "talk" }),
    );
    assert_eq!(play.log_of("answered"), ["answered \"talk\""]);
}

#[test]
fn rule_29_a_question_waits_for_quiet_hours_and_then_for_its_answer() {
    let night = "quiet_hours: [ { name: night, from: \"21:00\", to: \"08:00\", quiet: hold } ]\npurposes: { marketing: { consent: opt_in } }\ncaps: []";
    let mut play = Play::new(&ask(OPTIONS), night).starting("2026-01-05T22:00+01:00");
    play.does("go", json!({}));
    assert_eq!(play.sent(), Vec::<String>::new());
    play.waits("10h");
    assert_eq!(play.sent(), ["q chat"]);
    play.waits("23h").replies("chat", "write");
    assert_eq!(
        play.log_of("answered"),
        ["answered \"write\""],
        "a whole day from the question on"
    );
}

#[test]
fn rule_29_the_answers_on_offer_are_read_in_the_customers_language() {
    let play = Play::new(&ask(OPTIONS), FREE);
    let machine = play.world.current("demo").unwrap();
    let journey::machine::Op::Ask(ask) = &machine.nodes[0].op else {
        panic!("no question")
    };
    let labels = |locale: &str| -> Vec<String> {
        let offers = ask.offers(locale, "en");
        offers.into_iter().map(|o| o.label).collect()
    };
    assert_eq!(labels("fr-BE"), ["Talk to a person", "Écrire"]);
    assert_eq!(labels("EN_gb"), ["Talk to a person", "Write"]);
    assert_eq!(
        labels("de"),
        ["Talk to a person", "Write"],
        "else the default"
    );
    let old: journey::content::Content =
        serde_json::from_value(json!({ "channel": "chat", "text": "Hi" })).unwrap();
    let asked = old.offering(ask.offers("fr", "en"));
    assert_eq!(
        serde_json::to_value(&asked).unwrap()["options"][1],
        json!({ "name": "write", "label": "Écrire" })
    );
}
