//! Who reaches the console and the API, and how they sign in.

use super::super::{
    Context, PLAIN, Takes,
    takes::{Known, choice},
    word,
};

pub(super) static ACCESS: Context = Context {
    name: "access",
    what: "the access",
    about: "Who reaches the console and the API, and how they sign in",
    words: &[
        word(
            "required",
            Takes::Truth,
            "Whether a sign-in or a key is asked for even while there is no user",
            "required: true",
        )
        .or_else("`false`: open until there is the first user"),
        word(
            "passwords",
            Takes::Truth,
            "Whether people sign in by a password; without, by `oidc` alone, and by a link of `parcours users link` once",
            "passwords: false",
        )
        .or("true"),
        word(
            "oidc",
            Takes::Fields(&OIDC),
            "A provider of identities that people sign in by: OpenID Connect",
            "oidc: { issuer: https://login.shop.example, client_id: parcours, address: https://crm.shop.example }",
        )
        .or_else("nobody signs in by one"),
    ],
    ..PLAIN
};

static OIDC: Context = Context {
    name: "oidc",
    what: "the provider of identities",
    about: "A provider of identities that people sign in by: OpenID Connect's authorization code flow with PKCE",
    words: &[
        word(
            "issuer",
            Takes::Ref(Known::Url),
            "The provider, exactly as it calls itself; `/.well-known/openid-configuration` below it says the rest",
            "issuer: https://login.shop.example/realms/shop",
        )
        .needed(),
        word("client_id", Takes::Text, "What it calls this installation", "client_id: parcours").needed(),
        word(
            "client_secret",
            Takes::Secret { least: 1, several: false },
            "What it knows this installation by",
            "client_secret: a-long-random-word",
        )
        .or_else("PKCE alone shows that it is this one"),
        word(
            "address",
            Takes::Ref(Known::Url),
            "How browsers reach the console, without a path; the provider sends them back to `/sign-in/oidc/back` there",
            "address: https://crm.shop.example",
        )
        .needed(),
        word("name", Takes::Text, "What the button says: sign in with …", "name: Maison Tilleul")
            .or_else("the host of `issuer`"),
        word(
            "scopes",
            Takes::OneOrMore(&Takes::Text),
            "What is asked for beside `openid`",
            "scopes: [email, profile, groups]",
        )
        .or("[email, profile]"),
        word(
            "domains",
            Takes::OneOrMore(&Takes::Ref(Known::Domain)),
            "The only domains of verified mail addresses that are let in",
            "domains: [shop.example]",
        )
        .or_else("all"),
        word(
            "verified",
            Takes::Text,
            "The claim that says that a mail address is theirs",
            "verified: xms_edov",
        )
        .or("email_verified"),
        word(
            "create",
            Takes::Truth,
            "Whether somebody who is unknown here is made a user, with the roles of their groups",
            "create: true",
        )
        .or_else("`false`: an admin invites them first"),
        word(
            "groups",
            Takes::Text,
            "The claim that names groups, or a path into one",
            "groups: realm_access.roles",
        )
        .or("groups"),
        word(
            "roles",
            Takes::Named {
                name: Known::Other,
                value: &Takes::OneOrMore(&Takes::OneOf(&[
                    choice("marketer", "see how journeys and messages do, and customers"),
                    choice("support", "answer customers"),
                    choice("operator", "keep it running"),
                    choice("admin", "say who may do what"),
                    choice("privacy_officer", "export and erase customers"),
                ])),
            },
            "The roles of each group: they are set anew at each sign-in, and whoever has none is not let in",
            "roles: { crm: [marketer, support], it: admin }",
        )
        .or_else("roles are given in the console"),
        word(
            "ca_file",
            Takes::Text,
            "Further authorities that the provider's certificate may be of, as PEM",
            "ca_file: /etc/ssl/internal.pem",
        ),
    ],
    ..PLAIN
};
