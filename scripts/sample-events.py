#!/usr/bin/env python3
"""Writes the sample stream of `parcours demo`, and what the sample journeys should make of it.

    scripts/sample-events.py           writes crates/cli/samples/{events.ndjson,expected.json}
    scripts/sample-events.py --check   says whether these files are current

Each story below is one kind of customer. It writes their events and, beside each, what is expected
to come of it, worked out by hand from the journeys and policies: an expectation that does not come
from the engine that it tests. The same run gives the same bytes.
"""

import json
import sys
from datetime import timedelta, timezone
from pathlib import Path

from sample_shop import Customer, after, expect, hashed, lines, rng, stream

HERE = Path(__file__).resolve().parent.parent / "crates/cli/samples"

# --- Welcome ------------------------------------------------------------------------------------


def next_at(moment, zone, hour, days):
    """The first `hour` o'clock at or after `moment` on one of `days` (Monday is 0)."""
    local = moment.astimezone(zone)
    day = local.replace(hour=hour, minute=0, second=0, microsecond=0)
    while day < local or day.weekday() not in days:
        day = (day + timedelta(days=1)).replace(hour=hour)
    return day.astimezone(timezone.utc)


def signs_up(c, when, newsletter=True, method="web"):
    moment = c.at(when)
    c.identify(moment)
    link = {"confirm_url": f"https://shop.example/confirm/{hashed('confirm', c.key.encode()).hex()[:8]}"}
    c.track(after(moment, seconds=2), "customer.signed_up", method=method, **(link if newsletter else {}))
    if newsletter:
        c.grants(after(moment, seconds=3), "email", confirmed=False)
    expect.enters("welcome")
    expect.sends("welcome", "account", "email") if "email" in c.traits else expect.refuses(
        "welcome", "account", "unreachable")
    return after(moment, seconds=2)


def confirms(c, when, *others):
    """Signs up and confirms some minutes later; the moments of the three marketing messages."""
    hello = after(signs_up(c, when), minutes=rng.randint(4, 40))
    c.grants(hello, "email")
    if others:
        c.grants(after(hello, minutes=1), *others)
    expect.sends("welcome", "hello", "email")
    weekdays = range(5)
    story = next_at(after(hello, days=1), c.zone, 9, weekdays)
    third = next_at(after(story, days=3), c.zone, 9, weekdays)
    return hello, story, third


def ends_with_reminder(c, when, *others):
    hello, story, third = confirms(c, when, *others)
    c.opens(after(hello, hours=rng.randint(1, 7)), "welcome", "hello")
    expect.sends("welcome", "story", "email")
    if rng.random() < 0.5:
        c.opens(after(story, minutes=rng.randint(5, 200)), "welcome", "story")
    expect.leaves("welcome", "completed")
    return hello, story, third


def welcome_reminded(country, when):
    ends_with_reminder(Customer(country), when)
    expect.sends("welcome", "reminder", "email")


def welcome_clicked(country, when):
    c = Customer(country)
    hello, story, _ = confirms(c, when)
    c.opens(after(hello, minutes=rng.randint(20, 300)), "welcome", "hello")
    c.opens(after(story, minutes=14), "welcome", "story")
    c.clicks(after(story, minutes=15), "welcome", "story")
    expect.sends("welcome", "story", "email")
    expect.sends("welcome", "bestsellers", "email")
    expect.leaves("welcome", "completed")


def welcome_nudged(country, when, channel):
    """Opens no mail: one short word by push, or by SMS where there is no app."""
    c = Customer(country, ("email", channel))
    confirms(c, when, "push", "sms")
    expect.sends("welcome", "story", "email")
    expect.sends("welcome", "nudge", channel)
    expect.leaves("welcome", "completed")


def welcome_mail_only(country, when):
    """Opens no mail and allowed nothing else."""
    confirms(Customer(country, ("email", "sms", "push")), when)
    expect.sends("welcome", "story", "email")
    expect.refuses("welcome", "nudge", "no_consent")
    expect.leaves("welcome", "completed")


