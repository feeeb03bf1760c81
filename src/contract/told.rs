//! What contracts tell the outside: logs, decoded where an ABI knows their events.

use alloy_dyn_abi::{DynSolValue, EventExt};
use alloy_json_abi::{Event, JsonAbi};

use super::rpc::Log;
use super::values::{Named, Values};

/// What a contract told in a log.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The event's name; nothing where the ABI does not know it.
    pub name: Option<String>,
    pub values: Values,
    pub log: Log,
}

/// A log, decoded where the ABI knows its event.
pub fn told(abi: &JsonAbi, log: Log) -> Told {
    let decoded = log.topics.first().and_then(|topic| {
        let events = abi.events().filter(|event| event.selector() == *topic);
        events.filter_map(|event| decoded_event(event, &log)).next()
    });
    match decoded {
        Some((name, values)) => Told {
            name: Some(name),
            values,
            log,
        },
        None => Told {
            name: None,
            values: Values::default(),
            log,
        },
    }
}

fn decoded_event(event: &Event, log: &Log) -> Option<(String, Values)> {
    let decoded = event
        .decode_log_parts(log.topics.iter().copied(), &log.data)
        .ok()?;
    let (mut indexed, mut body) = (decoded.indexed.into_iter(), decoded.body.into_iter());
    let mut named = Vec::new();
    for input in &event.inputs {
        let value = match input.indexed {
            true => indexed.next()?,
            false => body.next()?,
        };
        // Of what does not fit into a topic only the hash stands there.
        let is_hash = input.indexed
            && matches!(value, DynSolValue::FixedBytes(_, 32))
            && input.ty != "bytes32";
        named.push(Named {
            name: input.name.clone(),
            value,
            is_hash,
            components: input.components.clone(),
        });
    }
    Some((event.name.clone(), named.into()))
}

impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name}({})", self.values),
            None => {
                let topics = self.log.topics.iter().map(ToString::to_string);
                let topics: Vec<String> = topics.collect();
                write!(f, "unknown event [{}] {}", topics.join(", "), self.log.data)
            }
        }
    }
}
