//! How links end: each for a reason that has a name, once, and with a goodbye where one can be heard.

use super::*;

#[tokio::test]
async fn whatever_breaks_a_rule_ends_the_link_by_name_and_is_told() {
    let limits = LinkLimits {
        message_bytes: 300_000,
        room_bytes: 300_000,
        ..patient()
    };
    let endless: Vec<u8> = [
        long_head(0x02, 299_999),
        vec![0; 299_999],
        masked(0x80, b"ab"),
    ]
    .concat();
    let idling = masked(0x89, b"").repeat(limits.idle_frames + 1);
    let empty_pieces = [
        masked(0x02, b""),
        masked(0x00, b"").repeat(limits.idle_frames),
    ]
    .concat();
    for (bytes, why, code) in [
        (masked(0x81, b"text"), "sent text", 1003),
        (long_head(0x82, 300_001), "300001 bytes", 1009),
        (
            long_head(0x82, u64::MAX),
            "18446744073709551615 bytes",
            1009,
        ),
        (long_head(0x02, 300_001), "300001 bytes", 1009),
        (endless, "300001 bytes", 1009),
        (masked(0xc2, b"x"), "bits that nobody agreed on", 1002),
        (vec![0x82, 1, b'x'], "without its mask", 1002),
        (masked(0x80, b"x"), "a rest without a start", 1002),
        (
            [masked(0x02, b"x"), masked(0x82, b"y")].concat(),
            "within a message",
            1002,
        ),
        (masked(0x83, b"x"), "no known kind", 1002),
        (masked(0x8b, b"x"), "no known kind", 1002),
        (masked(0x09, b"x"), "in pieces", 1002),
        (long_head(0x89, 126), "more than 125", 1002),
        (masked(0x88, b"x"), "half a code", 1002),
        (masked(0x88, &[3, 237]), "code that none may have", 1002),
        (masked(0x88, &[3, 232, 0xff]), "no text", 1002),
        (idling, "1001 frames in a row", 1008),
        (empty_pieces, "1001 frames in a row", 1008),
    ] {
        let mut owner = Owner::new(limits);
        let (link, mut there) = owner.link(Side::Accepted, 1 << 20);
        there.write_all(&bytes).await.expect("it is sent");
        let mut said = Vec::new();
        let ended = there.read_to_end(&mut said).await;
        drop(there);
        let ending = owner.ending().await;
        assert!(ending.to_string().contains(why), "{why}: {ending}");
        assert!(ending.is_peer_fault(), "{ending}");
        ended.expect("an end");
        // Pongs may stand before it.
        let goodbye = said
            .iter()
            .rposition(|byte| *byte == 0x88)
            .expect("a close frame");
        assert_eq!(
            said[goodbye + 2..goodbye + 4],
            u16::to_be_bytes(code),
            "{why}"
        );
        assert_eq!(link.send(Bytes::new()), Err(SendError::Ended));
        owner.nothing_more().await;
    }
    let mut owner = Owner::new(limits);
    let (_link, mut there) = owner.link(Side::Dialled, 1 << 10);
    there
        .write_all(&masked(0x82, b"x"))
        .await
        .expect("it is sent");
    drop(there);
    assert!(owner.ending().await.to_string().contains("with a mask"));
}

#[tokio::test]
async fn the_peers_goodbye_is_told_without_what_a_terminal_would_obey() {
    for (payload, code, reason) in [
        (&b""[..], 1005, ""),
        (b"\x03\xe8", 1000, ""),
        (b"\x0f\xa0bye \x1b[31m", 4000, "bye \\u{1b}[31m"),
    ] {
        let mut owner = Owner::new(patient());
        let (_link, mut there) = owner.link(Side::Accepted, 1 << 10);
        there
            .write_all(&masked(0x88, payload))
            .await
            .expect("it is sent");
        let mut answer = [0; 4];
        there.read_exact(&mut answer).await.expect("an answer");
        let answered = if code == 1005 { 1000 } else { code };
        assert_eq!(answer[0], 0x88);
        assert_eq!(answer[2..], u16::to_be_bytes(answered));
        drop(there);
        let reason = reason.to_owned();
        assert_eq!(owner.ending().await, Ending::There { code, reason });
        owner.nothing_more().await;
    }
    let mut owner = Owner::new(patient());
    let (_link, there) = owner.link(Side::Accepted, 1 << 10);
    drop(there);
    assert_eq!(owner.ending().await, Ending::Lost);
}