def welcome_never_confirmed(country, when, newsletter=True):
    signs_up(Customer(country), when, newsletter)
    expect.leaves("welcome", "never_confirmed")


def welcome_no_address(when):
    """Signed up at the counter with a telephone number only."""
    signs_up(Customer("FR", ("sms",)), when, newsletter=False, method="store")
    expect.leaves("welcome", "never_confirmed")


def welcome_buys(country, when):
    c = Customer(country)
    hello, _, _ = confirms(c, when)
    c.opens(after(hello, minutes=9), "welcome", "hello")
    c.clicks(after(hello, minutes=10), "welcome", "hello")
    c.orders(after(hello, minutes=34), voucher="WELCOME10")
    expect.goal("welcome")
    expect.leaves("welcome", "goal")


def welcome_withdraws(when):
    c = Customer("BE")
    hello, _, _ = confirms(c, when)
    c.opens(after(hello, hours=2), "welcome", "hello")
    c.track(after(hello, hours=3), "consent.withdrawn", purpose="marketing")
    expect.refuses("welcome", "story", "no_consent")
    expect.refuses("welcome", "reminder", "no_consent")
    expect.leaves("welcome", "completed")


def welcome_bounces(when):
    c = Customer("FR", ("email", "push"))
    hello, _, _ = confirms(c, when, "push")
    c.track(after(hello, minutes=2), "message.bounced", channel="email", permanent=True)
    expect.refuses("welcome", "story", "suppression_list")
    expect.sends("welcome", "nudge", "push")
    expect.leaves("welcome", "completed")


def welcome_complains(when):
    c = Customer("US")
    hello, _, _ = confirms(c, when)
    c.opens(after(hello, minutes=50), "welcome", "hello")
    c.track(after(hello, minutes=51), "message.complained", channel="email")
    expect.refuses("welcome", "story", "suppression_list")
    expect.refuses("welcome", "reminder", "suppression_list")
    expect.leaves("welcome", "completed")


def welcome_still_inside(when):
    hello, _, _ = confirms(Customer("FR"), when)


def welcome_then_cart_capped(when, cart):
    """A cart in the week of the welcome mails: they have used up the week's three."""
    c = Customer("FR", ("email", "push"), cart_rescue="reminder")
    _, _, third = ends_with_reminder(c, when, "push")
    expect.sends("welcome", "reminder", "email")
    c.fills(after(third, minutes=30), cart)
    expect.enters("cart-rescue")
    expect.refuses("cart-rescue", "nudge", "capped")
    expect.sends("cart-rescue", "last_call", "push")  # a day later the first mail has left the window
    expect.leaves("cart-rescue", "completed")


def welcome_capped_by_cart(when, cart, opened):
    """A cart between the second and the third mail: now the third is one too many."""
    c = Customer("FR", ("email", "push"), cart_rescue="with_code")
    _, story, _ = ends_with_reminder(c, when, "push")
    fills = after(story, hours=25)
    c.fills(fills, cart)
    expect.enters("cart-rescue")
    expect.sends("cart-rescue", "nudge", "email")
    if opened:
        c.opens(after(fills, hours=5), "cart-rescue", "nudge")
        expect.refuses("cart-rescue", "last_call", "capped")
    expect.leaves("cart-rescue", "completed" if opened else "quiet_leaver")
    expect.refuses("welcome", "reminder", "capped")


# --- Cart rescue --------------------------------------------------------------------------------

EVERYWHERE = ("email", "sms", "push", "chat")


def shopper(country="FR", reach=("email",), consents=EVERYWHERE, arm="reminder"):
    return Customer(country, reach, zone=country != "BE", cart_rescue=arm).known(*consents)


def enters_cart(c, when, cart, total=None):
    c.fills(when, cart, total)
    expect.enters("cart-rescue")


