//! A provider of identities by OpenID Connect, with one person who always agrees.
//!
//! - Core: <https://openid.net/specs/openid-connect-core-1_0.html>
//! - Discovery: <https://openid.net/specs/openid-connect-discovery-1_0.html>
//! - RP-Initiated Logout: <https://openid.net/specs/openid-connect-rpinitiated-1_0.html>
//! - PKCE: RFC 7636; the issuer in the response: RFC 9207; codes are good once: RFC 6749, section 4.1.2
//!
//! The issuer is the stand-in's own address. What is kept of a sign-in is its subject.

#[cfg(test)]
mod tests;
mod tokens;

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde_json::{Value as Json, json};

pub use self::tokens::Twist;
use crate::{
    Invalid, Provider, Read, Refusal, Reply, Request,
    wire::{base64url, random},
};

/// A provider with one client.
#[derive(Debug)]
pub struct Oidc {
    /// What the client is called.
    pub client_id: String,
    /// What the client is known by.
    pub client_secret: String,
    /// Where the browser may be sent back to.
    pub redirect_uri: String,
    /// What it says in tokens of the person, `sub` among it.
    pub person: Mutex<Json>,
    /// What it says of the person at `/userinfo` beside `sub`.
    pub userinfo: Mutex<Json>,
    /// What it says of itself beside what every provider does.
    pub about: Mutex<Json>,
    /// What is wrong with what it gives.
    pub twist: Mutex<Twist>,
    /// The seconds since 1970.
    pub now: fn() -> i64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    codes: HashMap<String, Granted>,
    /// Of each access token, the subject.
    bearers: HashMap<String, Json>,
}

/// What a code was given for.
#[derive(Clone, Debug)]
struct Granted {
    nonce: Option<String>,
    challenge: String,
}

/// A code that was exchanged.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who.
    pub sub: String,
    nonce: Option<String>,
    origin: std::sync::Arc<str>,
}

