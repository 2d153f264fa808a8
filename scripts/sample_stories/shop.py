"""The cast of the sample stream, what they can do, and where it is written down."""

import hashlib
import json
import random
from collections import Counter
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

YEAR = 2026
rng = random.Random(YEAR)

# --- What splits do: a copy of journey::ids::sticky, so that a story can pick its arm -----------


def hashed(kind, *parts):
    sha = hashlib.sha256(kind.encode())
    for part in parts:
        sha.update(len(part).to_bytes(8, "little"))
        sha.update(part)
    return sha.digest()[:16]


def sticky(key, journey, split, total):
    customer = hashed("customer", key.encode())
    digest = hashed("split", customer, journey.encode(), split.encode(), b"")
    return (int.from_bytes(digest[:8], "big") * total) >> 64


SPLITS = {
    "cart-rescue": ("offer", [("held_out", 10), ("reminder", 45), ("with_code", 45)]),
    "win-back": ("holdout", [("held_out", 10), ("treated", 90)]),
}


def arm(key, journey):
    split, arms = SPLITS[journey]
    left = sticky(key, journey, split, sum(weight for _, weight in arms))
    for name, weight in arms:
        if left < weight:
            return name
        left -= weight


# --- The cast: invented names, reserved domains, telephone numbers kept for fiction -------------

# country: locale, zone, currency, telephone prefix and its free digits, names
COUNTRIES = {
    "FR": ("fr", "Europe/Paris", "EUR", "+3363998", 4,
           ["Léa Morel", "Hugo Lambert", "Camille Roche", "Inès Faure", "Jules Perrin", "Manon Girard",
            "Louis Barbier", "Chloé Renard", "Nathan Colin", "Zoé Marchal", "Adam Leroux", "Jade Picard",
            "Théo Aubert", "Sarah Benali", "Noé Carpentier", "Alice Vasseur", "Gabriel Lucas", "Rose Tessier",
            "Arthur Maillard", "Éva Humbert", "Sacha Poirier", "Lina Charrier", "Paul Guérin", "Nina Besson",
            "Malo Le Gall", "Anaïs Prévost", "Simon Delmas", "Clara Joubert", "Yanis Haddad", "Maëlle Tanguy",
            "Robin Chevalier", "Agathe Lemoine", "Mehdi Saïdi", "Louane Texier", "Ewen Riou", "Salomé Guyot",
            "Basile Fontaine", "Margaux Pasquier", "Ismaël Diop", "Victoire Bodin"]),
    "BE": ("fr-BE", "Europe/Brussels", "EUR", "+324700000", 2,
           ["Lucas Peeters", "Élise Dubois", "Noah Janssens", "Juliette Claes", "Maxime Lejeune", "Marie Wouters",
            "Victor Lambrecht", "Louise Mertens", "Arthur Pirard", "Emma Goossens"]),
    "GB": ("en-GB", "Europe/London", "GBP", "+447700900", 3,
           ["Amelia Hartley", "Oliver Pike", "Isla Thornton", "George Whitlock", "Freya Ashdown", "Harry Colborne",
            "Poppy Marlow", "Alfie Standish", "Ivy Penrose", "Oscar Lowell"]),
    "US": ("en-US", "America/New_York", "USD", "+120255501", 2,
           ["Emily Carver", "Mason Whitfield", "Harper Quinn", "Logan Ashby", "Ava Lindqvist", "Ethan Marlowe",
            "Chloe Redding", "Wyatt Sorensen", "Grace Holloway", "Owen Tillman", "Nora Castell", "Caleb Winslow"]),
    "DE": ("de", "Europe/Berlin", "EUR", None, 0, ["Jonas Kessler"]),
}
CATALOGUE = [
    ("T-03", "Sencha Asatsuyu", 12.5), ("T-12", "Darjeeling de printemps", 14.5), ("T-21", "Rooibos vanille", 8.9),
    ("T-27", "Jasmin Yin Hao", 16), ("T-34", "Earl Grey fleurs bleues", 9.5), ("V-02", "Théière en grès", 38),
    ("V-05", "Tasse Kyusu", 17), ("V-09", "Boîte à thé", 11), ("V-14", "Bouilloire à col de cygne", 64),
]


