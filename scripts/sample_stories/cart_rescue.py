"""Customers who leave a cart behind, or not."""

from .shop import Customer, after, expect

EVERYWHERE = ("email", "sms", "push", "chat")


def shopper(country="FR", reach=("email",), consents=EVERYWHERE, arm="reminder"):
    return Customer(country, reach, zone=country != "BE", cart_rescue=arm).known(*consents)


def fills_cart(c, when, cart, total=None):
    """A cart that lets the customer in."""
    c.fills(when, cart, total)
    expect.enters("cart-rescue")


def rescued(country, when, cart, arm):
    """The nudge is opened, followed, and the cart bought. `when` is in the window's hours."""
    c = shopper(country, arm=arm)
    fills_cart(c, when, cart, 60)
    nudge = after(c.at(when), hours=2)
    c.opens(after(nudge, minutes=33), "cart-rescue", "nudge")
    c.clicks(after(nudge, minutes=34), "cart-rescue", "nudge")
    c.checks_out(after(nudge, minutes=37), cart)
    c.orders(after(nudge, minutes=41), cart, **({"voucher": "BACK10"} if arm == "with_code" else {}))
    expect.sends("cart-rescue", "nudge", "email")
    expect.goal("cart-rescue")
    expect.leaves("cart-rescue", "bought")


def bought_at_once(country, when, cart):
    c = shopper(country)
    fills_cart(c, when, cart)
    c.orders(after(c.at(when), minutes=48), cart)
    expect.goal("cart-rescue")
    expect.leaves("cart-rescue", "bought")


def grows_then_bought(when, cart):
    """Under twenty it does not enter; with one thing more it does."""
    c = shopper("BE")
    c.track(when, "cart.updated", cart_id=cart, total=11, currency="EUR", url=f"https://shop.example/cart/{cart}",
            items=[{"sku": "V-09", "name": "Boîte à thé", "quantity": 1, "price": 11}])
    fills_cart(c, after(c.at(when), minutes=9), cart, 34)
    c.orders(after(c.at(when), minutes=31), cart)
    expect.goal("cart-rescue")
    expect.leaves("cart-rescue", "bought")


def resumed(when, cart):
    c = shopper("GB")
    fills_cart(c, when, cart)
    c.checks_out(after(c.at(when), minutes=70), cart)
    expect.leaves("cart-rescue", "resumed")


def held_out(when, cart, buys):
    c = shopper("FR", arm="held_out")
    fills_cart(c, when, cart)
    expect.leaves("cart-rescue", "held_out")
    if buys:  # counted as a goal all the same: that is what the arm is for
        c.orders(after(c.at(when), days=3), cart)
        expect.goal("cart-rescue")


def quiet_leaver(country, when, cart, again=None):
    """Does not open the nudge. Another cart within the week does not enter."""
    c = shopper(country, reach=("email", "push"), arm="with_code")
    fills_cart(c, when, cart)
    expect.sends("cart-rescue", "nudge", "email")
    expect.leaves("cart-rescue", "quiet_leaver")
    if again:
        c.fills(after(c.at(when), days=4), again)


def last_call(country, when, cart, channel):
    """Opens the nudge and does not come: a day later one message where they can be reached."""
    c = shopper(country, reach=("email", channel))
    fills_cart(c, when, cart)
    nudge = after(c.at(when), hours=2)
    c.opens(after(nudge, hours=3), "cart-rescue", "nudge")
    c.fills(after(nudge, hours=4), cart, 75)  # refreshes: the last call shows the new cart
    expect.sends("cart-rescue", "nudge", "email")
    expect.sends("cart-rescue", "last_call", channel)
    expect.leaves("cart-rescue", "completed")


def at_night(country, when, cart, channel, buys=False):
    """Back at the checkout in the evening: the last call falls into the night and is held."""
    c = shopper(country, reach=("email", channel), arm="with_code")
    fills_cart(c, f"{when} 14:00", cart)
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


def no_consent(when, cart):
    c = shopper("FR", reach=EVERYWHERE, consents=())
    fills_cart(c, when, cart)
    expect.refuses("cart-rescue", "nudge", "no_consent")
    expect.refuses("cart-rescue", "last_call", "no_consent")
    expect.leaves("cart-rescue", "completed")


def unreachable(when, cart):
    """Allows everything, and we have nothing but a mail address."""
    c = shopper("GB")
    fills_cart(c, when, cart)
    c.opens(after(c.at(when), hours=4), "cart-rescue", "nudge")
    expect.sends("cart-rescue", "nudge", "email")
    expect.refuses("cart-rescue", "last_call", "unreachable")
    expect.leaves("cart-rescue", "completed")


def elsewhere(when, cart):
    """A country that we do not deliver to: does not enter."""
    Customer("DE").known("email").fills(when, cart, 50)


def emptied(when, cart):
    c = shopper("US")
    fills_cart(c, when, cart)
    c.track(after(c.at(when), minutes=25), "cart.emptied", cart_id=cart)
    expect.leaves("cart-rescue", "emptied")


def asked_for_peace(when, cart):
    c = shopper("FR", reach=("email", "sms"))
    fills_cart(c, when, cart)
    c.identify(after(c.at(when), hours=6), do_not_disturb=True)
    expect.sends("cart-rescue", "nudge", "email")
    expect.leaves("cart-rescue", "asked_for_peace")
