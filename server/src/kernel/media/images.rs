//! Pictures that people upload: known by their content, freed of everything but the picture, measured before they
//! are decoded, turned upright, shrunk, and marked with what they prove.
//!
//! Only what is made here is stored. The picture as it came is remembered by its hash, since its EXIF is
//! personal data.

mod mark;
mod strip;

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::metadata::Orientation;
use image::{DynamicImage, ImageReader, Limits, Rgb, RgbImage};
use tokio::sync::Semaphore;

use crate::kernel::i18n::{Lang, t};
use crate::kernel::media::files::FileHash;
use crate::kernel::media::uploads::Upload;
use strip::{Format, Stripped};

/// Pixels that are decoded at most; a phone's largest usual photo has 12 to 50 million, and those above 40
/// come shrunk unless scripts are off.
const MOST_PIXELS: u64 = 40_000_000;
/// What a decoder may allocate: 40 million pixels of three bytes, and some room.
const DECODER_MEMORY: u64 = 160 << 20;
/// Pictures up to here are worked on two at a time; a larger one works alone.
const USUAL_PIXELS: u64 = 13_000_000;
const USUAL_MEMORY: u64 = 64 << 20;
/// The longer side of a stored picture.
const LONG_SIDE: u32 = 1600;
/// The longer side of a thumbnail.
const THUMB_SIDE: u32 = 320;
/// A picture smaller than this gets a margin, so that its mark can be read.
const LEAST: (u32, u32) = (320, 240);
const QUALITY: u8 = 80;
const THUMB_QUALITY: u8 = 70;

/// Two at once: each may hold some 100 MB and a core for a second, and pages must not starve.
static TURNS: Semaphore = Semaphore::const_new(2);
/// Uploads in memory at once.
static LOADED: Semaphore = Semaphore::const_new(2);

/// Why an upload is no picture for us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// Neither JPEG nor PNG nor WebP by its first bytes, whatever its name says.
    #[error("not a JPEG, PNG or WebP")]
    Kind,
    /// More than 40 million pixels, by its header.
    #[error("too many pixels: {0} x {1}")]
    Pixels(u32, u32),
    /// Its decoder would need too much memory.
    #[error("too much memory")]
    Memory,
    /// An animation.
    #[error("an animation")]
    Moving,
    /// Damaged or cut off.
    #[error("damaged")]
    Damaged,
}

impl PictureError {
    /// The words for the field's error.
    #[must_use]
    pub fn message(self, lang: Lang) -> String {
        match self {
            PictureError::Kind => t!(lang, "picture.kind").into_owned(),
            PictureError::Pixels(width, height) => {
                t!(lang, "picture.pixels", width = width, height = height).into_owned()
            }
            PictureError::Memory => t!(lang, "picture.memory").into_owned(),
            PictureError::Moving => t!(lang, "picture.moving").into_owned(),
            PictureError::Damaged => t!(lang, "picture.damaged").into_owned(),
        }
    }
}

/// A picture ready to be stored: two JPEGs without metadata.
#[derive(Clone, Debug)]
pub struct Picture {
    /// The marked picture, at most 1600 pixels long.
    pub full: Vec<u8>,
    /// Its thumbnail, at most 320 pixels long.
    pub thumb: Vec<u8>,
    /// Width of `full`.
    pub width: u32,
    /// Height of `full`.
    pub height: u32,
    /// SHA-256 of what was uploaded.
    pub original: FileHash,
}

/// As [`process`], for a file that was uploaded. It is in memory during its turn only.
///
/// # Errors
/// [`PictureError`].
pub async fn process_upload(upload: &Upload, mark: Vec<String>) -> Result<Picture, PictureError> {
    // The semaphore is never closed.
    let _turn = LOADED.acquire().await.map_err(|_| PictureError::Damaged)?;
    let bytes = tokio::fs::read(upload.path()).await.map_err(|error| {
        tracing::error!(%error, "an upload cannot be read back");
        PictureError::Damaged
    })?;
    process(bytes, mark).await
}

