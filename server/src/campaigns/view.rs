//! What the pages of campaigns look like.

use maud::{Markup, html};

use crate::campaigns::audience::Tally;
use crate::campaigns::rules::{Audience, Reason, Stage, Start, State};
use crate::campaigns::store::{Campaign, RecipientRow};
use crate::contacts::Contact;
use crate::customers::{self, Choice, Named};
use crate::kernel::access::Gate;
use crate::kernel::clock;
use crate::kernel::db::paging::Listing;
use crate::kernel::i18n::{Lang, t};
use crate::kernel::id::Id;
use crate::modules::Module;
use crate::sms::{self, Class, Settings, Template, VARIABLES};
use crate::ui::form::{self as fields, ButtonKind, InputKind};
use crate::ui::layout::Page;
use crate::ui::state::Standing;
use crate::ui::{
    Column, Record, Width, card, cell, empty, link_button, link_cell, pager, plain_cell, progress as bar, records,
    search_bar, segmented,
};
use crate::web::cx::Cx;
use crate::web::form::Form;

/// What a draft would do.
#[derive(Debug)]
pub struct Preview {
    /// How many by reason.
    pub tally: Vec<Tally>,
    /// The text as one contact would read it.
    pub sample: Option<String>,
    /// The region's name.
    pub region: Option<String>,
    /// Signature, price, quiet hours.
    pub settings: Settings,
}

fn state_tag(lang: Lang, campaign: &Campaign, now: clock::Millis) -> Markup {
    let ahead = campaign.state == State::Running && campaign.starts_at.is_some_and(|at| at > now);
    if ahead { Standing::Scheduled.tag(lang) } else { campaign.state.standing().tag(lang) }
}

/// 短信群发
pub fn list(cx: &Cx, listing: &Listing<Campaign>) -> String {
    let lang = cx.lang;
    let new = t!(lang, "campaigns.new");
    let columns = [
        Column::new(t!(lang, "campaigns.column_name"), Width::Share),
        Column::new(t!(lang, "campaigns.column_state"), Width::Word),
        Column::new(t!(lang, "campaigns.column_owner"), Width::Word),
        Column::new(t!(lang, "campaigns.column_created"), Width::Code).roomy(),
        Column::new(t!(lang, "campaigns.column_sent"), Width::Figure),
    ];
    let body = html! {
        @if cx.may(Gate::export(Module::Sms)) {
            (card(None, None, link_cell("/campaigns/occasions", html! { (t!(lang, "campaigns.occasions")) }, html! {})))
        }
        @if listing.rows.is_empty() { (empty(t!(lang, "campaigns.none"), Some(("/campaigns/new", new.as_ref())))) }
        @else {
            (records(&columns, listing.rows.iter().map(|row| {
                Record::new(format!("/campaigns/{}", row.id), &row.name)
                    .tags(state_tag(lang, row, cx.now))
                    .detail(&row.owner)
                    .roomy(clock::brief(row.created_at, cx.now))
                    .side(html! { small.num { @if row.state != State::Draft { (row.finished()) "/" (row.total) } } })
            })))
            (pager(lang, "/campaigns", &[], listing.page, listing.more))
        }
    };
    Page::new(&cx.frame(), t!(lang, "campaigns.title"))
        .back("/sms")
        .bar(link_button("/campaigns/new", &new, ButtonKind::Primary))
        .render(body)
}

