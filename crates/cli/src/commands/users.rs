//! `parcours users` and `parcours keys`: who may do what, so that there can be a first admin.

use std::{io::BufRead as _, path::Path};

use anyhow::{Context as _, Result, bail};
use api::access::{self, INVITED_HOURS, Role, Scope};
use clap::{Args, Subcommand, builder::PossibleValuesParser};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use store::access::{Access, Key, NewAudit, NewKey, User};

use crate::{
    commands::database,
    config::Config,
    output::{self, Format, Refused},
};

/// What to do with users.
#[derive(Args, Clone, Debug)]
pub struct UsersArgs {
    #[command(subcommand)]
    action: UsersAction,
    /// How to print
    #[arg(long, value_enum, default_value_t, global = true)]
    format: Format,
}

#[derive(Subcommand, Clone, Debug)]
enum UsersAction {
    /// Make a user, and print the link by which they set their password
    Add {
        /// Their e-mail address
        email: String,
        /// What they do: marketer, support, operator, admin, privacy_officer; may be given several times
        #[arg(long = "role", required = true, value_parser = PossibleValuesParser::new(Role::ALL.map(Role::word)))]
        roles: Vec<String>,
        /// What they are called
        #[arg(long, default_value = "")]
        name: String,
        /// Read the password from standard input instead, one line
        #[arg(long)]
        password_stdin: bool,
    },
    /// List all users
    List,
    /// Print another link to set the password
    Link {
        /// Their e-mail address
        email: String,
    },
    /// Have the provider's next sign-in with their address be theirs again, whoever that is
    Unlink {
        /// Their e-mail address
        email: String,
    },
    /// Keep somebody out, and end their sessions
    Disable {
        /// Their e-mail address
        email: String,
    },
    /// Let somebody in again
    Enable {
        /// Their e-mail address
        email: String,
    },
}

/// What to do with keys.
#[derive(Args, Clone, Debug)]
pub struct KeysArgs {
    #[command(subcommand)]
    action: KeysAction,
    /// How to print
    #[arg(long, value_enum, default_value_t, global = true)]
    format: Format,
}

#[derive(Subcommand, Clone, Debug)]
enum KeysAction {
    /// Make a key for a program, and print it; it is shown this once
    Add {
        /// What it is for
        name: String,
        /// What it may do, as `events:write`; may be given several times
        #[arg(long = "scope", required = true, value_parser = PossibleValuesParser::new(Scope::ALL.map(Scope::word)))]
        scopes: Vec<String>,
        /// For how many days it holds (default: for ever)
        #[arg(long, value_parser = clap::value_parser!(i64).range(1..=3650))]
        days: Option<i64>,
    },
    /// List all keys, without the keys themselves
    List,
    /// Make a key hold no more
    Revoke {
        /// Its id, as `list` says it
        id: uuid::Uuid,
    },
}

/// The longest line that can be a password, in bytes.
const LONGEST_LINE: u64 = 2_048;

/// Runs `parcours users`.
///
/// # Errors
/// [`Refused`] if there is no such user, or there is one already; any other if the database is away.
pub async fn users(args: &UsersArgs, root: &Path) -> Result<()> {
    let config = Config::load(root)?;
    let store = database::connect(&config).await?;
    let (access, now) = (store.access(), Timestamp::now());
    match &args.action {
        UsersAction::List => list(&access.users().await?, args.format),
        UsersAction::Add {
            email,
            roles,
            name,
            password_stdin,
        } => {
            let Some(email) = access::email_of(email) else {
                bail!("`{email}` is no e-mail address");
            };
            // Read before anything is made, so that a password that will not do makes nobody.
            let password = password_stdin.then(|| password(&email)).transpose()?;
            let Some(id) = access.add_user(&email, name, roles, now).await? else {
                return refused(&format!("{email} is a user already"));
            };
            told(
                &access,
                "users add",
                &format!("user={id}"),
                &roles.join(", "),
                now,
            )
            .await?;
            match password {
                Some(kept) => {
                    access.set_password(id, &kept).await?;
                    say(
                        args.format,
                        &format!("{email} can sign in"),
                        &json!({ "id": id, "email": email }),
                    )
                }
                None => link(&access, &config, &email, id, args.format, now).await,
            }
        }
        UsersAction::Link { email } => {
            let user = known(&access, email).await?;
            told(&access, "users link", &format!("user={}", user.id), "", now).await?;
            link(&access, &config, &user.email, user.id, args.format, now).await
        }
        UsersAction::Unlink { email } => {
            let user = known(&access, email).await?;
            if !access.unlink(user.id).await? {
                return refused(&format!("{email} is linked to nobody of a provider"));
            }
            let what = format!("user={}", user.id);
            told(&access, "users unlink", &what, "", now).await?;
            say(
                args.format,
                &format!("{} is linked by their next sign-in", user.email),
                &json!({ "id": user.id, "linked": false }),
            )
        }
        UsersAction::Disable { email } => {
            let user = known(&access, email).await?;
            access.set_disabled(user.id, Some(now)).await?;
            told(
                &access,
                "users disable",
                &format!("user={}", user.id),
                "",
                now,
            )
            .await?;
            let said = format!(
                "{} signs in no more, and their sessions are ended",
                user.email
            );
            say(
                args.format,
                &said,
                &json!({ "id": user.id, "disabled": true }),
            )
        }
        UsersAction::Enable { email } => {
            let user = known(&access, email).await?;
            access.set_disabled(user.id, None).await?;
            told(
                &access,
                "users enable",
                &format!("user={}", user.id),
                "",
                now,
            )
            .await?;
            let said = format!("{} may sign in again", user.email);
            say(
                args.format,
                &said,
                &json!({ "id": user.id, "disabled": false }),
            )
        }
    }
}

