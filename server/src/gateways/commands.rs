//! What people ask of a box besides messages (its balance, settings, logs, an update), and what came of it.

use std::time::Duration;

use fieldline_protocol::messages::{Ack, UssdEvent};
use fieldline_protocol::topics::CommandKind;
use maud::{Markup, html};
use poem::Response;
use uuid::Uuid;

use super::settings;
use super::store::Gateway;
use crate::kernel::audit::{Action, Changes};
use crate::kernel::clock::{self, Millis};
use crate::kernel::db::{Db, DbError, Tx, sql};
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::kernel::words::words;
use crate::ui::tag::{Tone, tag};
use crate::ui::{card, plain_cell};
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result};
use crate::web::form::Form;

/// The longest answer that is kept; a USSD answer has at most 182 characters (3GPP TS 23.038, 5).
const LONGEST: usize = 400;

/// How long the answer to a person waits for the box's own.
const ANSWER: Duration = Duration::from_millis(1500);

words! {
    /// Where a command stands.
    pub enum State {
        /// Given, and not acknowledged.
        Asked = "asked" => "gateways.command_asked",
        /// The box has committed it.
        Taken = "taken" => "gateways.command_taken",
        /// The box does not do it.
        Refused = "refused" => "gateways.command_refused",
        /// The network or the box answered.
        Answered = "answered" => "gateways.command_answered",
        /// There is no answer.
        Failed = "failed" => "gateways.command_failed",
    }
}

/// A command, or a word of the network that the box asked for by itself.
#[derive(Clone, Debug, sqlx_macros::FromRow)]
pub struct Given {
    kind: String,
    /// The modem, where it concerns one.
    pub modem: String,
    /// The code, the settings, the version.
    pub about: String,
    /// Where it stands.
    pub state: State,
    /// The answer, or why there is none.
    pub said: String,
    /// Who asked; nobody where the box asked by itself.
    pub by_name: Option<String>,
    /// When it was asked.
    pub at: Millis,
}

const GIVEN: &str = "SELECT c.kind, c.modem, c.about, c.state, c.said, u.name AS by_name, c.at \
     FROM gateway_commands c LEFT JOIN users u ON u.id = c.by_id WHERE c.gateway_id = ";

/// The last commands of a box, the newest first; of one kind or of all.
pub async fn last(db: &Db, gateway: Id, kind: Option<CommandKind>, most: i64) -> Result<Vec<Given>, DbError> {
    let query = sql(GIVEN).arg(gateway);
    let query = kind.into_iter().fold(query, |query, kind| query.push(" AND c.kind = ").arg(kind.word()));
    query.push(" ORDER BY c.id DESC LIMIT ").arg(most).all(db).await
}

/// What is asked of a box.
#[derive(Debug)]
pub struct Ask<'a> {
    /// Which command.
    pub kind: CommandKind,
    /// The modem, where it concerns one.
    pub modem: &'a str,
    /// The code, the names of settings, the version.
    pub about: &'a str,
    /// For the log of operations.
    pub changes: Changes,
    /// Where the answer leads.
    pub back: &'a str,
}

