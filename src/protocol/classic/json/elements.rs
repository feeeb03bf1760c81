//! An array's elements as texts, without looking into them.

use super::{ErrorKind, Grammar, JsonError, Scanner, Token};

/// The texts of an array's elements, in order, as they stand in `array`.
pub fn elements(array: &str, grammar: Grammar) -> Result<Vec<&str>, JsonError> {
    let mut scanner = Scanner::new(array, grammar);
    if scanner.next_token()? != Some(Token::BeginArray) {
        return Err(scanner.error_here(ErrorKind::ArrayExpected));
    }
    let mut found = Vec::new();
    let mut element_start = None;
    while let Some(token) = scanner.next_token()? {
        let begins = matches!(token, Token::BeginArray | Token::BeginObject);
        let depth = scanner.depth();
        if element_start.is_none() && depth >= 1 && !(token == Token::EndArray && depth == 0) {
            element_start = Some(scanner.token_start());
        }
        if depth == 1
            && !begins
            && let Some(start) = element_start.take()
        {
            found.push(array.get(start..scanner.position()).unwrap_or_default());
        }
    }
    Ok(found)
}
