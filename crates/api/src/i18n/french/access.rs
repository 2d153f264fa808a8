//! Signing in, users, keys, the account and the audit log.

use super::Pair;

pub(super) const PAIRS: &[Pair] = &[
    (
        "A code is asked for when you sign in.",
        "Un code vous est demandé à la connexion.",
    ),
    (
        "A key has a name and a scope at least.",
        "Une clé a un nom et au moins une permission.",
    ),
    (
        "A key holds between 1 and 3650 days, or for ever.",
        "Une clé est valable de 1 à 3650 jours, ou sans limite.",
    ),
    (
        "A link to set the password",
        "Un lien pour choisir le mot de passe",
    ),
    (
        "A password has at least {0} characters.",
        "Un mot de passe a au moins {0} caractères.",
    ),
    (
        "A password has at most {0} bytes.",
        "Un mot de passe a au plus {0} octets.",
    ),
    ("Account", "Compte"),
    ("Action", "Action"),
    ("Action begins with", "L’action commence par"),
    (
        "All other sessions are ended.",
        "Toutes les autres sessions sont fermées.",
    ),
    (
        "Another site has sent this, or the browser does not say which. Nothing was changed.",
        "Un autre site a envoyé ceci, ou le navigateur ne dit pas lequel. Rien n’a changé.",
    ),
    (
        "Another site has sent this.",
        "Un autre site a envoyé ceci.",
    ),
    (
        "Another site has sent this. Sign in here.",
        "Un autre site a envoyé ceci. Connectez-vous ici.",
    ),
    (
        "As {0}. The link holds no more then.",
        "En tant que {0}. Le lien n’est plus valable ensuite.",
    ),
    ("Ask for codes from now on", "Demander un code désormais"),
    ("Ask for no codes any more", "Ne plus demander de code"),
    (
        "At least twelve characters; a few words that have nothing to do with one another are a good one.",
        "Au moins douze caractères ; quelques mots sans rapport entre eux en font un bon.",
    ),
    ("Change", "Changer"),
    ("Code", "Code"),
    ("Code of your app", "Code de votre application"),
    ("Codes of an app", "Codes d’une application"),
    ("Days", "Jours"),
    (
        "Disable, and end all sessions",
        "Désactiver, et fermer toutes les sessions",
    ),
    ("Disabled", "Désactivé"),
    ("Earlier", "Plus anciennes"),
    ("End them", "Les fermer"),
    ("Entries", "Entrées"),
    ("Expired", "Expirée"),
    (
        "From now on a code is asked for when you sign in.",
        "Désormais, un code vous est demandé à la connexion.",
    ),
    ("Invite somebody", "Inviter quelqu’un"),
    (
        "It could not be hashed. Try again.",
        "Il n’a pas pu être enregistré. Réessayez.",
    ),
    (
        "It is shown once and kept nowhere. Programs send it as `Authorization: Bearer …`.",
        "Elle n’est montrée qu’une fois et n’est gardée nulle part. Les programmes l’envoient par `Authorization: Bearer …`.",
    ),
    (
        "It is shown once, works once, and holds for three days. Give it to nobody else.",
        "Il n’est montré qu’une fois, ne sert qu’une fois et vaut trois jours. Ne le donnez à personne d’autre.",
    ),
    ("Keys", "Clés"),
    ("Last used", "Dernier usage"),
    ("Latest", "Les plus récentes"),
    ("Let in again", "Laisser entrer de nouveau"),
    ("Linked", "Relié"),
    ("Made", "Créée"),
    ("Make a key", "Créer une clé"),
    ("Make a link", "Créer un lien"),
    (
        "Make a link to set the password",
        "Créer un lien pour choisir le mot de passe",
    ),
    ("Make the key", "Créer la clé"),
    ("Name", "Nom"),
    ("New password", "Nouveau mot de passe"),
    (
        "No code is asked for any more.",
        "Aucun code n’est plus demandé.",
    ),
    ("No keys yet", "Pas encore de clé"),
    ("No password yet", "Pas encore de mot de passe"),
    (
        "No password yet, or forgotten? An admin gives you a link to set one.",
        "Pas encore de mot de passe, ou oublié ? Un administrateur vous donne un lien pour en choisir un.",
    ),
    (
        "Nobody signs in by a password here.",
        "Personne ne se connecte ici par mot de passe.",
    ),
    (
        "Nobody signs in here yet. {0} makes the first user.",
        "Personne ne se connecte encore ici. {0} crée le premier utilisateur.",
    ),
    ("Nothing", "Rien"),
    (
        "Nothing was changed or refused that fits.",
        "Aucun changement ni refus ne correspond.",
    ),
    ("On what", "Sur quoi"),
    (
        "Only e-mail addresses of some domains are let in, and yours is of another.",
        "Seules les adresses e-mail de certains domaines sont admises, et la vôtre est d’un autre.",
    ),
    ("Other sessions", "Autres sessions"),
    ("Password", "Mot de passe"),
    ("Password only", "Mot de passe seul"),
    (
        "Programs that send events or read results have one each, with no more scopes than they need.",
        "Chaque programme qui envoie des événements ou lit des résultats a la sienne, sans plus de permissions qu’il n’en faut.",
    ),
    (
        "QR code of the address below",
        "Code QR de l’adresse ci-dessous",
    ),
    ("Refused", "Refusé"),
    ("Revoke", "Révoquer"),
    ("Revoke {0}", "Révoquer {0}"),
    ("Revoked", "Révoquée"),
    ("Roles", "Rôles"),
    ("Save roles", "Enregistrer les rôles"),
    (
        "Say why: it is kept in the audit log.",
        "Dites pourquoi : le motif est gardé dans le journal d’audit.",
    ),
    (
        "Scan this with an app for one-time codes, or copy the address below it; then type the code that it shows.",
        "Scannez ceci avec une application de codes à usage unique, ou copiez l’adresse ci-dessous ; puis saisissez le code affiché.",
    ),
    ("Scopes", "Permissions"),
    ("Search", "Chercher"),
    ("Set password", "Enregistrer"),
    ("Set up", "Configurer"),
    ("Set your password", "Choisissez votre mot de passe"),
    ("Sign in", "Se connecter"),
    ("Sign in first.", "Connectez-vous d’abord."),
    ("Sign in once", "Se connecter une fois"),
    ("Sign in with {0}", "Se connecter avec {0}"),
    ("Sign out at {0} as well", "Se déconnecter aussi de {0}"),
    (
        "Somebody else changes your roles and your account: so there is always an admin.",
        "C’est quelqu’un d’autre qui change vos rôles et votre compte : ainsi, il reste toujours un administrateur.",
    ),
    (
        "Somebody has that e-mail address already.",
        "Quelqu’un a déjà cette adresse e-mail.",
    ),
    (
        "That code is not the one of this moment. Try the next one.",
        "Ce code n’est pas celui du moment. Essayez le suivant.",
    ),
    (
        "That is no e-mail address.",
        "Ce n’est pas une adresse e-mail.",
    ),
    (
        "That is not your password. After five failures the account is locked for a quarter of an hour.",
        "Ce n’est pas votre mot de passe. Après cinq échecs, le compte est bloqué un quart d’heure.",
    ),
    (
        "That password is easily guessed. A few words that have nothing to do with one another are a good one.",
        "Ce mot de passe se devine facilement. Quelques mots sans rapport entre eux en font un bon.",
    ),
    (
        "The e-mail address, the password or the code is wrong. After five failures an account is locked for a quarter of an hour.",
        "L’adresse e-mail, le mot de passe ou le code est faux. Après cinq échecs, un compte est bloqué un quart d’heure.",
    ),
    ("The key", "La clé"),
    (
        "The password is changed, and all other sessions are ended.",
        "Le mot de passe est changé, et toutes les autres sessions sont fermées.",
    ),
    (
        "There is no account for you here yet. Ask an admin to invite you.",
        "Vous n’avez pas encore de compte ici. Demandez à un administrateur de vous inviter.",
    ),
    (
        "There is nothing like that to be done.",
        "Il n’y a rien de tel à faire.",
    ),
    (
        "This is for people who are signed in.",
        "Ceci est réservé aux personnes connectées.",
    ),
    (
        "This is you. Somebody else changes your roles; the rest stands under",
        "C’est vous. Quelqu’un d’autre change vos rôles ; le reste se trouve dans",
    ),
    (
        "This link holds no more: it was used, or it is older than three days. An admin gives you another.",
        "Ce lien n’est plus valable : il a servi, ou il a plus de trois jours. Un administrateur vous en donnera un autre.",
    ),
    (
        "This needs the scope {0}: an admin can give you a role that has it.",
        "Il faut pour cela la permission {0} : un administrateur peut vous donner un rôle qui l’a.",
    ),
    (
        "This sign-in was not begun in this browser, or more than ten minutes ago. Begin again.",
        "Cette connexion n’a pas commencé dans ce navigateur, ou il y a plus de dix minutes. Recommencez.",
    ),
    (
        "Too many have failed from your address. Try again in a quarter of an hour.",
        "Trop d’essais ont échoué depuis votre adresse. Réessayez dans un quart d’heure.",
    ),
    (
        "Too many sign in at the moment. Try again shortly.",
        "Trop de personnes se connectent en ce moment. Réessayez bientôt.",
    ),
    ("Until", "Jusqu’au"),
    ("Users", "Utilisateurs"),
    (
        "What came back from {0} does not belong to this sign-in. Begin again.",
        "Ce qui est revenu de {0} n’appartient pas à cette connexion. Recommencez.",
    ),
    ("What it is for", "À quoi elle sert"),
    ("When", "Quand"),
    ("Who", "Qui"),
    (
        "Whoever is disabled gets no link.",
        "Un compte désactivé ne reçoit pas de lien.",
    ),
    (
        "With a code of an app, your password alone lets nobody in.",
        "Avec le code d’une application, votre mot de passe seul ne laisse entrer personne.",
    ),
    ("With codes", "Avec codes"),
    (
        "Without a role they could do nothing: tick one.",
        "Sans rôle, cette personne ne pourrait rien faire : cochez-en un.",
    ),
    (
        "You are signed in nowhere else.",
        "Vous n’êtes connecté nulle part ailleurs.",
    ),
    (
        "You are signed in {0} time elsewhere.",
        "Vous avez {0} autre session ouverte.",
    ),
    (
        "You are signed in {0} times elsewhere.",
        "Vous avez {0} autres sessions ouvertes.",
    ),
    ("You are signed out here.", "Vous êtes déconnecté d’ici."),
    (
        "You have no role here. Ask an admin which group gives you one.",
        "Vous n’avez pas de rôle ici. Demandez à un administrateur quel groupe en donne un.",
    ),
    ("Your account", "Votre compte"),
    (
        "Your account here is disabled. An admin can let you in again.",
        "Votre compte est désactivé ici. Un administrateur peut vous laisser entrer de nouveau.",
    ),
    (
        "Your e-mail address belongs to an account that signs in as somebody else. Ask an admin.",
        "Votre adresse e-mail est celle d’un compte qui se connecte sous une autre identité. Demandez à un administrateur.",
    ),
    (
        "Your e-mail address is not verified there, so nobody is let in by it.",
        "Votre adresse e-mail n’y est pas vérifiée : elle ne laisse entrer personne.",
    ),
    ("Your password", "Votre mot de passe"),
    ("admin", "administration"),
    (
        "an e-mail address, key:ID, cli or nobody",
        "une adresse e-mail, key:ID, cli ou nobody",
    ),
    (
        "answers customers, and reads their addresses",
        "répond aux clients et lit leurs adresses",
    ),
    ("empty: for ever", "vide : sans limite"),
    (
        "exports and erases customers, and reads the audit log",
        "exporte et efface des clients, et lit le journal d’audit",
    ),
    ("for ever", "sans limite"),
    ("has a password", "avec mot de passe"),
    ("if you have set one up", "si vous en avez configuré une"),
    ("if you like", "si vous voulez"),
    (
        "keeps it running: metrics, dead letters, journeys, messages",
        "veille au bon fonctionnement : mesures, lettres mortes, parcours, messages",
    ),
    ("linked to a provider", "relié à un fournisseur"),
    ("marketer", "marketing"),
    ("never", "jamais"),
    ("no password yet", "pas encore de mot de passe"),
    ("operator", "exploitation"),
    ("or with a password", "ou avec un mot de passe"),
    ("privacy officer", "protection des données"),
    (
        "says who may do what; sees customers, but does not export or erase them",
        "dit qui peut faire quoi ; voit les clients, sans les exporter ni les effacer",
    ),
    (
        "sees how journeys and messages do, and customers",
        "voit les résultats des parcours et des messages, et les clients",
    ),
    ("support", "service client"),
    ("twelve characters at least", "douze caractères au moins"),
    ("with codes", "avec codes"),
    ("without codes", "sans codes"),
    ("your account", "votre compte"),
    (
        "{0} does not answer as it should. Try again in a moment.",
        "{0} ne répond pas comme il faut. Réessayez dans un instant.",
    ),
    ("{0} has let nobody in.", "{0} n’a laissé entrer personne."),
];