/// Runs `parcours keys`.
///
/// # Errors
/// [`Refused`] if there is no such key that holds; any other if the database is away.
pub async fn keys(args: &KeysArgs, root: &Path) -> Result<()> {
    let store = database::connect(&Config::load(root)?).await?;
    let (access, now) = (store.access(), Timestamp::now());
    match &args.action {
        KeysAction::List => list_keys(&access.keys().await?, args.format, now),
        KeysAction::Add { name, scopes, days } => {
            if name.trim().is_empty() {
                bail!("a key has a name that says what it is for");
            }
            let key = access::new_key()?;
            let new = NewKey {
                hash: &access::hash_of(&key),
                name: name.trim(),
                scopes,
                made_by: "cli",
                expires_at: days.map(|d| now + SignedDuration::from_hours(24 * d)),
            };
            let id = access.add_key(&new, now).await?;
            told(
                &access,
                "keys add",
                &format!("key={id}"),
                &scopes.join(", "),
                now,
            )
            .await?;
            if args.format == Format::Text {
                output::aside("shown this once; programs send it as `Authorization: Bearer …`");
            }
            say(args.format, &key, &json!({ "id": id, "key": key }))
        }
        KeysAction::Revoke { id } => {
            if !access.revoke_key(*id, now).await? {
                return refused(&format!("no key that holds has the id {id}"));
            }
            told(&access, "keys revoke", &format!("key={id}"), "", now).await?;
            say(
                args.format,
                "the key holds no more",
                &json!({ "id": id, "revoked": true }),
            )
        }
    }
}

fn refused(why: &str) -> Result<()> {
    output::aside(&format!("error: {why}"));
    Err(Refused.into())
}

async fn known(access: &Access, email: &str) -> Result<User> {
    match access.user(email).await? {
        Some(user) => Ok(user),
        None => {
            output::aside(&format!("error: no user has the address {email}"));
            Err(Refused.into())
        }
    }
}

async fn told(
    access: &Access,
    action: &str,
    what: &str,
    reason: &str,
    now: Timestamp,
) -> Result<()> {
    let entry = NewAudit {
        at: now,
        who: "cli",
        action,
        what,
        reason,
        ok: true,
    };
    Ok(access.write_audit(&entry).await?)
}

/// The password on standard input, as it is kept.
fn password(email: &str) -> Result<String> {
    let mut line = String::new();
    let mut input = std::io::Read::take(std::io::stdin().lock(), LONGEST_LINE);
    input
        .read_line(&mut line)
        .context("cannot read the password from standard input")?;
    let password = line.trim_end_matches(['\r', '\n']);
    if let Err(why) = access::acceptable(password, email) {
        bail!("{why}");
    }
    Ok(access::hashed(password)?)
}

async fn link(
    access: &Access,
    config: &Config,
    email: &str,
    id: uuid::Uuid,
    format: Format,
    now: Timestamp,
) -> Result<()> {
    let token = access::token()?;
    let until = now + SignedDuration::from_hours(INVITED_HOURS);
    if !access.invite(id, &access::hash_of(&token), until).await? {
        return refused(&format!("{email} is disabled"));
    }
    let link = format!("http://{}/welcome/{token}", config.http());
    if format == Format::Text {
        output::aside(&format!(
            "{email} sets their password there, once, until {until:.0}; if the console has another name, put it before /welcome"
        ));
    }
    say(
        format,
        &link,
        &json!({ "id": id, "email": email, "link": link, "until": until }),
    )
}

fn say(format: Format, text: &str, value: &serde_json::Value) -> Result<()> {
    match format {
        Format::Json => output::json(value),
        Format::Text => {
            output::text(text);
            Ok(())
        }
    }
}

fn list(users: &[User], format: Format) -> Result<()> {
    if format == Format::Json {
        let all = users.iter().map(|u| {
            json!({
                "id": u.id, "email": u.email, "name": u.name, "roles": u.roles, "made_at": u.made_at,
                "disabled_at": u.disabled_at, "has_password": u.has_password, "has_totp": u.has_totp, "linked": u.is_linked,
            })
        });
        return output::json(&all.collect::<Vec<_>>());
    }
    if users.is_empty() {
        output::text("no users: the console and the API are open to whoever reaches them");
        return Ok(());
    }
    let mut table = output::table(["e-mail", "name", "roles", "account"]);
    for user in users {
        let account = match (user.disabled_at, user.has_password, user.has_totp) {
            (Some(_), ..) => "disabled",
            (None, ..) if user.is_linked => "linked",
            (None, false, _) => "no password yet",
            (None, true, true) => "with codes",
            (None, true, false) => "password only",
        };
        table.add_row([&*user.email, &user.name, &user.roles.join(", "), account]);
    }
    output::text(&table.to_string());
    Ok(())
}

fn list_keys(keys: &[Key], format: Format, now: Timestamp) -> Result<()> {
    if format == Format::Json {
        let all = keys.iter().map(|k| {
            json!({
                "id": k.id, "name": k.name, "scopes": k.scopes, "made_at": k.made_at, "last_used_at": k.last_used_at,
                "expires_at": k.expires_at, "revoked_at": k.revoked_at,
            })
        });
        return output::json(&all.collect::<Vec<_>>());
    }
    let mut table = output::table(["id", "name", "scopes", ""]);
    for key in keys {
        let over = match (key.revoked_at, key.expires_at) {
            (Some(_), _) => "revoked",
            (None, Some(at)) if at <= now => "expired",
            _ => "",
        };
        table.add_row([
            &*key.id.to_string(),
            &key.name,
            &key.scopes.join(", "),
            over,
        ]);
    }
    output::text(&table.to_string());
    Ok(())
}
