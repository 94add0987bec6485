//! Customers of the demo company with their people and numbers: the first seven are those of the pictures,
//! the others are made.

use super::company::Company;
use super::goods::{Goods, WHOLESALE};
use super::load::{Loader, row};
use super::rng::Rng;
use super::words;
use crate::kernel::china::phone::Phone;
use crate::kernel::clock::{DAY, Millis};
use crate::kernel::db::{Arg, DbError};
use crate::kernel::id::Id;
use crate::kernel::money::Fen;
use crate::kernel::search::{self, Pieces, Place, SearchEntry};

/// A person at a customer: name, position, sex, number, birthday by the lunar calendar.
type Known = (&'static str, &'static str, &'static str, &'static str, &'static str);

/// Name, short name, district, kind, level, address, people.
type First = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str, &'static [Known]);

/// The customers everybody tries first.
const FIRST: [First; 7] = [
    (
        "昌乐县丰源农资",
        "昌乐丰源",
        "昌乐县",
        "retailer",
        "b",
        "城关街道新昌路 88 号",
        &[("李丰源", "经理", "m", "13963610087", "")],
    ),
    (
        "临朐惠民农资",
        "临朐惠民",
        "临朐县",
        "retailer",
        "a",
        "城关街道兴隆路 16 号",
        &[("张卫东", "经理", "m", "13805362417", "08-03"), ("刘敏", "会计", "f", "05363112290", "")],
    ),
    (
        "寿光绿野植保站",
        "寿光绿野",
        "寿光市",
        "dealer",
        "a",
        "圣城街道农资市场 A3",
        &[("赵立新", "站长", "m", "13685365520", "")],
    ),
    (
        "青州兴农合作社",
        "青州兴农",
        "青州市",
        "cooperative",
        "b",
        "何官镇南张楼村",
        &[("李建国", "理事长", "m", "13793604412", "")],
    ),
    (
        "安丘金穗种业农药",
        "安丘金穗",
        "安丘市",
        "dealer",
        "b",
        "兴安街道青云路 203 号",
        &[("孙桂兰", "经理", "f", "05364221968", "")],
    ),
    (
        "高密田园农资连锁",
        "高密田园",
        "高密市",
        "dealer",
        "a",
        "密水街道人民大街 51 号",
        &[("王海涛", "总经理", "m", "15863367710", "")],
    ),
    (
        "诸城百姓农资",
        "诸城百姓",
        "诸城市",
        "retailer",
        "c",
        "舜王街道供销社院内",
        &[("杨秀英", "店主", "f", "13562489031", "")],
    ),
];

/// What the first three owe, the third before the order that waits for approval.
const OWED: [Fen; 3] = [Fen(945_000), Fen(1_860_000), Fen(1_860_000)];

/// Somebody there.
#[derive(Clone, Debug)]
struct Person {
    /// Given when the customer is made.
    id: Id,
    name: String,
    position: &'static str,
    sex: &'static str,
    number: String,
    birthday: &'static str,
}

/// A customer and what its year has come to.
#[derive(Clone, Debug)]
pub(super) struct Shop {
    pub id: Id,
    pub owner: usize,
    pub owner_id: Id,
    pub manager: Id,
    pub level: usize,
    pub warehouse: usize,
    pub name: String,
    pub point: (f64, f64),
    pub since: Millis,
    /// What it shall owe in the end, where that is wanted.
    pub owed: Option<Fen>,
    pub arrears: Fen,
    pub purchases: Fen,
    pub last_order_at: Option<Millis>,
    pub last_contact_at: Option<Millis>,
    pub next_contact_on: Option<String>,
    short_name: String,
    kind: &'static str,
    grade: &'static str,
    region: Id,
    address: String,
    people: Vec<Person>,
}

impl Shop {
    /// The first person.
    pub fn main_id(&self) -> Option<Id> {
        self.people.first().map(|person| person.id)
    }

    /// The first person's number and name.
    pub fn main(&self) -> Option<(&str, &str)> {
        self.people.first().map(|person| (person.number.as_str(), person.name.as_str()))
    }
}

fn kind_code(words: &str) -> &'static str {
    match words {
        "批发商" | "植保站" => "dealer",
        "合作社" => "cooperative",
        "种植大户" => "grower",
        _ => "retailer",
    }
}

/// The n-th customer.
pub(super) fn make(n: usize, load: &mut Loader<'_>, rng: &mut Rng, company: &Company, today: Millis) -> Option<Shop> {
    let known = FIRST.get(n);
    // Every third is in the first city's eight districts, where the pictures are.
    let place = match known {
        Some((_, _, district, ..)) => company.districts.iter().position(|one| one.name == *district)?,
        None if rng.chance(20) => rng.below(8),
        None => rng.below(company.districts.len()),
    };
    let district = company.districts.get(place)?;
    let owner = if known.is_some() { 0 } else { company.rep_of(district.city, rng)? };
    let rep = company.reps.get(owner)?;
    let newcomer = known.is_none() && rng.chance(8);
    let since = today - if newcomer { rng.between(5, 60) } else { rng.between(400, 1500) } * DAY;
    let (name, short_name, kind, grade, address, mut people) = match known {
        Some((name, short, _, kind, grade, address, people)) => {
            let people = people.iter().map(|(name, position, sex, number, birthday)| Person {
                id: Id(0),
                name: (*name).to_owned(),
                position,
                sex,
                number: (*number).to_owned(),
                birthday,
            });
            let address = format!("{}{address}", district.name);
            ((*name).to_owned(), (*short).to_owned(), *kind, *grade, address, people.collect())
        }
        None => {
            let (short, name, kind) = words::shop(district.name, place, n);
            let grade = rng.word(&["a", "b", "b", "c", "c", "c"]);
            let people = people(n, rng, district.city);
            (name, short, kind_code(kind), grade, words::address(rng, district.name), people)
        }
    };
    let level = match kind {
        _ if known.is_some() => WHOLESALE,
        "dealer" => 2,
        "retailer" | "cooperative" => WHOLESALE,
        _ => 0,
    };
    for person in &mut people {
        person.id = load.id(since);
    }
    Some(Shop {
        id: load.id(since),
        owner,
        owner_id: rep.id,
        manager: rep.manager,
        level,
        warehouse: usize::from(district.city >= 3),
        name,
        point: (district.lat + rng.swing() * 0.06, district.lng + rng.swing() * 0.08),
        since,
        owed: OWED.get(n).copied(),
        arrears: Fen::ZERO,
        purchases: Fen::ZERO,
        last_order_at: None,
        last_contact_at: None,
        next_contact_on: None,
        short_name,
        kind,
        grade,
        region: district.id,
        address,
        people,
    })
}