def cart_rescued(country, when, cart, arm):
    """The nudge is opened, followed, and the cart bought. `when` is in the window's hours."""
    c = shopper(country, arm=arm)
    enters_cart(c, when, cart, 60)
    nudge = after(c.at(when), hours=2)
    c.opens(after(nudge, minutes=33), "cart-rescue", "nudge")
    c.clicks(after(nudge, minutes=34), "cart-rescue", "nudge")
    c.checks_out(after(nudge, minutes=37), cart)
    c.orders(after(nudge, minutes=41), cart, **({"voucher": "BACK10"} if arm == "with_code" else {}))
    expect.sends("cart-rescue", "nudge", "email")
    expect.goal("cart-rescue")
    expect.leaves("cart-rescue", "bought")


def cart_bought_at_once(country, when, cart):
    c = shopper(country)
    enters_cart(c, when, cart)
    c.orders(after(c.at(when), minutes=48), cart)
    expect.goal("cart-rescue")
    expect.leaves("cart-rescue", "bought")


def cart_grows_then_bought(when, cart):
    """Under twenty it does not enter; with one thing more it does."""
    c = shopper("BE")
    c.track(when, "cart.updated", cart_id=cart, total=11, currency="EUR", url=f"https://shop.example/cart/{cart}",
            items=[{"sku": "V-09", "name": "Boîte à thé", "quantity": 1, "price": 11}])
    enters_cart(c, after(c.at(when), minutes=9), cart, 34)
    c.orders(after(c.at(when), minutes=31), cart)
    expect.goal("cart-rescue")
    expect.leaves("cart-rescue", "bought")


def cart_resumed(when, cart):
    c = shopper("GB")
    enters_cart(c, when, cart)
    c.checks_out(after(c.at(when), minutes=70), cart)
    expect.leaves("cart-rescue", "resumed")


def cart_held_out(when, cart, buys):
    c = shopper("FR", arm="held_out")
    enters_cart(c, when, cart)
    expect.leaves("cart-rescue", "held_out")
    if buys:  # counted as a goal all the same: that is what the arm is for
        c.orders(after(c.at(when), days=3), cart)
        expect.goal("cart-rescue")


def cart_quiet_leaver(country, when, cart, again=None):
    """Does not open the nudge. Another cart within the week does not enter."""
    c = shopper(country, reach=("email", "push"), arm="with_code")
    enters_cart(c, when, cart)
    expect.sends("cart-rescue", "nudge", "email")
    expect.leaves("cart-rescue", "quiet_leaver")
    if again:
        c.fills(after(c.at(when), days=4), again)


def cart_last_call(country, when, cart, channel):
    """Opens the nudge and does not come: a day later one message where they can be reached."""
    c = shopper(country, reach=("email", channel))
    enters_cart(c, when, cart)
    nudge = after(c.at(when), hours=2)
    c.opens(after(nudge, hours=3), "cart-rescue", "nudge")
    c.fills(after(nudge, hours=4), cart, 75)  # refreshes: the last call shows the new cart
    expect.sends("cart-rescue", "nudge", "email")
    expect.sends("cart-rescue", "last_call", channel)
    expect.leaves("cart-rescue", "completed")


def cart_at_night(country, when, cart, channel, buys=False):
    """Back at the checkout in the evening: the last call falls into the night and is held."""
    c = shopper(country, reach=("email", channel), arm="with_code")
    enters_cart(c, f"{when} 14:00", cart)
    nudge = c.at(f"{when} 16:00")
    c.opens(after(nudge, minutes=25), "cart-rescue", "nudge")
    c.checks_out(f"{when} 20:35", cart)
    expect.sends("cart-rescue", "nudge", "email")
    expect.holds("cart-rescue", "last_call", "quiet")
    if buys:
        c.orders(f"{when} 22:10", cart)
        expect.goal("cart-rescue")
        expect.leaves("cart-rescue", "bought")
    else:
        expect.sends("cart-rescue", "last_call", channel)
        expect.leaves("cart-rescue", "completed")


def cart_no_consent(when, cart):
    c = shopper("FR", reach=EVERYWHERE, consents=())
    enters_cart(c, when, cart)
    expect.refuses("cart-rescue", "nudge", "no_consent")
    expect.refuses("cart-rescue", "last_call", "no_consent")
    expect.leaves("cart-rescue", "completed")


