"""Customers who ordered once, and what became of them."""

from .cart_rescue import EVERYWHERE, fills_cart
from .shop import Customer, after, expect


def buyer(country, when, reach=("email",), consents=EVERYWHERE, arm="treated", cart_arm=None, **traits):
    more = {"cart_rescue": cart_arm} if cart_arm else {}
    c = Customer(country, reach, win_back=arm, **more)
    c.traits.update(traits)
    c.known(*consents)
    c.orders(when)
    return c


def lost(country, when, **traits):
    """Both mails, no answer."""
    buyer(country, when, **traits)
    expect.sends("win-back", "miss_you", "email")
    expect.sends("win-back", "deal", "email")
    expect.leaves("win-back", "lost")


def won(country, when, again):
    """Orders after the first mail: the goal, and the sixty days begin anew."""
    c = buyer(country, when)
    c.opens(after(c.at(again), minutes=-12), "win-back", "miss_you")
    c.orders(again)
    expect.sends("win-back", "miss_you", "email")
    expect.goal("win-back")
    expect.leaves("win-back", "restarted")


def held_out(when, again=None):
    c = buyer("FR", when, arm="held_out")
    expect.leaves("win-back", "held_out")
    if again:
        c.orders(again)
        expect.goal("win-back")


def no_consent(country, when):
    buyer(country, when, reach=EVERYWHERE, consents=())
    expect.refuses("win-back", "miss_you", "no_consent")
    expect.refuses("win-back", "deal", "no_consent")
    expect.leaves("win-back", "lost")


def bounced(when):
    """The first mail comes back, so the offer takes the next channel."""
    c = buyer("FR", when, reach=("email", "push"))
    c.track("11-03 10:02", "message.bounced", channel="email", permanent=True)
    expect.sends("win-back", "miss_you", "email")
    expect.sends("win-back", "deal", "push")
    expect.leaves("win-back", "lost")


def sms_then_cart(when, cart):
    """SMS only. The offer uses up the day's SMS, so the cart's last call waits for midnight,
    and then for the end of the night."""
    c = buyer("FR", when, reach=("email", "sms"), consents=("sms",), cart_arm="reminder")
    expect.refuses("win-back", "miss_you", "no_consent")
    expect.sends("win-back", "deal", "sms")
    fills_cart(c, "11-09 11:00", cart)
    expect.refuses("cart-rescue", "nudge", "no_consent")
    expect.holds("cart-rescue", "last_call", "capped")
    expect.holds("cart-rescue", "last_call", "quiet")
    expect.sends("cart-rescue", "last_call", "sms")
    expect.leaves("cart-rescue", "completed")
    expect.leaves("win-back", "lost")


def asked_for_peace(when):
    c = buyer("BE", when)
    c.identify("10-10 18:20", do_not_disturb=True)
    expect.leaves("win-back", "asked_for_peace")


def waiting(country, when):
    buyer(country, when)
