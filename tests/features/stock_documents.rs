//! Documents that change stock: what each kind moves, what is refused, and how one is taken back.

use server::testing::kernel::id::Id;

use crate::support::app::App;
use crate::support::client::{Client, Page};
use crate::support::seed::Goods;
use crate::support::{both_engines, seed};

const RECEIPTS: &str = "/goods-receipts";
const ISSUES: &str = "/goods-issues";
const TRANSFERS: &str = "/stock-transfers";
const COUNTS: &str = "/stock-counts";
const KINDS: [&str; 4] = [RECEIPTS, ISSUES, TRANSFERS, COUNTS];

const HERE: &str = "SELECT b.on_hand AS n FROM stock_balances b JOIN products p ON p.id = b.product_id \
     JOIN warehouses w ON w.id = b.warehouse_id WHERE p.code = 'P001' AND w.name = '一号库'";
const THERE: &str = "SELECT CAST(COALESCE(sum(b.on_hand), 0) AS BIGINT) AS n FROM stock_balances b \
     JOIN products p ON p.id = b.product_id JOIN warehouses w ON w.id = b.warehouse_id \
     WHERE p.code = 'P001' AND w.name = '二号库'";
const BALANCES: &str = "SELECT CAST(COALESCE(sum(on_hand), 0) AS BIGINT) AS n FROM stock_balances";
const MOVED: &str = "SELECT CAST(COALESCE(sum(quantity), 0) AS BIGINT) AS n FROM stock_moves";
const MOVES: &str = "SELECT count(*) AS n FROM stock_moves";
/// What lies there before anything is moved.
const SEEDED: i64 = 400_000 + 4_000_000 + 50_000_000;

/// Sends the form of a new document with these rows: product, quantity, unit.
async fn write(client: &Client, list: &str, goods: &Goods, rows: &[(Id, &str, &str)]) -> Page {
    write_with(client, list, &[("warehouse_id", goods.warehouse), ("to_warehouse_id", goods.empty_warehouse)], rows)
        .await
}

async fn write_with(client: &Client, list: &str, places: &[(&str, Id)], rows: &[(Id, &str, &str)]) -> Page {
    let form = client.get(&format!("{list}/new")).await.expect(200).form(list);
    let mut fields: Vec<(String, String)> = vec![("op_id".into(), form.op_id().to_owned())];
    fields.extend(places.iter().map(|(name, id)| ((*name).to_owned(), id.to_string())));
    for (place, (product, quantity, unit)) in rows.iter().enumerate() {
        fields.push((format!("product_id_{place}"), product.to_string()));
        fields.push((format!("quantity_{place}"), (*quantity).to_owned()));
        fields.push((format!("unit_{place}"), (*unit).to_owned()));
    }
    let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    client.post(list, &fields).await
}

async fn draft(client: &Client, list: &str, goods: &Goods, rows: &[(Id, &str, &str)]) -> String {
    format!("{list}/{}", write(client, list, goods, rows).await.new_id())
}

async fn act(client: &Client, path: &str, noun: &str) -> Page {
    let form = client.get(path).await.expect(200).form(&format!("{path}/{noun}"));
    client.submit(&form, &[]).await
}

/// Makes a document and posts it.
async fn posted(client: &Client, list: &str, goods: &Goods, rows: &[(Id, &str, &str)]) -> String {
    let path = draft(client, list, goods, rows).await;
    act(client, &path, "submission").await.location();
    path
}

/// What is there is what was there and what moved since then.
async fn adds_up(app: &App) {
    assert_eq!(app.number(BALANCES).await, SEEDED + app.number(MOVED).await);
}

