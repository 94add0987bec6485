//! A document that sells products to a customer: its addresses and what its pages show besides the lines.

use std::future::Future;

use maud::{Markup, html};

use super::{Sheet, copy, form_routes, show};
use crate::documents::Full;
use crate::kernel::HookFuture;
use crate::kernel::access::Gate;
use crate::kernel::clock::Millis;
use crate::kernel::i18n::Lang;
use crate::kernel::id::Id;
use crate::kinds::Kind;
use crate::lines::Weighed;
use crate::ui::timeline::Entry;
use crate::web::cx::Cx;
use crate::web::error::Result;
use crate::web::routes::Routes;

pub use show::{facts, refused};

/// The addresses of a kind that is copied as a new version and printed.
#[derive(Clone, Copy, Debug)]
pub struct Versions {
    /// Makes the copy.
    pub versions: &'static str,
    /// The print page.
    pub print: &'static str,
}

/// What is checked before a document is submitted.
#[derive(Debug)]
pub struct Checks {
    /// The checks as cells.
    pub cells: Markup,
    /// Why it needs approval, as codes.
    pub needs: Vec<&'static str>,
    /// Whether it cannot be submitted before something is put right.
    pub held: bool,
}

/// A kind of document that sells products to a customer.
pub trait Sale: Sheet {
    /// Where it is copied and printed.
    const VERSIONS: Option<Versions> = None;
    /// How the outbox knows its submission, where it may be sent without a network.
    const OFFLINE_SUBMISSION: Option<&'static str> = None;
    /// The label of its date.
    const DAY: &'static str = "lines.day";
    /// The name of the act that submits it.
    const SUBMIT: &'static str = "lines.submit";

    /// Where it is delivered from.
    fn warehouse(body: &Self::Body) -> Option<Id> {
        let _ = body;
        None
    }

    /// The terms of its copy.
    fn renewed(terms: Self::Terms, now: Millis) -> Self::Terms {
        let _ = now;
        terms
    }

    /// A mark for the print besides the state, such as 已过期.
    fn mark(lang: Lang, document: &Full<Self::Body>, now: Millis) -> Option<String> {
        let _ = (lang, document, now);
        None
    }

    /// What is checked before it is submitted.
    fn checks(cx: &Cx, document: &Full<Self::Body>, lines: &[Weighed]) -> impl Future<Output = Result<Checks>> + Send;
    /// A code of [`Checks::needs`] in words.
    fn reason(lang: Lang, body: &Self::Body, code: &str) -> String;

    /// The acts beside a refusal to submit, which put right what stands against it.
    fn ways_out(lang: Lang, document: &Full<Self::Body>, lines: &[Weighed]) -> Markup {
        let _ = (lang, document, lines);
        html! {}
    }

    /// Whether this reader may cancel it while it is in force.
    fn may_cancel(cx: &Cx, body: &Self::Body) -> bool {
        let _ = body;
        cx.scope().sees_others()
    }

    /// The kind's own acts in the bar, before that which submits it.
    fn acts(cx: &Cx, document: &Full<Self::Body>) -> Markup {
        let _ = (cx, document);
        html! {}
    }
}

/// The acts that a module downstream adds to a document's page.
pub type Onward<B> = fn(&Cx, &Full<B>) -> Markup;

/// What a module downstream knows about a document, such as the fate of its text messages, as entries for its page.
pub type Told = for<'a> fn(&'a Cx, Kind, Id) -> HookFuture<'a, Result<Vec<Entry>>>;

/// The addresses of list, form, page, copy, print, flow and recycle bin. `onward` and `told` are what
/// modules downstream add to the page; `told` stands below a document that was decided.
pub fn routes<D: Sale>(routes: &mut Routes, onward: Option<Onward<D::Body>>, told: Option<Told>) {
    let module = D::KIND.module();
    form_routes::<D>(routes);
    routes.get(D::KIND.paths().one, Gate::view(module), move |cx| show::page::<D>(cx, onward, told));
    if let Some(Versions { versions, print }) = D::VERSIONS {
        routes.post(versions, Gate::create(module), copy::copy::<D>);
        routes.get(print, Gate::view(module), show::print::<D>);
    }
}
