"""Customers who open an account."""

from datetime import timedelta, timezone

from .cart_rescue import fills_cart
from .shop import Customer, after, expect, hashed, rng


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
    if "email" in c.traits:
        expect.sends("welcome", "account", "email")
    else:
        expect.refuses("welcome", "account", "unreachable")
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


def reminded(country, when):
    ends_with_reminder(Customer(country), when)
    expect.sends("welcome", "reminder", "email")


def clicked(country, when):
    c = Customer(country)
    hello, story, _ = confirms(c, when)
    c.opens(after(hello, minutes=rng.randint(20, 300)), "welcome", "hello")
    c.opens(after(story, minutes=14), "welcome", "story")
    c.clicks(after(story, minutes=15), "welcome", "story")
    expect.sends("welcome", "story", "email")
    expect.sends("welcome", "bestsellers", "email")
    expect.leaves("welcome", "completed")


def nudged(country, when, channel):
    """Opens no mail: one short word by push, or by SMS where there is no app."""
    c = Customer(country, ("email", channel))
    confirms(c, when, "push", "sms")
    expect.sends("welcome", "story", "email")
    expect.sends("welcome", "nudge", channel)
    expect.leaves("welcome", "completed")


def mail_only(country, when):
    """Opens no mail and allowed nothing else."""
    confirms(Customer(country, ("email", "sms", "push")), when)
    expect.sends("welcome", "story", "email")
    expect.refuses("welcome", "nudge", "no_consent")
    expect.leaves("welcome", "completed")


def never_confirmed(country, when, newsletter=True):
    signs_up(Customer(country), when, newsletter)
    expect.leaves("welcome", "never_confirmed")


def no_address(when):
    """Signed up at the counter with a telephone number only."""
    signs_up(Customer("FR", ("sms",)), when, newsletter=False, method="store")
    expect.leaves("welcome", "never_confirmed")


def buys(country, when):
    c = Customer(country)
    hello, _, _ = confirms(c, when)
    c.opens(after(hello, minutes=9), "welcome", "hello")
    c.clicks(after(hello, minutes=10), "welcome", "hello")
    c.orders(after(hello, minutes=34), voucher="WELCOME10")
    expect.goal("welcome")
    expect.leaves("welcome", "goal")


def withdraws(when):
    c = Customer("BE")
    hello, _, _ = confirms(c, when)
    c.opens(after(hello, hours=2), "welcome", "hello")
    c.track(after(hello, hours=3), "consent.withdrawn", purpose="marketing")
    expect.refuses("welcome", "story", "no_consent")
    expect.refuses("welcome", "reminder", "no_consent")
    expect.leaves("welcome", "completed")


def bounces(when):
    c = Customer("FR", ("email", "push"))
    hello, _, _ = confirms(c, when, "push")
    c.track(after(hello, minutes=2), "message.bounced", channel="email", permanent=True)
    expect.refuses("welcome", "story", "suppression_list")
    expect.sends("welcome", "nudge", "push")
    expect.leaves("welcome", "completed")


def complains(when):
    c = Customer("US")
    hello, _, _ = confirms(c, when)
    c.opens(after(hello, minutes=50), "welcome", "hello")
    c.track(after(hello, minutes=51), "message.complained", channel="email")
    expect.refuses("welcome", "story", "suppression_list")
    expect.refuses("welcome", "reminder", "suppression_list")
    expect.leaves("welcome", "completed")


def still_inside(when):
    confirms(Customer("FR"), when)


def then_cart_capped(when, cart):
    """A cart in the week of the welcome mails: they have used up the week's three."""
    c = Customer("FR", ("email", "push"), cart_rescue="reminder")
    _, _, third = ends_with_reminder(c, when, "push")
    expect.sends("welcome", "reminder", "email")
    fills_cart(c, after(third, minutes=30), cart)
    expect.refuses("cart-rescue", "nudge", "capped")
    expect.sends("cart-rescue", "last_call", "push")  # a day later the first mail has left the window
    expect.leaves("cart-rescue", "completed")


def capped_by_cart(when, cart, opened):
    """A cart between the second and the third mail: now the third is one too many."""
    c = Customer("FR", ("email", "push"), cart_rescue="with_code")
    _, story, _ = ends_with_reminder(c, when, "push")
    fills = after(story, hours=25)
    fills_cart(c, fills, cart)
    expect.sends("cart-rescue", "nudge", "email")
    if opened:
        c.opens(after(fills, hours=5), "cart-rescue", "nudge")
        expect.refuses("cart-rescue", "last_call", "capped")
    expect.leaves("cart-rescue", "completed" if opened else "quiet_leaver")
    expect.refuses("welcome", "reminder", "capped")
