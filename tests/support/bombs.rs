//! Pictures that are small on the wire and large, or long, in a careless decoder.

use super::pictures;

/// A zlib stream of zeros: fixed Huffman codes, a literal and then copies of 258 bytes, which repeat every 13 bytes.
fn zeros(megabytes: usize) -> Vec<u8> {
    let mut bits: Vec<bool> = Vec::new();
    let most_first = |bits: &mut Vec<bool>, code: u32, length: u32| {
        bits.extend((0..length).rev().map(|place| code >> place & 1 == 1));
    };
    // The last block, fixed codes, the literal 0.
    bits.extend([true, true, false]);
    most_first(&mut bits, 0b0011_0000, 8);
    // Filled with copies up to a whole byte; one is 8 bits of length and 5 of distance.
    while !bits.len().is_multiple_of(8) {
        most_first(&mut bits, 0b1100_0101, 8);
        most_first(&mut bits, 0, 5);
    }
    let mut repeated = Vec::new();
    for _ in 0..8 {
        most_first(&mut repeated, 0b1100_0101, 8);
        most_first(&mut repeated, 0, 5);
    }
    let packed = |bits: &[bool]| -> Vec<u8> {
        bits.chunks(8)
            .map(|byte| byte.iter().enumerate().fold(0, |sum, (place, bit)| sum | u8::from(*bit) << place))
            .collect()
    };
    let mut out = vec![0x78, 0x9c];
    out.extend(packed(&bits));
    out.extend(packed(&repeated).repeat(megabytes * (1 << 20) / (8 * 258)));
    // The end of the block, and a checksum that nobody gets to.
    out.extend([0; 8]);
    out
}

fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut out = u32::try_from(data.len()).unwrap().to_be_bytes().to_vec();
    out.extend(kind);
    out.extend(data);
    let sum = pictures::crc32(&out[4..]);
    out.extend(sum.to_be_bytes());
    out
}

/// A PNG with chunks right after its header.
pub fn png_with(chunks: &[Vec<u8>]) -> Vec<u8> {
    let plain = pictures::png(64, 48);
    let mut out = plain[..33].to_vec();
    chunks.iter().for_each(|chunk| out.extend(chunk));
    out.extend(&plain[33..]);
    out
}

/// A profile, compressed texts and an EXIF block that unpack to so many megabytes each.
pub fn png_bombs(megabytes: usize) -> Vec<(&'static str, Vec<u8>)> {
    let data = zeros(megabytes);
    let with = |kind: &[u8; 4], head: &[u8]| png_with(&[chunk(kind, &[head, &data].concat())]);
    vec![
        ("iCCP", with(b"iCCP", b"profile\0\0")),
        ("zTXt", with(b"zTXt", b"Comment\0\0")),
        ("iTXt", with(b"iTXt", b"Comment\0\x01\0\0\0")),
        ("eXIf", with(b"eXIf", b"MM\0\x2a")),
    ]
}

/// A JPEG with so many comments before its picture.
pub fn jpeg_of_markers(count: usize) -> Vec<u8> {
    let plain = pictures::jpeg(64, 48);
    let mut out = plain[..2].to_vec();
    (0..count).for_each(|_| out.extend([0xff, 0xfe, 0, 3, b'x']));
    out.extend(&plain[2..]);
    out
}

/// A progressive JPEG of this size whose scans say nothing, so many of them.
pub fn jpeg_of_scans(side: u16, scans: usize) -> Vec<u8> {
    let mut out = vec![0xff, 0xd8, 0xff, 0xdb, 0, 67, 0];
    out.extend([1; 64]);
    out.extend([0xff, 0xc2, 0, 11, 8]);
    out.extend(side.to_be_bytes());
    out.extend(side.to_be_bytes());
    out.extend([1, 1, 0x11, 0]);
    // One code of one bit in the table of DC and of AC: "nothing".
    for table in [0x00, 0x10] {
        out.extend([0xff, 0xc4, 0, 20, table, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    }
    let coded = vec![0; usize::from(side / 8) * usize::from(side / 8) / 8 + 8];
    for _ in 0..scans {
        out.extend([0xff, 0xda, 0, 8, 1, 1, 0, 0, 0, 0]);
        out.extend(&coded);
    }
    out.extend([0xff, 0xd9]);
    out
}

/// A WebP container with these chunks.
pub fn webp_of(chunks: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let mut body = b"WEBP".to_vec();
    for (kind, data) in chunks {
        body.extend(*kind);
        body.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
        body.extend(data);
        body.extend(std::iter::repeat_n(0, data.len() % 2));
    }
    let mut out = b"RIFF".to_vec();
    out.extend(u32::try_from(body.len()).unwrap().to_le_bytes());
    out.extend(body);
    out
}

/// A lossless WebP's own chunk.
pub fn webp_picture(side: u32) -> Vec<u8> {
    pictures::webp(side, side)[20..].to_vec()
}

/// The head of an extended WebP.
pub fn webp_head(flags: u8, side: u32) -> Vec<u8> {
    let mut head = vec![flags, 0, 0, 0];
    for _ in 0..2 {
        head.extend(&(side - 1).to_le_bytes()[..3]);
    }
    head
}
