//! What the demo company sells: sixty products in their units, at three price levels, in two warehouses.

use super::load::Loader;
use super::rng::Rng;
use crate::kernel::clock::{self, DAY, Millis};
use crate::kernel::db::DbError;
use crate::kernel::id::Id;
use crate::kernel::money::{Fen, Milli};
use crate::products::{
    NewPrice, NewProduct, NewUnit, insert_categories, insert_levels, insert_prices, insert_products, insert_units,
};
use crate::stock::insert_warehouses;

/// How a product is packed: base unit, then the others with the base units in them.
#[derive(Clone, Copy, Debug)]
enum Pack {
    /// 瓶, 20 in a 箱.
    Bottle20,
    /// 瓶, 40 in a 箱.
    Bottle40,
    /// 瓶, 10 in a 件.
    Bottle10,
    /// 桶, 4 in a 箱.
    Drum4,
    /// 桶 of 20 L, sold by the piece.
    Drum,
    /// 吨, in 桶 of 25 kg.
    Bulk,
}

impl Pack {
    fn base(self) -> &'static str {
        match self {
            Pack::Bottle20 | Pack::Bottle40 | Pack::Bottle10 => "瓶",
            Pack::Drum4 | Pack::Drum => "桶",
            Pack::Bulk => "吨",
        }
    }

    fn larger(self) -> Option<(&'static str, Milli)> {
        match self {
            Pack::Bottle20 => Some(("箱", Milli(20_000))),
            Pack::Bottle40 => Some(("箱", Milli(40_000))),
            Pack::Bottle10 => Some(("件", Milli(10_000))),
            Pack::Drum4 => Some(("箱", Milli(4_000))),
            Pack::Drum => None,
            Pack::Bulk => Some(("桶", Milli(25))),
        }
    }

    fn words(self) -> &'static str {
        match self {
            Pack::Bottle20 => "500毫升×20瓶/箱",
            Pack::Bottle40 => "200毫升×40瓶/箱",
            Pack::Bottle10 => "1升×10瓶/件",
            Pack::Drum4 => "5升×4桶/箱",
            Pack::Drum => "20升/桶",
            Pack::Bulk => "25千克/桶，40桶/吨",
        }
    }
}