/// Gives a box a command in the name of who posted `form`, and notes it. `body` writes the command's JSON for
/// its id. Only to a box that is there: one that comes back tomorrow must not do what was wanted today.
pub async fn give<B: serde::Serialize>(
    cx: &Cx,
    form: &Form,
    gateway: &Gateway,
    ask: Ask<'_>,
    body: impl FnOnce(Uuid) -> B,
) -> Result<Response> {
    if gateway.state != super::store::State::Active || !gateway.online {
        return Err(AppError::Refused(t!(cx.lang, "gateways.is_offline").into_owned()));
    }
    let wire_id = Uuid::now_v7();
    let body = serde_json::to_string(&body(wire_id)).map_err(anyhow::Error::from)?;
    let mut write = cx.write(form).await?;
    let outgoing = super::command(&cx.office, &mut write.tx, gateway.id, ask.kind, body, cx.now).await?;
    let Some(outgoing) = outgoing else {
        return Err(AppError::Refused(t!(cx.lang, "gateways.is_offline").into_owned()));
    };
    sql("INSERT INTO gateway_commands (id, gateway_id, wire_id, kind, modem, about, state, by_id, at) \
         VALUES ($1, $2, $3, $4, $5, $6, 'asked', $7, $8)")
    .bind(Id::new())
    .bind(gateway.id)
    .bind(wire_id.to_string())
    .bind(ask.kind.word())
    .bind(ask.modem)
    .bind(ask.about)
    .bind(cx.actor().id)
    .bind(cx.now)
    .run(&mut write.tx)
    .await?;
    write.audit(Action::Act, "gateway", gateway.id, ask.changes.set("command", ask.kind.word())).await?;
    let response = write.finish(ask.back).await?;
    if !outgoing.publish(&cx.office) {
        let mut tx = cx.office.db.begin().await?;
        move_on(&mut tx, gateway.id, wire_id, State::Refused, "unsent", cx.now).await?;
        tx.commit().await?;
        return Ok(response);
    }
    // Most boxes answer at once: the page that follows then shows it, and need not be told.
    let begun = tokio::time::Instant::now();
    while begun.elapsed() < ANSWER && is_open(&cx.office.db, wire_id, ask.kind).await? {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(response)
}

/// Whether a command has not come to its end yet, as far as its own kind has one.
async fn is_open(db: &Db, wire_id: Uuid, kind: CommandKind) -> Result<bool, DbError> {
    let state: Option<State> = sql("SELECT state FROM gateway_commands WHERE wire_id = $1")
        .bind(wire_id.to_string())
        .optional_scalar(db)
        .await?;
    let answers = matches!(kind, CommandKind::Ussd | CommandKind::Logs);
    Ok(state.is_some_and(|state| state == State::Asked || (answers && state == State::Taken)))
}

/// Notes what was heard of a command; `false` when it is not ours or nothing new.
async fn move_on(
    tx: &mut Tx,
    gateway: Id,
    wire_id: Uuid,
    state: State,
    said: &str,
    now: Millis,
) -> Result<bool, DbError> {
    let said: String = said.chars().filter(|c| !c.is_control() || *c == '\n').take(LONGEST).collect();
    // The answer can overtake the acknowledgement.
    let open = match state {
        State::Asked | State::Taken | State::Refused => "state = 'asked'",
        State::Answered | State::Failed => "state IN ('asked', 'taken')",
    };
    let moved = sql(
        "UPDATE gateway_commands SET state = $3, said = $4, moved_at = $5 WHERE gateway_id = $1 AND wire_id = $2 AND ",
    )
    .bind(gateway)
    .bind(wire_id.to_string())
    .bind(state.code())
    .bind(said)
    .bind(now)
    .push(open)
    .run(tx)
    .await?;
    Ok(moved == 1)
}

/// A box has committed a command, or refuses it; `false` when it is none of those noted here.
pub async fn acknowledged(tx: &mut Tx, gateway: Id, now: Millis, ack: &Ack) -> Result<bool, DbError> {
    let state = if ack.ok { State::Taken } else { State::Refused };
    move_on(tx, gateway, ack.id, state, ack.err.as_deref().unwrap_or_default(), now).await
}

/// Log lines came; `false` when nobody asked for them.
pub async fn brought_logs(tx: &mut Tx, gateway: Id, command: Uuid, now: Millis) -> Result<bool, DbError> {
    move_on(tx, gateway, command, State::Answered, "", now).await
}

/// `evt/ussd`: the network answered a code, inside the transaction that notes the box's event.
pub async fn answered(tx: &mut Tx, gateway: Id, now: Millis, event: &UssdEvent) -> Result<(), DbError> {
    let (state, said) = match (&event.answer, &event.error) {
        (Some(answer), _) => (State::Answered, answer.as_str()),
        (None, why) => (State::Failed, why.as_deref().unwrap_or_default()),
    };
    if let Some(command) = event.command
        && move_on(tx, gateway, command, state, said, now).await?
    {
        return Ok(());
    }
    let clean = |text: &str, most: usize| text.chars().filter(|c| !c.is_control()).take(most).collect::<String>();
    sql("INSERT INTO gateway_commands (id, gateway_id, kind, modem, about, state, said, at, moved_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)")
    .bind(Id::new())
    .bind(gateway)
    .bind(CommandKind::Ussd.word())
    .bind(clean(&event.modem, 64))
    .bind(clean(&event.code, 40))
    .bind(state.code())
    .bind(clean(said, LONGEST))
    .bind(now)
    .run(tx)
    .await
    .map(|_| ())
}

impl Given {
    fn name(&self, lang: Lang) -> std::borrow::Cow<'static, str> {
        match CommandKind::ALL.into_iter().find(|kind| kind.word() == self.kind) {
            Some(CommandKind::Ussd) => t!(lang, "gateways.ask_balance"),
            Some(CommandKind::Config) => t!(lang, "gateways.settings"),
            Some(CommandKind::Logs) => t!(lang, "gateways.logs"),
            Some(CommandKind::Update) => t!(lang, "gateways.update"),
            Some(CommandKind::Sms | CommandKind::Cancel | CommandKind::Optout | CommandKind::Time) | None => {
                self.kind.clone().into()
            }
        }
    }

    /// What it concerns, for people.
    fn about_words(&self, lang: Lang) -> String {
        if self.kind == CommandKind::Config.word() { settings::names(lang, &self.about) } else { self.about.clone() }
    }

    /// Where it stands, in words and colour.
    pub fn state_tag(&self, lang: Lang) -> Markup {
        let tone = match self.state {
            State::Asked => Tone::Info,
            State::Taken | State::Answered => Tone::Good,
            State::Refused | State::Failed => Tone::Bad,
        };
        tag(self.state.name(lang), tone)
    }

    /// Why a box refused, in words where it is one of those that it knows.
    pub fn said_words(&self, lang: Lang) -> String {
        if self.state != State::Refused {
            return self.said.clone();
        }
        match self.said.as_str() {
            "busy" => t!(lang, "gateways.refused_busy").into_owned(),
            "modem" => t!(lang, "gateways.refused_modem").into_owned(),
            "unsent" => t!(lang, "gateways.is_offline").into_owned(),
            "expired" => t!(lang, "gateways.refused_expired").into_owned(),
            "signature" => t!(lang, "gateways.refused_signature").into_owned(),
            said => said.to_owned(),
        }
    }
}

/// The last commands, on the page of their box.
pub fn list(lang: Lang, given: &[Given], now: Millis) -> Markup {
    html! {
        @if !given.is_empty() {
            (card(Some(&t!(lang, "gateways.commands")), None, html! {
                @for one in given {
                    @let said = one.said_words(lang);
                    (plain_cell(
                        html! {
                            b { (one.name(lang)) } " " (one.state_tag(lang))
                            p { (one.by_name.clone().unwrap_or_else(|| t!(lang, "gateways.by_itself").into_owned())) @for word in [&one.modem, &one.about_words(lang)].into_iter().filter(|word| !word.is_empty()) { " · " (word) } }
                            @if !said.is_empty() { p.pre { (said) } }
                        },
                        html! { small.d { (clock::brief(one.at, now)) } },
                    ))
                }
            }))
        }
    }
}
