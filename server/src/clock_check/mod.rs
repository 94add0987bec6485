//! The clock's check 时钟核对: after a jump of the server's clock somebody says that it is right, and what the jump
//! made due goes on.
//!
//! Tables: none (the kernel's clock_watch).
//! Events: none.
//! Uses: nothing.

use maud::{Markup, html};
use poem::Response;

use crate::kernel::access::Gate;
use crate::kernel::audit::{Action, Changes};
use crate::kernel::clock::iso_minute;
use crate::kernel::clock::jumps::State;
use crate::kernel::clock::{jumps, watch};
use crate::kernel::i18n::t;
use crate::kernel::id::Id;
use crate::modules::Module;
use crate::ui::card;
use crate::ui::form::{self as fields, ButtonKind};
use crate::web::cx::Cx;
use crate::web::error::Result;
use crate::web::routes::Routes;

/// The one row that the operation log names.
const CLOCK: Id = Id(1);

/// Who may write to everybody at once may also let it go on.
fn gate() -> Gate {
    Gate::approve(Module::Sms)
}

/// Addresses.
pub fn routes(routes: &mut Routes) {
    routes.post("/clock/confirmation", gate(), confirm);
}

/// `POST /clock/confirmation`
async fn confirm(cx: Cx) -> Result<Response> {
    let form = cx.form().await?;
    let at = cx.office.clock.stamp();
    let believed = match cx.office.clock.watched().0 {
        State::Ahead(jumps::Hold { believed, .. }) | State::Behind { believed } => Some(believed),
        State::InStep => None,
    };
    let mut write = cx.write(&form).await?;
    if let Some(believed) = believed {
        watch::note_confirmed(&mut write.tx, at).await?;
        let changes = Changes::new().moved("clock", iso_minute(believed), iso_minute(cx.now));
        write.audit(Action::Act, "clock", CLOCK, changes).await?;
    }
    let response = write.finish("/?done=saved").await?;
    if believed.is_some() {
        cx.office.clock.confirm(at);
        cx.office.alarm.ring();
    }
    Ok(response)
}

/// What is wrong with the clock and the button that says it is right, for those who may press it; nothing while it
/// is in step.
#[must_use]
pub fn notice(cx: &Cx) -> Markup {
    let lang = cx.lang;
    if !cx.may(gate()) {
        return html! {};
    }
    let now = iso_minute(cx.now);
    let (text, act) = match cx.office.clock.watched().0 {
        State::InStep => return html! {},
        State::Ahead(hold) => (
            t!(lang, "clock_check.ahead", believed = iso_minute(hold.believed), now = now),
            t!(lang, "clock_check.go_on"),
        ),
        State::Behind { believed } => {
            (t!(lang, "clock_check.behind", believed = iso_minute(believed), now = now), t!(lang, "clock_check.right"))
        }
    };
    let body = html! {
        div.cell { div.g { p { (text) } p { small { (t!(lang, "clock_check.otherwise")) } } } }
        (fields::post("/clock/confirmation", &cx.op_id()).holding(fields::submit(act, ButtonKind::Primary)))
    };
    card(Some(&t!(lang, "clock_check.title")), None, body)
}
