//! The body of one request: read once, by whoever answers, within the limits of who asks.

use std::sync::{MutexGuard, PoisonError};

use poem::Body;

use super::Guest;
use crate::kernel::bodies::{GUEST_LIMIT, Reader, Share};
use crate::kernel::media::uploads::Uploads;
use crate::web::error::{AppError, Result};
use crate::web::form::{Form, Reading};
use futures_util::StreamExt;

/// The body of a request.
#[derive(Debug)]
pub(super) enum Received {
    /// Nobody read it yet.
    Unread(Body),
    /// It was a form; kept for a write that is made again.
    Form(Form),
    /// It was something else; kept likewise.
    Bytes(Vec<u8>),
    /// It was read.
    Read,
}

impl Guest {
    /// Reads the posted form of somebody without a session.
    ///
    /// # Errors
    /// [`AppError::TooLarge`] past 64 kB, [`AppError::BadRequest`], [`AppError::Unavailable`].
    pub async fn form(&self) -> Result<Form> {
        self.read_form(Reader::Guest, None).await
    }

    /// Reads the posted form, or gives it again to a handler that runs once more.
    pub(super) async fn read_form(&self, reader: Reader, files: Option<(&Uploads, u64)>) -> Result<Form> {
        let form = match self.take() {
            Received::Unread(body) => {
                let action = format!("{} {}", self.method, self.address);
                Form::read(self.reading(reader, files), &self.headers, body, self.lang, &action).await?
            }
            Received::Form(form) => form,
            Received::Bytes(_) | Received::Read => return Err(AppError::BadRequest("the body was read already")),
        };
        *self.received() = Received::Form(form.clone());
        Ok(form)
    }

    fn take(&self) -> Received {
        std::mem::replace(&mut *self.received(), Received::Read)
    }

    fn received(&self) -> MutexGuard<'_, Received> {
        self.body.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What fits of the posted form, to be kept through a sign-in.
    pub(in crate::web) async fn form_to_keep(&self) -> Result<Form> {
        Ok(Form::read_some(self.reading(Reader::Guest, None), &self.headers, self.body()?, self.lang).await)
    }

    /// The posted body as bytes, for the few addresses that take JSON; at most 64 kB. A handler that runs once more gets
    /// them again.
    ///
    /// # Errors
    /// [`AppError::TooLarge`] past `most` bytes.
    pub async fn bytes(&self, most: usize) -> Result<Vec<u8>> {
        let bytes = match self.take() {
            Received::Unread(body) => {
                let mut share = self.office.bodies.share(Reader::Guest);
                read(body, most.min(GUEST_LIMIT), &mut share).await?
            }
            Received::Bytes(bytes) => bytes,
            Received::Form(_) | Received::Read => return Err(AppError::BadRequest("the body was read already")),
        };
        *self.received() = Received::Bytes(bytes.clone());
        Ok(bytes)
    }

    /// The body, which can be read once.
    fn body(&self) -> Result<Body> {
        match self.take() {
            Received::Unread(body) => Ok(body),
            Received::Form(_) | Received::Bytes(_) | Received::Read => {
                Err(AppError::BadRequest("the body was read already"))
            }
        }
    }

    fn reading<'a>(&'a self, reader: Reader, files: Option<(&'a Uploads, u64)>) -> Reading<'a> {
        Reading { reader, files, bodies: &self.office.bodies, typed: &self.typed, target: &self.address }
    }
}

/// Reads a body of at most `most` bytes. What is longer is left to the connection, which receives and drops it.
///
/// # Errors
/// [`AppError::TooLarge`], [`AppError::BadRequest`] when it breaks off, and what [`Share::grow`] says.
pub(in crate::web) async fn read(body: Body, most: usize, share: &mut Share) -> Result<Vec<u8>> {
    let mut pieces = body.into_bytes_stream();
    let mut bytes = Vec::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| AppError::BadRequest("the body broke off"))?;
        let length = bytes.len() + piece.len();
        if length > most {
            return Err(AppError::TooLarge);
        }
        share.grow(length).await?;
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}
