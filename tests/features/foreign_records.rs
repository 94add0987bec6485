//! Every route, called by somebody who may use it but not for this record: another's record does not exist.
//! The routes come from the router's own table, so one that is new must find its record here.

use server::testing::app::routes;
use server::testing::kernel::id::Id;

use crate::support::app::{App, TODAY};
use crate::support::client::Client;
use crate::support::{both_engines, seed};

/// What gives a record of the other department away wherever it is read.
const NAME: &str = "南区机密农资";
const DIGITS: &str = "13900001111";

/// One record of each kind, all of rep2 in the southern department.
struct Records {
    customer: Id,
    contact: Id,
    visit: Id,
    photo: Id,
    task: Id,
    quote: Id,
    order: Id,
    payment: Id,
    approval: Id,
    message: Id,
    thread: Id,
    call: Id,
    campaign: Id,
    /// A draft of each kind in [`STOCK`].
    stock: [Id; 4],
}

/// The kinds of stock documents: the noun in addresses, the code, the prefix of numbers.
const STOCK: [(&str, &str, &str); 4] = [
    ("goods-receipts", "goods_receipt", "RK"),
    ("goods-issues", "goods_issue", "CK"),
    ("stock-transfers", "stock_transfer", "DB"),
    ("stock-counts", "stock_count", "PD"),
];