/// The form of a draft.
pub fn form(
    cx: &Cx,
    campaign: Option<&Campaign>,
    form: &Form,
    regions: &[Named],
    settings: &Settings,
    templates: &[Template],
) -> String {
    let lang = cx.lang;
    let action = campaign.map_or_else(|| "/campaigns".to_owned(), |campaign| format!("/campaigns/{}", campaign.id));
    let variables = VARIABLES.iter().take(7).map(|name| format!("{{{name}}}")).collect::<Vec<_>>().join(" ");
    let audiences: Vec<(&str, String)> =
        Audience::CHOICES.iter().map(|audience| (audience.code(), audience.name(lang).into_owned())).collect();
    let mut region_options = vec![(String::new(), t!(lang, "campaigns.no_region").into_owned())];
    region_options.extend(regions.iter().map(|region| (region.id.to_string(), region.name.clone())));
    let body = html! {
        (fields::post(&action, &cx.op_id()).version_if(campaign.map(|campaign| form.version_on(campaign.version))).holding(html! {
            (fields::error_summary(lang, form.errors()))
            (fields::fields(None, html! {
                (fields::text(&form.field("name", &t!(lang, "campaigns.name")).required().hint(&t!(lang, "campaigns.name_hint")), InputKind::Text, 40))
                (fields::textarea(&form.field("text", &t!(lang, "campaigns.text")).required().hint(&t!(lang, "campaigns.variables", names = variables)), sms::LONGEST))
                (sms::counter(settings, Class::Marketing))
                (fields::text(&form.field("product", &t!(lang, "campaigns.product")), InputKind::Text, 40))
            }))
            (fields::fields(None, html! {
                (fields::radio_cells(&form.field("audience", &t!(lang, "campaigns.audience")).required(), &audiences))
                (fields::select(&form.field("region_id", &t!(lang, "campaigns.region")), &region_options))
                (fields::select(&form.field("view", &t!(lang, "campaigns.view")), &customers::View::choices(lang)))
                (fields::text(&form.field("q", &t!(lang, "campaigns.q")).hint(&t!(lang, "campaigns.q_hint")), InputKind::Text, 60))
            }))
            (fields::submit(t!(lang, "campaigns.next"), ButtonKind::Primary))
        }))
        @if form.is_right() && !templates.is_empty() {
            (card(Some(&t!(lang, "campaigns.from_template")), None, html! {
                @for template in templates {
                    (link_cell(format!("/campaigns/new?template={}", template.id), html! { (template.name) p { (template.text) } }, html! {}))
                }
            }))
        }
    };
    let title = if campaign.is_some() { t!(lang, "campaigns.edit") } else { t!(lang, "campaigns.new") };
    let back = campaign.map_or_else(|| "/campaigns".to_owned(), |campaign| format!("/campaigns/{}", campaign.id));
    let frame = cx.frame();
    let page = Page::new(&frame, title).back(back);
    let page = if form.is_right() { page } else { page.error_title() };
    page.render(body)
}

fn audience_words(lang: Lang, campaign: &Campaign, region: Option<&str>) -> String {
    let name = campaign.audience.name(lang);
    match campaign.audience {
        Audience::Region => format!("{name} · {}", region.unwrap_or_default()),
        Audience::View => {
            let view = campaign.list_view().map_or(campaign.view.as_str().into(), |view| view.name(lang));
            if campaign.q.is_empty() {
                format!("{name} · {view}")
            } else {
                format!("{name} · {view} · {}", campaign.q)
            }
        }
        Audience::Birthday => format!("{name} · {}", campaign.view),
        Audience::All | Audience::Picked => name.into_owned(),
    }
}

fn excluded_cells(lang: Lang, tally: &[Tally]) -> Markup {
    html! {
        @for row in tally.iter().filter(|row| !row.reason.is_empty()) {
            (cell(Reason::name_of(&row.reason, lang), html! { span.num { (t!(lang, "campaigns.people", n = row.n)) } }))
        }
    }
}

