//! Customers found, messages found, and what became of them.

use super::Pair;

pub(super) const PAIRS: &[Pair] = &[
    ("A device", "Un appareil"),
    ("A device begins so", "Début d’un appareil"),
    ("All customers", "Tous les clients"),
    (
        "An e-mail address, a phone number and each word of a name are given whole; of a key the beginning is enough.",
        "Une adresse e-mail, un numéro de téléphone et chaque mot d’un nom se donnent en entier ; d’une clé, le début suffit.",
    ),
    ("Customer", "Client"),
    ("First page", "Première page"),
    ("First seen", "Vu la première fois"),
    ("Found by", "Trouvé par"),
    (
        "From three characters on a beginning is enough, of a push token from six.",
        "À partir de trois caractères, un début suffit ; pour un jeton push, à partir de six.",
    ),
    (
        "Id, e-mail, phone, name, device or chat",
        "Identifiant, e-mail, téléphone, nom, appareil ou chat",
    ),
    ("In journeys", "Dans les parcours"),
    ("Name", "Nom"),
    ("Next page", "Page suivante"),
    ("No customers yet", "Pas encore de clients"),
    (
        "No customer has this key, id, e-mail address, phone number, name, push token or chat id.",
        "Aucun client n’a cette clé, cet identifiant, cette adresse e-mail, ce numéro de téléphone, ce nom, ce jeton push ou cet identifiant de chat.",
    ),
    ("Nobody found", "Personne n’a été trouvé"),
    ("Pages", "Pages"),
    ("Phone", "Téléphone"),
    ("Search", "Chercher"),
    (
        "The beginning of a key, an e-mail address or each word of a name is enough; accents do not matter, and phone numbers may be written as in their country.",
        "Le début d’une clé, d’une adresse e-mail ou de chaque mot d’un nom suffit ; les accents ne comptent pas, et un numéro de téléphone peut s’écrire comme dans son pays.",
    ),
    ("The chat id", "L’identifiant de chat"),
    ("The e-mail address", "L’adresse e-mail"),
    ("The e-mail address begins so", "Début de l’adresse e-mail"),
    (
        "The first event about somebody makes them appear here.",
        "Le premier événement qui concerne quelqu’un le fait apparaître ici.",
    ),
    ("The id", "L’identifiant"),
    ("The key", "La clé"),
    ("The key begins so", "Début de la clé"),
    ("The name", "Le nom"),
    ("The phone number", "Le numéro de téléphone"),
    (
        "There are more customers whom this finds. Go on typing: a further word or a whole address leaves fewer.",
        "D’autres clients correspondent. Continuez à écrire : un mot de plus ou une adresse entière en laisse moins.",
    ),
    ("Words of the name", "Mots du nom"),
    ("and {0} more", "et {0} autres"),
    ("paused", "en pause"),
];