def cart_unreachable(when, cart):
    """Allows everything, and we have nothing but a mail address."""
    c = shopper("GB")
    enters_cart(c, when, cart)
    c.opens(after(c.at(when), hours=4), "cart-rescue", "nudge")
    expect.sends("cart-rescue", "nudge", "email")
    expect.refuses("cart-rescue", "last_call", "unreachable")
    expect.leaves("cart-rescue", "completed")


def cart_elsewhere(when, cart):
    """A country that we do not deliver to: does not enter."""
    Customer("DE").known("email").fills(when, cart, 50)


def cart_emptied(when, cart):
    c = shopper("US")
    enters_cart(c, when, cart)
    c.track(after(c.at(when), minutes=25), "cart.emptied", cart_id=cart)
    expect.leaves("cart-rescue", "emptied")


def cart_asked_for_peace(when, cart):
    c = shopper("FR", reach=("email", "sms"))
    enters_cart(c, when, cart)
    c.identify(after(c.at(when), hours=6), do_not_disturb=True)
    expect.sends("cart-rescue", "nudge", "email")
    expect.leaves("cart-rescue", "asked_for_peace")


# --- Win-back -----------------------------------------------------------------------------------


def buyer(country, when, reach=("email",), consents=EVERYWHERE, arm="treated", cart_arm=None, **traits):
    more = {"cart_rescue": cart_arm} if cart_arm else {}
    c = Customer(country, reach, win_back=arm, **more)
    c.traits.update(traits)
    c.known(*consents)
    c.orders(when)
    return c


def win_back_lost(country, when, **traits):
    """Both mails, no answer."""
    buyer(country, when, **traits)
    expect.sends("win-back", "miss_you", "email")
    expect.sends("win-back", "deal", "email")
    expect.leaves("win-back", "lost")


def win_back_won(country, when, again):
    """Orders after the first mail: the goal, and the sixty days begin anew."""
    c = buyer(country, when)
    c.opens(after(c.at(again), minutes=-12), "win-back", "miss_you")
    c.orders(again)
    expect.sends("win-back", "miss_you", "email")
    expect.goal("win-back")
    expect.leaves("win-back", "restarted")


def win_back_held_out(when, again=None):
    c = buyer("FR", when, arm="held_out")
    expect.leaves("win-back", "held_out")
    if again:
        c.orders(again)
        expect.goal("win-back")


def win_back_no_consent(country, when):
    buyer(country, when, reach=EVERYWHERE, consents=())
    expect.refuses("win-back", "miss_you", "no_consent")
    expect.refuses("win-back", "deal", "no_consent")
    expect.leaves("win-back", "lost")


def win_back_bounced(when):
    """The first mail comes back, so the offer takes the next channel."""
    c = buyer("FR", when, reach=("email", "push"))
    c.track("11-03 10:02", "message.bounced", channel="email", permanent=True)
    expect.sends("win-back", "miss_you", "email")
    expect.sends("win-back", "deal", "push")
    expect.leaves("win-back", "lost")


def win_back_sms_then_cart(when, cart):
    """SMS only. The offer uses up the day's SMS, so the cart's last call waits for midnight,
    and then for the end of the night."""
    c = buyer("FR", when, reach=("email", "sms"), consents=("sms",), cart_arm="reminder")
    expect.refuses("win-back", "miss_you", "no_consent")
    expect.sends("win-back", "deal", "sms")
    enters_cart(c, "11-09 11:00", cart)
    expect.refuses("cart-rescue", "nudge", "no_consent")
    expect.holds("cart-rescue", "last_call", "capped")
    expect.holds("cart-rescue", "last_call", "quiet")
    expect.sends("cart-rescue", "last_call", "sms")
    expect.leaves("cart-rescue", "completed")
    expect.leaves("win-back", "lost")


def win_back_asked_for_peace(when):
    c = buyer("BE", when)
    c.identify("10-10 18:20", do_not_disturb=True)
    expect.leaves("win-back", "asked_for_peace")


def win_back_waiting(country, when):
    buyer(country, when)


# --- The seventy-five days ----------------------------------------------------------------------