/// A draft: whom it would reach and what it would cost.
pub fn draft(cx: &Cx, campaign: &Campaign, preview: &Preview, form: &Form) -> String {
    let lang = cx.lang;
    let reached = preview.tally.iter().find(|row| row.reason.is_empty()).map_or(0, |row| row.n);
    let text = preview.settings.dress(preview.sample.as_deref().unwrap_or(&campaign.text), Class::Marketing);
    let parts = i64::try_from(sms::measure(&text).parts).unwrap_or(i64::MAX);
    let cost = sms::cost(&preview.settings, parts.saturating_mul(reached));
    let quiet = preview.settings.quiet;
    let quiet_words = match quiet.from == quiet.to {
        true => t!(lang, "campaigns.no_quiet"),
        false => t!(lang, "campaigns.quiet_hint", from = sms::wall(quiet.from), to = sms::wall(quiet.to)),
    };
    let body = html! {
        (card(None, None, html! {
            (cell(t!(lang, "campaigns.audience"), html! { (audience_words(lang, campaign, preview.region.as_deref())) }))
            (cell(t!(lang, "campaigns.reached"), html! { b.num { (t!(lang, "campaigns.people", n = reached)) } }))
            (cell(t!(lang, "campaigns.cost"), html! { b.num { (t!(lang, "campaigns.about_cost", cost = cost, parts = parts)) } }))
            @if campaign.audience == Audience::Picked {
                (link_cell(format!("/campaigns/{}/picks", campaign.id), html! { (t!(lang, "campaigns.pick")) }, html! {}))
            }
        }))
        @if preview.tally.iter().any(|row| !row.reason.is_empty()) {
            (card(Some(&t!(lang, "campaigns.left_out")), None, excluded_cells(lang, &preview.tally)))
        }
        (card(Some(&t!(lang, "campaigns.sample")), None, html! { div.cell { div.g { p.pre { (text) } } } }))
        @if reached > 0 {
            (fields::post(&format!("/campaigns/{}/release", campaign.id), &cx.op_id()).holding(html! {
                (fields::error_summary(lang, form.errors()))
                (fields::fields(None, html! {
                    (fields::radio_cells(&form.field("start", &t!(lang, "campaigns.start")), &Start::choices(lang)))
                    (fields::text(&form.field("starts_at", &t!(lang, "campaigns.starts_at")).hint(&quiet_words), InputKind::DateTime, 20))
                }))
                (fields::submit(t!(lang, "campaigns.release", n = reached), ButtonKind::Primary))
            }))
        }
        div.row {
            (link_button(format!("/campaigns/{}/edit", campaign.id), t!(lang, "campaigns.edit"), ButtonKind::Quiet))
        }
    };
    let frame = cx.frame();
    let page = Page::new(&frame, campaign.name.as_str())
        .subtitle(campaign.owner.as_str())
        .back("/campaigns")
        .header_action(state_tag(lang, campaign, cx.now));
    let page = if form.is_right() { page } else { page.error_title() };
    page.render(body)
}

/// A campaign under way or at its end.
pub fn progress(cx: &Cx, campaign: &Campaign, settings: &Settings) -> String {
    let lang = cx.lang;
    let note = match (campaign.state, campaign.held.as_str(), campaign.starts_at) {
        (State::Running, "clock", _) => t!(lang, "campaigns.note_clock"),
        (State::Running, _, Some(at)) if at > cx.now => t!(lang, "campaigns.note_at", when = clock::iso_minute(at)),
        (State::Running, "quiet", _) => t!(lang, "campaigns.note_quiet", to = sms::wall(settings.quiet.to)),
        (State::Running, "company_cap", _) => t!(lang, "campaigns.note_cap"),
        (State::Running, "person_cap", _) => t!(lang, "campaigns.note_person_cap"),
        (State::Paused | State::Cancelled, _, _) if campaign.queued > 0 => {
            t!(lang, "campaigns.note_recalled", n = campaign.queued)
        }
        (State::Paused, _, _) => t!(lang, "campaigns.note_paused"),
        (State::Draft | State::Running | State::Done | State::Cancelled, _, _) => {
            t!(lang, "campaigns.note_count", done = campaign.finished(), total = campaign.total)
        }
    };
    let act = |noun: &str, label: std::borrow::Cow<'static, str>, kind: ButtonKind| {
        fields::act_form(&format!("/campaigns/{}/{noun}", campaign.id), &cx.op_id(), None, label, kind)
    };
    let body = html! {
        (card(None, None, bar(campaign.finished(), campaign.total, &t!(lang, "campaigns.progress"), note)))
        (card(None, None, html! {
            @for (stage, n) in campaign.counters() {
                @let href = campaign.address_of(stage);
                (link_cell(&href, html! { (stage.name(lang)) }, html! { b.num data-badge=(href) { (n) } }))
            }
        }))
        (card(Some(&t!(lang, "campaigns.text")), None, html! { div.cell { div.g { p.pre { (settings.dress(&campaign.text, Class::Marketing)) } } } }))
        div.row {
            @match campaign.state {
                State::Running => { (act("pause", t!(lang, "campaigns.pause"), ButtonKind::Primary)) (act("cancellation", t!(lang, "campaigns.cancel"), ButtonKind::Danger)) }
                State::Paused => { (act("resumption", t!(lang, "campaigns.resume"), ButtonKind::Primary)) (act("cancellation", t!(lang, "campaigns.cancel"), ButtonKind::Danger)) }
                State::Draft | State::Done | State::Cancelled => {}
            }
        }
    };
    let frame = cx.frame();
    let page = Page::new(&frame, campaign.name.as_str())
        .subtitle(campaign.owner.as_str())
        .back("/campaigns")
        .header_action(state_tag(lang, campaign, cx.now));
    let page = match campaign.state {
        State::Running | State::Paused => page.refresh(),
        State::Draft | State::Done | State::Cancelled => page,
    };
    page.render(body)
}

