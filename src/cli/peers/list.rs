//! The answer of `/v1/peers`, as people read it.

use serde_json::Value;

use super::super::terminal::{count, lines, printable, short_hash, table};

/// The peers of a node as a table, and what else it says of its network.
pub(super) fn written(answer: &Value) -> String {
    let peers = list(answer, "peers");
    if peers.is_empty() || answer.get("sync").and_then(Value::as_str) != Some("auto") {
        return by_hand(
            peers
                .iter()
                .filter_map(|peer| peer.get("address")?.as_str()),
        );
    }
    let mut table = table([
        "PEER",
        "OPENED",
        "TIP",
        "HASH",
        "LAG",
        "SCORE",
        "IN",
        "OUT",
        "MS",
        "LAST ERROR",
    ]);
    for peer in peers {
        table.add_row(row(peer));
    }
    let mut said = lines(&table);
    for sync in list(answer, "syncs") {
        let (at, to) = (number(sync, "at"), number(sync, "to"));
        let from = text(sync, "from").unwrap_or_default();
        said.push_str(&format!("Bringing in the chain of {from}: {at} of {to}.\n"));
    }
    let known = number(answer, "known_addresses");
    let offences = answer.get("offences").and_then(Value::as_object);
    let blamed: u64 = offences.map_or(0, |all| all.values().filter_map(Value::as_u64).sum());
    let addresses = if known == 1 { "address" } else { "addresses" };
    said.push_str(&format!(
        "{known} {addresses} known; peers were blamed {} and kept away {} since the start.\n",
        count(blamed, "time"),
        count(number(answer, "banned"), "time"),
    ));
    said
}

/// The addresses alone: with `--sync manual` there is no more to know.
pub(super) fn by_hand<'a>(addresses: impl Iterator<Item = &'a str>) -> String {
    let mut known = addresses.peekable();
    if known.peek().is_none() {
        return "The node knows no other node. `bcoin peers add ADDRESS` makes one known.\n"
            .to_owned();
    }
    let mut table = table(["KNOWN NODE"]);
    for address in known {
        table.add_row([printable(address)]);
    }
    lines(&table)
}

fn row(peer: &Value) -> [String; 10] {
    let address = text(peer, "address").unwrap_or_default();
    let blank = || "-".to_owned();
    let error = text(peer, "last_error");
    if peer.get("connected").and_then(Value::as_bool) != Some(true) {
        let why = match (peer.get("connected"), error) {
            (None, _) => "another name of a peer above".to_owned(),
            (Some(_), Some(error)) => format!("not connected: {error}"),
            (Some(_), None) => match text(peer, "said") {
                Some(said) => format!("followed by plain HTTP: {said}"),
                None => "not connected".to_owned(),
            },
        };
        let [b2, b3, b4, b5, b6, b7, b8, b9] = std::array::from_fn(|_| blank());
        return [address, b2, b3, b4, b5, b6, b7, b8, b9, why];
    }
    let opened = match text(peer, "why").as_deref() {
        Some("named") => "here, named".to_owned(),
        Some("chosen") => "here, chosen".to_owned(),
        _ => "there".to_owned(),
    };
    let tip = peer.get("tip").unwrap_or(&Value::Null);
    let hash = text(tip, "hash").unwrap_or_default();
    let lag = peer.get("lag").and_then(Value::as_u64);
    let round_trip = peer.get("round_trip_ms").and_then(Value::as_f64);
    [
        address,
        opened,
        number(tip, "height").to_string(),
        short_hash(&hash),
        lag.map_or_else(blank, |lag| lag.to_string()),
        number(peer, "score").to_string(),
        bytes(number(peer, "bytes_in")),
        bytes(number(peer, "bytes_out")),
        round_trip.map_or_else(blank, |time| format!("{time:.1}")),
        error.unwrap_or_else(blank),
    ]
}

/// Traffic in the unit that people compare it in.
fn bytes(bytes: u64) -> String {
    const KIB: f64 = 1024.0;
    let bytes = bytes as f64;
    if bytes < KIB * KIB {
        format!("{:.1} KiB", bytes / KIB)
    } else {
        format!("{:.1} MiB", bytes / KIB / KIB)
    }
}

fn list<'a>(json: &'a Value, member: &str) -> &'a [Value] {
    let list = json.get(member).and_then(Value::as_array);
    list.map_or(&[], Vec::as_slice)
}

fn number(json: &Value, member: &str) -> u64 {
    json.get(member).and_then(Value::as_u64).unwrap_or(0)
}

/// Fit for a terminal, whoever wrote it.
fn text(json: &Value, member: &str) -> Option<String> {
    let text = json.get(member)?.as_str()?;
    Some(printable(text).into_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn peers_are_a_table_of_what_tells_them_apart() {
        let hash = "ab".repeat(32);
        let answer = json!({
            "sync": "auto", "known_addresses": 3, "banned": 1, "offences": {"flood": 2, "invalid": 1},
            "syncs": [{"from": "10.0.0.2:1001", "at": 5, "to": 900}],
            "peers": [
                {"address": "10.0.0.2:1001", "connected": true, "direction": "outbound", "why": "named",
                 "tip": {"height": 900, "hash": hash, "weight": "900"}, "lag": 0, "score": 20,
                 "bytes_in": 3 * 1024 * 1024, "bytes_out": 1536, "round_trip_ms": 0.44},
                {"address": "10.0.0.3:1001", "connected": false, "last_error": "nobody \u{1b}[31manswers"},
            ],
        });
        let said = written(&answer);
        for part in [
            "here, named",
            "900",
            "abababababab",
            "3.0 MiB",
            "1.5 KiB",
            "0.4",
            "not connected: nobody",
            "Bringing in the chain of 10.0.0.2:1001: 5 of 900.",
            "3 addresses known; peers were blamed 3 times and kept away 1 time",
        ] {
            assert!(said.contains(part), "{part} is not in\n{said}");
        }
        assert!(!said.contains(&hash) && !said.contains('\u{1b}'), "{said}");
    }

    #[test]
    fn a_node_that_is_moved_by_hand_lists_addresses() {
        let answer = json!({"sync": "manual", "peers": [{"address": "127.0.0.1:1002"}]});
        assert_eq!(written(&answer), "KNOWN NODE\n127.0.0.1:1002\n");
        let nobody = json!({"sync": "auto", "peers": []});
        assert!(written(&nobody).contains("peers add"));
    }
}
