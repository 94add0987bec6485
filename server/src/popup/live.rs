//! `GET /live`: what an open page is told while it is open. It keeps no session alive, and ends with it.

use std::time::Duration;

use futures_util::stream;
use poem::web::sse::{Event, SSE};
use poem::{IntoResponse, Response};

use super::{card, view};
use crate::kernel::Office;
use crate::kernel::access::auth::{COOKIE, Session};
use crate::kernel::clock::{MINUTE, Millis};
use crate::kernel::i18n::Lang;
use crate::kernel::i18n::t;
use crate::kernel::id::Id;
use crate::kernel::live::sse::{End, Heard, Listener, Live, POPUP, SMS};
use crate::web::cx::Cx;
use crate::web::error::Result;

/// How often something goes over the line, so that proxies and phones keep it open.
const ALIVE: Duration = Duration::from_secs(20);
/// How often the session is looked at.
const LOOK: Duration = Duration::from_secs(10);
/// A desk that nobody touched for so long may be empty: its popup shows the number only.
const IDLE: Millis = 5 * MINUTE;

struct Page {
    office: Office,
    token: String,
    lang: Lang,
    told: Listener,
    first: bool,
    ended: bool,
}

/// The stream.
pub async fn stream(cx: Cx) -> Result<Response> {
    let page = Page {
        told: cx.office.hub.listen(cx.actor().id, &cx.session.id),
        token: cx.cookie(COOKIE).unwrap_or_default(),
        lang: cx.lang,
        first: true,
        ended: false,
        office: cx.office.clone(),
    };
    let events = stream::unfold(page, |mut page| async move { page.next().await.map(|event| (event, page)) });
    let mut response = SSE::new(events).keep_alive(ALIVE).into_response();
    let headers = response.headers_mut();
    headers.insert("cache-control", poem::http::HeaderValue::from_static("no-store"));
    // Tells a proxy in front not to gather the stream.
    headers.insert("x-accel-buffering", poem::http::HeaderValue::from_static("no"));
    Ok(response)
}

impl Page {
    /// The next event; `None` ends the stream with the session.
    async fn next(&mut self) -> Option<Event> {
        while !self.ended {
            let session = self.office.session(&self.token, false).await.ok().flatten()?;
            if std::mem::take(&mut self.first) {
                return self.badges(&session).await;
            }
            match tokio::time::timeout(LOOK, self.told.next()).await {
                Err(_) => {}
                // The counts tell the page what it missed.
                Ok(Heard::Missed) => return self.badges(&session).await,
                Ok(Heard::Ended(End::Over)) => return None,
                Ok(Heard::Ended(End::Replaced)) => {
                    // Told, the page does not ask again at once and end another one in its turn.
                    self.ended = true;
                    return Some(Event::message("{}").event_type("replaced"));
                }
                Ok(Heard::Told(live)) => {
                    let session = self.office.session(&self.token, false).await.ok().flatten()?;
                    if let Some(event) = self.tell(&session, live).await {
                        return Some(event);
                    }
                }
            }
        }
        None
    }

    async fn tell(&self, session: &Session, live: Live) -> Option<Event> {
        match live.name {
            "stale" => self.badges(session).await,
            POPUP => self.popup(session, &live).await,
            SMS => self.message(&live),
            name => Some(Event::message(live.data).event_type(name)),
        }
    }

    async fn badges(&self, session: &Session) -> Option<Event> {
        let counts = self.office.badges_of(&session.actor).await.ok()?;
        let counts: serde_json::Map<String, serde_json::Value> =
            counts.iter().map(|(href, count)| ((*href).to_owned(), (*count).into())).collect();
        Some(Event::message(serde_json::Value::Object(counts).to_string()).event_type("badges"))
    }

    /// A message arrived: the open conversation reloads, any other page shows a toast with the sender.
    fn message(&self, live: &Live) -> Option<Event> {
        let mut told: serde_json::Value = serde_json::from_str(&live.data).ok()?;
        let words = |name: &str| told.get(name).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
        let text = t!(self.lang, "popup.message", who = words("who"), text = words("text")).into_owned();
        told.as_object_mut()?.insert("text".to_owned(), text.into());
        Some(Event::message(told.to_string()).event_type(SMS))
    }

    async fn popup(&self, session: &Session, live: &Live) -> Option<Event> {
        let id: Id = live.data.parse().ok()?;
        let card = card(&self.office, &session.actor, id).await.ok().flatten()?;
        let idle = session.idle(self.office.clock.steady()) >= IDLE;
        let html = if idle { view::number_only(self.lang, &card) } else { view::popup(self.lang, &card) };
        let data = serde_json::json!({ "id": id, "href": format!("/popup/{id}"), "html": html.into_string() });
        Some(Event::message(data.to_string()).event_type(POPUP))
    }
}
