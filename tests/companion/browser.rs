//! Chromium without a screen, asked over a pipe: JSON ended by a NUL byte, on its file descriptors 3 and 4.

use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
/// Set where a machine without Chromium must not pass: in CI.
const NEEDED: &str = "NSLAB_NEED_CHROMIUM";
/// Nothing that is asked here takes so long.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Browser {
    process: Child,
    to: ChildStdin,
    from: Receiver<Value>,
    /// Events that nobody has asked for yet.
    events: VecDeque<Value>,
    session: Option<String>,
    last: u64,
    _profile: tempfile::TempDir,
}

/// The tests' browser. Where there is none, it is said on the terminal itself (what a test prints is not seen if it
/// passes), or the test fails if the environment says that it must not be missing.
pub fn browser(test: &str) -> Option<Browser> {
    let found = NAMES.into_iter().find(|name| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
    });
    let Some(program) = found else {
        let what = "Chromium is not installed, so no page was looked at. Debian: apt-get install chromium";
        assert!(std::env::var_os(NEEDED).is_none(), "{what}");
        let _ = writeln!(std::io::stderr(), "\nNOT RUN: {test}: {what}\n");
        return None;
    };
    Some(Browser::start(program))
}

impl Browser {
    fn start(program: &str) -> Browser {
        let profile = tempfile::tempdir().unwrap();
        // A shell gives it its pipes, since Rust's library hands over no descriptors but 0, 1 and 2.
        let script = "exec \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>/dev/null";
        let mut process = Command::new("sh")
            .args(["-c", script, "sh", program, "--headless=new", "--remote-debugging-pipe", "--disable-gpu"])
            // Its own sandbox refuses root, and what may be had of namespaces is not the same everywhere.
            .args(["--no-sandbox", "--no-first-run", "--disable-dev-shm-usage", "--hide-scrollbars"])
            .arg("--disable-background-networking")
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .env("HOME", profile.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (to, out) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        let (sender, from) = channel();
        std::thread::spawn(move || {
            for message in BufReader::new(out).split(0).map_while(Result::ok) {
                let message = serde_json::from_slice(&message).expect("Chromium writes JSON");
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let mut browser =
            Browser { process, to, from, events: VecDeque::new(), session: None, last: 0, _profile: profile };
        let target = browser.ask("Target.createTarget", json!({ "url": "about:blank" }))["targetId"].clone();
        let session = browser.ask("Target.attachToTarget", json!({ "targetId": target, "flatten": true }));
        browser.session = Some(session["sessionId"].as_str().unwrap().into());
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.ask(&format!("{domain}.enable"), json!({}));
        }
        browser
    }

    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        self.last += 1;
        let mut message = json!({ "id": self.last, "method": method, "params": params });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        self.to.write_all(message.to_string().as_bytes()).unwrap();
        self.to.write_all(&[0]).unwrap();
        let end = Instant::now() + PATIENCE;
        loop {
            let message = self.next(end, method);
            if message["id"] == json!(self.last) {
                assert!(message["error"].is_null(), "{method}: {}", message["error"]);
                return message["result"].clone();
            }
            self.events.push_back(message);
        }
    }

    fn next(&mut self, end: Instant, what: &str) -> Value {
        let left = end.saturating_duration_since(Instant::now());
        self.from.recv_timeout(left).unwrap_or_else(|error| panic!("Chromium does not answer {what}: {error}"))
    }

    /// Opens a file and waits until it is loaded.
    pub fn open(&mut self, file: &Path, hash: &str) {
        let url = format!("file://{}{hash}", file.display());
        self.events.clear();
        // A change of the hash alone loads nothing.
        self.ask("Page.navigate", json!({ "url": "about:blank" }));
        self.wait("Page.loadEventFired");
        self.events.clear();
        self.ask("Page.navigate", json!({ "url": url }));
        self.wait("Page.loadEventFired");
    }

    fn wait(&mut self, event: &str) {
        let end = Instant::now() + PATIENCE;
        while !self.events.iter().any(|message| message["method"] == event) {
            let message = self.next(end, event);
            self.events.push_back(message);
        }
    }

    /// The value of an expression in the page.
    pub fn eval(&mut self, expression: &str) -> Value {
        let params = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let answer = self.ask("Runtime.evaluate", params);
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {}", answer["exceptionDetails"]);
        answer["result"]["value"].clone()
    }

    pub fn text(&mut self, expression: &str) -> String {
        self.eval(expression).as_str().unwrap_or_else(|| panic!("{expression} is no text")).into()
    }

    pub fn is(&mut self, expression: &str) -> bool {
        self.eval(expression).as_bool().unwrap_or_else(|| panic!("{expression} is no truth value"))
    }

    /// Presses a key and lets it go, as a person would.
    pub fn key(&mut self, key: &str) {
        let (text, code, number) = match key {
            "Enter" => ("\r", "Enter".into(), 13),
            "Tab" => ("", "Tab".into(), 9),
            " " => (" ", "Space".into(), 32),
            "ArrowLeft" => ("", key.into(), 37),
            "ArrowUp" => ("", key.into(), 38),
            "ArrowRight" => ("", key.into(), 39),
            "ArrowDown" => ("", key.into(), 40),
            letter => (letter, format!("Key{}", letter.to_uppercase()), letter.to_uppercase().as_bytes()[0].into()),
        };
        let event = |kind: &str| {
            json!({
                "type": kind, "key": key, "code": code, "text": if kind == "keyUp" { "" } else { text },
                "windowsVirtualKeyCode": number, "nativeVirtualKeyCode": number,
            })
        };
        self.ask("Input.dispatchKeyEvent", event(if text.is_empty() { "rawKeyDown" } else { "keyDown" }));
        self.ask("Input.dispatchKeyEvent", event("keyUp"));
        // What the key set off, an address's change too, is done after two frames.
        self.eval("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(0))))");
    }

    /// Presses Tab until an element that a selector names has the focus.
    pub fn tab_to(&mut self, selector: &str) {
        for _ in 0..200 {
            if self.is(&format!("document.activeElement.matches({})", json!(selector))) {
                return;
            }
            self.key("Tab");
        }
        panic!("Tab does not lead to {selector}");
    }

    /// The window's size in CSS pixels.
    pub fn size(&mut self, width: u32, height: u32) {
        let params = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500 });
        self.ask("Emulation.setDeviceMetricsOverride", params);
    }

