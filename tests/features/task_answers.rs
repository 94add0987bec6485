//! Tasks told and answered by SMS: the owner's own number, the code, once, in time, for the task as it was told.

use fieldline_protocol::messages::SmsCommand;
use server::testing::kernel::clock::DAY;

use crate::support::app::App;
use crate::support::both_engines;
use crate::support::client::Client;
use crate::support::wire::{TestBox, until};

const MOBILE: &str = "+8613905360002";
const STATE: &str = "SELECT state AS s FROM tasks";

struct Told {
    here: TestBox,
    manager: Client,
    code: String,
}

async fn give(manager: &Client, app: &App, title: &str) {
    let form = manager.get("/tasks/new").await.form("/tasks");
    let owner = app.people.rep1.to_string();
    manager.submit(&form, &[("title", title), ("owner_id", &owner), ("due_at", "2026-11-25T17:00")]).await.location();
}

/// rep1 wants to be told; manager1 gives a task.
async fn told(app: &App) -> Told {
    let here = TestBox::connect(app).await;
    app.execute("UPDATE users SET mobile = '13905360002' WHERE username = 'rep1'").await.unwrap();
    let rep = app.sign_in("rep1").await;
    let form = rep.get("/decisions").await.expect(200).form("/decisions");
    rep.submit(&form, &[("tasks", "1")]).await.location();
    let manager = app.sign_in("manager1").await;
    give(&manager, app, "补齐三季度对账单").await;
    let command = here.take_sms().await;
    assert_eq!(command.to, MOBILE);
    assert!(command.text.contains("张伟派给您任务：补齐三季度对账单，2026-11-25 17:00前完成"), "{}", command.text);
    Told { here, manager, code: code_of(&command) }
}

fn code_of(command: &SmsCommand) -> String {
    let (_, rest) = command.text.split_once("回复Y ").unwrap_or_else(|| panic!("no code in {}", command.text));
    rest.chars().take(4).collect()
}

async fn say(app: &App, told: &Told, from: &str, text: &str) -> String {
    told.here.inbox(app, from, text, false).await;
    let command = told.here.take_sms().await;
    assert_eq!(command.to, from);
    command.text
}

both_engines! {
    async fn y_and_the_code_finish_a_task_once(app: App) {
        let told = told(&app).await;
        let answer = say(&app, &told, MOBILE, &format!("Y {} 已寄出", told.code)).await;
        assert!(answer.starts_with("已记为完成：补齐三季度对账单"), "{answer}");
        assert_eq!((app.word(STATE).await.as_str(), app.word("SELECT feedback AS s FROM tasks").await.as_str()), ("done", "已寄出"));
        let by = app.number("SELECT count(*) AS n FROM audit_log WHERE kind = 'task' AND action = 'edit' AND origin = 'sms' AND user_id = (SELECT id FROM users WHERE username = 'rep1')").await;
        assert_eq!(by, 1);
        assert!(told.manager.get("/tasks?view=given").await.says("补齐三季度对账单"), "its giver may confirm it");
        let answer = say(&app, &told, MOBILE, &format!("Y {}", told.code)).await;
        assert!(answer.contains("您已经答复过"), "{answer}");
        let page = app.sign_in("rep1").await.get("/decisions").await;
        assert!(page.says("补齐三季度对账单") && page.says("已完成") && page.says("重复答复"), "{}", page.text());
    }

    async fn another_number_a_no_and_a_late_answer_finish_nothing(app: App) {
        let told = told(&app).await;
        assert!(say(&app, &told, "+8613905369999", &format!("Y {}", told.code)).await.contains("没有处理"));
        assert!(say(&app, &told, MOBILE, &format!("N {} 没空", told.code)).await.contains("请直接联系派任务的人"));
        app.pass(7 * DAY);
        assert!(say(&app, &told, MOBILE, &format!("Y {}", told.code)).await.contains("已过7天"));
        assert_eq!(app.word(STATE).await, "open");
        until(&app, "SELECT count(*) AS n FROM decision_answers WHERE outcome IN ('wrong', 'only_yes', 'expired')", 3).await;
    }

    async fn a_task_that_changed_or_was_done_meanwhile_is_not_finished_by_the_old_code(app: App) {
        let told = told(&app).await;
        app.execute("UPDATE tasks SET title = '补齐全年对账单', version = version + 1").await.unwrap();
        assert!(say(&app, &told, MOBILE, &format!("Y {}", told.code)).await.contains("任务已经改动"));
        assert_eq!(app.word(STATE).await, "open");
        app.execute("UPDATE tasks SET state = 'done'").await.unwrap();
        assert!(say(&app, &told, MOBILE, &format!("Y {}", told.code)).await.contains("已经完成过"));
        // Given to somebody else meanwhile.
        app.execute("UPDATE tasks SET state = 'open', owner_id = (SELECT id FROM users WHERE username = 'rep2')").await.unwrap();
        assert!(say(&app, &told, MOBILE, &format!("Y {}", told.code)).await.contains("没有处理"));
        assert_eq!(app.word(STATE).await, "open");
    }

    async fn nobody_is_told_of_their_own_task_or_without_wanting_it(app: App) {
        let told = told(&app).await;
        let rep = app.sign_in("rep1").await;
        let form = rep.get("/tasks/new").await.form("/tasks");
        rep.submit(&form, &[("title", "自己记一笔")]).await.location();
        let form = rep.get("/decisions").await.form("/decisions");
        // An unticked box is not sent.
        rep.post("/decisions", &[("op_id", form.op_id())]).await.location();
        give(&told.manager, &app, "再来一件").await;
        app.settle().await;
        assert_eq!(app.number("SELECT count(*) AS n FROM decision_task_codes").await, 1);
    }
}
