//! One text, four readers: the scanner, the pass, the tree, and serde_json.

use bcoin::protocol::classic::json::{
    Canonicalizer, ErrorKind, Grammar, JsonError, Scanner, Token, Value, elements,
};

/// Whoever reads the text reads the same, or refuses it at the same place.
pub fn readers_agree(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let shallow = Grammar {
        max_depth: 3,
        ..Grammar::PYTHON
    };
    let canonical = read_by_all(&text, Grammar::PYTHON);
    for narrower in [Grammar::REQUEST, shallow] {
        if let Ok(narrow) = read_by_all(&text, narrower) {
            assert_eq!(Ok(narrow), canonical, "{narrower:?} reads something else");
        }
    }
    if read_by_all(&text, Grammar::REQUEST).is_ok() {
        serde_json_agrees(&text);
    }
}

/// The canonical text, on which the tree and the pass agree.
fn read_by_all(text: &str, grammar: Grammar) -> Result<String, JsonError> {
    let scanned = scan(text, grammar);
    let tree = Value::parse(text, grammar);
    let mut canonicalizer = Canonicalizer::new(grammar, usize::MAX);
    let pass = canonicalizer
        .read_value(text)
        .map(|()| canonicalizer.text().to_owned());
    assert_eq!(scanned, pass.as_ref().map(drop).map_err(Clone::clone));
    let printed = tree.as_ref().map(Value::to_canonical).map_err(Clone::clone);
    assert_eq!(printed, pass);
    let canonical = pass?;
    assert!(
        canonical.bytes().all(|byte| (0x20..0x7f).contains(&byte)),
        "not plain ASCII: {canonical:?}"
    );
    // It is its own canonical text, to both writers.
    let again = Value::parse(&canonical, grammar).map(|value| value.to_canonical());
    assert_eq!(again.as_ref(), Ok(&canonical));
    canonicalizer.read_value(&canonical).expect("own output");
    assert_eq!(canonicalizer.text(), canonical);
    // One byte less is too little room.
    let mut less = Canonicalizer::new(grammar, canonical.len() - 1);
    let cut = less.read_value(text).map_err(|error| error.kind);
    let max = u32::try_from(canonical.len() - 1).expect("a short text");
    assert_eq!(cut, Err(ErrorKind::TooLong { max }));
    if let Ok(Value::Array(items)) = &tree {
        let texts = elements(text, grammar).expect("it is an array");
        assert_eq!(texts.len(), items.len());
        for (text, item) in texts.iter().zip(items) {
            let element = Value::parse(text, Grammar::PYTHON).map(|value| value.to_canonical());
            assert_eq!(element, Ok(item.to_canonical()));
        }
    } else {
        assert!(elements(text, grammar).is_err());
    }
    Ok(canonical)
}

/// Tokens come in the order of the text, brackets in pairs, names where names stand.
fn scan(text: &str, grammar: Grammar) -> Result<(), JsonError> {
    let mut scanner = Scanner::new(text, grammar);
    let (mut end, mut open) = (0, Vec::new());
    while let Some(token) = scanner.next_token()? {
        assert!(end <= scanner.token_start() && scanner.token_start() < scanner.position());
        end = scanner.position();
        match token {
            Token::BeginArray => open.push(false),
            Token::BeginObject => open.push(true),
            Token::EndArray => assert_eq!(open.pop(), Some(false)),
            Token::EndObject => assert_eq!(open.pop(), Some(true)),
            Token::Name(_) => assert_eq!(open.last(), Some(&true)),
            _ => {}
        }
        assert_eq!(scanner.depth(), open.len());
        assert!(open.len() <= grammar.max_depth);
    }
    assert!(open.is_empty());
    Ok(())
}

fn serde_json_agrees(text: &str) {
    let value = Value::parse(text, Grammar::REQUEST).expect("it was read before");
    let canonical = value.to_canonical();
    for text in [text, &canonical] {
        match serde_json::from_str::<serde_json::Value>(text) {
            Ok(other) => assert!(same(&value, &other), "{canonical} is not {other}"),
            // CPython's integers have no end; serde_json's end where doubles do.
            Err(error) => assert!(
                error.to_string().starts_with("number out of range") && has_a_long_integer(text),
                "serde_json: {error}: {canonical}"
            ),
        }
    }
}

/// Also where a repeated name drops it.
fn has_a_long_integer(text: &str) -> bool {
    let mut scanner = Scanner::new(text, Grammar::REQUEST);
    std::iter::from_fn(|| scanner.next_token().ok().flatten())
        .any(|token| matches!(token, Token::Integer(digits) if digits.len() > 308))
}

fn same(ours: &Value, theirs: &serde_json::Value) -> bool {
    use serde_json::Value as Theirs;
    match (ours, theirs) {
        (Value::Null, Theirs::Null) => true,
        (Value::Bool(ours), Theirs::Bool(theirs)) => ours == theirs,
        (Value::String(ours), Theirs::String(theirs)) => ours.as_str() == Some(theirs),
        (Value::Integer(ours), Theirs::Number(theirs)) => {
            match (theirs.as_i64(), theirs.as_u64()) {
                (None, None) => ours
                    .parse()
                    .is_ok_and(|ours: f64| near(ours, theirs.as_f64())),
                (Some(theirs), _) => **ours == theirs.to_string(),
                (None, Some(theirs)) => **ours == theirs.to_string(),
            }
        }
        (Value::Double(ours), Theirs::Number(theirs)) => near(*ours, theirs.as_f64()),
        (Value::Array(ours), Theirs::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(a, b)| same(a, b))
        }
        (Value::Object(ours), Theirs::Object(theirs)) => {
            ours.len() == theirs.len()
                && ours.iter().all(|(name, ours)| {
                    let theirs = name.as_str().and_then(|name| theirs.get(name));
                    theirs.is_some_and(|theirs| same(ours, theirs))
                })
        }
        _ => false,
    }
}

/// serde_json rounds the last digit of some doubles otherwise, as it is built here.
fn near(ours: f64, theirs: Option<f64>) -> bool {
    theirs.is_some_and(|theirs| {
        ours == theirs
            || (ours - theirs).abs() <= ours.abs() * 4.0 * f64::EPSILON
            || (ours - theirs).abs() < f64::MIN_POSITIVE
    })
}