/// Makes an upload into a stored picture with `mark` burnt into its foot, line by line.
///
/// # Errors
/// [`PictureError`], each of which the uploader can understand and mend.
pub async fn process(bytes: Vec<u8>, mark: Vec<String>) -> Result<Picture, PictureError> {
    let original = FileHash::of(&bytes);
    let format = Format::of(&bytes)?;
    let stripped = strip::strip(&bytes, format)?;
    drop(bytes);
    let (width, height) = (stripped.width, stripped.height);
    let pixels = u64::from(width) * u64::from(height);
    if pixels > MOST_PIXELS {
        return Err(PictureError::Pixels(width, height));
    }
    if pixels == 0 {
        return Err(PictureError::Damaged);
    }
    if stripped.memory > DECODER_MEMORY {
        return Err(PictureError::Memory);
    }
    let usual = pixels <= USUAL_PIXELS && stripped.memory <= USUAL_MEMORY && format != Format::WebP;
    // The semaphore is never closed.
    let _turn = TURNS.acquire_many(if usual { 1 } else { 2 }).await.map_err(|_| PictureError::Damaged)?;
    // A decoder that panics on hostile bytes ends its own thread's work, not the request.
    let made = tokio::task::spawn_blocking(move || make(&stripped, format, original, &mark)).await;
    made.map_err(|_| PictureError::Damaged)?
}

fn make(stripped: &Stripped, format: Format, original: FileHash, mark: &[String]) -> Result<Picture, PictureError> {
    let mut limits = Limits::default();
    limits.max_alloc = Some(DECODER_MEMORY);
    let mut reader = ImageReader::with_format(Cursor::new(stripped.bytes.as_slice()), format.decoder());
    reader.limits(limits);
    let decoded = reader.decode().map_err(|error| match error {
        image::ImageError::Limits(_) => PictureError::Memory,
        image::ImageError::Decoding(_)
        | image::ImageError::Encoding(_)
        | image::ImageError::Parameter(_)
        | image::ImageError::Unsupported(_)
        | image::ImageError::IoError(_) => PictureError::Damaged,
    })?;
    if (decoded.width(), decoded.height()) != (stripped.width, stripped.height) {
        return Err(PictureError::Damaged);
    }
    // Shrunk before it is turned: turning the whole would cost its size again.
    let mut small = if decoded.width().max(decoded.height()) > LONG_SIDE {
        decoded.resize(LONG_SIDE, LONG_SIDE, FilterType::Triangle)
    } else {
        decoded
    };
    small.apply_orientation(orientation(stripped.exif.as_deref().unwrap_or_default()));
    let mut picture = with_margin(on_white(small));
    mark::burn(&mut picture, mark);
    let thumb = DynamicImage::ImageRgb8(picture.clone()).thumbnail(THUMB_SIDE, THUMB_SIDE).into_rgb8();
    Ok(Picture {
        width: picture.width(),
        height: picture.height(),
        full: jpeg(&picture, QUALITY)?,
        thumb: jpeg(&thumb, THUMB_QUALITY)?,
        original,
    })
}

/// How the camera was held, from EXIF; upright when it does not say.
fn orientation(exif: &[u8]) -> Orientation {
    Orientation::from_exif_chunk(exif).unwrap_or(Orientation::NoTransforms)
}

/// JPEG knows no transparency; what was transparent becomes white, as on paper.
fn on_white(picture: DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8();
    }
    let source = picture.into_rgba8();
    let mut opaque = RgbImage::new(source.width(), source.height());
    for (to, from) in opaque.pixels_mut().zip(source.pixels()) {
        let [red, green, blue, alpha] = from.0;
        let over = |channel: u8| blend(255, channel, alpha);
        *to = Rgb([over(red), over(green), over(blue)]);
    }
    opaque
}

fn with_margin(picture: RgbImage) -> RgbImage {
    let (width, height) = (picture.width().max(LEAST.0), picture.height().max(LEAST.1));
    if (width, height) == picture.dimensions() {
        return picture;
    }
    let mut framed = RgbImage::from_pixel(width, height, Rgb([32, 32, 32]));
    let (x, y) = ((width - picture.width()) / 2, (height - picture.height()) / 2);
    imageops::replace(&mut framed, &picture, i64::from(x), i64::from(y));
    framed
}

fn jpeg(picture: &RgbImage, quality: u8) -> Result<Vec<u8>, PictureError> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(picture).map_err(|_| PictureError::Damaged)?;
    Ok(bytes)
}