both_engines! {
    async fn a_draft_moves_nothing_and_posting_moves_every_line_in_its_unit(app: App) {
        let goods = seed::goods(&app).await;
        let clerk = app.session_of(app.people.clerk1).await;
        let rows = [(goods.bottles, "2", "箱"), (goods.bags, "1.5", "件")];
        let path = draft(&clerk, RECEIPTS, &goods, &rows).await;
        assert_eq!(app.number(MOVES).await, 0);
        act(&clerk, &path, "submission").await.location();
        assert_eq!(app.number(HERE).await, 440_000, "two boxes are forty bottles");
        assert_eq!(app.number(MOVED).await, 40_000 + 60_000);
        let page = clerk.get(&path).await.expect(200);
        assert!(page.says("RK20261123-001") && page.says("已过账") && page.says("一号库"), "{}", page.text());
        let moves = clerk.get(&format!("/stock/{}", goods.bottles)).await.expect(200);
        assert!(moves.says("RK20261123-001"), "a move says its document: {}", moves.text());
        let path = posted(&clerk, ISSUES, &goods, &[(goods.bottles, "1", "箱"), (goods.bulk, "0.25", "吨")]).await;
        assert_eq!(app.number(HERE).await, 420_000);
        assert!(clerk.get(&path).await.expect(200).says("CK20261123-001"));
        adds_up(&app).await;
        let list = clerk.get(RECEIPTS).await.expect(200);
        assert_eq!(list.records(RECEIPTS).len(), 1);
        assert!(list.says("一号库") && list.says("已过账"), "{}", list.text());
        assert_eq!(clerk.get(&format!("{RECEIPTS}?q=001")).await.records(RECEIPTS).len(), 1);
        assert!(clerk.get(&format!("{RECEIPTS}?view=draft")).await.records(RECEIPTS).is_empty());
        assert_eq!(clerk.get("/stock").await.expect(200).links(COUNTS), [COUNTS]);
    }

    async fn a_transfer_keeps_the_sum_of_both_warehouses(app: App) {
        let goods = seed::goods(&app).await;
        let clerk = app.session_of(app.people.clerk1).await;
        let path = posted(&clerk, TRANSFERS, &goods, &[(goods.bottles, "3", "箱")]).await;
        assert_eq!((app.number(HERE).await, app.number(THERE).await), (340_000, 60_000));
        assert_eq!((app.number(MOVED).await, app.number(MOVES).await), (0, 2));
        let page = clerk.get(&path).await.expect(200);
        assert!(page.says("一号库") && page.says("二号库"), "{}", page.text());
        assert!(clerk.get(TRANSFERS).await.says("一号库 → 二号库"));
        act(&clerk, &path, "correction").await.location();
        assert_eq!((app.number(HERE).await, app.number(THERE).await), (400_000, 0));
        adds_up(&app).await;
    }

    async fn a_count_sets_what_is_there_at_the_moment_of_posting(app: App) {
        let goods = seed::goods(&app).await;
        let clerk = app.session_of(app.people.clerk1).await;
        let rows = [(goods.bottles, "390", "瓶"), (goods.bags, "0", "袋"), (goods.bulk, "50", "吨")];
        let path = draft(&clerk, COUNTS, &goods, &rows).await;
        posted(&clerk, ISSUES, &goods, &[(goods.bottles, "5", "瓶")]).await;
        act(&clerk, &path, "submission").await.location();
        assert_eq!(app.number(HERE).await, 390_000);
        let page = clerk.get(&path).await.expect(200);
        for words in ["差异 -5 瓶", "差异 -4,000 袋", "差异 0 公斤"] {
            assert!(page.says(words), "{words}: {}", page.text());
        }
        adds_up(&app).await;
        // Taking it back gives the difference back, not what there was before.
        posted(&clerk, RECEIPTS, &goods, &[(goods.bottles, "10", "瓶")]).await;
        act(&clerk, &path, "correction").await.location();
        assert_eq!(app.number(HERE).await, 405_000);
        adds_up(&app).await;
        let same = posted(&clerk, COUNTS, &goods, &[(goods.bottles, "405", "瓶")]).await;
        let page = act(&clerk, &same, "correction").await.expect(409);
        assert!(page.says("没有差异"), "{}", page.text());
    }

    async fn nothing_of_a_document_is_posted_where_one_line_is_short(app: App) {
        let goods = seed::goods(&app).await;
        app.execute("UPDATE stock_balances SET reserved = 100000 WHERE on_hand = 400000").await.unwrap();
        let clerk = app.session_of(app.people.clerk1).await;
        for list in [ISSUES, TRANSFERS] {
            let rows = [(goods.bags, "1", "袋"), (goods.bottles, "301", "瓶"), (goods.bulk, "51", "吨")];
            let path = draft(&clerk, list, &goods, &rows).await;
            let page = act(&clerk, &path, "submission").await.expect(409);
            assert!(page.says("草铵膦水剂 需要 301，可用 300") && page.says("毒死蜱原药 需要 51,000"), "{}", page.text());
            assert_eq!(app.number(MOVES).await, 0);
            assert!(clerk.get(&path).await.says("草稿"));
        }
        app.execute("UPDATE warehouses SET may_go_negative = TRUE WHERE name = '一号库'").await.unwrap();
        posted(&clerk, ISSUES, &goods, &[(goods.bottles, "401", "瓶")]).await;
        assert_eq!(app.number(HERE).await, -1000);
        adds_up(&app).await;
    }

    async fn what_is_posted_is_taken_back_once_by_a_document_of_its_own(app: App) {
        let goods = seed::goods(&app).await;
        let clerk = app.session_of(app.people.clerk1).await;
        let path = posted(&clerk, RECEIPTS, &goods, &[(goods.bottles, "2", "箱")]).await;
        let form = clerk.get(&path).await.form(&format!("{path}/correction"));
        let counter = clerk.submit(&form, &[]).await;
        let counter = format!("{RECEIPTS}/{}", counter.new_id());
        assert_eq!(app.number(HERE).await, 400_000);
        let page = clerk.get(&counter).await.expect(200);
        assert!(page.says("-2 箱") && page.says("RK20261123-001"), "{}", page.text());
        let first = clerk.get(&path).await.expect(200);
        assert!(first.says("已红冲") && first.says("RK20261123-002"), "{}", first.text());
        assert!(first.links(&counter).contains(&counter));
        // Neither the first nor the counter document can be taken back again, nor ended or changed.
        let (again, fresh) = (format!("{}-again", form.op_id()), format!("{}-fresh", form.op_id()));
        for (target, op) in [(&path, &again), (&counter, &fresh)] {
            for version in ["1", "2", "3"] {
                for noun in ["correction", "submission", "cancellation", "lines"] {
                    let op = format!("{op}-{noun}-{version}");
                    let warehouse = goods.warehouse.to_string();
                    let fields = [("op_id", op.as_str()), ("version", version), ("warehouse_id", &warehouse)];
                    let page = clerk.post(&format!("{target}/{noun}"), &fields).await;
                    assert!((400..500).contains(&page.status), "{noun} {version}: {}", page.status);
                }
            }
            assert!(!clerk.get(target).await.text().contains("终止"));
            let op = format!("{op}-words");
            let page = clerk.post(&format!("{target}/correction"), &[("op_id", &op), ("version", "9")]).await.expect(409);
            assert!(page.says(if target == &path { "当前为“已红冲”" } else { "刚刚被修改过" }), "{}", page.text());
        }
        assert_eq!((app.number(HERE).await, app.number(MOVES).await), (400_000, 2));
        let source = "SELECT count(*) AS n FROM documents d JOIN documents f ON f.id = d.source_id WHERE f.state = 'closed' AND d.source_kind = f.kind";
        assert_eq!(app.number(source).await, 1);
        adds_up(&app).await;
    }

    async fn a_receipt_whose_goods_are_gone_is_not_taken_back(app: App) {
        let goods = seed::goods(&app).await;
        let clerk = app.session_of(app.people.clerk1).await;
        let path = posted(&clerk, RECEIPTS, &goods, &[(goods.bottles, "10", "瓶")]).await;
        posted(&clerk, ISSUES, &goods, &[(goods.bottles, "401", "瓶")]).await;
        let page = act(&clerk, &path, "correction").await.expect(409);
        assert!(page.says("需要 10，可用 9"), "{}", page.text());
        assert_eq!((app.number(HERE).await, app.number("SELECT count(*) AS n FROM documents").await), (9_000, 2));
        adds_up(&app).await;
    }

    async fn one_of_two_people_who_post_or_reverse_at_once_succeeds(app: App) {
        let goods = seed::goods(&app).await;
        let (clerk, admin) = (app.session_of(app.people.clerk1).await, app.session_of(app.people.admin).await);
        for round in 1..=5 {
            let path = draft(&clerk, RECEIPTS, &goods, &[(goods.bottles, "1", "箱")]).await;
            let on_hand = 400_000;
            for (noun, after) in [("submission", on_hand + 20_000), ("correction", on_hand)] {
                let action = format!("{path}/{noun}");
                let (one, other) = (clerk.get(&path).await.form(&action), admin.get(&path).await.form(&action));
                let (one, other) = tokio::join!(clerk.submit(&one, &[]), admin.submit(&other, &[]));
                let mut both = [one.status, other.status];
                both.sort_unstable();
                assert_eq!(both, [303, 409], "{round} {noun}");
                assert_eq!(app.number(HERE).await, after, "{round} {noun}");
            }
            // The same form sent again is answered and does nothing.
            let path = draft(&clerk, ISSUES, &goods, &[(goods.bottles, "1", "瓶")]).await;
            let form = clerk.get(&path).await.form(&format!("{path}/submission"));
            clerk.submit(&form, &[]).await.location();
            clerk.submit(&form, &[]).await.location();
            act(&clerk, &path, "correction").await.location();
            assert_eq!(app.number(HERE).await, on_hand, "{round}");
        }
        adds_up(&app).await;
    }

    async fn transfers_in_opposite_directions_at_once_do_not_block_each_other(app: App) {
        let goods = seed::goods(&app).await;
        let clerk = app.session_of(app.people.clerk1).await;
        let rows = [(goods.bulk, "1", "公斤"), (goods.bottles, "1", "瓶"), (goods.bags, "1", "袋")];
        posted(&clerk, TRANSFERS, &goods, &[(goods.bottles, "100", "瓶"), (goods.bags, "100", "袋"), (goods.bulk, "100", "公斤")]).await;
        let back = [("warehouse_id", goods.empty_warehouse), ("to_warehouse_id", goods.warehouse)];
        let reversed: Vec<_> = rows.iter().rev().copied().collect();
        for round in 0..8 {
            let there = draft(&clerk, TRANSFERS, &goods, &rows).await;
            let here = format!("{TRANSFERS}/{}", write_with(&clerk, TRANSFERS, &back, &reversed).await.new_id());
            let (one, other) = tokio::join!(act(&clerk, &there, "submission"), act(&clerk, &here, "submission"));
            assert_eq!((one.status, other.status), (303, 303), "{round}");
        }
        assert_eq!((app.number(HERE).await, app.number(THERE).await), (300_000, 100_000));
        adds_up(&app).await;
    }

    async fn a_draft_is_changed_by_its_form_and_a_crossed_change_is_shown(app: App) {
        let goods = seed::goods(&app).await;
        let (clerk, admin) = (app.session_of(app.people.clerk1).await, app.session_of(app.people.admin).await);
        let path = draft(&clerk, TRANSFERS, &goods, &[(goods.bottles, "1", "箱")]).await;
        let lines = format!("{path}/lines");
        let mine = clerk.get(&format!("{path}/edit")).await.expect(200).form(&lines);
        let theirs = admin.get(&format!("{path}/edit")).await.expect(200).form(&lines);
        let (from, to) = (goods.empty_warehouse.to_string(), goods.warehouse.to_string());
        admin.submit(&theirs, &[("quantity_0", "7"), ("warehouse_id", &from), ("to_warehouse_id", &to)]).await.location();
        assert!(clerk.get(TRANSFERS).await.says("二号库 → 一号库"));
        let crossed = clerk.submit(&mine, &[("quantity_0", "2")]).await.expect(409);
        assert!(crossed.says("单据现有明细"), "{}", crossed.text());
        assert_eq!(app.number("SELECT quantity AS n FROM document_lines").await, 7000);
        clerk.submit(&crossed.form(&lines), &[]).await.location();
        assert_eq!(app.number("SELECT quantity AS n FROM document_lines").await, 2000);
        act(&clerk, &path, "cancellation").await.location();
        act(&clerk, &draft(&clerk, COUNTS, &goods, &[]).await, "submission").await.expect(409);
        assert_eq!(app.number(MOVES).await, 0);
    }

    async fn a_draft_goes_into_the_recycle_bin_and_comes_back_and_what_is_posted_does_not(app: App) {
        let goods = seed::goods(&app).await;
        let admin = app.session_of(app.people.admin).await;
        for list in KINDS {
            let path = draft(&admin, list, &goods, &[(goods.bottles, "1", "瓶")]).await;
            let (deletion, restoration) = (format!("{path}/deletion"), format!("{path}/restoration"));
            act(&admin, &path, "deletion").await.location();
            admin.get(&path).await.expect(404);
            assert!(admin.get(list).await.records(list).is_empty());
            let bin = admin.get(&format!("{list}/bin")).await.expect(200);
            assert!(bin.says("一号库"), "{}", bin.text());
            admin.submit(&bin.form(&restoration), &[]).await.location();
            act(&admin, &path, "submission").await.location();
            let op = format!("late-{list}");
            admin.post(&deletion, &[("op_id", &op), ("version", "4")]).await.expect(409);
            admin.get(&path).await.expect(200);
        }
        adds_up(&app).await;
    }

    async fn what_makes_no_sense_is_said_and_not_stored(app: App) {
        let goods = seed::goods(&app).await;
        let clerk = app.session_of(app.people.clerk1).await;
        for list in KINDS {
            for quantity in ["-1", "abc", "1.0001", "1e3", "99999999999999999999"] {
                write(&clerk, list, &goods, &[(goods.bottles, quantity, "瓶")]).await.expect(422);
            }
            let zero = write(&clerk, list, &goods, &[(goods.bottles, "0", "瓶")]).await;
            assert_eq!(zero.status, if list == COUNTS { 303 } else { 422 }, "{list}: only a count may find nothing");
            write(&clerk, list, &goods, &[(goods.bottles, "1", "吨")]).await.expect(422);
            write(&clerk, list, &goods, &[(app.nobody(), "1", "瓶")]).await.expect(422);
            let twice = write(&clerk, list, &goods, &[(goods.bottles, "1", "箱"), (goods.bottles, "1", "瓶")]).await.expect(422);
            assert!(twice.says("同一产品只能有一行"), "{}", twice.text());
            let rows = [(goods.bottles, "1", "瓶")];
            write_with(&clerk, list, &[("to_warehouse_id", goods.warehouse)], &rows).await.expect(422);
            write_with(&clerk, list, &[("warehouse_id", goods.bottles), ("to_warehouse_id", goods.warehouse)], &rows).await.expect(422);
        }
        let rows = [(goods.bottles, "1", "瓶")];
        let same = [("warehouse_id", goods.warehouse), ("to_warehouse_id", goods.warehouse)];
        assert!(write_with(&clerk, TRANSFERS, &same, &rows).await.expect(422).says("不能是同一个仓库"));
        write_with(&clerk, TRANSFERS, &[("warehouse_id", goods.warehouse)], &rows).await.expect(422);
        assert_eq!(app.number("SELECT count(*) AS n FROM documents").await, 1);
        // More than the range of numbers is refused and not wrapped.
        app.execute("UPDATE stock_balances SET on_hand = 9223372036854775000 WHERE on_hand = 400000").await.unwrap();
        let path = draft(&clerk, RECEIPTS, &goods, &[(goods.bottles, "1", "瓶")]).await;
        let page = act(&clerk, &path, "submission").await.expect(409);
        assert!(page.says("超出范围"), "{}", page.text());
    }

    async fn only_clerks_and_admins_write_stock_documents_and_reps_see_none_of_others(app: App) {
        let goods = seed::goods(&app).await;
        let clerk = app.session_of(app.people.clerk1).await;
        let rep = app.session_of(app.people.rep1).await;
        for list in KINDS {
            let path = draft(&clerk, list, &goods, &[(goods.bottles, "1", "瓶")]).await;
            rep.get(&format!("{list}/new")).await.expect(403);
            assert!(rep.get(list).await.expect(200).records(list).is_empty());
            rep.get(&path).await.expect(404);
            for noun in ["lines", "submission", "cancellation", "correction"] {
                rep.post(&format!("{path}/{noun}"), &[("op_id", &format!("{list}-{noun}")), ("version", "1")]).await.expect(403);
            }
            // A document of one kind is none of another.
            for other in KINDS.into_iter().filter(|other| *other != list) {
                clerk.get(&path.replace(list, other)).await.expect(404);
            }
        }
        assert_eq!(app.number(MOVES).await, 0);
        assert!(rep.get("/stock").await.expect(200).links(COUNTS).is_empty());
    }
}