impl Default for Oidc {
    fn default() -> Self {
        Self {
            client_id: "parcours".to_owned(),
            client_secret: "s3cret: of the/client".to_owned(),
            redirect_uri: "http://localhost/sign-in/oidc/back".to_owned(),
            person: Mutex::new(
                json!({"sub": "248289761001", "email": "ines@shop.example", "email_verified": true}),
            ),
            userinfo: Mutex::new(json!({})),
            about: Mutex::new(json!({"authorization_response_iss_parameter_supported": true})),
            twist: Mutex::default(),
            now: crate::wire::now,
            state: Mutex::default(),
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Provider for Oidc {
    type Message = SignedIn;

    fn read(&self, request: &Request) -> Result<Read<SignedIn>, Invalid> {
        let answer = |reply| Ok(Read::Answer(reply));
        match (request.method.as_str(), &*request.path) {
            ("GET", "/.well-known/openid-configuration") => {
                answer(Reply::json(200, &self.says(request)))
            }
            ("GET", "/jwks") => answer(Reply::json(
                200,
                &json!({"keys": tokens::keys(*locked(&self.twist))}),
            )),
            ("GET", "/authorize") => self.authorized(request).map(Read::Answer),
            ("POST", "/token") => self.exchanged(request),
            ("GET", "/userinfo") => self.of_person(request).map(Read::Answer),
            ("GET", "/end") => answer(Reply::empty(204)),
            _ => Err(invalid("there is nothing there", Reply::empty(404))),
        }
    }

    fn to(message: &SignedIn) -> &str {
        &message.sub
    }

    fn accept(&self, message: &SignedIn) -> Reply {
        let access_token = base64url(&random::<24>());
        let person = locked(&self.person).clone();
        locked(&self.state)
            .bearers
            .insert(access_token.clone(), person["sub"].clone());
        let id_token = self.id_token(
            &message.origin,
            message.nonce.as_deref(),
            &person,
            &access_token,
        );
        let body = json!({"access_token": access_token, "token_type": "Bearer", "expires_in": 300, "id_token": id_token});
        Reply::json(200, &body).header("cache-control", "no-store")
    }

    fn refuse(&self, _: Refusal, _: &SignedIn) -> Reply {
        Reply::json(503, &json!({"error": "temporarily_unavailable"}))
    }
}

impl Oidc {
    /// One with another clock, which tells the seconds since 1970.
    #[must_use]
    pub fn at(now: fn() -> i64) -> Self {
        Self {
            now,
            ..Self::default()
        }
    }

    /// Another person is there from now on.
    pub fn is(&self, person: Json) {
        *locked(&self.person) = person;
    }

    /// What is wrong from now on.
    pub fn twists(&self, twist: Twist) {
        *locked(&self.twist) = twist;
    }

    /// What it says of itself (Discovery, section 3).
    fn says(&self, request: &Request) -> Json {
        let origin = &request.origin;
        let mut says = json!({
            "issuer": &**origin,
            "authorization_endpoint": format!("{origin}/authorize"),
            "token_endpoint": format!("{origin}/token"),
            "userinfo_endpoint": format!("{origin}/userinfo"),
            "end_session_endpoint": format!("{origin}/end"),
            "jwks_uri": format!("{origin}/jwks"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256"],
        });
        let more = locked(&self.about).as_object().cloned().unwrap_or_default();
        for (name, value) in more {
            says[name] = value;
        }
        says
    }

    /// The way there (Core, section 3.1.2; RFC 7636, section 4.3): the person agrees at once.
    fn authorized(&self, request: &Request) -> Result<Reply, Invalid> {
        let query = request.query.as_deref().unwrap_or_default();
        let given: HashMap<String, String> = form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        let field = |name: &str| given.get(name).map_or("", String::as_str);
        // Nobody is sent to an address that is not known.
        let page = |why: &str| invalid(why, Reply::empty(400));
        if field("client_id") != self.client_id {
            return Err(page("the client is not known"));
        }
        if field("redirect_uri") != self.redirect_uri {
            return Err(page("the redirect_uri is not that of the client"));
        }
        let wanted = [
            (
                field("response_type") == "code",
                "response_type must be code",
            ),
            (
                field("scope").split(' ').any(|s| s == "openid"),
                "the scope openid is needed",
            ),
            (
                field("code_challenge_method") == "S256",
                "code_challenge_method must be S256",
            ),
            (
                field("code_challenge").len() == 43,
                "code_challenge is 43 characters",
            ),
            (field("state").len() >= 16, "state can be guessed"),
            (field("nonce").len() >= 16, "nonce can be guessed"),
        ];
        if let Some((_, why)) = wanted.iter().find(|(is, _)| !is) {
            return Err(page(why));
        }
        let code = base64url(&random::<24>());
        let granted = Granted {
            nonce: given.get("nonce").cloned(),
            challenge: field("code_challenge").to_owned(),
        };
        locked(&self.state).codes.insert(code.clone(), granted);
        Ok(self.sent_back(&request.origin, field("state"), &code))
    }

    fn sent_back(&self, origin: &str, state: &str, code: &str) -> Reply {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("state", state);
        match *locked(&self.twist) {
            Twist::SaysNo => drop(query.append_pair("error", "access_denied")),
            _ => drop(query.append_pair("code", code)),
        }
        match *locked(&self.twist) {
            Twist::OtherIss => drop(query.append_pair("iss", "https://evil.example")),
            Twist::NoIss => {}
            _ => drop(query.append_pair("iss", origin)),
        }
        Reply::empty(303).header(
            "location",
            format!("{}?{}", self.redirect_uri, query.finish()),
        )
    }

    /// The code for tokens (Core, section 3.1.3): once.
    fn exchanged(&self, request: &Request) -> Result<Read<SignedIn>, Invalid> {
        let error = |error: &str, why: &str| {
            let status = if error == "invalid_client" { 401 } else { 400 };
            invalid(why, Reply::json(status, &json!({"error": error})))
        };
        if request.content_type() != "application/x-www-form-urlencoded" {
            return Err(error("invalid_request", "a token is asked for by a form"));
        }
        // RFC 6749, section 2.3.1: both are encoded before they stand in HTTP Basic.
        let plain = |text: &str| {
            form_urlencoded::parse(text.as_bytes())
                .next()
                .map(|(name, _)| name.into_owned())
        };
        let client = request
            .basic()
            .and_then(|(id, secret)| Some((plain(&id)?, plain(&secret)?)));
        if client != Some((self.client_id.clone(), self.client_secret.clone())) {
            return Err(error(
                "invalid_client",
                "the client does not show who it is",
            ));
        }
        let form: HashMap<String, String> = request.form().into_iter().collect();
        let field = |name: &str| form.get(name).map_or("", String::as_str);
        if field("grant_type") != "authorization_code" {
            return Err(error("unsupported_grant_type", "the grant is a code"));
        }
        let granted = locked(&self.state).codes.remove(field("code"));
        let granted = granted.ok_or_else(|| {
            error(
                "invalid_grant",
                "the code was never given, or was taken before",
            )
        })?;
        let hash = ring::digest::digest(&ring::digest::SHA256, field("code_verifier").as_bytes());
        if field("redirect_uri") != self.redirect_uri
            || base64url(hash.as_ref()) != granted.challenge
        {
            return Err(error("invalid_grant", "the code is somebody else's"));
        }
        let sub = locked(&self.person)["sub"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let message = SignedIn {
            sub,
            nonce: granted.nonce,
            origin: request.origin.clone(),
        };
        Ok(Read::Message {
            message,
            remarks: Vec::new(),
        })
    }

    fn of_person(&self, request: &Request) -> Result<Reply, Invalid> {
        let bearer = request.authorization("bearer").unwrap_or_default();
        let sub = locked(&self.state).bearers.get(bearer).cloned();
        let sub =
            sub.ok_or_else(|| invalid("the access token was never given", Reply::empty(401)))?;
        let mut says = locked(&self.userinfo).clone();
        if says["sub"].is_null() {
            says["sub"] = sub;
        }
        Ok(Reply::json(200, &says))
    }
}

fn invalid(why: &str, reply: Reply) -> Invalid {
    Invalid {
        why: why.to_owned(),
        reply,
    }
}
