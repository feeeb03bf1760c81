use super::*;

const TEXT: &str = r#"{"sender": "Zoë 😀", "amount": 1}"#;

fn utf16(text: &str, write: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(write).collect()
}

fn utf32(text: &str, write: fn(u32) -> [u8; 4]) -> Vec<u8> {
    text.chars().flat_map(|c| write(u32::from(c))).collect()
}

#[test]
fn every_encoding_of_json_gives_the_same_text_with_and_without_a_mark() {
    for text in [TEXT, "1", "{}", "[]", "\"é\""] {
        let marked = format!("\u{feff}{text}");
        for bytes in [
            text.as_bytes().to_vec(),
            marked.as_bytes().to_vec(),
            utf16(text, u16::to_le_bytes),
            utf16(text, u16::to_be_bytes),
            utf16(&marked, u16::to_le_bytes),
            utf16(&marked, u16::to_be_bytes),
            utf32(text, u32::to_le_bytes),
            utf32(text, u32::to_be_bytes),
            utf32(&marked, u32::to_le_bytes),
            utf32(&marked, u32::to_be_bytes),
        ] {
            assert_eq!(
                decode(bytes.clone()).ok().as_deref(),
                Some(text),
                "{bytes:02x?}"
            );
        }
    }
}

#[test]
fn a_utf_16_file_is_read_as_curl_sends_it_without_its_zero_bytes() {
    const TEXT: &str = r#"{"sender": "", "amount": 10}"#;
    let marked = format!("\u{feff}{TEXT}");
    for write in [u16::to_le_bytes, u16::to_be_bytes] {
        let mut bytes = utf16(&marked, write);
        bytes.retain(|byte| *byte != 0);
        assert_eq!(decode(bytes).ok().as_deref(), Some(TEXT));
    }
    let older = decode(b"\xff\xfe{".to_vec()).expect_err("cut short");
    let lost = decode(b"\xff\xfe{\"a\": \"\xe9\"}".to_vec()).expect_err("no é");
    for problem in [older, lost] {
        assert_eq!(problem.kind(), Kind::NotText);
        assert!(problem.detail().contains("--data-binary"), "{problem}");
    }
}

#[test]
fn what_is_no_text_is_refused_with_its_place() {
    for (bytes, byte) in [
        (b"{\"a\": \"\xe9\"}".to_vec(), 8),
        (b"\xef\xbb\xbf{\xff".to_vec(), 5),
        (b"\x1f\x8b\x08".to_vec(), 2),
        (vec![0xff, 0xfe, b'1', 0, b'2'], 5),
        (vec![0xff, 0xfe, b'1', 0, 0, 0xd8], 5),
        (vec![b'1', 0, 0, 0, 0, 0, 0x11, 0], 5),
        (vec![b'1', 0, 0, 0, 0], 5),
    ] {
        let problem = decode(bytes.clone()).expect_err("not text");
        assert_eq!(problem.kind(), Kind::NotText);
        assert_eq!(problem.to_json()["byte"], byte, "{bytes:02x?}: {problem}");
    }
}

#[tokio::test]
async fn size_n_is_accepted_and_one_more_is_not() {
    let limit = BodyLimit::bytes(8);
    assert_eq!(
        read_text(Body::from("12345678"), limit)
            .await
            .ok()
            .as_deref(),
        Some("12345678")
    );
    let announced = read_text(Body::from("123456789"), limit)
        .await
        .expect_err("one too many");
    assert_eq!(announced.kind(), Kind::BodyTooLarge);
    assert_eq!(announced.to_json()["limit"], 8);

    let chunks = |texts: &'static [&'static str]| {
        Body::from_stream(futures_util::stream::iter(
            texts.iter().map(|text| Ok::<_, std::io::Error>(*text)),
        ))
    };
    assert!(read_text(chunks(&["1234", "5678"]), limit).await.is_ok());
    let streamed = read_text(chunks(&["1234", "56789"]), limit)
        .await
        .expect_err("one too many");
    assert_eq!(streamed.kind(), Kind::BodyTooLarge);
}

#[tokio::test]
async fn an_empty_body_and_one_that_never_ends_have_their_own_answers() {
    for nothing in ["", " \r\n", "\u{feff}"] {
        let problem = read_text(Body::from(nothing), BodyLimit::bytes(8))
            .await
            .expect_err("empty");
        assert_eq!(problem.kind(), Kind::EmptyBody);
    }
    let silent = Body::from_stream(futures_util::stream::pending::<Result<&str, std::io::Error>>());
    let limit = BodyLimit {
        bytes: 8,
        time: Duration::from_millis(5),
    };
    assert_eq!(
        read_text(silent, limit).await.expect_err("silent").kind(),
        Kind::BodyTimeout
    );
}

#[test]
fn forms_are_told_from_json() {
    for form in [
        "sender=a&receiver=b",
        "nodes=http://127.0.0.1:1001",
        "a=",
        "{\"a\"=1}",
    ] {
        assert_eq!(
            looks_like_form(form.as_bytes()),
            !form.starts_with('{'),
            "{form}"
        );
    }
    let parts = "--b\r\nContent-Disposition: form-data; name=\"sender\"\r\n\r\na\r\n--b--\r\n";
    assert!(looks_like_form(parts.as_bytes()));
    for other in [
        "", "--", "--b\r\n", "=", "=a", "{}", "[1]", "\"a=b\"", "sender", "1=2", "a = b",
    ] {
        assert!(!looks_like_form(other.as_bytes()), "{other}");
    }
}
