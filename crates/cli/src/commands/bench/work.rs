//! The workload: a workspace of journeys of thirty steps as a shop would write them.

use std::sync::Arc;

use journey::diagnostic::SourceFile;

const POLICIES: &str = "\
purposes:
  marketing: { consent: opt_in }
  service: { consent: none }
caps:
  - { name: marketing_week, purpose: marketing, max: 3, per: 7d, window: rolling, capped: skip }
quiet_hours:
  - { name: night, channels: [email], from: \"21:00\", to: \"08:00\", quiet: hold, except: [service] }
";

const TRAITS: &str = "\
properties:
  email: { type: string }
  country: { type: string }
  first_name: { type: string }
  orders_count: { type: integer }
";

const EVENT: &str = "\
properties:
  cart_id: { type: string }
  total: { type: number }
";

const MAIL: &str = "\
---
subject: Your cart {{ cart.cart_id }}
---
<mjml><mj-body><mj-section><mj-column>
<mj-text>Hello {{ customer.first_name | default(\"you\") }}, {{ code }} is for you.</mj-text>
<mj-text><a href=\"{{ links.unsubscribe }}\">No more mails</a></mj-text>
</mj-column></mj-section></mj-body></mjml>
";

const TEXT: &str =
    "Hello, {{ code }} is for cart {{ cart.cart_id }}.\nNo more mails: {{ links.unsubscribe }}\n";

/// One part of a journey: ten steps.
const PART: &str = "  - set: { run.code_@: BACK10 }
  - if: run.event.total >= 20 and customer.country in [\"FR\", \"BE\"]
    then:
      - id: mail_@
        send: email
        template: bench/mail
        with: { cart: run.event, code: run.code_@ }
  - split: offer_@
    arms:
      a_@: { weight: 1 }
      b_@: { weight: 1, steps: [ { set: { run.code_@: BACK15 } } ] }
  - id: back_@
    wait_for: { event: bench.@, if: event.cart_id == run.key, within: 2h }
    then:
      - wait: 1h
  - choose:
      - when: steps.back_@.matched
        then: [ { set: { run.seen_@: true } } ]
      - when: customer.orders_count > 3
        then: []
  - wait: { until: \"09:00-20:00\", days: [mon-sat], zone: customer }
";

/// A workspace of that many journeys.
pub(super) fn workspace(journeys: u32) -> Vec<SourceFile> {
    let file = |path: String, text: String| SourceFile {
        path: Arc::from(path),
        text: Arc::from(text),
    };
    let beside = [
        ("config/policies.yaml", POLICIES),
        ("config/traits.yaml", TRAITS),
        ("templates/bench/mail/email.fr.mjml", MAIL),
        ("templates/bench/mail/email.fr.txt", TEXT),
    ];
    let mut files: Vec<SourceFile> = beside
        .map(|(path, text)| file(path.to_owned(), text.to_owned()))
        .into();
    for n in 0..journeys.min(100) {
        files.push(file(
            format!("config/events/bench.{n}.yaml"),
            EVENT.to_owned(),
        ));
    }
    files.extend((0..journeys).map(|n| {
        let name = format!("bench-{n}");
        file(format!("journeys/{name}/journey.yaml"), journey(&name, n))
    }));
    files
}

fn journey(name: &str, number: u32) -> String {
    let event = number % 100;
    let parts: String = (0..3)
        .map(|part| PART.replace('@', &part.to_string()))
        .collect();
    format!(
        "journey: {name}\npurpose: marketing\npriority: 40\nenter:\n  event: bench.{event}\n  if: event.total >= 0\n  key: event.cart_id\n  again: {{ after: 7d, per: customer }}\nexit:\n  - {{ if: customer.country == \"XX\", as: elsewhere }}\nsteps:\n{parts}"
    )
}

#[cfg(test)]
mod tests {
    use journey::workspace::{self, Options};

    #[test]
    fn the_workload_is_what_the_aim_speaks_of() {
        let (made, found) = workspace::compile(&super::workspace(5), &Options::default());
        assert!(found.is_empty(), "{found:?}");
        let machines = made.map(|w| w.machines).unwrap_or_default();
        assert_eq!(machines.len(), 5);
        assert!(machines.iter().all(|m| m.machine.nodes.len() == 30));
    }
}
