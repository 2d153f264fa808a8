//! A private RabbitMQ.

mod node;

use std::fmt::Write as _;
use std::fs::File;
use std::path::Path;
use std::time::Duration;

use self::node::{Launched, Node};
use super::child::{Child, clean_command};
use super::{ServerError, claim, find_program, io_error, kept_secret, private_directory, run};

const NAME: &str = "RabbitMQ";
const CURE: &str = "`apt-get install rabbitmq-server` or `brew install rabbitmq`";
/// Where packages put the programs. Debian's `/usr/sbin` has wrappers that want root, so it is
/// looked at last, through `PATH`.
const PLACES: [&str; 3] = [
    "/usr/lib/rabbitmq/bin",
    "/opt/homebrew/opt/rabbitmq/sbin",
    "/usr/local/opt/rabbitmq/sbin",
];
/// The user that the server is made with.
const OWNER: &str = "parcours";
const START: Duration = Duration::from_secs(120);
/// The ports were free a moment ago; somebody else may have taken one.
const TRIES: usize = 3;

/// How a private RabbitMQ is set up.
#[derive(Clone, Debug, Default)]
pub struct RabbitMqOptions {
    /// Virtual hosts beside `/`; made at the first start of a directory.
    pub vhosts: Vec<String>,
    /// The port to listen on; none: any that is free.
    pub port: Option<u16>,
    /// Plug-ins to enable.
    pub plugins: Vec<String>,
    /// Makes it one of several nodes.
    pub peer: Option<Peer>,
}

/// One node of a private cluster.
#[derive(Clone, Debug)]
pub struct Peer {
    /// What it is called, as in `one@localhost`.
    pub name: String,
    /// What the node is called that is started first; the others join it.
    pub first: String,
    /// 32 letters and digits that all share: Erlang's cookie, and the owner's password.
    pub secret: String,
    /// The address that it listens on.
    pub address: String,
    /// Where it lives and what else runs there.
    pub place: Place,
}

/// Where a node of a cluster lives.
#[derive(Clone, Debug)]
pub enum Place {
    /// Beside others, with one name service for all of them on that port.
    Shared {
        /// The port of an [`Epmd`].
        epmd: u16,
    },
    /// Alone in a network namespace of that name.
    Namespace(String),
}

/// A running private RabbitMQ; it stops when it is dropped.
#[derive(Debug)]
pub struct RabbitMq {
    // In the order in which they are to stop.
    child: Child,
    epmd: Option<Child>,
    address: String,
    port: u16,
    password: String,
    /// `rabbitmqctl`, and what has to stand before it.
    ctl: Vec<String>,
    environment: Vec<(String, String)>,
    /// Held so that no second process uses the directory.
    _claim: File,
}

impl RabbitMq {
    /// Starts the node whose data is in `directory`, as the user that this process has.
    ///
    /// # Errors
    /// RabbitMQ is not installed, another process uses the directory, or it does not start.
    pub fn start(directory: &Path, options: &RabbitMqOptions) -> Result<RabbitMq, ServerError> {
        let missing = ServerError::NotInstalled {
            server: NAME,
            cure: CURE,
        };
        let server = find_program("rabbitmq-server", &PLACES).ok_or(missing)?;
        private_directory(directory)?;
        let home = directory
            .canonicalize()
            .map_err(io_error("find", directory))?;
        let claim = claim(&home)?;
        let (password, name) = match &options.peer {
            Some(peer) => (peer.secret.clone(), peer.name.clone()),
            None => {
                // The node's name is part of its data's: it stays, even if the directory is moved.
                let name = kept_secret(&home.join("node"))?;
                let name = format!("parcours-{}@localhost", &name[..12]);
                (kept_secret(&home.join("password"))?, name)
            }
        };
        let node = Node {
            server,
            home: &home,
            name: &name,
            options,
        };
        node.write_files(&password)?;
        let Launched { child, epmd, ports } = node.launch()?;
        Ok(RabbitMq {
            child,
            epmd,
            address: node.address().to_owned(),
            port: ports.amqp,
            password,
            ctl: node.command("rabbitmqctl"),
            environment: node.environment(&ports),
            _claim: claim,
        })
    }

    /// The address of the virtual host `/`.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_of("%2f")
    }

    /// The address of a virtual host, whose name needs no escaping.
    #[must_use]
    pub fn url_of(&self, vhost: &str) -> String {
        let RabbitMq { password, .. } = self;
        format!("amqp://{OWNER}:{password}@{}/{vhost}", self.place())
    }

    /// Host and port.
    #[must_use]
    pub fn place(&self) -> String {
        format!("{}:{}", self.address, self.port)
    }

    /// Makes virtual hosts that the owner may use; all in one call, which takes a second or two.
    ///
    /// # Errors
    /// `rabbitmqctl` failed.
    pub fn create_vhosts(&self, names: &[String]) -> Result<(), ServerError> {
        let mut code = String::new();
        for name in names.iter().filter(|name| name.bytes().all(is_plain)) {
            let _ = write!(
                code,
                "ok = rabbit_vhost:add(<<\"{name}\">>, <<\"{OWNER}\">>), \
                 ok = rabbit_auth_backend_internal:set_permissions(<<\"{OWNER}\">>, <<\"{name}\">>, \
                 <<\".*\">>, <<\".*\">>, <<\".*\">>, <<\"{OWNER}\">>), "
            );
        }
        self.ctl(&["eval", &format!("{code} ok.")]).map(drop)
    }

    /// Runs `rabbitmqctl` against this node and returns what it prints.
    ///
    /// # Errors
    /// It failed.
    pub fn ctl(&self, arguments: &[&str]) -> Result<String, ServerError> {
        let mut command = clean_command(&self.ctl[0], None);
        command
            .envs(self.environment.iter().cloned())
            .args(&self.ctl[1..])
            .args(arguments)
            .current_dir("/");
        run(&mut command)
    }

    /// The process ids of the shells that stop the server and its name service when this process
    /// ends.
    #[must_use]
    pub fn supervisors(&self) -> Vec<u32> {
        let epmd = self.epmd.iter().map(Child::id);
        std::iter::once(self.child.id()).chain(epmd).collect()
    }

    /// Stops the node, then its name service.
    pub fn stop(mut self) {
        self.child.stop();
        if let Some(epmd) = &mut self.epmd {
            epmd.stop();
        }
    }

    /// `kill -9` of the node and its name service.
    pub fn kill(mut self) {
        self.child.kill();
        if let Some(epmd) = &mut self.epmd {
            epmd.kill();
        }
    }
}

/// Erlang's name service for the nodes of a cluster on this machine; it stops when it is dropped.
#[derive(Debug)]
pub struct Epmd {
    child: Child,
    port: u16,
}

impl Epmd {
    /// Starts one whose log is in `directory`.
    ///
    /// # Errors
    /// Erlang is not installed, or it does not start.
    pub fn start(directory: &Path) -> Result<Epmd, ServerError> {
        private_directory(directory)?;
        let port = super::free_port()?;
        let child = node::launch_epmd(directory, "127.0.0.1", port, &[])?;
        Ok(Epmd { child, port })
    }

    /// Where it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The process id of the shell that stops it when this process ends.
    #[must_use]
    pub fn supervisor(&self) -> u32 {
        self.child.id()
    }
}

/// Whether a byte may stand in a virtual host's name here: nothing that a URL or Erlang would read
/// differently.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}
