#!/usr/bin/env python3
"""Writes the sample stream of `parcours demo`, and what the sample journeys should make of it.

    scripts/sample-events.py           writes crates/cli/samples/{events.ndjson,expected.json}
    scripts/sample-events.py --check   says whether these files are current

Each story in `sample_stories/` is one kind of customer. It writes their events and, beside them,
what is expected to come of it, worked out by hand from the journeys and policies: an expectation
that does not come from the engine that it tests. The same run gives the same bytes.
"""

import json
import sys
from pathlib import Path

from sample_stories import cart_rescue, welcome, win_back
from sample_stories.shop import Customer, expect, lines, stream

HERE = Path(__file__).resolve().parent.parent / "crates/cli/samples"


def play():
    """Seventy-five days, each line a customer."""
    welcome.reminded("FR", "09-03 18:20")
    welcome.reminded("BE", "09-21 08:05")
    welcome.reminded("US", "10-06 20:45")
    welcome.reminded("GB", "10-14 12:30")
    welcome.clicked("FR", "09-08 21:10")
    welcome.clicked("FR", "10-01 13:40")
    welcome.clicked("US", "10-19 09:55")
    welcome.clicked("BE", "11-03 19:30")
    welcome.nudged("FR", "09-10 10:15", "push")
    welcome.nudged("BE", "10-12 17:50", "push")
    welcome.nudged("GB", "10-28 22:05", "push")
    welcome.nudged("FR", "09-24 11:25", "sms")
    welcome.nudged("US", "11-02 16:40", "sms")
    welcome.mail_only("FR", "10-08 14:05")
    welcome.never_confirmed("FR", "09-05 09:10")
    welcome.never_confirmed("BE", "09-29 20:00")
    welcome.never_confirmed("GB", "10-17 15:15")
    welcome.never_confirmed("FR", "11-05 07:45", newsletter=False)
    welcome.no_address("10-02 16:30")
    welcome.buys("FR", "09-30 19:05")
    welcome.buys("GB", "10-13 18:25")
    welcome.buys("US", "10-29 21:35")
    welcome.withdraws("10-05 12:00")
    welcome.bounces("10-20 10:40")
    welcome.complains("09-15 11:20")
    welcome.still_inside("11-13 17:15")
    welcome.then_cart_capped("09-22 09:40", "c-3101")
    welcome.capped_by_cart("10-06 09:30", "c-3102", opened=True)
    welcome.capped_by_cart("11-03 09:45", "c-3103", opened=False)

    cart_rescue.rescued("FR", "09-23 10:20", "c-2101", "reminder")
    cart_rescue.rescued("GB", "10-15 11:45", "c-2102", "with_code")
    cart_rescue.bought_at_once("FR", "09-26 15:10", "c-2103")
    cart_rescue.bought_at_once("US", "10-21 19:05", "c-2104")
    cart_rescue.grows_then_bought("10-03 17:20", "c-2105")
    cart_rescue.resumed("10-09 13:00", "c-2106")
    cart_rescue.held_out("09-19 11:30", "c-2107", buys=True)
    cart_rescue.held_out("10-27 16:15", "c-2108", buys=False)
    cart_rescue.quiet_leaver("BE", "10-10 21:25", "c-2109")  # a Saturday night: the nudge goes on Monday at nine
    cart_rescue.quiet_leaver("FR", "10-22 12:10", "c-2110", again="c-2111")
    cart_rescue.last_call("FR", "09-29 10:05", "c-2112", "push")
    cart_rescue.last_call("BE", "10-14 09:35", "c-2113", "sms")
    cart_rescue.last_call("US", "11-04 12:50", "c-2114", "chat")
    cart_rescue.at_night("FR", "10-07", "c-2115", "push")
    cart_rescue.at_night("US", "10-20", "c-2116", "sms")
    cart_rescue.at_night("FR", "11-10", "c-2117", "push", buys=True)
    cart_rescue.no_consent("10-16 10:30", "c-2118")
    cart_rescue.unreachable("11-05 11:15", "c-2119")
    cart_rescue.elsewhere("10-11 18:40", "c-2120")
    cart_rescue.emptied("10-24 14:20", "c-2121")
    cart_rescue.asked_for_peace("11-06 09:20", "c-2122")

    win_back.lost("FR", "09-01 12:10")
    win_back.lost("US", "09-02 13:30")
    win_back.lost("GB", "09-03 16:45")
    win_back.lost("FR", "09-03 20:15", loyalty="gold")
    win_back.lost("BE", "09-04 09:05")
    win_back.won("FR", "09-02 18:55", again="11-04 20:30")
    win_back.won("GB", "09-01 17:25", again="11-07 11:05")
    win_back.held_out("09-02 10:35", again="11-06 13:20")
    win_back.held_out("09-03 14:50")
    win_back.no_consent("FR", "09-01 19:40")
    win_back.bounced("09-02 21:05")
    win_back.sms_then_cart("09-03 11:15", "c-2201")
    win_back.asked_for_peace("09-04 08:30")
    win_back.waiting("US", "09-24 15:00")

    # The last word of the stream: the demo's clock stands here when it ends.
    Customer("FR").track("11-15 21:00", "product.viewed", sku="T-12", name="Darjeeling de printemps")


def main():
    play()
    rows = lines()
    customers = len({entry[2]["userId"] for entry in stream})
    expected = json.dumps(expect.as_json(len(rows), 1, customers), indent=2, ensure_ascii=False)
    files = {HERE / "events.ndjson": "\n".join(rows) + "\n", HERE / "expected.json": expected + "\n"}
    if "--check" in sys.argv[1:]:
        stale = [path.name for path, text in files.items() if path.read_text(encoding="utf-8") != text]
        sys.exit(f"stale: {', '.join(stale)}; run scripts/sample-events.py" if stale else 0)
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
