//! What of an upload reaches a decoder: the picture itself. Profiles, texts, thumbnails, comments, animation and
//! whatever stands behind the end are left out unread, since a megabyte of them can unpack to a gigabyte; of EXIF
//! only how the camera was held is looked at. The size is read here too, from the same bytes that are decoded.

mod jpeg;
mod png;
mod webp;

use image::ImageFormat;

use super::PictureError;

/// Segments of a JPEG and chunks of a WebP at most; a phone's largest have some hundreds.
const MOST_PIECES: usize = 2000;
/// The longest EXIF that is looked at: a JPEG segment.
const LONGEST_EXIF: usize = 65_535;

/// A picture without anything beside it.
#[derive(Debug)]
pub(super) struct Stripped {
    pub width: u32,
    pub height: u32,
    /// What is decoded.
    pub bytes: Vec<u8>,
    /// As it came, bounded.
    pub exif: Option<Vec<u8>>,
    /// What its decoder holds, in bytes.
    pub memory: u64,
}

/// Takes the picture out of an upload.
pub(super) fn strip(bytes: &[u8], format: Format) -> Result<Stripped, PictureError> {
    match format {
        Format::Jpeg => jpeg::strip(bytes),
        Format::Png => png::strip(bytes),
        Format::WebP => webp::strip(bytes),
    }
}

/// The formats that are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Jpeg,
    Png,
    WebP,
}

impl Format {
    /// The kind of picture by its first bytes. Named here instead of guessed, so that SVG, HTML and every
    /// format that a later version of the decoder may learn stay out.
    pub fn of(bytes: &[u8]) -> Result<Format, PictureError> {
        let webp = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP");
        if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
            Ok(Format::Jpeg)
        } else if bytes.starts_with(png::SIGNATURE) {
            Ok(Format::Png)
        } else if webp {
            Ok(Format::WebP)
        } else {
            Err(PictureError::Kind)
        }
    }

    /// The decoder's name for it.
    pub fn decoder(self) -> ImageFormat {
        match self {
            Format::Jpeg => ImageFormat::Jpeg,
            Format::Png => ImageFormat::Png,
            Format::WebP => ImageFormat::WebP,
        }
    }
}

/// Reads a slice from its front; whatever is missing makes the picture damaged.
struct Front<'a>(&'a [u8]);

impl<'a> Front<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], PictureError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(PictureError::Damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], PictureError> {
        self.take(N)?.try_into().map_err(|_| PictureError::Damaged)
    }

    fn byte(&mut self) -> Result<u8, PictureError> {
        Ok(u8::from_be_bytes(self.array()?))
    }
}

fn length(bytes: u32) -> Result<usize, PictureError> {
    usize::try_from(bytes).map_err(|_| PictureError::Damaged)
}

