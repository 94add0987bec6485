//! Pictures as phones and other people send them.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

/// A JPEG of this size with a pattern that tells its corners apart: red top left, green bottom right.
pub fn jpeg(width: u32, height: u32) -> Vec<u8> {
    encode(&pattern(width, height, 0), ImageFormat::Jpeg)
}

/// Like [`jpeg`], another picture for each `seed`.
pub fn jpeg_of(seed: u8, width: u32, height: u32) -> Vec<u8> {
    encode(&pattern(width, height, seed), ImageFormat::Jpeg)
}

/// A PNG.
pub fn png(width: u32, height: u32) -> Vec<u8> {
    encode(&pattern(width, height, 0), ImageFormat::Png)
}

/// A lossless WebP.
pub fn webp(width: u32, height: u32) -> Vec<u8> {
    encode(&pattern(width, height, 0), ImageFormat::WebP)
}

fn pattern(width: u32, height: u32, seed: u8) -> DynamicImage {
    DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, |x, y| {
        if x < width / 4 && y < height / 4 {
            Rgb([220, 20, seed])
        } else if x > width * 3 / 4 && y > height * 3 / 4 {
            Rgb([20, 200, seed])
        } else {
            Rgb([120, 130, 140u8.wrapping_add(seed)])
        }
    }))
}

fn encode(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// A JPEG with an EXIF block: an orientation (1 to 8), a camera's name and a place.
pub fn jpeg_with_exif(width: u32, height: u32, orientation: u16) -> Vec<u8> {
    let plain = jpeg(width, height);
    let mut tiff: Vec<u8> = b"MM\0\x2a\0\0\0\x08".to_vec();
    // Two entries: 0x010f Make (ASCII, at offset 38), 0x0112 Orientation (SHORT).
    tiff.extend([0, 2]);
    let camera = b"SecretCamera\0";
    tiff.extend([0x01, 0x0f, 0, 2, 0, 0, 0, u8::try_from(camera.len()).unwrap(), 0, 0, 0, 38]);
    tiff.extend([0x01, 0x12, 0, 3, 0, 0, 0, 1]);
    tiff.extend(orientation.to_be_bytes());
    tiff.extend([0, 0, 0, 0, 0, 0]);
    assert_eq!(tiff.len(), 38);
    tiff.extend(camera);
    let mut out = plain[..2].to_vec();
    out.extend([0xff, 0xe1]);
    out.extend(u16::try_from(tiff.len() + 8).unwrap().to_be_bytes());
    out.extend(b"Exif\0\0");
    out.extend(tiff);
    out.extend(&plain[2..]);
    out
}

/// A JPEG whose header claims this size; what follows is a small picture's data.
pub fn jpeg_claiming(width: u16, height: u16) -> Vec<u8> {
    let mut bytes = jpeg(64, 64);
    let frame = bytes.windows(2).position(|two| two == [0xff, 0xc0] || two == [0xff, 0xc2]).unwrap();
    bytes[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    bytes[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
    bytes
}

/// A PNG whose header claims this size.
pub fn png_claiming(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = png(16, 16);
    bytes[16..20].copy_from_slice(&width.to_be_bytes());
    bytes[20..24].copy_from_slice(&height.to_be_bytes());
    let sum = crc32(&bytes[12..29]);
    bytes[29..33].copy_from_slice(&sum.to_be_bytes());
    bytes
}

/// The checksum of a PNG's chunk.
pub fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { (sum >> 1) ^ 0xedb8_8320 } else { sum >> 1 })
    })
}

/// What is no photo, with what it pretends to be: name, type, bytes.
pub fn not_photos() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>".to_vec();
    vec![
        ("photo.svg", "image/svg+xml", svg.clone()),
        ("photo.jpg", "image/jpeg", svg),
        ("photo.jpg", "image/jpeg", b"<html><script>alert(1)</script></html>".to_vec()),
        ("notes.txt", "text/plain", "今天拜访了客户".as_bytes().to_vec()),
        ("photo.jpg", "image/jpeg", b"GIF89a\x01\0\x01\0\0\0\0;".to_vec()),
        ("photo.jpg", "image/jpeg", vec![0xff, 0xd8, 0xff]),
        ("photo.jpg", "image/jpeg", jpeg(200, 200)[..300].to_vec()),
        ("photo.png", "image/png", b"\x89PNG\r\n\x1a\n".to_vec()),
        ("huge.jpg", "image/jpeg", jpeg_claiming(20_000, 10_000)),
        ("huge.png", "image/png", png_claiming(20_000, 10_000)),
        ("huge.png", "image/png", png_claiming(u32::MAX >> 1, u32::MAX >> 1)),
    ]
}
