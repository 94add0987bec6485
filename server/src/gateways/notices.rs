//! What somebody has to look after at the boxes: one that is away, a modem in trouble, a SIM that runs dry.

use fieldline_protocol::messages::{BoxTrouble, ModemTrouble};

use super::store::{Gateway, State};
use super::{alerts, failures, health, store, trouble};
use crate::kernel::access::Scope;
use crate::kernel::clock::{MINUTE, Millis};
use crate::kernel::db::{Db, DbError};
use crate::kernel::i18n::{Lang, t};
use crate::kernel::money::Fen;
use crate::ui::state::Standing;

/// A box that is away for less is starting anew, or its router is.
const AWAY: Millis = 10 * MINUTE;

/// Something to look after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The box's page.
    pub href: String,
    /// The box's name.
    pub name: String,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

/// The notices of every box in use.
pub async fn notices(db: &Db, scope: &Scope, lang: Lang, now: Millis) -> Result<Vec<Notice>, DbError> {
    let boxes = store::list(db, scope).await?;
    if boxes.is_empty() {
        return Ok(Vec::new());
    }
    let threshold = alerts::low_balance(db).await?;
    let failures = failures::counts(db).await?;
    let failed = |gateway: &Gateway| failures.iter().find(|(id, _)| *id == gateway.id).map_or(0, |(_, n)| *n);
    Ok(boxes
        .iter()
        .filter(|gateway| gateway.state == State::Active)
        .flat_map(|gateway| of_box(gateway, failed(gateway), threshold, lang, now))
        .collect())
}

fn of_box(gateway: &Gateway, failed: i64, threshold: Fen, lang: Lang, now: Millis) -> Vec<Notice> {
    let notice = |what: String, remedy: String| Notice {
        href: format!("/gateways/{}", gateway.id),
        name: gateway.name.clone(),
        what,
        remedy,
    };
    let aside = (failed > 0).then(|| {
        let what = t!(lang, "gateways.failures_count", n = failed);
        notice(what.into_owned(), t!(lang, "gateways.failures_do").into_owned())
    });
    if !gateway.online {
        let gone = gateway.seen_at.is_some_and(|seen| now - seen >= AWAY);
        let said = || notice(Standing::Offline.name(lang).into_owned(), t!(lang, "gateways.offline_do").into_owned());
        return gone.then(said).into_iter().chain(aside).collect();
    }
    let own = health::info(&gateway.info).troubles;
    let mut notices: Vec<Notice> = own
        .into_iter()
        .filter(|trouble| *trouble != BoxTrouble::UpdateFailed)
        .map(|wrong| trouble::of_box(lang, wrong))
        .map(|words| notice(words.what.into_owned(), words.remedy.into_owned()))
        .collect();
    for modem in health::modems(&gateway.modems).into_values() {
        if let Some(wrong) = modem.trouble.filter(|wrong| *wrong != ModemTrouble::Limit) {
            let words = trouble::of_modem(lang, wrong);
            notices.push(notice(words.what.into_owned(), words.remedy.into_owned()));
        }
        if let Some(amount) = modem.balance.as_deref().and_then(|answer| low(answer, threshold)) {
            let what = t!(lang, "gateways.low", amount = Fen(amount));
            notices.push(notice(what.into_owned(), t!(lang, "gateways.low_do").into_owned()));
        }
    }
    notices.extend(aside);
    notices
}

/// The balance in a network's answer in fen, where it is below the threshold.
#[must_use]
pub fn low(answer: &str, threshold: Fen) -> Option<i64> {
    amount(answer).filter(|amount| *amount < threshold.0)
}

/// The amount that an answer tells, in fen: the one behind 余额 or balance, else the first one in 元.
fn amount(answer: &str) -> Option<i64> {
    let lower = answer.to_lowercase();
    let named = ["余额", "balance"].into_iter().find_map(|word| lower.split_once(word)).map(|(_, rest)| rest);
    match named {
        Some(rest) => numbers(rest).next().map(|(fen, _)| fen),
        None => numbers(&lower).find(|(_, behind)| behind.trim_start().starts_with('元')).map(|(fen, _)| fen),
    }
}

/// Every decimal number of a text in hundredths, and the text behind it.
fn numbers(text: &str) -> impl Iterator<Item = (i64, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = rest.find(|c: char| c.is_ascii_digit())?;
        let negative = rest.get(..start)?.ends_with('-');
        let tail = rest.get(start..)?;
        let end = tail.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(tail.len());
        let (number, behind) = tail.split_at_checked(end)?;
        rest = behind;
        let fen = Fen::parse(number.trim_end_matches('.')).unwrap_or(Fen(i64::MAX)).0;
        Some((if negative { -fen } else { fen }, behind))
    })
}

#[cfg(test)]
mod tests {
    use super::{amount, low};
    use crate::kernel::money::Fen;

    #[test]
    fn the_balance_is_found_in_what_operators_write() {
        for (answer, fen) in [
            ("余额38.20元，有效期至2027年12月31日。", Some(3820)),
            ("尊敬的客户，本月话费12.30元，当前可用余额为：-5.2元。", Some(-520)),
            ("Balance 38.20", Some(3820)),
            ("您的账户还有 7 元可用", Some(700)),
            ("请稍后再试", None),
            ("2026年11月", None),
        ] {
            assert_eq!(amount(answer), fen, "{answer}");
        }
        assert_eq!(low("余额9.99元", Fen(1000)), Some(999));
        assert_eq!(low("余额10元", Fen(1000)), None);
        assert_eq!(low("余额10元", Fen(2000)), Some(1000));
    }
}