/// The contacts to pick from.
pub fn picks(cx: &Cx, campaign: &Campaign, found: &[(Choice, Vec<Contact>)], picked: &[Id]) -> String {
    let lang = cx.lang;
    let q = cx.query("q").unwrap_or_default();
    let action = format!("/campaigns/{}/picks", campaign.id);
    let label = t!(lang, "campaigns.pick");
    let body = html! {
        (search_bar(&action, q, &t!(lang, "campaigns.find_customer"), &[]))
        @if found.is_empty() { (empty(t!(lang, "campaigns.nobody_found"), None)) }
        @else {
            (fields::post(&action, &cx.op_id()).holding(html! {
                @for (customer, people) in found {
                    @let options: Vec<(String, String, bool)> = people.iter().map(|person| {
                        let number = person.phones.first().map(|number| number.shown.as_str()).unwrap_or_default();
                        (person.id.to_string(), format!("{} {number}", person.name), picked.contains(&person.id))
                    }).collect();
                    @for person in people { (fields::hidden("shown", &person.id.to_string())) }
                    (fields::fields(None, fields::check_cells(&form_field(&customer.name), &options)))
                }
                (fields::submit(t!(lang, "campaigns.pick_done"), ButtonKind::Primary))
            }))
        }
    };
    Page::new(&cx.frame(), label)
        .subtitle(t!(lang, "campaigns.picked_count", n = picked.len()))
        .back(format!("/campaigns/{}", campaign.id))
        .render(body)
}

fn form_field(label: &str) -> fields::FieldView<'_> {
    fields::FieldView::new("contact_id", label)
}

/// Recipients that stand at one stage.
pub fn recipients(cx: &Cx, campaign: &Campaign, stage: Stage, listing: &Listing<RecipientRow>) -> String {
    let lang = cx.lang;
    let path = format!("/campaigns/{}/recipients", campaign.id);
    let views: Vec<(String, String, bool)> = Stage::ALL
        .iter()
        .map(|one| (format!("{path}?view={}", one.code()), one.name(lang).into_owned(), *one == stage))
        .collect();
    let body = html! {
        (segmented(&views))
        @if listing.rows.is_empty() { (empty(t!(lang, "campaigns.nobody_here"), None)) }
        @else {
            (card(None, None, html! {
                @for row in &listing.rows {
                    @let why = Reason::from_code(&row.reason).map(|reason| reason.name(lang));
                    @let main = html! { b { (row.name) } " " small { (row.customer) } p.num { (sms::shown_number(&row.digits)) } };
                    @match row.message_id {
                        Some(message) => (link_cell(format!("/sms/messages/{message}"), main, html! {})),
                        None => (plain_cell(main, html! { @if let Some(why) = why { small { (why) } } })),
                    }
                }
            }))
            (pager(lang, &path, &[("view", stage.code())], listing.page, listing.more))
        }
    };
    Page::new(&cx.frame(), t!(lang, "campaigns.recipients"))
        .subtitle(campaign.name.as_str())
        .back(format!("/campaigns/{}", campaign.id))
        .render(body)
}
