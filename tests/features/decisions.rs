//! Approvals asked and answered by SMS: the same decision as on the page, and nothing else.

use fieldline_protocol::messages::SmsCommand;
use server::testing::kernel::clock::{DAY, HOUR};
use server::testing::kernel::id::Id;

use super::orders::{order, submit};
use crate::support::app::App;
use crate::support::client::Client;
use crate::support::seed::Goods;
use crate::support::wire::{TestBox, until};
use crate::support::{both_engines, seed};

const MOBILE: &str = "+8613905360001";

/// An order over the amount, whose approver manager1 is asked by SMS.
struct Asked {
    here: TestBox,
    rep: Client,
    goods: Goods,
    customer: Id,
    path: String,
    code: String,
    text: String,
}

async fn asked(app: &App) -> Asked {
    let here = TestBox::connect(app).await;
    app.execute("UPDATE users SET mobile = '13905360001' WHERE username = 'manager1'").await.unwrap();
    let manager = app.sign_in("manager1").await;
    let form = manager.get("/decisions").await.expect(200).form("/decisions");
    manager.submit(&form, &[("enabled", "1")]).await.location();
    let goods = seed::goods(app).await;
    let customer = seed::buyer(app, app.people.rep1, "潍坊丰源农资", goods.wholesale, 1_000_000).await;
    let rep = app.sign_in("rep1").await;
    let path = submit_order(&rep, customer, &goods).await;
    let command = here.take_sms().await;
    assert_eq!(command.to, MOBILE);
    Asked { here, rep, goods, customer, path, code: code_of(&command), text: command.text }
}

async fn submit_order(rep: &Client, customer: Id, goods: &Goods) -> String {
    let path = format!("/orders/{}", order(rep, customer, goods, &[(goods.bottles, "10", "箱", "")]).await.new_id());
    submit(rep, &path).await.location();
    path
}

fn code_of(command: &SmsCommand) -> String {
    let (_, rest) = command.text.split_once("回复Y ").unwrap_or_else(|| panic!("no code in {}", command.text));
    rest.chars().take(4).collect()
}

/// Sends an answer; gives back the answering message.
async fn say(app: &App, asked: &Asked, from: &str, text: &str) -> String {
    asked.here.inbox(app, from, text, false).await;
    let command = asked.here.take_sms().await;
    assert_eq!(command.to, from);
    command.text
}

async fn state(app: &App) -> String {
    app.word("SELECT state AS s FROM documents WHERE kind = 'order' ORDER BY id DESC LIMIT 1").await
}

async fn outcomes(app: &App, outcome: &'static str) {
    until(app, outcome, 1).await;
}