/// Content and name, formulation, packing, wholesale price of a base unit in fen.
const GOODS: [(&str, &str, Pack, i64); 60] = [
    ("2.5%高效氯氟氰菊酯", "水乳剂", Pack::Bottle20, 1_340),
    ("30%苯甲·丙环唑", "乳油", Pack::Bottle20, 2_060),
    ("95%草甘膦原药", "原药", Pack::Bulk, 1_820_000),
    ("5%阿维菌素", "乳油", Pack::Bottle20, 2_480),
    ("1.8%阿维菌素", "乳油", Pack::Bottle20, 1_260),
    ("10%吡虫啉", "可湿性粉剂", Pack::Bottle40, 420),
    ("70%吡虫啉", "水分散粒剂", Pack::Bottle40, 980),
    ("25%噻虫嗪", "水分散粒剂", Pack::Bottle40, 1_150),
    ("20%氯虫苯甲酰胺", "悬浮剂", Pack::Bottle40, 3_860),
    ("5%甲维盐", "水分散粒剂", Pack::Bottle40, 860),
    ("40%毒死蜱", "乳油", Pack::Bottle20, 2_150),
    ("4.5%高效氯氰菊酯", "乳油", Pack::Bottle20, 1_080),
    ("20%啶虫脒", "可溶粉剂", Pack::Bottle40, 760),
    ("24%虫螨腈", "悬浮剂", Pack::Bottle40, 2_360),
    ("15%茚虫威", "悬浮剂", Pack::Bottle40, 2_980),
    ("43%联苯肼酯", "悬浮剂", Pack::Bottle40, 3_240),
    ("24%螺螨酯", "悬浮剂", Pack::Bottle40, 1_880),
    ("15%哒螨灵", "乳油", Pack::Bottle20, 1_420),
    ("22%噻虫·高氯氟", "微囊悬浮剂", Pack::Bottle40, 1_960),
    ("50%吡蚜酮", "水分散粒剂", Pack::Bottle40, 1_640),
    ("25%吡唑醚菌酯", "悬浮剂", Pack::Bottle20, 3_980),
    ("25%嘧菌酯", "悬浮剂", Pack::Bottle20, 3_120),
    ("43%戊唑醇", "悬浮剂", Pack::Bottle20, 2_540),
    ("10%苯醚甲环唑", "水分散粒剂", Pack::Bottle40, 920),
    ("75%肟菌·戊唑醇", "水分散粒剂", Pack::Bottle40, 2_780),
    ("80%代森锰锌", "可湿性粉剂", Pack::Bottle10, 2_860),
    ("50%多菌灵", "可湿性粉剂", Pack::Bottle10, 1_920),
    ("70%甲基硫菌灵", "可湿性粉剂", Pack::Bottle10, 2_680),
    ("50%烯酰吗啉", "水分散粒剂", Pack::Bottle40, 1_380),
    ("72%霜脲·锰锌", "可湿性粉剂", Pack::Bottle10, 3_060),
    ("25%咪鲜胺", "乳油", Pack::Bottle20, 2_260),
    ("40%腐霉利", "可湿性粉剂", Pack::Bottle10, 4_350),
    ("5%己唑醇", "悬浮剂", Pack::Bottle20, 1_480),
    ("33.5%喹啉铜", "悬浮剂", Pack::Bottle20, 4_120),
    ("3%中生菌素", "可湿性粉剂", Pack::Bottle40, 1_050),
    ("6%春雷霉素", "水剂", Pack::Bottle20, 2_240),
    ("41%草甘膦异丙胺盐", "水剂", Pack::Drum4, 8_650),
    ("30%草甘膦", "水剂", Pack::Drum, 24_600),
    ("20%敌草快", "水剂", Pack::Drum4, 9_800),
    ("10%草铵膦", "水剂", Pack::Drum4, 7_250),
    ("18%草铵膦", "可溶液剂", Pack::Drum, 41_800),
    ("38%莠去津", "悬浮剂", Pack::Drum4, 8_450),
    ("24%硝磺·莠去津", "可分散油悬浮剂", Pack::Drum4, 15_600),
    ("4%烟嘧磺隆", "可分散油悬浮剂", Pack::Bottle10, 2_380),
    ("90%乙草胺", "乳油", Pack::Drum4, 14_200),
    ("33%二甲戊灵", "乳油", Pack::Drum4, 13_600),
    ("48%氟乐灵", "乳油", Pack::Bottle10, 3_480),
    ("15%精喹禾灵", "乳油", Pack::Bottle20, 2_620),
    ("0.01%芸苔素内酯", "水剂", Pack::Bottle40, 580),
    ("5%萘乙酸", "水剂", Pack::Bottle40, 640),
    ("40%乙烯利", "水剂", Pack::Bottle20, 1_180),
    ("98%磷酸二氢钾", "叶面肥", Pack::Bottle10, 1_650),
    ("97%阿维菌素原药", "原药", Pack::Bulk, 48_600_000),
    ("97%吡虫啉原药", "原药", Pack::Bulk, 9_860_000),
    ("98%噻虫嗪原药", "原药", Pack::Bulk, 8_640_000),
    ("97%戊唑醇原药", "原药", Pack::Bulk, 5_480_000),
    ("98%嘧菌酯原药", "原药", Pack::Bulk, 16_800_000),
    ("97%莠去津原药", "原药", Pack::Bulk, 3_060_000),
    ("95%草铵膦原药", "原药", Pack::Bulk, 5_280_000),
    ("98%吡唑醚菌酯原药", "原药", Pack::Bulk, 15_600_000),
];

/// The levels, dearest first, with what they pay of a hundred of the wholesale price.
const LEVELS: [(&str, i64); 3] = [("零售价", 112), ("批发价", 100), ("经销价", 94)];
/// 批发价 in [`LEVELS`].
pub(super) const WHOLESALE: usize = 1;

