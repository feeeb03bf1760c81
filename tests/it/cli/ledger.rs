//! A node of a currency that says what a test wants: answers by path, in turn, and a memory of what it was sent.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

/// The node; answers until the test ends.
pub struct Ledger {
    pub url: String,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    answers: HashMap<String, Vec<(u16, Value)>>,
    posted: Vec<(String, Value)>,
}

impl Ledger {
    /// A node of a network like `dev`, on which nothing happened.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port can be taken");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let shared = Arc::new(Mutex::new(Shared::default()));
        let ledger = Self {
            url: format!("http://{address}"),
            shared: Arc::clone(&shared),
        };
        ledger.answers(
            "/v1/node",
            json!({"network": "dev", "protocol": "coin", "chain_id": 31337, "height": 5}),
        );
        ledger.answers(
            "/v1/fees",
            json!({"base_fee": "1", "priority_fee": {"low": "1000000000", "normal": "1500000000", "high": "3000000000"}}),
        );
        thread::spawn(move || {
            for stream in listener.incoming() {
                let shared = Arc::clone(&shared);
                thread::spawn(move || serve(stream.expect("a connection comes in"), &shared));
            }
        });
        ledger
    }

    /// What a path answers from now on.
    pub fn answers(&self, path: &str, body: Value) {
        self.in_turn(path, vec![(200, body)]);
    }

    /// What a path answers one after the other; the last again and again.
    pub fn in_turn(&self, path: &str, mut answers: Vec<(u16, Value)>) {
        answers.reverse();
        let mut shared = self.shared.lock().expect("no test thread panics");
        shared.answers.insert(path.to_owned(), answers);
    }

    /// What an account holds, in coins and in units.
    pub fn account(&self, address: &str, coins: &str, units: &str, next_nonce: u64) {
        self.answers(
            &format!("/v1/accounts/{address}"),
            json!({"address": address, "balance": coins, "balance_units": units, "nonce": 3, "next_nonce": next_nonce, "code_hash": null}),
        );
    }

    /// What came in by POST: paths and bodies.
    pub fn posted(&self) -> Vec<(String, Value)> {
        self.shared
            .lock()
            .expect("no test thread panics")
            .posted
            .clone()
    }
}

fn serve(stream: TcpStream, shared: &Mutex<Shared>) {
    let mut reader = BufReader::new(&stream);
    let mut line = String::new();
    let (mut first, mut length) = (None, 0);
    // Somebody who only looks whether anyone is there sends nothing.
    while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
        first.get_or_insert_with(|| line.clone());
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().expect("a length is a number");
        }
        line.clear();
    }
    let Some(first) = first else { return };
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("the body comes whole");
    let mut words = first.split(' ');
    let (method, path) = (words.next(), words.next().expect("a request names a path"));
    let mut shared = shared.lock().expect("no test thread panics");
    if method == Some("POST") {
        let body = serde_json::from_slice(&body).expect("what is posted is JSON");
        shared.posted.push((path.to_owned(), body));
    }
    let (status, answer) = match shared.answers.get_mut(path) {
        Some(answers) if answers.len() > 1 => answers.pop().expect("it has two"),
        Some(answers) => answers.first().expect("it has one").clone(),
        None => (
            404,
            json!({"title": "Not found", "detail": format!("nothing is at {path}")}),
        ),
    };
    drop(shared);
    let text = answer.to_string();
    let head = format!(
        "HTTP/1.1 {status} It\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        text.len()
    );
    let _ = (&stream)
        .write_all(head.as_bytes())
        .and_then(|()| (&stream).write_all(text.as_bytes()));
}