class Customer:
    """One customer: their key, what is known of them, and the words to say what they do."""

    numbers = iter(range(1001, 10_000))
    spare = []  # numbers that fitted no story yet
    names = {country: iter(names) for country, (*_, names) in COUNTRIES.items()}
    phones = Counter()

    def __init__(self, country="FR", reach=("email",), zone=True, **arms):
        self.key = self.pick({journey.replace("_", "-"): name for journey, name in arms.items()})
        self.carts = {}
        locale, zone_name, self.currency, prefix, digits, _ = COUNTRIES[country]
        self.zone = ZoneInfo(zone_name)
        first, last = next(self.names[country]).split(" ", 1)
        self.traits = {"first_name": first, "last_name": last, "country": country, "locale": locale}
        if zone:
            self.traits["timezone"] = zone_name
        if "email" in reach:
            domain = rng.choice(["example.com", "example.org"])
            self.traits["email"] = f"{plain(first)}.{plain(last)}@{domain}"
        if "sms" in reach:
            self.phones[country] += 1
            self.traits["phone"] = f"{prefix}{self.phones[country]:0{digits}d}"
        if "push" in reach:
            self.traits["push_token"] = f"tok-{hashed('push', self.key.encode()).hex()[:12]}"
        if "chat" in reach:
            self.traits["chat_id"] = f"chat-{self.key[-4:]}"

    @classmethod
    def pick(cls, wanted):
        """The first free number whose splits fall as the story needs them."""

        def fits(number):
            return all(arm(f"cst_{number}", journey) == name for journey, name in wanted.items())

        for number in cls.spare:
            if fits(number):
                cls.spare.remove(number)
                return f"cst_{number}"
        for number in cls.numbers:
            if fits(number):
                return f"cst_{number}"
            cls.spare.append(number)

    def at(self, when):
        """The instant of a local `MM-DD HH:MM`."""
        local = datetime.strptime(f"{YEAR}-{when}", "%Y-%m-%d %H:%M").replace(tzinfo=self.zone)
        return local.astimezone(timezone.utc)

    def identify(self, when, **traits):
        write(self, when, {"type": "identify", "traits": traits or self.traits})

    def track(self, when, event, **properties):
        write(self, when, {"type": "track", "event": event, "properties": properties})

    def grants(self, when, *channels, confirmed=True):
        self.track(when, "consent.granted", purpose="marketing", channels=list(channels), confirmed=confirmed)

    def known(self, *channels, when="09-01 07:00"):
        """Came over from the old shop, with the consents that were given there."""
        self.identify(when)
        if channels:
            self.grants(after(self.at(when), minutes=1), *channels)
        return self

    def opens(self, when, journey, step):
        self.track(when, "message.opened", journey=journey, step=step)

    def clicks(self, when, journey, step):
        self.track(when, "message.clicked", journey=journey, step=step)

    def fills(self, when, cart, total=None):
        """A cart worth `total` at the least, after a look around."""
        lines, worth = basket(total or rng.choice([24, 32, 45, 60]))
        for ago, (sku, name, _) in zip([17, 11, 6], rng.sample(CATALOGUE, 3)):
            self.track(after(instant(self, when), minutes=-ago), "product.viewed", sku=sku, name=name)
        self.carts[cart] = lines, worth
        self.track(when, "cart.updated", cart_id=cart, total=worth, currency=self.currency,
                   url=f"https://shop.example/cart/{cart}", items=lines)

    def checks_out(self, when, cart):
        self.track(when, "checkout.started", cart_id=cart, total=self.carts[cart][1], currency=self.currency)

    def orders(self, when, cart=None, **more):
        """Every order enters win-back."""
        lines, worth = self.carts[cart] if cart else basket(rng.choice([18, 30, 48]))
        number = hashed("order", f"{self.key} {when}".encode()).hex()[:6]
        origin = {"cart_id": cart} if cart else {}
        self.track(when, "order.placed", order_id=f"o-{number}", **origin, total=worth,
                   currency=self.currency, items=lines, **more)
        expect.enters("win-back")


def plain(name):
    table = str.maketrans("éèêëàâîïôöûüçñÉ", "eeeeaaiioouucnE")
    return name.translate(table).replace(" ", "").replace("'", "").lower()


def basket(least):
    lines, cents = [], 0
    for sku, name, price in rng.sample(CATALOGUE, len(CATALOGUE)):
        quantity = rng.choice([1, 1, 1, 2])
        lines.append({"sku": sku, "name": name, "quantity": quantity, "price": price})
        cents += round(quantity * price * 100)
        if cents >= least * 100:
            break
    return lines, cents / 100 if cents % 100 else cents // 100


def instant(customer, when):
    return customer.at(when) if isinstance(when, str) else when


def after(moment, **span):
    return moment + timedelta(**span)


# --- The stream, and what is expected of it -----------------------------------------------------

stream = []


def write(customer, when, body):
    moment = instant(customer, when)
    stream.append((moment, len(stream), {"userId": customer.key, **body}))


class Expected:
    """Counts, in the shape of `parcours demo --exit`'s last line and finer."""

    def __init__(self):
        self.entered, self.goals = Counter(), Counter()
        self.left, self.sent, self.suppressed, self.held = Counter(), Counter(), Counter(), Counter()

    def enters(self, journey, times=1):
        self.entered[journey] += times

    def goal(self, journey):
        self.goals[journey] += 1

    def leaves(self, journey, reason):
        self.left[journey, reason] += 1

    def sends(self, journey, step, channel):
        self.sent[journey, step, channel] += 1

    def refuses(self, journey, step, reason):
        self.suppressed[journey, step, reason] += 1

    def holds(self, journey, step, reason):
        self.held[journey, step, reason] += 1

    def as_json(self, events, duplicates, customers):
        def by(counter, index):
            total = Counter()
            for key, count in counter.items():
                total[key[index]] += count
            return dict(sorted(total.items()))

        def flat(counter):
            return {" ".join(key): count for key, count in sorted(counter.items())}

        return {
            "events": events, "duplicates": duplicates, "customers": customers,
            "entered": sum(self.entered.values()),
            "sent": by(self.sent, 2), "suppressed": by(self.suppressed, 2), "held": by(self.held, 2),
            "detail": {
                "entered": dict(sorted(self.entered.items())), "goals": dict(sorted(self.goals.items())),
                "left": flat(self.left), "sent": flat(self.sent),
                "suppressed": flat(self.suppressed), "held": flat(self.held),
            },
        }


expect = Expected()


def lines():
    """The stream in order of time, one event of it delivered twice."""
    rows, twice = [], None
    for moment, _, body in sorted(stream, key=lambda entry: entry[:2]):
        stamp = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        head = {"type": body["type"], "messageId": f"sample-{len(rows) + 1:04d}", "timestamp": stamp}
        rows.append(json.dumps({**head, **body}, ensure_ascii=False))
        if twice is None and body.get("event") == "customer.signed_up":
            twice = len(rows)
    return [*rows[:twice], rows[twice - 1], *rows[twice:]]