both_engines! {
    async fn y_and_the_code_agree_as_the_page_does(app: App) {
        let asked = asked(&app).await;
        assert!(asked.text.contains("王芳请您审批") && asked.text.contains("潍坊丰源农资") && asked.text.contains("16,000.00"), "{}", asked.text);
        let answer = say(&app, &asked, MOBILE, &format!("y{}", asked.code)).await;
        assert!(answer.starts_with("已同意"), "{answer}");
        assert_eq!(state(&app).await, "active");
        assert_eq!(app.number("SELECT CAST(sum(reserved) AS BIGINT) AS n FROM stock_balances").await, 200_000, "and the stock is reserved");
        assert!(asked.rep.get(&asked.path).await.says("张伟"), "who approved stands on the order");
        let by = app.number("SELECT count(*) AS n FROM audit_log WHERE kind = 'approval' AND action = 'decide' AND origin = 'sms' AND user_id = (SELECT id FROM users WHERE username = 'manager1')").await;
        assert_eq!(by, 1);
        // Once is enough.
        let answer = say(&app, &asked, MOBILE, &format!("N {} 算了", asked.code)).await;
        assert!(answer.contains("您已经答复过"), "{answer}");
        assert_eq!(state(&app).await, "active");
        let page = app.sign_in("manager1").await.get("/decisions").await.expect(200);
        assert!(page.says("已同意") && page.says("重复答复"), "{}", page.text());
    }

    async fn n_refuses_only_with_a_reason(app: App) {
        let asked = asked(&app).await;
        let answer = say(&app, &asked, MOBILE, &format!("N {}", asked.code)).await;
        assert!(answer.contains("驳回要写原因"), "{answer}");
        assert_eq!(state(&app).await, "approving");
        let answer = say(&app, &asked, MOBILE, &format!("N {} 价格太低", asked.code)).await;
        assert!(answer.starts_with("已驳回"), "{answer}");
        assert_eq!(state(&app).await, "rejected");
        assert!(asked.rep.get(&asked.path).await.says("价格太低"));
    }

    async fn another_number_decides_nothing_and_guessing_is_stopped(app: App) {
        let asked = asked(&app).await;
        let stranger = "+8613905369999";
        for _ in 0..3 {
            let answer = say(&app, &asked, stranger, &format!("Y {}", asked.code)).await;
            assert!(answer.contains("不是发给这个号码的审批码"), "{answer}");
        }
        for _ in 0..4 {
            asked.here.inbox(&app, stranger, &format!("Y {}", asked.code), false).await;
        }
        until(&app, "SELECT count(*) AS n FROM decision_answers", 7).await;
        outcomes(&app, "SELECT CAST(count(*) / 2 AS BIGINT) AS n FROM decision_answers WHERE outcome = 'locked'").await;
        assert_eq!(app.number("SELECT count(*) AS n FROM sms_messages WHERE digits = '13905369999'").await, 3, "a stranger cannot make us send");
        assert_eq!(state(&app).await, "approving");
        // The manager's own number is not locked by it; a wrong code of theirs is no decision.
        let wrong = if asked.code == "0000" { "0001" } else { "0000" };
        assert!(say(&app, &asked, MOBILE, &format!("Y {wrong}")).await.contains("没有处理"));
        assert!(say(&app, &asked, MOBILE, &format!("Y {}", asked.code)).await.starts_with("已同意"));
    }

    async fn a_code_older_than_a_day_decides_nothing(app: App) {
        let asked = asked(&app).await;
        app.pass(DAY + HOUR);
        let answer = say(&app, &asked, MOBILE, &format!("Y {}", asked.code)).await;
        assert!(answer.contains("已过24小时"), "{answer}");
        assert_eq!(state(&app).await, "approving");
        app.jump(-2 * DAY);
        let answer = say(&app, &asked, MOBILE, &format!("Y {}", asked.code)).await;
        assert!(answer.contains("已过24小时"), "a clock that is set back revives nothing: {answer}");
        assert_eq!(state(&app).await, "approving");
    }

    async fn a_jump_of_the_clock_makes_no_code_old(app: App) {
        let asked = asked(&app).await;
        app.jump(365 * DAY);
        let answer = say(&app, &asked, MOBILE, &format!("Y {}", asked.code)).await;
        assert!(answer.starts_with("已同意"), "{answer}");
    }

    async fn answers_that_come_together_are_counted_one_after_the_other(app: App) {
        let asked = asked(&app).await;
        let wrong: Vec<String> = (0..12).map(|n| format!("Y {:04}", (asked.code.parse::<u32>().unwrap() + 1 + n) % 10_000)).collect();
        let said = wrong.iter().map(|text| asked.here.inbox(&app, MOBILE, text, false));
        for one in said {
            one.await;
        }
        until(&app, "SELECT count(*) AS n FROM decision_answers", 12).await;
        assert_eq!(app.number("SELECT count(*) AS n FROM decision_answers WHERE outcome = 'wrong'").await, 5);
        // The right one among those beyond the limit decides nothing.
        asked.here.inbox(&app, MOBILE, &format!("Y {}", asked.code), false).await;
        until(&app, "SELECT count(*) AS n FROM decision_answers", 13).await;
        assert_eq!(state(&app).await, "approving");
    }

    async fn the_code_of_a_withdrawn_document_does_not_approve_the_changed_one(app: App) {
        let asked = asked(&app).await;
        let form = asked.rep.get(&asked.path).await.form(&format!("{}/withdrawal", asked.path));
        asked.rep.submit(&form, &[]).await.location();
        submit(&asked.rep, &asked.path).await.location();
        let second = asked.here.take_sms().await;
        let answer = say(&app, &asked, MOBILE, &format!("Y {}", asked.code)).await;
        assert!(answer.contains("没有处理") && answer.contains("撤回"), "{answer}");
        assert_eq!(state(&app).await, "approving");
        assert!(say(&app, &asked, MOBILE, &format!("Y {}", code_of(&second))).await.starts_with("已同意"));
    }

    async fn what_the_document_refuses_is_told_and_can_be_answered_again(app: App) {
        let asked = asked(&app).await;
        app.execute("UPDATE stock_balances SET on_hand = 1000").await.unwrap();
        let answer = say(&app, &asked, MOBILE, &format!("Y {}", asked.code)).await;
        assert!(answer.contains("没有处理"), "{answer}");
        assert_eq!(state(&app).await, "approving");
        outcomes(&app, "SELECT count(*) AS n FROM decision_answers WHERE outcome = 'against'").await;
        app.execute("UPDATE stock_balances SET on_hand = 400000").await.unwrap();
        assert!(say(&app, &asked, MOBILE, &format!("Y {}", asked.code)).await.starts_with("已同意"));
    }

    async fn who_left_or_did_not_ask_for_it_is_not_asked_and_decides_nothing(app: App) {
        let asked = asked(&app).await;
        app.execute("UPDATE users SET status = 'locked' WHERE username = 'manager1'").await.unwrap();
        let answer = say(&app, &asked, MOBILE, &format!("Y {}", asked.code)).await;
        assert!(answer.contains("没有处理"), "{answer}");
        assert_eq!(state(&app).await, "approving");
        app.execute("UPDATE users SET status = 'active' WHERE username = 'manager1'").await.unwrap();
        let manager = app.sign_in("manager1").await;
        let form = manager.get("/decisions").await.form("/decisions");
        // An unticked box is not sent.
        manager.post("/decisions", &[("op_id", form.op_id())]).await.location();
        submit_order(&asked.rep, asked.customer, &asked.goods).await;
        app.settle().await;
        assert_eq!(app.number("SELECT count(*) AS n FROM decision_codes").await, 1);
        let clerk = app.sign_in("admin").await;
        let form = clerk.get("/decisions").await.expect(200).form("/decisions");
        assert!(clerk.submit(&form, &[("enabled", "1")]).await.expect(422).says("登记您的手机号"));
    }

    async fn an_approver_is_asked_and_answered_however_much_the_number_got_today(app: App) {
        super::sms_rules::rules(&app, &[("cap_recipient", "1"), ("cap_person", "1"), ("cap_company", "1")]).await;
        let asked = asked(&app).await;
        assert!(say(&app, &asked, MOBILE, &format!("N {}", asked.code)).await.contains("驳回要写原因"));
        assert!(say(&app, &asked, MOBILE, &format!("Y {}", asked.code)).await.starts_with("已同意"));
        let wrong = if asked.code == "0000" { "0001" } else { "0000" };
        assert!(say(&app, &asked, MOBILE, &format!("Y {wrong}")).await.contains("没有处理"), "a slip of the finger is answered too");
        assert_eq!(app.number("SELECT count(*) AS n FROM sms_messages WHERE class = 'staff'").await, 4);
        // Their own cap is told on the page, not passed over in silence.
        assert!(!app.sign_in("manager1").await.get("/decisions").await.says("上限"));
        app.execute("UPDATE sms_days SET n = 100 WHERE about = 'staff:13905360001'").await.unwrap();
        submit_order(&asked.rep, asked.customer, &asked.goods).await;
        app.settle().await;
        let page = app.sign_in("manager1").await.get("/decisions").await.expect(200);
        assert!(page.says("已达 100 条上限"), "{}", page.text());
    }
}