def play():
    welcome_reminded("FR", "09-03 18:20")
    welcome_reminded("BE", "09-21 08:05")
    welcome_reminded("US", "10-06 20:45")
    welcome_reminded("GB", "10-14 12:30")
    welcome_clicked("FR", "09-08 21:10")
    welcome_clicked("FR", "10-01 13:40")
    welcome_clicked("US", "10-19 09:55")
    welcome_clicked("BE", "11-03 19:30")
    welcome_nudged("FR", "09-10 10:15", "push")
    welcome_nudged("BE", "10-12 17:50", "push")
    welcome_nudged("GB", "10-28 22:05", "push")
    welcome_nudged("FR", "09-24 11:25", "sms")
    welcome_nudged("US", "11-02 16:40", "sms")
    welcome_mail_only("FR", "10-08 14:05")
    welcome_never_confirmed("FR", "09-05 09:10")
    welcome_never_confirmed("BE", "09-29 20:00")
    welcome_never_confirmed("GB", "10-17 15:15")
    welcome_never_confirmed("FR", "11-05 07:45", newsletter=False)
    welcome_no_address("10-02 16:30")
    welcome_buys("FR", "09-30 19:05")
    welcome_buys("GB", "10-13 18:25")
    welcome_buys("US", "10-29 21:35")
    welcome_withdraws("10-05 12:00")
    welcome_bounces("10-20 10:40")
    welcome_complains("09-15 11:20")
    welcome_still_inside("11-13 17:15")
    welcome_then_cart_capped("09-22 09:40", "c-3101")
    welcome_capped_by_cart("10-06 09:30", "c-3102", opened=True)
    welcome_capped_by_cart("11-03 09:45", "c-3103", opened=False)

    cart_rescued("FR", "09-23 10:20", "c-2101", "reminder")
    cart_rescued("GB", "10-15 11:45", "c-2102", "with_code")
    cart_bought_at_once("FR", "09-26 15:10", "c-2103")
    cart_bought_at_once("US", "10-21 19:05", "c-2104")
    cart_grows_then_bought("10-03 17:20", "c-2105")
    cart_resumed("10-09 13:00", "c-2106")
    cart_held_out("09-19 11:30", "c-2107", buys=True)
    cart_held_out("10-27 16:15", "c-2108", buys=False)
    cart_quiet_leaver("BE", "10-10 21:25", "c-2109")  # a Saturday night: the nudge goes on Monday at nine
    cart_quiet_leaver("FR", "10-22 12:10", "c-2110", again="c-2111")
    cart_last_call("FR", "09-29 10:05", "c-2112", "push")
    cart_last_call("BE", "10-14 09:35", "c-2113", "sms")
    cart_last_call("US", "11-04 12:50", "c-2114", "chat")
    cart_at_night("FR", "10-07", "c-2115", "push")
    cart_at_night("US", "10-20", "c-2116", "sms")
    cart_at_night("FR", "11-10", "c-2117", "push", buys=True)
    cart_no_consent("10-16 10:30", "c-2118")
    cart_unreachable("11-05 11:15", "c-2119")
    cart_elsewhere("10-11 18:40", "c-2120")
    cart_emptied("10-24 14:20", "c-2121")
    cart_asked_for_peace("11-06 09:20", "c-2122")

    win_back_lost("FR", "09-01 12:10")
    win_back_lost("US", "09-02 13:30")
    win_back_lost("GB", "09-03 16:45")
    win_back_lost("FR", "09-03 20:15", loyalty="gold")
    win_back_lost("BE", "09-04 09:05")
    win_back_won("FR", "09-02 18:55", again="11-04 20:30")
    win_back_won("GB", "09-01 17:25", again="11-07 11:05")
    win_back_held_out("09-02 10:35", again="11-06 13:20")
    win_back_held_out("09-03 14:50")
    win_back_no_consent("FR", "09-01 19:40")
    win_back_bounced("09-02 21:05")
    win_back_sms_then_cart("09-03 11:15", "c-2201")
    win_back_asked_for_peace("09-04 08:30")
    win_back_waiting("US", "09-24 15:00")

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
