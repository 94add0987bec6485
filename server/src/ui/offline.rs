//! What a phone shows without a network: the fallback page, and the list of what waits to be sent.

use maud::html;

use crate::kernel::i18n::{Lang, t};
use crate::ui::button::{ButtonKind, link_button};
use crate::ui::layout::{Frame, Look, Page, Sheet};

/// The page that the service worker shows when there is neither network nor a stored copy.
#[must_use]
pub fn offline_page(lang: Lang) -> String {
    let frame = Frame {
        lang,
        look: Look::default(),
        sheet: Sheet::Inlined,
        tabs: Vec::new(),
        path: String::new(),
        came_from: None,
        signed_in: false,
        live: false,
        user_key: String::new(),
        toast: None,
    };
    Page::new(&frame, t!(lang, "ui.offline.title")).back("/").render(html! {
        section.card.empty {
            p { (t!(lang, "ui.offline.text")) }
            div.row {
                (link_button("/", t!(lang, "ui.offline.home"), ButtonKind::Primary))
                (link_button("/customers/pocket", t!(lang, "customers.pocket"), ButtonKind::Quiet))
                (link_button("/outbox", t!(lang, "ui.outbox.title"), ButtonKind::Quiet))
            }
        }
    })
}

/// The outbox: the shell of the page; its entries lie on the phone and are filled in by script.
#[must_use]
pub fn outbox_page(frame: &Frame) -> String {
    let lang = frame.lang;
    Page::new(frame, t!(lang, "ui.outbox.title")).subtitle(t!(lang, "ui.outbox.subtitle")).back("/me").render(html! {
        section.card data-outbox {
            p.empty data-none { (t!(lang, "ui.outbox.none")) }
        }
        noscript { p.card.empty { (t!(lang, "ui.outbox.noscript")) } }
    })
}
