//! A failure as people read it.

use journey::testing::show::{self, Look};

use crate::shop::{CART, files, report};

#[test]
fn a_failure_points_at_the_expectation_and_shows_the_timeline_with_the_difference_marked() {
    let journey = "steps:\n  - { id: hello, send: email, template: hello }\n  - wait: 1d\n  - { id: bye, send: sms, template: hello }\n";
    let tests = format!(
        "- name: it works\n{CART}  expect:\n    sends: [ hello, {{ step: bye, at: 10:00 }} ]\n    end: completed\n"
    );
    let files = files(journey, &tests);
    let report = report(&files);
    let shown = show::failed(&report.verdicts[0], &files, Look::default());
    assert_eq!(
        shown,
        r"error: other messages were sent than expected
 --> journeys/demo/tests.yaml:4:38
  |
4 |     sends: [ hello, { step: bye, at: 10:00 } ]
  |                                      ^^^^^ went Tue 6 Jan 09:00, 1d after the start

  ~ found, and different:
    hello  email  Mon 5 Jan 09:00
  ~ bye  sms  Tue 6 Jan 09:00

  What happened to somebody, on the clock of Europe/Paris, the default:

       +0m  Mon 5 Jan 09:00  cart.updated { cart_id: c1, total: 50 }
                                     entered with key c1
                              hello  decided to send by email
                             wait#1  waits until Tue 6 Jan 09:00
       +1d  Tue 6 Jan 09:00  wait#1  the wait is over
>                               bye  decided to send by sms
                                     left: completed

  Tue 6 Jan 09:00: inside no journey
"
    );
}
