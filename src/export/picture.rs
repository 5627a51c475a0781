//! A cover as Ogg files have it: a FLAC picture block in base64 (Xiph.org, on `METADATA_BLOCK_PICTURE`).

use crate::script::about::Cover;

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The block, in base64. Width, height and depth are left at 0, for not known.
pub fn base64_block(cover: &Cover) -> String {
    let media_type = cover.kind.media_type();
    let length = |bytes: usize| u32::try_from(bytes).unwrap_or(u32::MAX).to_be_bytes();
    // 3 is the front cover.
    let mut block = 3_u32.to_be_bytes().to_vec();
    block.extend(length(media_type.len()));
    block.extend(media_type.bytes());
    // No description, and four numbers that are not known.
    block.extend([0; 4 + 4 * 4]);
    block.extend(length(cover.bytes.len()));
    block.extend(&cover.bytes);
    base64(&block)
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let number = three
            .iter()
            .chain([&0; 2])
            .take(3)
            .fold(0_usize, |number, byte| number << 8 | usize::from(*byte));
        for digit in 0..4 {
            let known = digit <= three.len();
            text.push(if known { char::from(DIGITS[number >> (18 - 6 * digit) & 63]) } else { '=' });
        }
    }
    text
}
