//! Sums that hold after any acts: arrears, reserved, on hand and matched quantities.

use server::testing::kernel::db::{Db, sql};
use server::testing::kernel::id::Id;

use crate::support::app::{App, TODAY};
use crate::support::client::Client;
use crate::support::seed::Goods;
use crate::support::{both_engines, seed};

/// Statements that count what is wrong.
const WRONG: [(&str, &str); 13] = [
    (
        "a customer owes what is in force less what was paid",
        "SELECT count(*) AS n FROM customers c WHERE c.arrears <> \
         COALESCE((SELECT sum(d.amount) FROM documents d WHERE d.customer_id = c.id AND d.kind = 'order' AND d.state IN ('active', 'closed')), 0) \
         - COALESCE((SELECT sum(d.amount) FROM documents d WHERE d.customer_id = c.id AND d.kind = 'payment' AND d.state = 'active'), 0)",
    ),
    (
        "a customer has bought what is in force",
        "SELECT count(*) AS n FROM customers c WHERE c.purchases_total <> \
         COALESCE((SELECT sum(d.amount) FROM documents d WHERE d.customer_id = c.id AND d.kind = 'order' AND d.state IN ('active', 'closed')), 0)",
    ),
    (
        "an order is paid by what is matched with it",
        "SELECT count(*) AS n FROM orders o WHERE o.paid <> COALESCE((SELECT sum(m.amount) FROM payment_matches m WHERE m.order_id = o.id), 0)",
    ),
    (
        "an order is never paid beyond itself, nor where it is not in force",
        "SELECT count(*) AS n FROM orders o JOIN documents d ON d.id = o.id \
         WHERE o.paid < 0 OR o.paid > d.amount OR (o.paid > 0 AND d.state NOT IN ('active', 'closed'))",
    ),
    (
        "a payment is never matched beyond itself",
        "SELECT count(*) AS n FROM documents d WHERE d.kind = 'payment' AND CASE WHEN d.state = 'active' THEN d.amount ELSE 0 END < \
         COALESCE((SELECT sum(m.amount) FROM payment_matches m WHERE m.payment_id = d.id), 0)",
    ),
    (
        "a payment pays orders of its own customer only",
        "SELECT count(*) AS n FROM payment_matches m JOIN documents p ON p.id = m.payment_id JOIN documents o ON o.id = m.order_id \
         WHERE p.customer_id <> o.customer_id OR m.amount <= 0",
    ),
    (
        "a balance has reserved what orders hold",
        "SELECT count(*) AS n FROM stock_balances b WHERE b.reserved <> COALESCE((SELECT sum(r.quantity) FROM stock_reservations r \
         WHERE r.product_id = b.product_id AND r.warehouse_id = b.warehouse_id), 0)",
    ),
    (
        "an active order holds what its lines want, any other nothing",
        "SELECT count(*) AS n FROM documents d WHERE d.kind = 'order' AND \
         COALESCE((SELECT sum(r.quantity) FROM stock_reservations r WHERE r.order_id = d.id), 0) <> CASE WHEN d.state = 'active' \
         THEN COALESCE((SELECT sum((l.quantity * l.ratio + 500) / 1000) FROM document_lines l WHERE l.document_id = d.id), 0) ELSE 0 END",
    ),
    (
        "a balance has on hand what was moved",
        "SELECT count(*) AS n FROM stock_balances b WHERE b.on_hand <> COALESCE((SELECT sum(m.quantity) FROM stock_moves m \
         WHERE m.product_id = b.product_id AND m.warehouse_id = b.warehouse_id), 0)",
    ),
    (
        "nothing is promised that is not there",
        "SELECT count(*) AS n FROM stock_balances WHERE reserved < 0 OR reserved > on_hand",
    ),
    (
        "an order comes to its lines",
        "SELECT count(*) AS n FROM documents d JOIN orders o ON o.id = d.id WHERE \
         d.amount <> COALESCE((SELECT sum(l.amount) FROM document_lines l WHERE l.document_id = d.id), 0) \
         OR o.cost <> COALESCE((SELECT sum(l.cost) FROM document_lines l WHERE l.document_id = d.id), 0)",
    ),
    (
        "exactly one approval is open for what is in approval, none for anything else",
        "SELECT count(*) AS n FROM documents d WHERE (SELECT count(*) FROM approvals a WHERE a.document_kind = d.kind \
         AND a.document_id = d.id AND a.state = 'open') <> CASE WHEN d.state = 'approving' THEN 1 ELSE 0 END",
    ),
    (
        "an approval that ended has no step that waits",
        "SELECT count(*) AS n FROM approval_steps s JOIN approvals a ON a.id = s.approval_id \
         WHERE a.state <> 'open' AND s.state IN ('open', 'waiting')",
    ),
];

