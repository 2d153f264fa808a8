//! A real browser that is driven as a person would: it goes to pages, clicks, types, and is looked at.
//!
//! Spoken to by the DevTools protocol over two pipes (`--remote-debugging-pipe`): JSON, each message ended by a zero byte.
//! <https://chromedevtools.github.io/devtools-protocol/>

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    time::{Duration, Instant},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use super::{
    browser::{AXE, RULES, Scheme, browser, told},
    scratch,
};

/// How long a condition is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Whether the page is whole and has been drawn: until then Chromium drops what is clicked and typed, and says nothing.
const WHOLE: &str = "document.readyState === 'complete' && \
                     performance.getEntriesByName('first-contentful-paint').length > 0";

/// A browser with one page.
#[derive(Debug)]
pub struct Driver {
    child: Child,
    to: ChildStdin,
    from: Receiver<Value>,
    /// What it told by itself, oldest first.
    events: Vec<Value>,
    session: String,
    last: u64,
}

impl Driver {
    /// Starts it, with an empty page.
    ///
    /// # Panics
    /// There is no browser, or it does not start.
    #[must_use]
    pub fn start() -> Self {
        let profile = scratch("parcours-driver");
        std::fs::create_dir_all(&profile).expect("a folder can be made");
        // The shell puts our two pipes where the browser looks for them.
        let mut child = Command::new("sh")
            .arg("-c")
            .arg("exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>/dev/null")
            .arg(browser())
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--hide-scrollbars",
                // Nothing of its own over the network.
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                // What is clicked before a page is drawn is not dropped.
                "--allow-pre-commit-input",
                "--disable-features=PaintHolding",
                "--remote-debugging-pipe",
            ])
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the browser starts");
        let to = child.stdin.take().expect("a pipe");
        let out = child.stdout.take().expect("a pipe");
        let (sender, from) = channel();
        std::thread::spawn(move || {
            for message in BufReader::new(out).split(0) {
                let Ok(message) = message else { return };
                let Ok(message) = serde_json::from_slice(&message) else {
                    continue;
                };
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        let mut driver = Self {
            child,
            to,
            from,
            events: Vec::new(),
            session: String::new(),
            last: 0,
        };
        let targets = driver.browser("Target.getTargets", &json!({}));
        let page = targets["targetInfos"]
            .as_array()
            .and_then(|all| all.iter().find(|t| t["type"] == "page"))
            .expect("there is a page");
        let attach = json!({ "targetId": page["targetId"], "flatten": true });
        let attached = driver.browser("Target.attachToTarget", &attach);
        driver.session = attached["sessionId"]
            .as_str()
            .expect("a session")
            .to_owned();
        for domain in ["Page", "Runtime", "Log", "ServiceWorker"] {
            driver.call(&format!("{domain}.enable"), &json!({}));
        }
        driver
    }

    /// Speaks to the browser as a whole.
    ///
    /// # Panics
    /// It refuses.
    pub fn browser(&mut self, method: &str, parameters: &Value) -> Value {
        let id = self.next();
        self.say(&json!({ "id": id, "method": method, "params": parameters }));
        self.answer(id, method)
    }

    /// Speaks to the page.
    ///
    /// # Panics
    /// The browser refuses.
    pub fn call(&mut self, method: &str, parameters: &Value) -> Value {
        let id = self.next();
        let session = self.session.clone();
        self.say(
            &json!({ "id": id, "method": method, "params": parameters, "sessionId": session }),
        );
        self.answer(id, method)
    }

    /// Lets the origin do what it would ask for: `notifications`.
    pub fn grant(&mut self, origin: &str, permission: &str) {
        let allowed = json!({ "origin": origin, "permissions": [permission] });
        self.browser("Browser.grantPermissions", &allowed);
    }

    /// The ids of the service workers that were registered.
    pub fn workers(&self) -> Vec<String> {
        let updates = self.told("ServiceWorker.workerRegistrationUpdated");
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
        let all = ["Log.entryAdded", "Runtime.exceptionThrown"].into_iter();
        let all = all.flat_map(|method| self.told(method));
        all.map(|t| t["params"].to_string()).collect()
    }

    /// What the browser has told by itself under that name.
    fn told<'a>(&'a self, method: &'a str) -> impl Iterator<Item = &'a Value> {
        self.events
            .iter()
            .filter(move |event| event["method"] == method)
    }

    /// Goes to an address, and waits until the page is loaded and drawn.
    ///
    /// # Panics
    /// It cannot.
    pub fn go(&mut self, url: &str) {
        let until = Instant::now() + PATIENCE;
        loop {
            let gone = self.call("Page.navigate", &json!({ "url": url }));
            match gone["errorText"].as_str() {
                None => break,
                // Where somebody had clicked just before, the page that they asked for comes first.
                Some("net::ERR_ABORTED") if Instant::now() < until => {}
                Some(_) => panic!("{url}: {gone}"),
            }
        }
        self.until(WHOLE);
    }

    /// What an expression is in the page.
    ///
    /// # Panics
    /// It throws.
    pub fn eval(&mut self, expression: &str) -> Value {
        let asked = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true,
            "userGesture": true });
        let told = self.call("Runtime.evaluate", &asked);
        assert!(
            told["exceptionDetails"].is_null(),
            "{expression}: {}",
            told["exceptionDetails"]
        );
        told["result"]["value"].clone()
    }

    /// Waits until an expression holds in the page.
    ///
    /// # Panics
    /// It does not in half a minute.
    pub fn until(&mut self, condition: &str) {
        let until = Instant::now() + PATIENCE;
        loop {
            let asked = json!({ "expression": condition, "returnByValue": true });
            let told = self.call("Runtime.evaluate", &asked);
            // While a page is being left there is nothing to ask.
            if told["result"]["value"] == true {
                return;
            }
            if Instant::now() > until {
                let page = self.eval(
                    "location.href + '\\n' + document.readyState + '\\n' + document.body.innerText",
                );
                let page = page.as_str().unwrap_or_default();
                panic!("`{condition}` did not come true: {told}\n{page:.2000}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Clicks in the middle of the element that an expression gives, once the page is whole, and it is there, can be seen and
    /// stays where it is.
    ///
    /// # Panics
    /// It does not come.
    pub fn click(&mut self, element: &str) {
        self.until(&format!(
            "(() => {{ const e = {element}; if (!e || !({WHOLE})) return false; \
             e.scrollIntoView({{ block: 'nearest' }}); const r = e.getBoundingClientRect(); \
             const [was, is] = [window.lastPlace, [r.x, r.y, r.width, r.height].join()]; window.lastPlace = is; \
             return was === is && r.width > 0 && r.height > 0 && !e.disabled; }})()"
        ));
        let place = self.eval(&format!(
            "(() => {{ const r = ({element}).getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; }})()"
        ));
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({ "type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1 });
            self.call("Input.dispatchMouseEvent", &event);
        }
    }

    /// Types where the cursor is.
    pub fn type_in(&mut self, text: &str) {
        self.call("Input.insertText", &json!({ "text": text }));
    }

    /// Presses a key: `Enter`, `Tab`, `Escape`, `Space`, or that of one letter or sign.
    ///
    /// # Panics
    /// It is none of these.
    pub fn press(&mut self, key: &str) {
        let (name, code, text) = match key {
            "Enter" => ("Enter", 13, "\r"),
            "Tab" => ("Tab", 9, ""),
            "Escape" => ("Escape", 27, ""),
            "Space" => (" ", 32, " "),
            one if one.len() == 1 => (one, i64::from(one.to_ascii_uppercase().as_bytes()[0]), one),
            other => panic!("no key is called {other}"),
        };
        for kind in ["keyDown", "keyUp"] {
            let mut event =
                json!({ "type": kind, "key": name, "code": key, "windowsVirtualKeyCode": code });
            if kind == "keyDown" && !text.is_empty() {
                event["text"] = json!(text);
            }
            self.call("Input.dispatchKeyEvent", &event);
        }
    }

    /// What axe finds wrong with the page, shadow trees included; one line each.
    ///
    /// # Panics
    /// axe does not run.
    pub fn wrong(&mut self) -> Vec<String> {
        self.until(WHOLE);
        self.eval(&format!("{AXE}; 0"));
        let found = self.eval(&format!(
            "axe.run(document, {{ runOnly: {RULES} }}).then(r => JSON.stringify(r.violations))"
        ));
        told(
            &serde_json::from_str(found.as_str().expect("axe tells JSON")).expect("axe tells JSON"),
        )
    }

    /// How large the window is, and how the reader has set their system.
    pub fn seen_by(&mut self, width: u32, height: u32, scheme: Scheme) {
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", &size);
        let scheme = match scheme {
            Scheme::Light => "light",
            Scheme::Dark => "dark",
        };
        let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.call("Emulation.setEmulatedMedia", &media);
    }

    /// A picture of what is seen, as PNG, into the folder that `PICTURES` names, if one is named.
    ///
    /// # Panics
    /// It cannot be written.
    pub fn picture(&mut self, name: &str) {
        let Some(folder) = std::env::var_os("PICTURES").map(PathBuf::from) else {
            return;
        };
        self.shoot(&folder.join(format!("{name}.png")));
    }

    /// A picture of what is seen, as PNG, into that file.
    ///
    /// # Panics
    /// It cannot be written.
    pub fn shoot(&mut self, file: &Path) {
        self.until(WHOLE);
        let asked = json!({ "format": "png", "captureBeyondViewport": true });
        let shot = self.call("Page.captureScreenshot", &asked);
        let shot = shot["data"].as_str().expect("a picture");
        let shot = BASE64_STANDARD.decode(shot).expect("base64");
        std::fs::write(file, shot).expect("a picture can be written");
    }

    fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    fn say(&mut self, message: &Value) {
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.to.write_all(&bytes).expect("the browser listens");
        self.to.flush().expect("the browser listens");
    }

    fn answer(&mut self, id: u64, method: &str) -> Value {
        let until = Instant::now() + PATIENCE;
        loop {
            let message = self.hear(until, method);
            if message["id"] == id {
                assert!(message["error"].is_null(), "{method}: {}", message["error"]);
                return message["result"].clone();
            }
            self.events.push(message);
        }
    }

    fn hear(&mut self, until: Instant, what: &str) -> Value {
        let left = until.saturating_duration_since(Instant::now());
        match self.from.recv_timeout(left) {
            Ok(message) => message,
            Err(RecvTimeoutError::Timeout) => panic!("the browser does not answer: {what}"),
            Err(RecvTimeoutError::Disconnected) => panic!("the browser has died: {what}"),
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