/// `below` seen through `above` at `alpha` of 255.
fn blend(below: u8, above: u8, alpha: u8) -> u8 {
    let mixed = u32::from(above) * u32::from(alpha) + u32::from(below) * (255 - u32::from(alpha));
    u8::try_from(mixed / 255).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

    use image::ImageFormat;

    use super::*;

    fn jpeg_of(width: u32, height: u32) -> Vec<u8> {
        let picture =
            RgbImage::from_fn(width, height, |x, _| if x < width / 2 { Rgb([200, 0, 0]) } else { Rgb([0, 0, 200]) });
        jpeg(&picture, 90).unwrap()
    }

    /// The same JPEG with an EXIF block that says how the camera was held and where it was.
    fn with_exif(jpeg: &[u8], orientation: u8) -> Vec<u8> {
        let mut tiff = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01".to_vec();
        tiff.extend([0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0]);
        let mut bytes = jpeg[..2].to_vec();
        bytes.extend([0xff, 0xe1]);
        bytes.extend(u16::try_from(tiff.len() + 2).unwrap().to_be_bytes());
        bytes.extend(tiff);
        bytes.extend(&jpeg[2..]);
        bytes
    }

    /// A JPEG header that promises `width` × `height` and holds nothing.
    fn header_only(width: u16, height: u16) -> Vec<u8> {
        let mut bytes = vec![0xff, 0xd8, 0xff, 0xc0, 0, 17, 8];
        bytes.extend(height.to_be_bytes());
        bytes.extend(width.to_be_bytes());
        bytes.extend([3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1]);
        bytes.extend([0xff, 0xda, 0, 12, 3, 1, 0, 2, 0x11, 3, 0x11, 0, 63, 0, 0xff, 0xd9]);
        bytes
    }

    #[test]
    fn what_is_no_picture_is_refused_by_its_content() {
        for bytes in [
            b"<svg xmlns='http://www.w3.org/2000/svg'/>".as_slice(),
            b"<?xml version='1.0'?><svg/>",
            b"<!doctype html><script>alert(1)</script>",
            b"GIF89a\x01\0\x01\0",
            b"plain text",
            b"RIFF\0\0\0\0AVI ",
            b"",
        ] {
            assert_eq!(Format::of(bytes).err(), Some(PictureError::Kind));
        }
    }

    #[tokio::test]
    async fn two_hundred_megapixels_are_refused_by_the_header() {
        for (width, height) in [(20_000, 10_000), (65_000, 65_000)] {
            let refused = process(header_only(width, height), Vec::new()).await.map(|picture| picture.width);
            assert_eq!(refused, Err(PictureError::Pixels(width.into(), height.into())));
        }
    }

    #[tokio::test]
    async fn a_damaged_picture_is_an_error_and_not_a_panic() {
        let whole = jpeg_of(600, 400);
        for bytes in [
            header_only(800, 600),
            b"\x89PNG\r\n\x1a\n".to_vec(),
            b"RIFF\x10\0\0\0WEBPVP8 ".to_vec(),
            whole[..40].to_vec(),
        ] {
            assert_eq!(
                process(bytes, Vec::new()).await.map(|picture| picture.width).err(),
                Some(PictureError::Damaged)
            );
        }
    }

    #[tokio::test]
    async fn a_picture_is_turned_shrunk_marked_and_loses_its_exif() {
        let upload = with_exif(&jpeg_of(3200, 2400), 6);
        let mark = vec!["2026-11-23 10:05 王芳".to_owned(), "临朐惠民农资 🌾".to_owned()];
        let picture = process(upload.clone(), mark).await.unwrap();
        assert_eq!((picture.width, picture.height), (1200, 1600));
        assert!(!picture.full.windows(4).any(|bytes| bytes == b"Exif"));
        assert_eq!(picture.original, FileHash::of(&upload));
        let full = image::load_from_memory(&picture.full).unwrap().into_rgb8();
        // Turned by 90° clockwise, the left half is the upper half now.
        assert!(full.get_pixel(600, 100)[0] > 150 && full.get_pixel(600, 1200)[2] > 150);
        // The band is darker than the picture above it, and has letters.
        assert!(full.get_pixel(1190, 1590)[2] < 120);
        assert!(full.enumerate_pixels().any(|(_, y, pixel)| y > 1480 && pixel[0] > 230 && pixel[1] > 230));
        let thumb = image::load_from_memory(&picture.thumb).unwrap();
        assert_eq!((thumb.width(), thumb.height()), (240, 320));
    }

    #[tokio::test]
    async fn tiny_and_transparent_pictures_are_taken_too() {
        let mut bytes = Vec::new();
        image::RgbaImage::new(1, 1).write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png).unwrap();
        let picture = process(bytes, vec!["王".repeat(10_000), "x".to_owned()]).await.unwrap();
        assert_eq!((picture.width, picture.height), LEAST);
    }
}