/// Explains what lies in the warehouses by moves, so that [`hold`] can add them up.
pub(super) async fn open_stock(app: &App) {
    app.execute(
        "INSERT INTO stock_moves (id, at, kind, product_id, warehouse_id, quantity) \
         SELECT product_id, 0, 'in', product_id, warehouse_id, on_hand FROM stock_balances",
    )
    .await
    .unwrap();
}

/// Every sum holds.
pub(super) async fn hold(app: &App, after: &str) {
    hold_in(&app.office.db, after).await;
}

/// Every sum holds in a database.
pub(super) async fn hold_in(db: &Db, after: &str) {
    for (rule, wrong) in WRONG {
        assert_eq!(sql(wrong).scalar::<i64>(db).await.unwrap(), 0, "{rule}; {after}");
    }
}

/// Numbers that are the same in each run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % below
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> Option<T> {
        (!of.is_empty()).then(|| of[self.roll(of.len())].clone())
    }
}

#[derive(Clone, Debug, sqlx_macros::FromRow)]
struct Known {
    id: Id,
    version: i64,
}

#[derive(sqlx_macros::FromRow)]
struct OpenApproval {
    id: Id,
}

/// A form that was sent: by whom, to which address, with which fields.
type Sent = (usize, String, Vec<(String, String)>);

struct Company {
    app: App,
    goods: Goods,
    customers: Vec<Id>,
    rep: Client,
    manager: Client,
    clerk: Client,
    dice: Dice,
    ops: u32,
    /// The last form that was sent, which is sent again now and then.
    last: Option<Sent>,
}

impl Company {
    async fn found(app: &App, seed_of_dice: u64) -> Company {
        let goods = seed::goods(app).await;
        app.execute("UPDATE stock_balances SET on_hand = on_hand * 20").await.unwrap();
        open_stock(app).await;
        let mut customers = Vec::new();
        for name in ["潍坊丰源农资", "临朐惠民农资"] {
            customers.push(seed::buyer(app, app.people.rep1, name, goods.wholesale, 100_000).await);
        }
        Company {
            app: app.clone(),
            goods,
            customers,
            rep: app.session_of(app.people.rep1).await,
            manager: app.session_of(app.people.manager1).await,
            clerk: app.session_of(app.people.clerk1).await,
            dice: Dice(seed_of_dice),
            ops: 0,
            last: None,
        }
    }

    /// Documents in a state, as whoever acts on them sees them.
    async fn orders(&self, states: &[&str]) -> Vec<Known> {
        sql("SELECT id, version FROM documents WHERE kind = 'order' AND state IN ")
            .args(states.iter().copied())
            .push(" ORDER BY id DESC LIMIT 12")
            .all(&self.app.office.db)
            .await
            .unwrap()
    }

    async fn send(&mut self, who: usize, path: String, fields: Vec<(String, String)>) -> u16 {
        let client = [&self.rep, &self.manager, &self.clerk][who];
        let sent: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let answer = client.post(&path, &sent).await;
        assert!(answer.status < 500, "{path}: {} {}", answer.status, answer.text());
        self.last = Some((who, path, fields));
        answer.status
    }

    fn op(&mut self) -> (String, String) {
        self.ops += 1;
        ("op_id".to_owned(), format!("act-{}", self.ops))
    }

    /// Fields of one to three lines; now and then a price under the floor, or more than there is.
    fn lines(&mut self) -> Vec<(String, String)> {
        let mut fields = vec![("warehouse_id".to_owned(), self.goods.warehouse.to_string())];
        for place in 0..=self.dice.roll(3) {
            let (product, units, price) = [
                (self.goods.bottles, ["瓶", "箱"], "80"),
                (self.goods.bags, ["袋", "件"], "22"),
                (self.goods.bulk, ["公斤", "吨"], "17"),
            ][self.dice.roll(3)];
            let large = self.dice.roll(4) == 0;
            let quantity = if self.dice.roll(20) == 0 { 9_000 } else { self.dice.roll(if large { 4 } else { 60 }) + 1 };
            let price = match self.dice.roll(8) {
                0 if !large => "9.99",
                1 if !large => price,
                _ => "",
            };
            fields.push((format!("product_id_{place}"), product.to_string()));
            fields.push((format!("quantity_{place}"), quantity.to_string()));
            fields.push((format!("unit_{place}"), units[usize::from(large)].to_owned()));
            fields.push((format!("price_{place}"), price.to_owned()));
        }
        fields
    }

    /// A form on an order in one of these states; the version is sometimes an old one.
    async fn on_order(&mut self, who: usize, states: &[&str], noun: &str, more: Vec<(String, String)>) -> u16 {
        let Some(order) = ({
            let orders = self.orders(states).await;
            self.dice.pick(&orders)
        }) else {
            return 0;
        };
        let version = if self.dice.roll(15) == 0 { order.version - 1 } else { order.version };
        let mut fields = vec![self.op(), ("version".to_owned(), version.to_string())];
        fields.extend(more);
        self.send(who, format!("/orders/{}/{noun}", order.id), fields).await
    }

