//! The company's rules for messages (短信设置): rows of `settings` whose names begin with `sms_`, and their page.

use poem::Response;

use crate::kernel::audit::{Action, Changes};
use crate::kernel::clock::{minute_of, wall};
use crate::kernel::db::{DbError, On, Tx};
use crate::kernel::i18n::t;
use crate::kernel::id::Id;
use crate::kernel::money::Fen;
use crate::kernel::settings as stored;
use crate::sms::limits::{self, Caps, Class, Quiet};
use crate::sms::settings_view;
use crate::web::cx::Cx;
use crate::web::error::{Result, form_html, html};
use crate::web::form::Form;

/// The rules as set, or as they come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// 签名: stands in brackets before each message; empty for none.
    pub signature: String,
    /// What marketing ends with, such as 退订回T.
    pub way_out: String,
    /// What one part costs.
    pub price: Fen,
    /// No marketing in these hours.
    pub quiet: Quiet,
    /// How many a day.
    pub caps: Caps,
    /// Beginnings of the numbers that may be written to; none mean every mainland mobile.
    pub ranges: Vec<String>,
    /// Whether marketing goes only to who agreed.
    pub consent: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            signature: String::new(),
            way_out: "退订回T".to_owned(),
            price: Fen(5),
            quiet: Quiet::default(),
            caps: Caps::default(),
            ranges: Vec::new(),
            consent: true,
        }
    }
}

/// An approver gets at least so many questions and confirmations a day.
const LEAST_STAFF: i64 = 10;

impl Settings {
    /// The message as it goes out: the signature before it, the way out behind marketing; neither twice.
    #[must_use]
    pub fn dress(&self, text: &str, class: Class) -> String {
        let signed = !self.signature.is_empty() && !text.is_empty() && !text.starts_with('【');
        let mut out = if signed { format!("【{}】{text}", self.signature) } else { text.to_owned() };
        if class == Class::Marketing && !self.way_out.is_empty() && !text.is_empty() && !text.contains(&self.way_out) {
            out.push(' ');
            out.push_str(&self.way_out);
        }
        out
    }