    /// `screen` or `print`, and `light` or `dark`.
    pub fn media(&mut self, media: &str, scheme: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.ask("Emulation.setEmulatedMedia", json!({ "media": media, "features": features }));
    }

    /// Writes a picture of the window if the environment names a folder for pictures.
    pub fn picture(&mut self, name: &str) {
        let Some(folder) = std::env::var_os("NSLAB_PICTURES") else { return };
        let data = self.ask("Page.captureScreenshot", json!({ "format": "png" }))["data"].clone();
        use base64::{Engine, engine::general_purpose::STANDARD};
        let bytes = STANDARD.decode(data.as_str().unwrap()).unwrap();
        std::fs::write(Path::new(&folder).join(format!("{name}.png")), bytes).unwrap();
    }

    /// What the page complained of since it was opened, and what it asked for beside itself.
    pub fn complaints(&mut self) -> Vec<String> {
        while let Ok(message) = self.from.try_recv() {
            self.events.push_back(message);
        }
        let told = |event: &Value| {
            let params = &event["params"];
            match event["method"].as_str().unwrap_or_default() {
                "Runtime.exceptionThrown" => Some(params["exceptionDetails"].to_string()),
                "Runtime.consoleAPICalled" => Some(params["args"].to_string()),
                "Log.entryAdded" => Some(params["entry"].to_string()),
                "Network.requestWillBeSent" if params["type"] != "Document" => {
                    Some(params["request"]["url"].to_string())
                }
                "Network.requestWillBeSent" if !params["request"]["url"].as_str().unwrap().starts_with("file:") => {
                    Some(params["request"]["url"].to_string())
                }
                _ => None,
            }
        };
        self.events.iter().filter_map(told).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Asked to leave it takes its helpers along; the profile is removed after that.
        self.session = None;
        let _ = self.to.write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0");
        let end = Instant::now() + Duration::from_secs(10);
        while Instant::now() < end && matches!(self.process.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