/// A product and what selling it needs.
#[derive(Clone, Debug)]
pub(super) struct Good {
    pub id: Id,
    pub bulk: bool,
    pub base: &'static str,
    pub larger: Option<(&'static str, Milli)>,
    pub cost: Fen,
    pub floor: Fen,
    prices: [Fen; 3],
    raised: [Fen; 3],
}

/// Everything that can be sold, and from where.
#[derive(Debug)]
pub(super) struct Goods {
    pub list: Vec<Good>,
    pub levels: Vec<Id>,
    /// The first serves three cities, the second the others.
    pub warehouses: [Id; 2],
    raised_at: Millis,
}

impl Goods {
    /// Price of a base unit at a level on a day.
    pub fn price(&self, good: &Good, level: usize, at: Millis) -> Fen {
        let prices = if at >= self.raised_at { &good.raised } else { &good.prices };
        prices.get(level).copied().unwrap_or_default()
    }
}

/// Part of a price, to the whole jiao 角, and of a large one to the whole yuan.
fn part(price: i64, percent: i64) -> Fen {
    let unit = if price > 100_000 { 10_000 } else { 10 };
    let exact = price * percent / 100;
    Fen((exact + unit / 2) / unit * unit)
}

/// Writes categories, levels, products, units, prices and warehouses.
pub(super) async fn shelve(load: &mut Loader<'_>, rng: &mut Rng, today: Millis) -> Result<Goods, DbError> {
    let since = today - 400 * DAY;
    let raised_at = today - 120 * DAY;
    let categories = [(load.id(since), "制剂".to_owned()), (load.id(since), "原药".to_owned())];
    let levels: Vec<(Id, String)> = LEVELS.iter().map(|(name, _)| (load.id(since), (*name).to_owned())).collect();
    let warehouses = [(load.id(since), "潍坊中心仓".to_owned(), None), (load.id(since), "青岛分仓".to_owned(), None)];
    let (mut list, mut products, mut units, mut prices) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (place, (name, form, pack, wholesale)) in (1i64..).zip(GOODS) {
        let id = load.id(since);
        let bulk = matches!(pack, Pack::Bulk);
        // The first three cost what makes the first approval's margin worth a look.
        let cost = match place {
            1 => Fen(1_060),
            2 => Fen(1_740),
            3 => Fen(1_630_000),
            _ => part(wholesale, rng.between(76, 85)),
        };
        let floor = part(cost.0, 104);
        let at = |percent: i64| LEVELS.map(|(_, level)| part(wholesale, level * percent / 100));
        let changed = place > 3 && rng.chance(35);
        let (then, now) = (if changed { at(97) } else { at(100) }, at(100));
        let [formulations, technical] = &categories;
        let (category, code) = if bulk { (technical, "YY") } else { (formulations, "ZJ") };
        products.push(NewProduct {
            id,
            category: category.0,
            code: format!("{code}{place:03}"),
            name: name.to_owned(),
            content_spec: format!("{}{form}", name.split_inclusive('%').next().unwrap_or_default()),
            pack_spec: pack.words().to_owned(),
            barcode: format!("69012340{place:05}"),
            base_unit: pack.base().to_owned(),
            cost_price: cost,
            floor_price: floor,
        });
        if let Some((unit, ratio)) = pack.larger() {
            units.push(NewUnit { product: id, name: unit.to_owned(), ratio, position: 1 });
        }
        if matches!(pack, Pack::Drum4) {
            units.push(NewUnit { product: id, name: "吨".to_owned(), ratio: Milli(200_000), position: 2 });
        }
        for ((level, _), (then, now)) in levels.iter().zip(then.into_iter().zip(now)) {
            let starts_on = clock::iso_day(since);
            prices.push(NewPrice { product: id, level: *level, starts_on, price: then });
            if changed {
                let starts_on = clock::iso_day(raised_at);
                prices.push(NewPrice { product: id, level: *level, starts_on, price: now });
            }
        }
        list.push(Good { id, bulk, base: pack.base(), larger: pack.larger(), cost, floor, prices: then, raised: now });
    }
    let tx = load.tx().await?;
    insert_categories(tx, &categories).await?;
    insert_levels(tx, &levels).await?;
    insert_products(tx, &products, since).await?;
    insert_units(tx, &units).await?;
    insert_prices(tx, &prices).await?;
    insert_warehouses(tx, &warehouses).await?;
    Ok(Goods {
        list,
        levels: levels.into_iter().map(|(id, _)| id).collect(),
        warehouses: warehouses.map(|(id, ..)| id),
        raised_at,
    })
}