impl Records {
    async fn make(app: &App) -> Records {
        let (owner, now) = (app.people.rep2, app.clock.now());
        let goods = seed::goods(app).await;
        let customer = seed::buyer(app, owner, NAME, goods.wholesale, 1_000).await;
        let visit = seed::visit(app, owner, customer).await;
        let task = seed::task(app, owner, NAME).await;
        let [contact, photo, quote, order, payment, approval, message, thread, call, campaign, box_] =
            std::array::from_fn(|_| Id::new());
        let mut tx = app.office.db.begin().await.unwrap();
        for query in [
            sql("INSERT INTO contacts (id, customer_id, name, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)")
                .bind(contact).bind(customer).bind(NAME).bind(now),
            sql("INSERT INTO phones (id, customer_id, contact_id, digits, shown) VALUES ($1, $2, $3, $4, $4)")
                .bind(Id::new()).bind(customer).bind(contact).bind(DIGITS),
            sql("INSERT INTO visit_photos (id, visit_id, taken_at, original_hash, file_hash, thumb_hash, width, height, created_at) \
                 VALUES ($1, $2, $3, 'a', 'a', 'a', 1, 1, $3)").bind(photo).bind(visit).bind(now),
            sql("INSERT INTO documents (id, kind, number, sequence, owner_id, customer_id, state, day, title, amount, created_at, updated_at) \
                 VALUES ($1, 'quote', 'BJ20261123-900', 900, $2, $3, 'active', $4, '2027-01-31', 100, $5, $5)")
                .bind(quote).bind(owner).bind(customer).bind(TODAY).bind(now),
            sql("INSERT INTO quotes (id, valid_until, discount) VALUES ($1, '2027-01-31', 1000)").bind(quote),
            sql("INSERT INTO documents (id, kind, number, sequence, owner_id, customer_id, state, day, amount, created_at, updated_at) \
                 VALUES ($1, 'order', 'DD20261123-900', 900, $2, $3, 'approving', $4, 100, $5, $5)")
                .bind(order).bind(owner).bind(customer).bind(TODAY).bind(now),
            sql("INSERT INTO orders (id, price_level_id, warehouse_id, cost) VALUES ($1, $2, $3, 50)")
                .bind(order).bind(goods.wholesale).bind(goods.warehouse),
            sql("INSERT INTO document_lines (id, document_id, position, product_id, unit, ratio, quantity, price, list_price, amount, cost) \
                 VALUES ($1, $2, 1, $3, '瓶', 1000, 1000, 100, 100, 100, 50)").bind(Id::new()).bind(order).bind(goods.bottles),
            sql("INSERT INTO documents (id, kind, number, sequence, owner_id, customer_id, state, day, title, amount, created_at, updated_at) \
                 VALUES ($1, 'payment', 'SK20261123-900', 900, $2, $3, 'active', $4, 'cash', 100, $5, $5)")
                .bind(payment).bind(owner).bind(customer).bind(TODAY).bind(now),
            sql("INSERT INTO payments (id, method) VALUES ($1, 'cash')").bind(payment),
            sql("INSERT INTO approvals (id, document_kind, document_id, requester_id, title, amount, state, created_at) \
                 VALUES ($1, 'order', $2, $3, $4, 100, 'open', $5)").bind(approval).bind(order).bind(owner).bind(NAME).bind(now),
            sql("INSERT INTO approval_steps (id, approval_id, position, approver_id, state, opened_at) VALUES ($1, $2, 1, $3, 'open', $4)")
                .bind(Id::new()).bind(approval).bind(app.people.manager2).bind(now),
            sql("INSERT INTO gateways (id, name, box, state, created_at) VALUES ($1, '办公室', 'box900', 'active', $2)").bind(box_).bind(now),
            sql("INSERT INTO sms_messages (id, wire_id, gateway_id, owner_id, customer_id, digits, text, parts, state, created_at) \
                 VALUES ($1, 'wire900', $2, $3, $4, $5, $6, 1, 'unknown', $7)")
                .bind(message).bind(box_).bind(owner).bind(customer).bind(DIGITS).bind(NAME).bind(now),
            sql("INSERT INTO sms_inbox (id, gateway_id, owner_id, customer_id, digits, text, received_at) VALUES ($1, $2, $3, $4, $5, $6, $7)")
                .bind(Id::new()).bind(box_).bind(owner).bind(customer).bind(DIGITS).bind(NAME).bind(now),
            sql("INSERT INTO sms_threads (id, digits, owner_id, customer_id, last_at, last_text, last_inbound, unread) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, 1)")
                .bind(thread).bind(DIGITS).bind(owner).bind(customer).bind(now).bind(NAME).bind(true),
            sql("INSERT INTO calls (id, gateway_id, call, line, owner_id, customer_id, digits, state, started_at) \
                 VALUES ($1, $2, 'call900', 'line0', $3, $4, $5, 'missed', $6)")
                .bind(call).bind(box_).bind(owner).bind(customer).bind(DIGITS).bind(now),
            sql("INSERT INTO campaigns (id, owner_id, name, text, audience, state, created_at) VALUES ($1, $2, $3, $3, 'all', 'draft', $4)")
                .bind(campaign).bind(owner).bind(NAME).bind(now),
        ] {
            query.run(&mut tx).await.unwrap();
        }
        let stock = std::array::from_fn(|_| Id::new());
        for (id, (_, kind, prefix)) in stock.iter().zip(STOCK) {
            sql("INSERT INTO documents (id, kind, number, sequence, owner_id, state, day, title, created_at, updated_at) \
                 VALUES ($1, $2, $3, 900, $4, 'draft', $5, $6, $7, $7)")
            .bind(*id)
            .bind(kind)
            .bind(format!("{prefix}20261123-900"))
            .bind(owner)
            .bind(TODAY)
            .bind(NAME)
            .bind(now)
            .run(&mut tx)
            .await
            .unwrap();
            sql("INSERT INTO stock_documents (id, warehouse_id) VALUES ($1, $2)")
                .bind(*id)
                .bind(goods.warehouse)
                .run(&mut tx)
                .await
                .unwrap();
        }
        tx.commit().await.unwrap();
        Records {
            customer,
            contact,
            visit,
            photo,
            task,
            quote,
            order,
            payment,
            approval,
            message,
            thread,
            call,
            campaign,
            stock,
        }
    }

    /// The address with the record's id in it; `None` for what belongs to the company and to nobody.
    fn address(&self, path: &str, user: Id) -> Option<String> {
        let id = match path.trim_start_matches('/').split('/').take(2).collect::<Vec<_>>()[..] {
            ["customers", _] => self.customer,
            ["contacts", _] => self.contact,
            ["visits", _] => self.visit,
            ["tasks", _] => self.task,
            ["quotes", _] => self.quote,
            ["orders", _] => self.order,
            ["payments", _] => self.payment,
            ["approvals", _] => self.approval,
            ["sms", "messages"] => self.message,
            ["sms", ":id"] => self.thread,
            ["calls" | "popup", _] => self.call,
            ["campaigns", ":id"] => self.campaign,
            ["users", _] => user,
            [noun, _] if STOCK.iter().any(|(known, ..)| *known == noun) => {
                let place = STOCK.iter().position(|(known, ..)| *known == noun).unwrap();
                self.stock[place]
            }
            ["products" | "stock" | "gateways" | "assets" | "icons" | "failures", _]
            | ["sms", "templates" | "blocks"]
            | ["campaigns", "occasions"] => return None,
            _ => panic!("{path}: which record is this about? Say it here."),
        };
        let pieces = path.split('/').map(|piece| match piece {
            ":photo" => self.photo.to_string(),
            piece if piece.starts_with(':') => id.to_string(),
            piece => piece.to_owned(),
        });
        Some(pieces.collect::<Vec<_>>().join("/"))
    }
}

