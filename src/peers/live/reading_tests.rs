use super::*;
use tokio::io::{AsyncWriteExt, duplex};

#[tokio::test]
async fn nothing_is_reserved_for_what_a_header_claims() {
    let limits = LinkLimits {
        stall: Duration::from_millis(20),
        ..LinkLimits::default()
    };
    let (here, mut there) = duplex(1 << 20);
    let mut reader = MessageReader {
        io: here,
        side: Side::Dialled,
        buffered: BytesMut::new(),
        limits,
        room: Arc::new(Semaphore::new(limits.room_bytes)),
        counters: Arc::default(),
        pings: watch::channel(Bytes::new()).0,
    };
    let header = FrameHeader::default();
    there.write_all(&[1; 70_000]).await.expect("it is sent");
    let claimed = limits.message_bytes as u64;
    let mut message = Vec::new();
    let result = reader
        .payload(&mut message, &header, claimed, Instant::now())
        .await;
    assert!(
        matches!(result, Err(Ending::TooSlow { bytes: 70_000, .. })),
        "{result:?}"
    );
    assert_eq!(message.len(), 70_000);
    assert!(
        message.capacity() <= 2 * limits.small_bytes,
        "{}",
        message.capacity()
    );
    assert!(reader.buffered.capacity() <= 2 * READ_BYTES);
}

#[test]
fn a_mask_goes_on_where_it_stopped() {
    let mask = [1, 2, 3, 4];
    let mut whole = [0_u8; 23];
    apply_mask(&mut whole, mask, 0);
    for at in 0..whole.len() {
        let mut pieces = [0_u8; 23];
        let (first, second) = pieces.split_at_mut(at);
        apply_mask(first, mask, 0);
        apply_mask(second, mask, at);
        assert_eq!(pieces, whole, "{at}");
    }
    assert_eq!(whole[..5], [1, 2, 3, 4, 1]);
}