fn bounded(exif: &[u8]) -> Option<Vec<u8>> {
    (exif.len() <= LONGEST_EXIF).then(|| exif.to_vec())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
    use std::io::Cursor;

    use image::{DynamicImage, RgbImage};

    use super::*;

    fn encoded(format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        DynamicImage::ImageRgb8(RgbImage::new(40, 30)).write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    fn has(bytes: &[u8], words: &[u8]) -> bool {
        bytes.windows(words.len()).any(|window| window == words)
    }

    fn png_chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
        let long = u32::try_from(data.len()).unwrap().to_be_bytes();
        [long.as_slice(), kind, data, &[0; 4]].concat()
    }

    const TIFF: &[u8] = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";

    #[test]
    fn a_png_keeps_only_the_picture_and_its_orientation() {
        let plain = encoded(ImageFormat::Png);
        let mut bytes = plain[..33].to_vec();
        for (kind, data) in [
            (b"iCCP", b"p\0\0ballast".as_slice()),
            (b"zTXt", b"c\0\0ballast"),
            (b"acTL", b"\0\0\0\x02\0\0\0\0"),
            (b"fdAT", b"ballast"),
            (b"eXIf", TIFF),
        ] {
            bytes.extend(png_chunk(kind, data));
        }
        bytes.extend(&plain[33..]);
        bytes.extend(b"<html>behind the end");
        let stripped = strip(&bytes, Format::Png).unwrap();
        assert_eq!((stripped.width, stripped.height), (40, 30));
        assert_eq!(stripped.exif.as_deref(), Some(TIFF));
        for gone in [b"ballast".as_slice(), b"acTL", b"eXIf", b"<html>"] {
            assert!(!has(&stripped.bytes, gone), "{gone:?}");
        }
        image::load_from_memory(&stripped.bytes).unwrap();
    }

    #[test]
    fn a_jpeg_keeps_only_the_picture_and_its_orientation() {
        let plain = encoded(ImageFormat::Jpeg);
        let mut bytes = plain[..2].to_vec();
        for (kind, data) in [
            (0xe1, [b"Exif\0\0", TIFF].concat()),
            (0xe1, b"http://ns.adobe.com/xap/1.0/\0ballast".to_vec()),
            (0xe2, b"ICC_PROFILE\0\x01\x01ballast".to_vec()),
            (0xfe, b"ballast".to_vec()),
        ] {
            bytes.extend([0xff, 0xff, kind]);
            bytes.extend(u16::try_from(data.len() + 2).unwrap().to_be_bytes());
            bytes.extend(data);
        }
        bytes.extend(&plain[2..]);
        bytes.extend(b"\xff\xd8\xff a second picture");
        let stripped = strip(&bytes, Format::Jpeg).unwrap();
        assert_eq!((stripped.width, stripped.height), (40, 30));
        assert_eq!(stripped.exif.as_deref(), Some(TIFF));
        assert!(!has(&stripped.bytes, b"ballast") && !has(&stripped.bytes, b"second"));
        assert!(stripped.bytes.ends_with(&[0xff, 0xd9]));
        image::load_from_memory(&stripped.bytes).unwrap();
    }

    #[test]
    fn a_webp_keeps_only_the_picture_and_its_orientation() {
        let plain = encoded(ImageFormat::WebP);
        let picture = plain[20..].to_vec();
        let chunk = webp::chunk;
        let mut body = b"WEBP".to_vec();
        chunk(&mut body, *b"VP8X", &[0x2c, 0, 0, 0, 39, 0, 0, 29, 0, 0]).unwrap();
        chunk(&mut body, *b"ICCP", b"ballast").unwrap();
        chunk(&mut body, *b"VP8L", &picture).unwrap();
        chunk(&mut body, *b"EXIF", TIFF).unwrap();
        let mut bytes = Vec::new();
        chunk(&mut bytes, *b"RIFF", &body).unwrap();
        let stripped = strip(&bytes, Format::WebP).unwrap();
        assert_eq!((stripped.width, stripped.height), (40, 30));
        assert_eq!(stripped.exif.as_deref(), Some(TIFF));
        assert!(!has(&stripped.bytes, b"ballast"));
        let decoded = image::load_from_memory(&stripped.bytes).unwrap();
        assert_eq!((decoded.width(), decoded.height()), (40, 30));
    }

    #[test]
    fn whatever_is_cut_off_or_mixed_up_is_damaged_and_never_a_panic() {
        for (format, decoder) in
            [(Format::Png, ImageFormat::Png), (Format::Jpeg, ImageFormat::Jpeg), (Format::WebP, ImageFormat::WebP)]
        {
            let whole = encoded(decoder);
            for end in 0..whole.len() {
                if let Ok(stripped) = strip(&whole[..end], format) {
                    panic!("{format:?} cut off at {end} is {} x {}", stripped.width, stripped.height);
                }
            }
            // Any byte may be wrong; what comes out is a picture or a refusal.
            for at in 0..whole.len().min(120) {
                for value in [0, 1, 0x7f, 0xff] {
                    let mut wrong = whole.clone();
                    wrong[at] = value;
                    let _ = strip(&wrong, format);
                }
            }
        }
    }
}