    async fn act(&mut self) -> u16 {
        let text = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        match self.dice.roll(20) {
            0..=4 => {
                let customer = self.dice.pick(&self.customers.clone()).unwrap();
                let mut fields = vec![self.op(), text("customer_id", &customer.to_string())];
                fields.extend(self.lines());
                self.send(0, "/orders".to_owned(), fields).await
            }
            5 => {
                let lines = self.lines();
                self.on_order(0, &["draft"], "lines", lines).await
            }
            6..=9 => self.on_order(0, &["draft"], "submission", Vec::new()).await,
            10 | 11 => {
                let waiting: Vec<OpenApproval> =
                    sql("SELECT id FROM approvals WHERE state = 'open'").all(&self.app.office.db).await.unwrap();
                let waiting: Vec<Id> = waiting.into_iter().map(|row| row.id).collect();
                let Some(approval) = self.dice.pick(&waiting) else { return 0 };
                let decision = if self.dice.roll(4) == 0 { "reject" } else { "approve" };
                let fields = vec![self.op(), text("decision", decision), text("comment", "好")];
                self.send(1, format!("/approvals/{approval}/decision"), fields).await
            }
            12 => self.on_order(0, &["approving"], "withdrawal", Vec::new()).await,
            13 | 14 => {
                let customer = self.dice.pick(&self.customers.clone()).unwrap();
                let amount = match self.dice.roll(4) {
                    0 => "0.01".to_owned(),
                    1 => "99999.99".to_owned(),
                    _ => format!("{}.5", self.dice.roll(3_000) + 1),
                };
                let fields = vec![
                    self.op(),
                    text("customer_id", &customer.to_string()),
                    text("amount", &amount),
                    text("method", "cash"),
                    text("paid_on", TODAY),
                ];
                self.send(2, "/payments".to_owned(), fields).await
            }
            15 => {
                let payments: Vec<Known> =
                    sql("SELECT id, version FROM documents WHERE kind = 'payment' ORDER BY id DESC LIMIT 6")
                        .all(&self.app.office.db)
                        .await
                        .unwrap();
                let Some(payment) = self.dice.pick(&payments) else { return 0 };
                let fields = vec![self.op(), text("version", &payment.version.to_string()), text("reason", "退票")];
                self.send(2, format!("/payments/{}/cancellation", payment.id), fields).await
            }
            16 => {
                let states = ["draft", "rejected", "active", "approving", "cancelled"];
                self.on_order(1, &states, "cancellation", Vec::new()).await
            }
            17 | 18 => {
                let kind = ["in", "out"][self.dice.roll(2)];
                let product = [self.goods.bottles, self.goods.bags, self.goods.bulk][self.dice.roll(3)];
                let fields = vec![
                    self.op(),
                    text("kind", kind),
                    text("product_id", &product.to_string()),
                    text("warehouse_id", &self.goods.warehouse.to_string()),
                    text("quantity", &(self.dice.roll(400) + 1).to_string()),
                ];
                self.send(2, "/stock/moves".to_owned(), fields).await
            }
            _ => {
                let Some((who, path, fields)) = self.last.clone() else { return 0 };
                self.send(who, path, fields).await
            }
        }
    }
}

/// Acts of one run.
const ACTS: usize = 1_000;

both_engines! {
    async fn every_sum_holds_after_a_thousand_random_acts(app: App) {
        let seed_of_dice = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_123);
        let acts = std::env::var("ACTS").ok().and_then(|acts| acts.parse().ok()).unwrap_or(ACTS);
        let mut company = Company::found(&app, seed_of_dice).await;
        let mut answers = std::collections::BTreeMap::new();
        for act in 1..=acts {
            *answers.entry(company.act().await).or_insert(0) += 1;
            if act % 50 == 0 {
                hold(&app, &format!("seed {seed_of_dice}, act {act}")).await;
            }
        }
        println!("answers of {acts} acts: {answers:?}");
        assert!(answers[&303] > acts / 2, "most acts are done: {answers:?}");
        for state in ["draft", "approving", "active", "rejected", "cancelled"] {
            let found: Option<Known> = sql("SELECT id, version FROM documents WHERE kind = 'order' AND state = $1 LIMIT 1")
                .bind(state).optional(&app.office.db).await.unwrap();
            assert!(found.is_some(), "no order is {state}: the acts are too few or too alike");
        }
        let numbers = "SELECT count(*) AS n FROM documents d WHERE EXISTS (SELECT 1 FROM documents e WHERE e.kind = d.kind AND e.id > d.id AND e.sequence <= d.sequence)";
        assert_eq!(app.number(numbers).await, 0, "numbers are given in the order of the documents");
    }
}
