//! Staff: list, new, change, lock; departments.

use poem::Response;
use poem::http::StatusCode;

use crate::events::{self, Event};
use crate::kernel::access::Role;
use crate::kernel::audit::{Action, Changes};
use crate::kernel::china::phone::Phone;
use crate::kernel::i18n::t;
use crate::kernel::id::Id;
use crate::kernel::live::push;
use crate::users::password::{self, without_passwords};
use crate::users::store::{self, NewUser, Status, User};
use crate::users::{guesses, sign_in, view};
use crate::web::cx::Cx;
use crate::web::error::{AppError, Result, form_html, html, html_with};
use crate::web::form::Form;

/// `GET /users`
pub async fn list(cx: Cx) -> Result<Response> {
    let users = store::list(&cx.office.db, &cx.scope(), cx.query("q"), cx.paging()).await?;
    Ok(html(view::list(&cx, &users)))
}

/// `GET /users/new`
pub async fn new(cx: Cx) -> Result<Response> {
    let departments = store::departments(&cx.office.db).await?;
    Ok(html(view::edit(&cx, None, &cx.blank().with("role", Role::Rep.code()), &departments)))
}

/// `GET /users/:id`
pub async fn show(cx: Cx) -> Result<Response> {
    Ok(html(view::show(&cx, &found(&cx).await?)))
}

/// `GET /users/:id/edit`
pub async fn edit(cx: Cx) -> Result<Response> {
    let user = found(&cx).await?;
    let departments = store::departments(&cx.office.db).await?;
    let form = cx
        .blank()
        .with("name", &user.name)
        .with("username", &user.username)
        .with("mobile", &user.mobile)
        .with("role", &user.role)
        .with("department_id", user.department_id.to_string())
        .with("locked", if user.status == Status::Active { "" } else { "1" });
    Ok(html(view::edit(&cx, Some(&user), &form, &departments)))
}

async fn found(cx: &Cx) -> Result<User> {
    store::find(&cx.office.db, &cx.scope(), cx.id()?).await?.ok_or(AppError::NotFound)
}

/// What the form for a member of staff says.
struct Input {
    name: String,
    role: Role,
    department_id: Id,
    mobile: String,
}

/// Reads the fields that a new and a changed member of staff share.
fn read(cx: &Cx, form: &mut Form, departments: &[store::Department]) -> Option<Input> {
    let lang = cx.lang;
    let name = form.required("name", &t!(lang, "users.name"), 30);
    let role = form.choice("role", &t!(lang, "users.role"), Role::from_code);
    let department_id = form.choice("department_id", &t!(lang, "users.department"), |text| {
        let id: Id = text.parse().ok()?;
        departments.iter().any(|department| department.id == id).then_some(id)
    });
    let label = t!(lang, "users.mobile");
    let typed = form.text("mobile", &label, 20);
    let mobile = match Phone::parse(&typed) {
        Some(phone) => phone.digits().to_owned(),
        None if typed.is_empty() => typed,
        None => {
            form.wrong("mobile", t!(lang, "form.phone", field = label));
            typed
        }
    };
    Some(Input { name, role: role?, department_id: department_id?, mobile })
}

/// `POST /users`
pub async fn create(cx: Cx) -> Result<Response> {
    let mut form = cx.form().await?;
    let departments = store::departments(&cx.office.db).await?;
    let input = read(&cx, &mut form, &departments);
    let username = form.required("username", &t!(cx.lang, "users.username"), 30).to_lowercase();
    if !sign_in::is_username(&username) {
        form.wrong("username", t!(cx.lang, "users.username_form"));
    } else if store::account(&cx.office.db, &username).await?.is_some() {
        form.wrong("username", t!(cx.lang, "users.username_taken"));
    }
    let first = form.value("password").to_owned();
    if let Some(problem) = password::problem(cx.lang, &first, &username) {
        form.wrong("password", problem);
    }
    let Some(input) = input.filter(|_| form.is_right()) else {
        let form = without_passwords(form);
        return Ok(form_html(view::edit(&cx, None, &form, &departments), &form));
    };
    let hash = cx.office.hash_password(first).await?;
    let mut write = cx.write(&form).await?;
    let new = NewUser {
        username: &username,
        name: &input.name,
        role: input.role,
        department_id: input.department_id,
        mobile: &input.mobile,
        password_hash: &hash,
        must_change_password: true,
    };
    let id = store::insert_user(&mut write.tx, &new, cx.now).await?;
    let changes = Changes::new()
        .set("username", username)
        .set("name", input.name)
        .set("role", input.role.code())
        .set("department_id", input.department_id.to_string());
    write.audit(Action::Create, "user", id, changes).await?;
    write.finish(&format!("/users/{id}?done=saved")).await
}

