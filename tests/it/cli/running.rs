//! `bcoin` as a process: started, watched line by line, signalled, and never left behind.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

/// The program as a process of its own, killed when the test ends without ending it.
pub struct Running {
    child: Child,
    /// What it printed so far on standard output.
    lines: BufReader<Box<dyn Read + Send>>,
    pub seen: String,
}

impl Running {
    pub fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("bcoin"));
        command.args(arguments);
        Self::spawn(folder, command)
    }

    pub fn spawn(folder: &Path, mut command: Command) -> Self {
        // Log lines go where the other lines go, so that a test can wait for either.
        let (reader, writer) = std::io::pipe().expect("a pipe can be made");
        let also = writer.try_clone().expect("a pipe can be shared");
        let child = command
            .env_clear()
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(writer)
            .stderr(also)
            .spawn()
            .expect("the program starts");
        drop(command);
        Self {
            child,
            lines: BufReader::new(Box::new(reader)),
            seen: String::new(),
        }
    }

    /// Reads on until a line holds `mark`; the line.
    pub fn until(&mut self, mark: &str) -> String {
        loop {
            let mut line = String::new();
            let read = self.lines.read_line(&mut line).expect("the output is text");
            assert!(read > 0, "it ended before {mark:?}: {}", self.seen);
            self.seen.push_str(&line);
            if line.contains(mark) {
                return line;
            }
        }
    }

    /// Sends a signal by its name.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args(["-s", name, &self.child.id().to_string()])
            .status();
        assert!(sent.expect("kill runs").success());
    }

    /// Waits for the end; how it ended, and all it printed.
    pub fn ended(mut self) -> (ExitStatus, String) {
        let mut rest = String::new();
        self.lines
            .read_to_string(&mut rest)
            .expect("the output is text");
        self.seen.push_str(&rest);
        let status = self.child.wait().expect("it ends");
        (status, std::mem::take(&mut self.seen))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A node on a port that the system chooses; the node and its URL.
pub fn node(folder: &Path, more: &[&str]) -> (Running, String) {
    let mut node = Running::start(folder, &[&["node", "--port", "0"], more].concat());
    let line = node.until("the node answers");
    let address = line
        .split("address=")
        .nth(1)
        .and_then(|rest| rest.split(' ').next())
        .expect("the line names the address");
    let url = format!("http://{address}");
    (node, url)
}