fn people(n: usize, rng: &mut Rng, city: usize) -> Vec<Person> {
    let count = match rng.between(0, 9) {
        0..=5 => 1,
        6..=8 => 2,
        _ => 3,
    };
    let first = u32::try_from(n * 3).unwrap_or(0);
    (0..count)
        .zip(["经理", "采购", "会计"])
        .map(|(place, position)| {
            let (name, sex) = words::person(rng);
            let number = if place == 2 { words::landline(city, first) } else { words::mobile(first + place) };
            let birthday =
                if rng.chance(30) { rng.word(&["03-12", "05-20", "07-08", "09-16", "11-25", "01-30"]) } else { "" };
            Person { id: Id(0), name, position, sex, number, birthday }
        })
        .collect()
}

/// Writes customers, their people and their numbers. What search finds them by goes to `pieces`.
pub(super) async fn write(
    load: &mut Loader<'_>,
    rng: &mut Rng,
    goods: &Goods,
    shops: &[Shop],
    pieces: &mut Pieces,
    now: Millis,
) -> Result<usize, DbError> {
    let (mut customers, mut contacts, mut phones) = (Vec::new(), Vec::new(), Vec::new());
    for shop in shops {
        let mnemonic = search::initials(&shop.name);
        let card = SearchEntry::new(
            [shop.name.as_str(), &shop.short_name, &mnemonic],
            shop.people.iter().map(|person| person.name.as_str()),
            shop.people.iter().map(|person| person.number.as_str()),
        );
        customers.push(customer(shop, rng, goods, &mnemonic, card.text(), now));
        pieces.add(shop.id, Place { sort_key: mnemonic, owner_id: shop.owner_id }, &card);
        for (place, person) in shop.people.iter().enumerate() {
            let contact = person.id;
            contacts.push(row![
                contact,
                shop.id,
                &person.name,
                person.position,
                person.sex,
                person.birthday,
                !person.birthday.is_empty() && place == 0,
                place == 0,
                shop.since,
                shop.since,
            ]);
            let shown = Phone::parse(&person.number).map_or_else(|| person.number.clone(), |phone| phone.to_string());
            phones.push(row![load.id(shop.since), shop.id, Some(contact), &person.number, shown]);
        }
    }
    load.insert(
        "INSERT INTO customers (id, owner_id, name, short_name, mnemonic, kind, level, heat, region_id, address, lat, lng, \
         price_level_id, credit_limit, credit_days, settlement, arrears, purchases_total, last_order_at, last_contact_at, \
         next_contact_on, search_text, created_at, updated_at) VALUES",
        customers,
    )
    .await?;
    let people = contacts.len();
    load.insert(
        "INSERT INTO contacts (id, customer_id, name, position, sex, birthday, birthday_lunar, is_main, created_at, updated_at) \
         VALUES",
        contacts,
    )
    .await?;
    load.insert("INSERT INTO phones (id, customer_id, contact_id, digits, shown) VALUES", phones).await?;
    Ok(people)
}

fn customer(shop: &Shop, rng: &mut Rng, goods: &Goods, mnemonic: &str, search_text: String, now: Millis) -> Vec<Arg> {
    let heat = match shop.last_order_at.map(|at| (now - at) / DAY) {
        Some(0..=30) => "high",
        Some(31..=90) => "middle",
        Some(_) => "low",
        None => "none",
    };
    let usual = match shop.grade {
        "a" => 4_000_000,
        "b" => 2_000_000,
        _ => 1_000_000,
    };
    // Most owe less than they may; a few have come to the end of it.
    let room = if rng.chance(95) { shop.arrears.0 * 5 / 4 } else { 0 };
    let limit = Fen(usual.max((room + 999_999) / 1_000_000 * 1_000_000));
    let settlement = if shop.arrears == Fen::ZERO && rng.chance(15) { "cash" } else { "credit" };
    let point = shop.last_contact_at.map(|_| shop.point);
    row![
        shop.id,
        shop.owner_id,
        &shop.name,
        &shop.short_name,
        mnemonic,
        shop.kind,
        shop.grade,
        heat,
        Some(shop.region),
        &shop.address,
        point.map(|(lat, _)| lat),
        point.map(|(_, lng)| lng),
        goods.levels.get(shop.level).copied(),
        limit,
        30,
        settlement,
        shop.arrears,
        shop.purchases,
        shop.last_order_at,
        shop.last_contact_at,
        shop.next_contact_on.clone(),
        search_text,
        shop.since,
        shop.last_contact_at.unwrap_or(shop.since),
    ]
}
