//! Text to tokens: a state machine that neither recurses nor builds.

use super::number::MAX_INTEGER_DIGITS;
use super::string::plain_run;
use super::token::{Kind, Token};
use super::{ErrorKind, Grammar, JsonError, StringToken};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    Value,
    ValueOrEnd,
    Name,
    NameOrEnd,
    CommaOrEnd,
    End,
}

/// Splits one JSON text into tokens; after an error it must not be asked again.
pub struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    position: usize,
    token_start: usize,
    token_end: usize,
    /// Whether the last string or name stands as CPython would print it.
    plain: bool,
    depth: usize,
    /// One bit a level: set where an object is open.
    objects: [u64; Grammar::DEEPEST.div_ceil(64)],
    expect: Expect,
    grammar: Grammar,
}

impl<'a> Scanner<'a> {
    /// A scanner at the start of `text`.
    pub fn new(text: &'a str, grammar: Grammar) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            position: 0,
            token_start: 0,
            token_end: 0,
            plain: false,
            depth: 0,
            objects: [0; Grammar::DEEPEST.div_ceil(64)],
            expect: Expect::Value,
            grammar,
        }
    }

    /// The offset behind the last token.
    pub fn position(&self) -> usize {
        self.position
    }

    /// The offset of the last token's first byte.
    pub fn token_start(&self) -> usize {
        self.token_start
    }

    /// How many arrays and objects are open.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// The error that `kind` is, at the last token.
    pub fn error_here(&self, kind: ErrorKind) -> JsonError {
        JsonError::at(self.text, self.token_start, kind)
    }

    /// The next token, or nothing at the end of the text.
    pub fn next_token(&mut self) -> Result<Option<Token<'a>>, JsonError> {
        let kind = self.step().map_err(|kind| self.error_at_position(kind))?;
        Ok(Some(match kind {
            Kind::End => return Ok(None),
            Kind::BeginObject => Token::BeginObject,
            Kind::EndObject => Token::EndObject,
            Kind::BeginArray => Token::BeginArray,
            Kind::EndArray => Token::EndArray,
            Kind::Name => Token::Name(self.string_token()),
            Kind::String => Token::String(self.string_token()),
            Kind::Integer => Token::Integer(self.lexeme()),
            Kind::Double => Token::Double(self.lexeme()),
            Kind::True => Token::Bool(true),
            Kind::False => Token::Bool(false),
            Kind::Null => Token::Null,
            Kind::NaN => Token::NaN,
            Kind::Infinity => Token::Infinity,
            Kind::NegativeInfinity => Token::NegativeInfinity,
        }))
    }

    /// The error that `kind` is, where the scanner stopped.
    pub(super) fn error_at_position(&self, kind: ErrorKind) -> JsonError {
        JsonError::at(self.text, self.position, kind)
    }

    /// The text of the last scalar or name.
    pub(super) fn lexeme(&self) -> &'a str {
        self.text
            .get(self.token_start..self.token_end)
            .unwrap_or_default()
    }

    /// The last string or name.
    pub(super) fn string_token(&self) -> StringToken<'a> {
        StringToken {
            quoted: self.lexeme(),
            plain: self.plain,
        }
    }

    /// Steps over the next token and says what it was.
    ///
    /// Small results travel in registers: this and the two below are where reading a long chain spends its time.
    pub(super) fn step(&mut self) -> Result<Kind, ErrorKind> {
        self.skip_space();
        let Some(byte) = self.peek() else {
            return if self.expect == Expect::End {
                Ok(Kind::End)
            } else {
                Err(ErrorKind::EndOfText)
            };
        };
        let mut byte = byte;
        if self.expect == Expect::CommaOrEnd {
            match byte {
                b',' => {
                    self.position += 1;
                    self.skip_space();
                    byte = self.peek().ok_or(ErrorKind::EndOfText)?;
                    self.expect = if self.in_object() {
                        Expect::Name
                    } else {
                        Expect::Value
                    };
                }
                b'}' if self.in_object() => return Ok(self.close(Kind::EndObject)),
                b']' if !self.in_object() => return Ok(self.close(Kind::EndArray)),
                _ => return Err(ErrorKind::CommaExpected),
            }
        }
        match self.expect {
            Expect::End => return Err(ErrorKind::TrailingText),
            Expect::NameOrEnd if byte == b'}' => return Ok(self.close(Kind::EndObject)),
            Expect::ValueOrEnd if byte == b']' => return Ok(self.close(Kind::EndArray)),
            Expect::Name | Expect::NameOrEnd => return self.name(byte),
            _ => {}
        }
        self.value(byte)
    }

    fn name(&mut self, byte: u8) -> Result<Kind, ErrorKind> {
        if byte != b'"' {
            return Err(ErrorKind::NameExpected);
        }
        self.string()?;
        self.skip_space();
        if self.peek() != Some(b':') {
            return Err(if self.peek().is_none() {
                ErrorKind::EndOfText
            } else {
                ErrorKind::ColonExpected
            });
        }
        self.position += 1;
        self.expect = Expect::Value;
        Ok(Kind::Name)
    }

    fn value(&mut self, byte: u8) -> Result<Kind, ErrorKind> {
        self.token_start = self.position;
        let token = match byte {
            b'{' => return self.open(true),
            b'[' => return self.open(false),
            b'"' => {
                self.string()?;
                Kind::String
            }
            b't' => self.literal("true", Kind::True)?,
            b'f' => self.literal("false", Kind::False)?,
            b'n' => self.literal("null", Kind::Null)?,
            b'N' => self.non_finite("NaN", Kind::NaN)?,
            b'I' => self.non_finite("Infinity", Kind::Infinity)?,
            b'-' if self.bytes.get(self.position + 1) == Some(&b'I') => {
                self.non_finite("-Infinity", Kind::NegativeInfinity)?
            }
            b'-' | b'0'..=b'9' => self.number()?,
            _ => return Err(ErrorKind::ValueExpected),
        };
        self.token_end = self.position;
        self.after_value();
        Ok(token)
    }

    fn open(&mut self, object: bool) -> Result<Kind, ErrorKind> {
        let max = self.grammar.max_depth.min(Grammar::DEEPEST);
        if self.depth >= max {
            return Err(ErrorKind::TooDeep { max: max as u32 });
        }
        let bit = 1 << (self.depth % 64);
        if let Some(word) = self.objects.get_mut(self.depth / 64) {
            *word = if object { *word | bit } else { *word & !bit };
        }
        self.depth += 1;
        self.position += 1;
        self.expect = if object {
            Expect::NameOrEnd
        } else {
            Expect::ValueOrEnd
        };
        Ok(if object {
            Kind::BeginObject
        } else {
            Kind::BeginArray
        })
    }

    fn close(&mut self, token: Kind) -> Kind {
        self.token_start = self.position;
        self.position += 1;
        self.depth -= 1;
        self.after_value();
        token
    }

    fn after_value(&mut self) {
        self.expect = if self.depth == 0 {
            Expect::End
        } else {
            Expect::CommaOrEnd
        };
    }

    fn in_object(&self) -> bool {
        let level = self.depth.wrapping_sub(1);
        self.objects
            .get(level / 64)
            .is_some_and(|word| word >> (level % 64) & 1 == 1)
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.position).copied()
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.position += 1;
        }
    }

    fn literal(&mut self, word: &str, token: Kind) -> Result<Kind, ErrorKind> {
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        if !rest.starts_with(word.as_bytes()) {
            let cut_short = word.as_bytes().starts_with(rest);
            return Err(if cut_short {
                ErrorKind::EndOfText
            } else {
                ErrorKind::ValueExpected
            });
        }
        self.position += word.len();
        Ok(token)
    }

    fn non_finite(&mut self, word: &str, token: Kind) -> Result<Kind, ErrorKind> {
        let at = self.position;
        let token = self.literal(word, token)?;
        if !self.grammar.non_finite {
            self.position = at;
            return Err(ErrorKind::NonFinite);
        }
        Ok(token)
    }

    fn digits(&mut self) -> usize {
        let from = self.position;
        while let Some(b'0'..=b'9') = self.peek() {
            self.position += 1;
        }
        self.position - from
    }

    /// `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?`, as far as it matches: what follows is the next token's business.
    fn number(&mut self) -> Result<Kind, ErrorKind> {
        let start = self.position;
        if self.peek() == Some(b'-') {
            self.position += 1;
        }
        let digits = match self.peek() {
            Some(b'0') => {
                self.position += 1;
                1
            }
            Some(b'1'..=b'9') => self.digits(),
            Some(_) => return Err(ErrorKind::ValueExpected),
            None => return Err(ErrorKind::EndOfText),
        };
        let mut whole = true;
        if self.peek() == Some(b'.') {
            self.position += 1;
            if self.digits() == 0 {
                return Err(ErrorKind::ValueExpected);
            }
            whole = false;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.position += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.position += 1;
            }
            if self.digits() == 0 {
                return Err(ErrorKind::ValueExpected);
            }
            whole = false;
        }
        let token = self.text.get(start..self.position).unwrap_or_default();
        if whole {
            if digits > MAX_INTEGER_DIGITS {
                self.position = start;
                return Err(ErrorKind::IntegerTooLong);
            }
            return Ok(Kind::Integer);
        }
        if !self.grammar.non_finite && token.parse().is_ok_and(f64::is_infinite) {
            self.position = start;
            return Err(ErrorKind::BeyondDouble);
        }
        Ok(Kind::Double)
    }

    fn string(&mut self) -> Result<(), ErrorKind> {
        self.token_start = self.position;
        self.position += 1;
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        self.position += plain_run(rest);
        self.plain = self.peek() == Some(b'"') || self.rest_of_string()?;
        self.position += 1;
        self.token_end = self.position;
        Ok(())
    }

    /// Steps to the closing quote of a string that is not all plain; whether CPython would print it as it stands.
    fn rest_of_string(&mut self) -> Result<bool, ErrorKind> {
        let mut plain = true;
        // Set while the last thing read was the escape of a high surrogate.
        let mut high_at: Option<usize> = None;
        loop {
            let byte = self.peek().ok_or(ErrorKind::EndOfText)?;
            if high_at.is_some()
                && !(byte == b'\\' && self.bytes.get(self.position + 1) == Some(&b'u'))
            {
                self.lone_surrogate(high_at.take())?;
            }
            match byte {
                b'"' => break,
                b'\\' => {
                    let escape_at = self.position;
                    match self.escape(&mut plain)? {
                        Some(0xd800..0xdc00) => {
                            if let Some(high) = high_at.replace(escape_at) {
                                self.lone_surrogate(Some(high))?;
                            }
                        }
                        Some(0xdc00..0xe000) => {
                            if high_at.take().is_none() {
                                self.lone_surrogate(Some(escape_at))?;
                            }
                        }
                        _ => self.lone_surrogate(high_at.take())?,
                    }
                }
                0..0x20 => return Err(ErrorKind::ControlCharacter),
                0x20..=0x7e => self.position += 1,
                _ => {
                    plain = false;
                    self.position += 1;
                }
            }
        }
        Ok(plain)
    }

    fn lone_surrogate(&mut self, at: Option<usize>) -> Result<(), ErrorKind> {
        match at {
            Some(at) if !self.grammar.lone_surrogates => {
                self.position = at;
                Err(ErrorKind::LoneSurrogate)
            }
            _ => Ok(()),
        }
    }

    /// Steps over one escape; the code unit if it was a `\u` one. `plain` is cleared unless CPython would print it so.
    fn escape(&mut self, plain: &mut bool) -> Result<Option<u32>, ErrorKind> {
        match self.bytes.get(self.position + 1) {
            Some(b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.position += 2;
                Ok(None)
            }
            Some(b'/') => {
                *plain = false;
                self.position += 2;
                Ok(None)
            }
            Some(b'u') => {
                *plain = false;
                let digits = self
                    .bytes
                    .get(self.position + 2..self.position + 6)
                    .ok_or(ErrorKind::EndOfText)?;
                let mut unit = 0;
                for digit in digits {
                    let nibble = char::from(*digit)
                        .to_digit(16)
                        .ok_or(ErrorKind::BadEscape)?;
                    unit = unit << 4 | nibble;
                }
                self.position += 6;
                Ok(Some(unit))
            }
            Some(_) => Err(ErrorKind::BadEscape),
            None => Err(ErrorKind::EndOfText),
        }
    }
}