#[tokio::test]
async fn a_goodbye_follows_what_was_queued() {
    enum By {
        Owner,
        LettingGo,
        Shutdown,
    }
    for (by, code, reason) in [
        (By::Owner, 1008, "it lied"),
        (By::LettingGo, 1000, "nothing more to say"),
        (By::Shutdown, 1001, "the node ends"),
    ] {
        let mut owner = Owner::new(patient());
        let (link, there) = owner.link(Side::Dialled, 1 << 10);
        for size in [10, 100_000, 20] {
            link.send(bytes_of(size)).expect("it is taken");
        }
        match by {
            By::Owner => {
                link.close(Goodbye::blamed(reason));
                link.close(Goodbye::done("the second counts for nothing"));
            }
            By::LettingGo => drop(link),
            By::Shutdown => owner.shutdown.cancel(),
        }
        let mut there = other(there, Side::Dialled).await;
        for size in [10, 100_000, 20] {
            let message = there.next().await.expect("a message").expect("a frame");
            assert!(message == Message::Binary(bytes_of(size)), "{reason}");
        }
        let Message::Close(Some(said)) = there.next().await.expect("an end").expect("a frame")
        else {
            panic!("no goodbye");
        };
        assert_eq!((u16::from(said.code), said.reason.as_str()), (code, reason));
        while let Some(Ok(_)) = there.next().await {}
        let Ending::Here(goodbye) = owner.ending().await else {
            panic!("it ended here");
        };
        assert_eq!((goodbye.code, goodbye.reason()), (code, reason));
        owner.nothing_more().await;
    }
}

#[tokio::test]
async fn a_peer_that_reads_nothing_is_cut_and_one_that_hears_no_goodbye_too() {
    let limits = LinkLimits {
        stall: SHORT,
        queue: 4,
        ..LinkLimits::default()
    };
    let mut owner = Owner::new(limits);
    let (link, there) = owner.link(Side::Accepted, 1 << 10);
    link.send(bytes_of(100_000)).expect("it is taken");
    tokio::task::yield_now().await;
    assert_eq!(owner.ending().await, Ending::Stalled { limit: SHORT });
    drop(there);
    owner.nothing_more().await;

    let mut owner = Owner::new(LinkLimits {
        closing: SHORT,
        ..patient()
    });
    let (link, there) = owner.link(Side::Accepted, 1 << 10);
    link.send(bytes_of(100_000)).expect("it is taken");
    link.close(Goodbye::done("nobody listens"));
    assert!(matches!(owner.ending().await, Ending::Here(_)));
    drop(there);
    owner.nothing_more().await;
}

#[tokio::test]
async fn a_message_that_drips_ends_the_link_and_silence_between_messages_does_not() {
    let mut owner = Owner::new(LinkLimits {
        stall: SHORT,
        rate: 1 << 20,
        ..LinkLimits::default()
    });
    for begun in [masked(0x02, b"a piece"), long_head(0x82, 100_000)] {
        let (_link, mut there) = owner.link(Side::Accepted, 1 << 10);
        tokio::time::sleep(SHORT * 3).await;
        there
            .write_all(&masked(0x82, b"late"))
            .await
            .expect("it lives");
        assert_eq!(owner.message().await, "late");
        there.write_all(&begun).await.expect("it lives");
        let dripping = tokio::spawn(async move {
            let mut said = [0; 64];
            // Bytes of the message, or pings behind its piece.
            let drip = if begun.len() < 14 {
                masked(0x89, b"")
            } else {
                vec![0]
            };
            while there.write_all(&drip).await.is_ok() {
                let heard = tokio::time::timeout(SHORT / 10, there.read(&mut said)).await;
                if matches!(heard, Ok(Ok(0))) {
                    break;
                }
                tokio::time::sleep(SHORT / 10).await;
            }
        });
        assert!(matches!(owner.ending().await, Ending::TooSlow { .. }));
        dripping.await.expect("it ends");
    }
}