/// `POST /users/:id`
pub async fn update(cx: Cx) -> Result<Response> {
    let mut form = cx.form().await?;
    let user = found(&cx).await?;
    let departments = store::departments(&cx.office.db).await?;
    let input = read(&cx, &mut form, &departments);
    let locked = form.flag("locked");
    if locked && user.id == cx.actor().id {
        form.wrong("locked", t!(cx.lang, "users.not_oneself"));
    }
    let fresh = form.value("password").to_owned();
    if !fresh.is_empty()
        && let Some(problem) = password::problem(cx.lang, &fresh, &user.username)
    {
        form.wrong("password", problem);
    }
    let Some(input) = input.filter(|_| form.is_right()) else {
        let form = without_passwords(form);
        return Ok(form_html(view::edit(&cx, Some(&user), &form, &departments), &form));
    };
    let hash = if fresh.is_empty() { None } else { Some(cx.office.hash_password(fresh).await?) };
    let changed = User {
        name: input.name,
        role: input.role.code().to_owned(),
        department_id: input.department_id,
        mobile: input.mobile,
        status: if locked { Status::Locked } else { Status::Active },
        ..user.clone()
    };
    let changes = Changes::new()
        .moved("name", user.name.as_str(), changed.name.as_str())
        .moved("role", user.role.as_str(), changed.role.as_str())
        .moved("department_id", user.department_id.to_string(), changed.department_id.to_string())
        .moved("mobile", user.mobile.as_str(), changed.mobile.as_str())
        .moved("status", user.status.code(), changed.status.code());
    let mut write = cx.write(&form).await?;
    // Two administrators may be taking each other's role at this moment.
    write.tx.in_turn(store::ADMINISTRATORS).await?;
    let path = store::department_path(&mut write.tx, user.id).await?;
    store::update(&mut write.tx, &changed, cx.now).await?;
    if !store::has_administrator(&mut write.tx).await? {
        drop(write);
        form.wrong(if locked { "locked" } else { "role" }, t!(cx.lang, "users.last_administrator"));
        return Ok(html_with(
            view::edit(&cx, Some(&user), &without_passwords(form), &departments),
            StatusCode::CONFLICT,
        ));
    }
    if let Some(hash) = &hash {
        store::set_password(&mut write.tx, user.id, hash, true, cx.now).await?;
        guesses::forgive(&mut write.tx, &user.username, cx.now).await?;
    }
    if user.id != cx.actor().id {
        // Role, department and lock count from the next request on, not from the next sign-in.
        cx.office.end_sessions_of(&mut write.tx, user.id).await?;
        if locked {
            push::forget_all(&mut write.tx, user.id).await?;
        }
    }
    write.audit(Action::Edit, "user", user.id, changes).await?;
    let same = (&user.role, user.department_id, user.status) == (&changed.role, changed.department_id, changed.status);
    if !same {
        let event = Event::PersonChanged { user: user.id, department_path: path };
        events::raise(&mut write.tx, cx.now, event).await?;
    }
    let response = write.finish(&format!("/users/{}?done=saved", user.id)).await?;
    // Also a session that was read again while this was being written, and one's own.
    cx.office.sessions.forget_all();
    Ok(response)
}

/// `POST /departments`
pub async fn create_department(cx: Cx) -> Result<Response> {
    let mut form = cx.form().await?;
    let departments = store::departments(&cx.office.db).await?;
    let name = form.required("department", &t!(cx.lang, "users.department"), 30);
    let parent = form.record("parent_id", &t!(cx.lang, "users.department_above"));
    let parent = parent.and_then(|id| departments.iter().find(|department| department.id == id));
    if !form.is_right() {
        let page = view::edit(&cx, None, &form.with("role", Role::Rep.code()), &departments);
        return Ok(html_with(page, StatusCode::UNPROCESSABLE_ENTITY));
    }
    let mut write = cx.write(&form).await?;
    let above = parent.map(|department| (department.id, department.path.as_str()));
    let (id, _) = store::insert_department(&mut write.tx, &name, above).await?;
    write.audit(Action::Create, "department", id, Changes::new().set("name", name)).await?;
    write.finish("/users/new?done=department").await
}
