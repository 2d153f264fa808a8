//! A private RabbitMQ.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::child::{Child, Plan, clean_command};
use super::{
    ServerError, claim, find_program, free_port, io_error, kept_secret, private_directory,
    private_file, run,
};

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
}

/// A running private RabbitMQ; it stops when it is dropped.
#[derive(Debug)]
pub struct RabbitMq {
    // In the order in which they are to stop.
    child: Child,
    epmd: Child,
    port: u16,
    password: String,
    ctl: PathBuf,
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
        let password = kept_secret(&home.join("password"))?;
        // The node's name is part of its data's: it stays, even if the directory is moved.
        let name = kept_secret(&home.join("node"))?;
        let node = Node {
            server,
            home: &home,
            name: &name,
        };
        node.write_files(&password, options)?;
        let Launched { child, epmd, ports } = node.launch(options)?;
        Ok(RabbitMq {
            child,
            epmd,
            port: ports.amqp,
            password,
            ctl: node.server.with_file_name("rabbitmqctl"),
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
        let RabbitMq { password, port, .. } = self;
        format!("amqp://{OWNER}:{password}@127.0.0.1:{port}/{vhost}")
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
        let mut command = clean_command(&self.ctl, None);
        command
            .envs(self.environment.iter().cloned())
            .args(arguments)
            .current_dir("/");
        run(&mut command)
    }

    /// The process ids of the shells that stop the server and its name service when this process
    /// ends.
    #[must_use]
    pub fn supervisors(&self) -> [u32; 2] {
        [self.child.id(), self.epmd.id()]
    }

    /// Stops the node, then its name service.
    pub fn stop(mut self) {
        self.child.stop();
        self.epmd.stop();
    }
}

/// Whether a byte may stand in a virtual host's name here: nothing that a URL or Erlang would read
/// differently.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

struct Launched {
    child: Child,
    epmd: Child,
    ports: Ports,
}

struct Ports {
    amqp: u16,
    distribution: u16,
    epmd: u16,
}

struct Node<'a> {
    server: PathBuf,
    home: &'a Path,
    name: &'a str,
}

