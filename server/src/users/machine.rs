//! `server admin NAME`: makes an administrator from the machine itself, when nobody can sign in as one.

use crate::kernel::access::Role;
use crate::kernel::access::auth;
use crate::kernel::audit::{self, Action, Author, Changes};
use crate::kernel::clock::Millis;
use crate::kernel::db::{Db, Tx, sql};
use crate::kernel::id::Id;
use crate::users::store::{self, Account, NewUser};
use crate::users::{guesses, password, sign_in};

/// What became of the person.
#[derive(Debug)]
pub struct Restored {
    /// Whether the account was made.
    pub created: bool,
    /// The password for the next sign-in, which asks for another one.
    pub password: String,
}

/// Makes the person of a sign-in name an active administrator with a one-time password, and ends their sessions.
/// With `create` a name that does not exist becomes a new person.
///
/// # Errors
/// In words for the person at the machine.
pub async fn restore(db: &Db, username: &str, create: bool, now: Millis) -> anyhow::Result<Restored> {
    let username = username.trim().to_lowercase();
    anyhow::ensure!(
        sign_in::is_username(&username),
        "a sign-in name has 2 to 30 lower-case letters, digits, dots and dashes"
    );
    let one_time = password::one_time();
    let hash = auth::hash(one_time.clone()).await?;
    let author = Author { user: None, origin: "machine".to_owned(), at: now };
    let mut tx = db.begin().await?;
    tx.in_turn(store::ADMINISTRATORS).await?;
    let created = match store::account_to_change(&mut tx, &username).await? {
        Some(account) => {
            promote(&mut tx, &account, &hash, &author).await?;
            false
        }
        None => {
            anyhow::ensure!(create, "nobody has the sign-in name {username}; --create makes a new person of it");
            add(&mut tx, &username, &hash, &author).await?;
            true
        }
    };
    guesses::forgive(&mut tx, &username, now).await?;
    tx.commit().await?;
    Ok(Restored { created, password: one_time })
}

async fn promote(tx: &mut Tx, account: &Account, hash: &str, author: &Author) -> anyhow::Result<()> {
    let role = store::make_administrator(tx, account.id, author.at).await?;
    store::set_password(tx, account.id, hash, true, author.at).await?;
    // A running server finds out within seconds: it trusts a session that it has read for no longer.
    sql("DELETE FROM sessions WHERE user_id = $1").bind(account.id).run(tx).await?;
    let changes = Changes::new()
        .moved("role", role, Role::Admin.code())
        .moved("status", account.status.code(), store::Status::Active.code())
        .set("act", "password");
    audit::record(tx, author, Action::Edit, "user", account.id, changes).await?;
    Ok(())
}

async fn add(tx: &mut Tx, username: &str, hash: &str, author: &Author) -> anyhow::Result<Id> {
    let Some(department_id) = store::root_department(tx).await? else {
        anyhow::bail!("the company is empty: start `server serve` and make its first administrator in the browser")
    };
    let new = NewUser {
        username,
        name: username,
        role: Role::Admin,
        department_id,
        mobile: "",
        password_hash: hash,
        must_change_password: true,
    };
    let id = store::insert_user(tx, &new, author.at).await?;
    let changes = Changes::new().set("username", username).set("role", Role::Admin.code());
    audit::record(tx, author, Action::Create, "user", id, changes).await?;
    Ok(id)
}
