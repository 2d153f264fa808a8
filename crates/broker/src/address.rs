//! Where RabbitMQ is: one address, which may name several hosts.

use std::str::FromStr;

use lapin::uri::AMQPUri;

use crate::Error;

/// The most hosts that an address may name.
const MAX_HOSTS: usize = 16;
/// What an address looks like. What was given is not quoted: it holds a password.
const FORM: &str = "write it as amqp://USER:PASSWORD@HOST:5672/VHOST, and the nodes of a cluster as \
                    amqp://USER:PASSWORD@HOST-1:5672,HOST-2:5672,HOST-3:5672/VHOST";

/// The address of every host that `url` names, in its order.
///
/// # Errors
/// [`Error::Address`], without the password.
pub(crate) fn hosts(url: &str) -> Result<Vec<AMQPUri>, Error> {
    let wrong = |what: &str| Error::Address(format!("{what}; {FORM}"));
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme @ ("amqp" | "amqps"), rest)) => (scheme, rest),
        _ => return Err(wrong("it begins with neither amqp:// nor amqps://")),
    };
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let (account, names) = match authority.rsplit_once('@') {
        Some((account, names)) => (format!("{account}@"), names),
        None => (String::new(), authority),
    };
    let names: Vec<&str> = names.split(',').map(str::trim).collect();
    if names.len() > MAX_HOSTS {
        return Err(wrong(&format!("it names more than {MAX_HOSTS} hosts")));
    }
    let one = |name: &&str| {
        if name.is_empty() {
            return Err(wrong("a host is missing"));
        }
        // lapin would take it for localhost.
        if name.starts_with('[') {
            return Err(wrong(&format!(
                "`{name}` is an IPv6 address; give its host a name"
            )));
        }
        AMQPUri::from_str(&format!("{scheme}://{account}{name}{path}")).map_err(|_| {
            wrong(&format!(
                "`{name}` is no HOST:PORT, or what is beside it is wrong"
            ))
        })
    };
    names.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::hosts;

    fn places(url: &str) -> Vec<String> {
        let uris = hosts(url).unwrap();
        uris.iter()
            .map(|uri| {
                let authority = &uri.authority;
                assert_eq!(authority.userinfo.password, "s,@");
                assert_eq!((uri.vhost.as_str(), uri.query.heartbeat), ("/", Some(2)));
                format!("{}:{}", authority.host, authority.port)
            })
            .collect()
    }

    #[test]
    fn an_address_names_one_host_or_several() {
        assert_eq!(places("amqp://u:s,%40@a/%2f?heartbeat=2"), ["a:5672"]);
        assert_eq!(
            places("amqp://u:s,%40@a:1, b,127.0.0.1:3/%2f?heartbeat=2"),
            ["a:1", "b:5672", "127.0.0.1:3"]
        );
    }

    #[test]
    fn what_is_no_address_is_named_without_its_password() {
        for (url, what) in [
            ("http://u:secret@a", "neither amqp://"),
            ("u:secret@a:1/x", "neither amqp://"),
            ("amqp://u:secret@a,,b/x", "a host is missing"),
            ("amqp://u:secret@a,[::1]:3/x", "`[::1]:3` is an IPv6"),
            ("amqp://u:secret@a,b:many/x", "`b:many` is no HOST:PORT"),
        ] {
            let error = hosts(url).unwrap_err().to_string();
            assert!(error.contains(what) && error.contains("HOST-1"), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
        let many = format!("amqp://{}", ["a"; 17].join(","));
        assert!(hosts(&many).unwrap_err().to_string().contains("16 hosts"));
    }
}