    /// Name and value of each row.
    fn rows(&self) -> [(&'static str, String); 13] {
        [
            ("sms_signature", self.signature.clone()),
            ("sms_way_out", self.way_out.clone()),
            ("sms_price", self.price.0.to_string()),
            ("sms_quiet_from", self.quiet.from.to_string()),
            ("sms_quiet_to", self.quiet.to.to_string()),
            ("sms_cap_person", self.caps.person.to_string()),
            ("sms_cap_recipient", self.caps.recipient.to_string()),
            ("sms_cap_gateway", self.caps.gateway.to_string()),
            ("sms_cap_company", self.caps.company.to_string()),
            ("sms_cap_campaign", self.caps.campaign.to_string()),
            ("sms_cap_staff", self.caps.staff.to_string()),
            ("sms_ranges", self.ranges.join(" ")),
            ("sms_consent", i64::from(self.consent).to_string()),
        ]
    }
}

/// Reads the rules.
pub async fn load(on: impl Into<On<'_>>) -> Result<Settings, DbError> {
    let set = stored::load(on, "sms").await?;
    let number = |name: &str, usual: i64| set.value(name).unwrap_or(usual);
    let usual = Settings::default();
    Ok(Settings {
        signature: set.text("sms_signature").map_or(usual.signature, str::to_owned),
        way_out: set.text("sms_way_out").map_or(usual.way_out, str::to_owned),
        price: Fen(number("sms_price", usual.price.0)),
        quiet: Quiet { from: number("sms_quiet_from", usual.quiet.from), to: number("sms_quiet_to", usual.quiet.to) },
        caps: Caps {
            person: number("sms_cap_person", usual.caps.person),
            recipient: number("sms_cap_recipient", usual.caps.recipient),
            gateway: number("sms_cap_gateway", usual.caps.gateway),
            company: number("sms_cap_company", usual.caps.company),
            campaign: number("sms_cap_campaign", usual.caps.campaign),
            staff: number("sms_cap_staff", usual.caps.staff),
        },
        ranges: set.text("sms_ranges").and_then(|text| limits::ranges(text).ok()).unwrap_or(usual.ranges),
        consent: number("sms_consent", i64::from(usual.consent)) != 0,
    })
}

async fn save(tx: &mut Tx, settings: &Settings) -> Result<(), DbError> {
    for (name, value) in settings.rows() {
        stored::set(tx, name, value).await?;
    }
    Ok(())
}

fn filled(cx: &Cx, settings: &Settings) -> Form {
    cx.blank()
        .with("signature", settings.signature.as_str())
        .with("way_out", settings.way_out.as_str())
        .with("price", settings.price.plain())
        .with("quiet_from", wall(settings.quiet.from))
        .with("quiet_to", wall(settings.quiet.to))
        .with("cap_person", settings.caps.person.to_string())
        .with("cap_recipient", settings.caps.recipient.to_string())
        .with("cap_gateway", settings.caps.gateway.to_string())
        .with("cap_company", settings.caps.company.to_string())
        .with("cap_campaign", settings.caps.campaign.to_string())
        .with("cap_staff", settings.caps.staff.to_string())
        .with("ranges", settings.ranges.join(" "))
        .with("consent", if settings.consent { "1" } else { "" })
}

/// `GET /sms/settings`
pub async fn show(cx: Cx) -> Result<Response> {
    let settings = load(&cx.office.db).await?;
    Ok(html(settings_view::page(&cx, &filled(&cx, &settings))))
}

fn read(cx: &Cx, form: &mut Form) -> Settings {
    let lang = cx.lang;
    let signature = form.text("signature", &t!(lang, "sms.signature"), 20);
    if signature.contains(['【', '】']) {
        form.wrong("signature", t!(lang, "sms.signature_brackets"));
    }
    let way_out = form.text("way_out", &t!(lang, "sms.way_out"), 20);
    let price = form.fen("price", &t!(lang, "sms.price")).unwrap_or(Fen::ZERO);
    let mut minute = |name: &str, label: &str| {
        let minute = minute_of(form.value(name));
        if minute.is_none() {
            form.wrong(name, t!(lang, "sms.wrong_time", field = label));
        }
        minute.unwrap_or_default()
    };
    let quiet = Quiet {
        from: minute("quiet_from", &t!(lang, "sms.quiet_from")),
        to: minute("quiet_to", &t!(lang, "sms.quiet_to")),
    };
    let mut cap = |name: &str, label: &str| {
        let cap: Option<i64> = form.value(name).trim().parse().ok().filter(|cap| (0..=1_000_000).contains(cap));
        if cap.is_none() {
            form.wrong(name, t!(lang, "sms.wrong_cap", field = label));
        }
        cap.unwrap_or_default()
    };
    let caps = Caps {
        person: cap("cap_person", &t!(lang, "sms.cap_person")),
        recipient: cap("cap_recipient", &t!(lang, "sms.cap_recipient")),
        gateway: cap("cap_gateway", &t!(lang, "sms.cap_gateway")),
        company: cap("cap_company", &t!(lang, "sms.cap_company")),
        campaign: cap("cap_campaign", &t!(lang, "sms.cap_campaign")),
        staff: cap("cap_staff", &t!(lang, "sms.cap_staff")),
    };
    if form.error("cap_staff").is_none() && caps.staff < LEAST_STAFF {
        form.wrong("cap_staff", t!(lang, "sms.wrong_cap_staff", least = LEAST_STAFF));
    }
    let ranges = limits::ranges(form.value("ranges")).unwrap_or_else(|piece| {
        form.wrong("ranges", t!(lang, "sms.wrong_range", piece = piece));
        Vec::new()
    });
    Settings { signature, way_out, price, quiet, caps, ranges, consent: form.flag("consent") }
}

/// The one record of its kind in the log of operations.
const RECORD: Id = Id(1);

/// `POST /sms/settings`
pub async fn update(cx: Cx) -> Result<Response> {
    let mut form = cx.form().await?;
    let after = read(&cx, &mut form);
    if !form.is_right() {
        return Ok(form_html(settings_view::page(&cx, &form), &form));
    }
    let mut write = cx.write(&form).await?;
    let before = load(&mut write.tx).await?;
    save(&mut write.tx, &after).await?;
    let changes = before
        .rows()
        .into_iter()
        .zip(after.rows())
        .fold(Changes::new(), |changes, ((name, before), (_, after))| changes.moved(name, before, after));
    write.audit(Action::Edit, "sms_settings", RECORD, changes).await?;
    write.finish("/sms/settings?done=saved").await
}

#[cfg(test)]
mod tests {
    use super::{Class, Settings};

    #[test]
    fn a_message_is_signed_and_shows_the_way_out_once() {
        let settings = Settings { signature: "丰源农资".to_owned(), ..Settings::default() };
        assert_eq!(settings.dress("您好", Class::Service), "【丰源农资】您好");
        assert_eq!(settings.dress("您好", Class::Marketing), "【丰源农资】您好 退订回T");
        assert_eq!(settings.dress("【丰源】您好，退订回T", Class::Marketing), "【丰源】您好，退订回T");
        assert_eq!(settings.dress("", Class::Marketing), "");
    }
}
