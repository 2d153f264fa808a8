//! A browser that is driven by the DevTools protocol: pages with scripts, permissions and workers.
//!
//! The protocol goes by a pair of pipes (`--remote-debugging-pipe`): JSON, each message ended by a zero byte.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    browser::{AXE, Scheme, browser, lines},
    scratch,
};

/// The longest that a condition in a page is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// One page in a browser of its own. Everything here blocks, and panics where the browser does not do as it is told.
#[derive(Debug)]
pub struct Tab {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    folder: PathBuf,
    session: Option<String>,
    last: u64,
    /// What the browser told by itself, oldest first.
    told: Vec<Value>,
}

impl Tab {
    /// A browser with an empty page.
    ///
    /// # Panics
    /// There is no browser: `make browser` installs it.
    #[must_use]
    pub fn new() -> Self {
        let folder = scratch("parcours-devtools");
        std::fs::create_dir_all(&folder).expect("a folder can be made");
        // The protocol wants descriptors 3 and 4.
        let mut child = Command::new("sh")
            .args([
                "-c",
                "exec \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>&1",
                "sh",
            ])
            .arg(browser())
            .args(["--headless", "--no-sandbox", "--disable-gpu"])
            .args(["--disable-dev-shm-usage", "--remote-debugging-pipe"])
            .arg(format!(
                "--user-data-dir={}",
                folder.join("profile").display()
            ))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the browser starts");
        let to = child.stdin.take().expect("a pipe");
        let from = BufReader::new(child.stdout.take().expect("a pipe"));
        let (session, told, last) = (None, Vec::new(), 0);
        let mut tab = Self {
            child,
            to,
            from,
            folder,
            session,
            last,
            told,
        };
        let target = tab.call("Target.createTarget", &json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let session = tab.call("Target.attachToTarget", &attach);
        tab.session = session["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "ServiceWorker"] {
            tab.call(&format!("{domain}.enable"), &json!({}));
        }
        tab
    }

    /// Calls a method of the protocol.
    ///
    /// # Panics
    /// The browser refuses.
    pub fn call(&mut self, method: &str, params: &Value) -> Value {
        self.last += 1;
        let mut call = json!({ "id": self.last, "method": method, "params": params });
        if let Some(session) = &self.session {
            call["sessionId"] = json!(session);
        }
        let mut bytes = call.to_string().into_bytes();
        bytes.push(0);
        self.to.write_all(&bytes).expect("the browser listens");
        loop {
            let mut bytes = Vec::new();
            self.from
                .read_until(0, &mut bytes)
                .expect("the browser talks");
            assert_eq!(bytes.pop(), Some(0), "the browser has ended");
            let said: Value = serde_json::from_slice(&bytes).expect("the browser talks JSON");
            if said["id"] == self.last {
                assert!(said["error"].is_null(), "{method}: {}", said["error"]);
                return said["result"].clone();
            }
            self.told.push(said);
        }
    }

    /// Opens an address, and waits until the page is complete.
    pub fn open(&mut self, url: &str) {
        self.call("Page.navigate", &json!({ "url": url }));
        let complete = format!(
            "location.href === {} && document.readyState === 'complete'",
            json!(url)
        );
        self.until(&complete);
    }

    /// The value of an expression in the page, awaited, as after a tap of the user's.
    ///
    /// # Panics
    /// It throws.
    pub fn eval(&mut self, expression: &str) -> Value {
        let params = json!({ "expression": expression, "awaitPromise": true,
            "returnByValue": true, "userGesture": true });
        let done = self.call("Runtime.evaluate", &params);
        let thrown = &done["exceptionDetails"];
        assert!(thrown.is_null(), "{expression}: {thrown}");
        done["result"]["value"].clone()
    }

    /// Waits until the expression is true.
    ///
    /// # Panics
    /// It does not become true in time.
    pub fn until(&mut self, expression: &str) {
        let begun = Instant::now();
        while self.eval(expression) != json!(true) {
            assert!(
                begun.elapsed() < PATIENCE,
                "{expression}: {:?}",
                self.complaints()
            );
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Presses what the selector finds.
    pub fn press(&mut self, selector: &str) {
        self.eval(&format!(
            "document.querySelector({}).click()",
            json!(selector)
        ));
    }

    /// Lets the origin do what it would ask for: `notifications`.
    pub fn grant(&mut self, origin: &str, permission: &str) {
        let params = json!({ "origin": origin, "permissions": [permission] });
        self.call("Browser.grantPermissions", &params);
    }

    /// The ids of the service workers that were registered.
    pub fn workers(&mut self) -> Vec<String> {
        let updates = self
            .told
            .iter()
            .filter(|t| t["method"] == "ServiceWorker.workerRegistrationUpdated");
        let all = updates.flat_map(|t| {
            t["params"]["registrations"]
                .as_array()
                .cloned()
                .unwrap_or_default()
        });
        all.filter_map(|r| Some(r["registrationId"].as_str()?.to_owned()))
            .collect()
    }

    /// What went wrong in the page by its console: errors, and what the content security policy held back.
    pub fn complaints(&self) -> Vec<String> {
        let methods = ["Log.entryAdded", "Runtime.exceptionThrown"];
        let of = |t: &&Value| methods.iter().any(|m| t["method"] == *m);
        self.told
            .iter()
            .filter(of)
            .map(|t| t["params"].to_string())
            .collect()
    }

    /// How the reader has set their system, and how wide the window is.
    pub fn look(&mut self, scheme: Scheme, width: u32) {
        let value = match scheme {
            Scheme::Light => "light",
            Scheme::Dark => "dark",
        };
        let size =
            json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", &size);
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": value }] });
        self.call("Emulation.setEmulatedMedia", &features);
    }

    /// What axe finds wrong with the page as it is now; see [`super::browser::wrong`].
    pub fn wrong(&mut self) -> Vec<String> {
        self.eval(&format!("(() => {{ {AXE} }})()"));
        let found = self.eval(
            "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', \
             'best-practice'] }).then(r => r.passes.length ? r.violations : [{ id: 'nothing', nodes: [] }])",
        );
        lines(&found)
    }

    /// A picture of the whole page, as PNG.
    pub fn picture(&mut self, file: &Path) {
        let params = json!({ "captureBeyondViewport": true });
        let taken = self.call("Page.captureScreenshot", &params);
        let bytes = STANDARD.decode(taken["data"].as_str().unwrap_or_default());
        std::fs::write(file, bytes.expect("a picture")).expect("a picture can be written");
    }
}

impl Default for Tab {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Tab {
    fn drop(&mut self) {
        // Whatever is left of it is in a folder of its own.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