impl Node<'_> {
    /// Writes what the node reads at start.
    fn write_files(&self, password: &str, options: &RabbitMqOptions) -> Result<(), ServerError> {
        let definitions = self.home.join("definitions.json");
        let config = format!(
            "loopback_users.{OWNER} = true\nlog.file = false\nlog.console = true\n\
             log.console.level = warning\nload_definitions = {}\n",
            definitions.display()
        );
        private_file(&self.home.join("rabbitmq.conf"), &config)?;
        private_file(&definitions, &definitions_json(password, options))?;
        private_file(&self.home.join("enabled_plugins"), "[].\n")?;
        private_file(&self.home.join("env.conf"), "")?;
        private_directory(&self.home.join("conf.d"))
    }

    fn environment(&self, ports: &Ports) -> Vec<(String, String)> {
        let path = |name: &str| self.home.join(name).display().to_string();
        [
            ("HOME", path("")),
            ("ERL_EPMD_PORT", ports.epmd.to_string()),
            ("ERL_EPMD_ADDRESS", "127.0.0.1".to_owned()),
            (
                "RABBITMQ_NODENAME",
                format!("parcours-{}@localhost", &self.name[..12]),
            ),
            ("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1".to_owned()),
            ("RABBITMQ_NODE_PORT", ports.amqp.to_string()),
            ("RABBITMQ_DIST_PORT", ports.distribution.to_string()),
            ("RABBITMQ_MNESIA_BASE", path("data")),
            ("RABBITMQ_LOG_BASE", path("log")),
            ("RABBITMQ_LOGS", "-".to_owned()),
            ("RABBITMQ_SCHEMA_DIR", path("schema")),
            ("RABBITMQ_PID_FILE", path("server.pid")),
            ("RABBITMQ_CONFIG_FILE", path("rabbitmq.conf")),
            // The machine's own settings are not for this node.
            ("RABBITMQ_CONFIG_FILES", path("conf.d")),
            ("RABBITMQ_ADVANCED_CONFIG_FILE", path("advanced.config")),
            ("RABBITMQ_CONF_ENV_FILE", path("env.conf")),
            ("RABBITMQ_ENABLED_PLUGINS_FILE", path("enabled_plugins")),
            (
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
                "-kernel inet_dist_use_interface {127,0,0,1}".to_owned(),
            ),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }

    fn launch(&self, options: &RabbitMqOptions) -> Result<Launched, ServerError> {
        let mut tries = TRIES;
        loop {
            tries -= 1;
            match self.launch_once(options.port) {
                Err(ServerError::Ended { .. }) if tries > 0 => {}
                other => return other,
            }
        }
    }

    fn launch_once(&self, port: Option<u16>) -> Result<Launched, ServerError> {
        let amqp = port.map_or_else(free_port, Ok)?;
        let ports = Ports {
            amqp,
            distribution: free_port()?,
            epmd: free_port()?,
        };
        let epmd = self.launch_epmd(&ports)?;
        let plan = self.plan(
            NAME,
            vec![self.server.display().to_string()],
            self.environment(&ports),
            Duration::from_secs(20),
        );
        let mut child = Child::start(&plan, &self.home.join("server.log"))?;
        child.wait_until(START, || speaks_amqp(ports.amqp))?;
        Ok(Launched { child, epmd, ports })
    }

    /// Erlang's name service, started by us: one that the node starts would outlive it.
    fn launch_epmd(&self, ports: &Ports) -> Result<Child, ServerError> {
        let places = [
            "/usr/bin",
            "/opt/homebrew/bin",
            "/usr/local/bin",
            "/usr/lib/erlang/bin",
        ];
        let missing = ServerError::NotInstalled {
            server: "epmd (Erlang)",
            cure: CURE,
        };
        let epmd = find_program("epmd", &places).ok_or(missing)?;
        let port = ports.epmd.to_string();
        let command = [
            epmd.display().to_string().as_str(),
            "-address",
            "127.0.0.1",
            "-port",
            &port,
        ]
        .map(str::to_owned);
        let environment = vec![("HOME".to_owned(), self.home.display().to_string())];
        let plan = self.plan(
            "epmd",
            command.to_vec(),
            environment,
            Duration::from_secs(25),
        );
        let mut child = Child::start(&plan, &self.home.join("epmd.log"))?;
        child.wait_until(START, || {
            TcpStream::connect(("127.0.0.1", ports.epmd)).is_ok()
        })?;
        Ok(child)
    }

    fn plan(
        &self,
        name: &'static str,
        command: Vec<String>,
        environment: Vec<(String, String)>,
        patience: Duration,
    ) -> Plan {
        let directory = self.home.to_owned();
        Plan {
            name,
            command,
            environment,
            directory,
            user: None,
            signal: "TERM",
            patience,
        }
    }
}

/// The users and virtual hosts of a fresh node. A node with definitions makes no `guest`.
fn definitions_json(password: &str, options: &RabbitMqOptions) -> String {
    let vhosts: Vec<&str> = std::iter::once("/")
        .chain(
            options
                .vhosts
                .iter()
                .map(String::as_str)
                .filter(|name| name.bytes().all(is_plain)),
        )
        .collect();
    let list = |item: &dyn Fn(&str) -> String| {
        vhosts
            .iter()
            .map(|name| item(name))
            .collect::<Vec<_>>()
            .join(",")
    };
    let names = list(&|name| format!(r#"{{"name":"{name}"}}"#));
    let permissions = list(&|name| {
        format!(
            r#"{{"user":"{OWNER}","vhost":"{name}","configure":".*","write":".*","read":".*"}}"#
        )
    });
    format!(
        r#"{{"users":[{{"name":"{OWNER}","password":"{password}","tags":["administrator"]}}],"vhosts":[{names}],"permissions":[{permissions}]}}"#
    )
}

/// True once the node answers the protocol's greeting with a method frame.
fn speaks_amqp(port: u16) -> bool {
    let greet = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        stream.write_all(b"AMQP\x00\x00\x09\x01")?;
        let mut first = [0u8; 1];
        stream.read_exact(&mut first)?;
        Ok(first == [1])
    };
    greet().unwrap_or(false)
}
