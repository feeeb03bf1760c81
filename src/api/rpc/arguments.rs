//! A call's parameters, one after the other, with errors that say which one is wrong and why.

use jsonrpsee::types::Params;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::error::RpcError;

/// Parameters by position.
pub struct Arguments {
    values: std::vec::IntoIter<Box<RawValue>>,
    taken: usize,
}

impl Arguments {
    /// # Errors
    /// [`RpcError::Parameters`] for anything but a list.
    pub fn of(params: &Params<'_>) -> Result<Self, RpcError> {
        let text = params.as_str().unwrap_or("[]");
        let values: Vec<Box<RawValue>> = match text.trim() {
            "null" => Vec::new(),
            text => serde_json::from_str(text).map_err(|_| {
                RpcError::Parameters("they are a list, as [\"0x…\", \"latest\"]".to_owned())
            })?,
        };
        Ok(Self {
            values: values.into_iter(),
            taken: 0,
        })
    }

    /// The next one.
    ///
    /// # Errors
    /// [`RpcError::Parameter`] when it is missing or does not read.
    pub fn required<T: DeserializeOwned>(&mut self, name: &'static str) -> Result<T, RpcError> {
        let place = self.taken + 1;
        self.optional(name)?.ok_or_else(|| {
            RpcError::parameter(name, format!("it is missing: it is parameter {place}"))
        })
    }

    /// The next one, if it is there; `null` counts as not.
    ///
    /// # Errors
    /// [`RpcError::Parameter`] when it does not read.
    pub fn optional<T: DeserializeOwned>(
        &mut self,
        name: &'static str,
    ) -> Result<Option<T>, RpcError> {
        self.taken += 1;
        match self.values.next() {
            None => Ok(None),
            Some(value) if value.get() == "null" => Ok(None),
            Some(value) => match serde_json::from_str(value.get()) {
                Ok(read) => Ok(Some(read)),
                Err(error) => Err(RpcError::parameter(name, reason(&error))),
            },
        }
    }

    /// That there are no more.
    ///
    /// # Errors
    /// [`RpcError::Parameters`].
    pub fn end(self) -> Result<(), RpcError> {
        match self.values.len() {
            0 => Ok(()),
            more => {
                let (taken, more) = (self.taken, self.taken + more);
                let why = format!("there are {more}, and this call takes {taken}");
                Err(RpcError::Parameters(why))
            }
        }
    }
}

/// The reader's words, without the place in a text that the caller never sees whole, and not too long.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(text, _)| text);
    text.chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(text: &str) -> Arguments {
        Arguments::of(&Params::new(Some(text))).expect("a list")
    }

    #[test]
    fn what_is_wrong_is_said_with_the_parameters_name() {
        let mut given = arguments(r#"["0x01", 7]"#);
        assert_eq!(given.required::<String>("first").expect("a text"), "0x01");
        let wrong = given.required::<String>("second").expect_err("a number");
        assert!(wrong.to_string().contains("`second`"), "{wrong}");
        assert!(!wrong.to_string().contains("line"), "{wrong}");
        let missing = given.required::<String>("third").expect_err("missing");
        assert!(missing.to_string().contains("parameter 3"), "{missing}");
    }

    #[test]
    fn null_is_as_good_as_nothing_and_more_than_is_taken_is_refused() {
        let mut given = arguments("[null, 1, 2]");
        assert_eq!(given.optional::<u64>("one").expect("it reads"), None);
        let error = given.end().expect_err("two more");
        assert!(error.to_string().contains("there are 3"), "{error}");
        assert!(Arguments::of(&Params::new(Some(r#"{"a":1}"#))).is_err());
        assert!(Arguments::of(&Params::new(None)).is_ok());
    }
}