fn sql(text: &'static str) -> server::testing::kernel::db::Query {
    server::testing::kernel::db::sql(text)
}

/// Fields that get a form as far as looking for its record.
const FIELDS: [(&str, &str); 8] = [
    ("decision", "approve"),
    ("outcome", "sent"),
    ("answer", "yes"),
    ("name", "x"),
    ("title", "x"),
    ("version", "1"),
    ("to", "13805362417"),
    ("text", "x"),
];

async fn call(app: &App, client: &Client, method: &str, path: &str) -> (u16, String) {
    let op = format!("foreign-{}", Id::new());
    let page = if method == "GET" {
        client.get(path).await
    } else {
        let mut fields = vec![("op_id", op.as_str())];
        fields.extend(FIELDS);
        client.post_with(path, &fields, &[("origin", app.base())]).await
    };
    (page.status, page.body)
}

both_engines! {
    async fn a_record_of_another_department_does_not_exist_on_any_route(app: App) {
        let records = Records::make(&app).await;
        let written = "SELECT count(*) AS n FROM audit_log";
        let before = app.number(written).await;
        for user in [app.people.rep1, app.people.manager1] {
            let client = app.session_of(user).await;
            for entry in routes().entries().iter().filter(|entry| entry.path.contains(':')) {
                let Some(path) = records.address(entry.path, app.people.rep2) else { continue };
                let (status, body) = call(&app, &client, entry.method.as_str(), &path).await;
                assert!(matches!(status, 403 | 404), "{} {} answers {status}", entry.method, entry.path);
                assert!(!body.contains(NAME) && !body.contains(DIGITS), "{} {} gives it away", entry.method, entry.path);
            }
        }
        assert_eq!(app.number(written).await, before, "nothing was changed on any way");
    }

    async fn no_list_or_form_shows_a_record_of_another_department(app: App) {
        let records = Records::make(&app).await;
        let customer = records.customer;
        for user in [app.people.rep1, app.people.manager1] {
            let client = app.session_of(user).await;
            let routes = routes();
            let plain = routes.entries().iter().filter(|entry| entry.method.as_str() == "GET" && !entry.path.contains([':', '*']));
            let mut paths: Vec<String> = plain.map(|entry| entry.path.to_owned()).filter(|path| path != "/live").collect();
            for form in ["/visits/new", "/quotes/new", "/orders/new", "/payments/new", "/tasks/new", "/sms/new", "/quotes", "/orders", "/payments", "/visits"] {
                paths.push(format!("{form}?customer={customer}"));
            }
            for list in ["/goods-receipts", "/goods-issues", "/stock-transfers", "/stock-counts", "/customers", "/quotes", "/orders", "/payments", "/visits", "/tasks", "/sms", "/calls"] {
                paths.extend([format!("{list}?q={NAME}"), format!("{list}?q=1111"), format!("{list}?view=all"), format!("{list}?view=team")]);
            }
            for path in paths {
                let page = client.get(&path).await;
                assert!(page.status < 500, "{path} answers {}", page.status);
                // What was searched for stands in the search box; a row would be a link.
                let shown = page.links("/").join(" ") + &page.texts("a, .cell, li, td, option").join(" ");
                assert!(!shown.contains(NAME) && !shown.contains(DIGITS) && !shown.contains(&format!("/customers/{customer}")), "{path}: {shown}");
            }
        }
    }

    async fn its_owner_the_own_manager_and_the_office_see_it(app: App) {
        let records = Records::make(&app).await;
        for user in [app.people.rep2, app.people.manager2, app.people.admin] {
            let client = app.session_of(user).await;
            for path in ["/customers/:id", "/visits/:id", "/quotes/:id", "/quotes/:id/print", "/orders/:id", "/payments/:id", "/sms/:id", "/sms/messages/:id", "/calls/:id", "/popup/:call"] {
                let path = records.address(path, app.people.rep2).unwrap();
                client.get(&path).await.expect(200);
            }
        }
        assert!(app.session_of(app.people.manager2).await.get("/orders").await.says(NAME), "a team's newest orders");
        assert!(app.session_of(app.people.manager2).await.get("/payments").await.says(NAME), "a team's newest payments");
    }
}
