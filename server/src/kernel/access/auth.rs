//! Who is asking: passwords, sessions, and the person behind a session.
//!
//! A session is 256 random bits in a cookie; the database holds their SHA-256 only, so a stolen backup
//! signs nobody in. Looking a session up is cached, since it happens on every request.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, PasswordHash, Version};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};

use crate::kernel::Kernel;
use crate::kernel::access::{RightsTable, Role, Scope};
use crate::kernel::clock::{HOUR, MINUTE, Millis, Stamp};
use crate::kernel::crypto::hashing::{Busy, Hashing, Turn};
use crate::kernel::crypto::hex::hex;
use crate::kernel::db::{DbError, Tx, sql};
use crate::kernel::id::Id;

/// The name of the session cookie.
pub const COOKIE: &str = "sid";
/// A session ends this long after it began, whatever happens in it.
pub const ABSOLUTE: Millis = 12 * HOUR;
/// How often "last seen" is written down.
const NOTE_EVERY: Millis = MINUTE;
/// A cached session is read again after this time: another process may have ended it.
const TRUSTED_FOR: Millis = 10_000;
const SESSIONS: usize = 20_000;

/// A signed-in person, as far as deciding about a request needs.
#[derive(Clone, Debug)]
pub struct Actor {
    /// `users.id`.
    pub id: Id,
    /// Their name, for pages and watermarks.
    pub name: String,
    /// Their role.
    pub role: Role,
    /// Their department.
    pub department_id: Id,
    /// Their department's path from the root, `/1/4/`: everything that starts with it is below them.
    pub department_path: String,
    /// What they may do.
    pub rights: RightsTable,
    /// They must choose a new password before anything else.
    pub must_change_password: bool,
}

impl Actor {
    /// The rows they see.
    #[must_use]
    pub fn scope(&self) -> Scope {
        Scope::of(self.role, self.id, &self.department_path)
    }
}

/// A live session.
#[derive(Debug)]
pub struct Session {
    /// SHA-256 of the cookie in hex; also the key of CSRF tokens.
    pub id: String,
    /// Whose.
    pub actor: Actor,
    // All of the steady time, which nobody can set.
    begun: Millis,
    seen: AtomicI64,
    noted: AtomicI64,
    loaded: Millis,
}

impl Session {
    /// How long nobody has asked for anything in it, at `steady`.
    #[must_use]
    pub fn idle(&self, steady: Millis) -> Millis {
        steady - self.seen.load(Ordering::Relaxed)
    }
}

/// The cache of sessions, and the queue before the hash function.
#[derive(Debug)]
pub struct Sessions {
    cache: Cache<String, Arc<Session>>,
    hashing: Hashing,
}

impl Default for Sessions {
    fn default() -> Self {
        Sessions { cache: Cache::new(SESSIONS), hashing: Hashing::default() }
    }
}

impl Sessions {
    /// Forgets every cached session; they are read again from the database.
    pub fn forget_all(&self) {
        self.cache.clear();
    }
}

#[derive(sqlx_macros::FromRow)]
struct SessionRow {
    begun_at: Millis,
    seen_at: Millis,
    boot: i64,
    begun_steady: Millis,
    seen_steady: Millis,
    user_id: Id,
    name: String,
    role: String,
    department_id: Id,
    path: String,
    must_change_password: bool,
}

fn argon2() -> Result<Argon2<'static>, anyhow::Error> {
    // 19 MiB, two passes, one lane: OWASP's first choice for argon2id.
    let params = Params::new(19 * 1024, 2, 1, None).map_err(|error| anyhow::anyhow!("argon2 parameters: {error}"))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// What a token is stored as.
fn digest(token: &str) -> String {
    hex(&Sha256::digest(token.as_bytes()))
}

/// Hashes a password for storage. It takes 19 MiB and a core for a while: a server waits for a [`Turn`] first.
///
/// # Errors
/// Only when the process cannot hash at all.
pub async fn hash(password: String) -> anyhow::Result<String> {
    tokio::task::spawn_blocking(move || {
        argon2()?
            .hash_password(password.as_bytes())
            .map(|hash| hash.to_string())
            .map_err(|error| anyhow::anyhow!("argon2: {error}"))
    })
    .await?
}

/// Why a password was not hashed.
#[derive(Debug, thiserror::Error)]
pub enum Unhashed {
    /// Too many passwords wait.
    #[error("too many passwords wait to be hashed")]
    Busy,
    /// The process cannot hash at all.
    #[error("{0:#}")]
    Fault(#[from] anyhow::Error),
}

impl Kernel {
    /// Waits for a turn at the hash function; see [`Hashing::turn`].
    ///
    /// # Errors
    /// [`Busy`] when too many wait.
    pub async fn hashing_turn(&self, whose: &str) -> Result<Turn, Busy> {
        self.sessions.hashing.turn(whose).await
    }

    /// Hashes a password for storage, in the turn of those who are signed in.
    ///
    /// # Errors
    /// [`Unhashed::Busy`] when too many wait.
    pub async fn hash_password(&self, password: String) -> Result<String, Unhashed> {
        let _turn = self.hashing_turn("").await.map_err(|Busy| Unhashed::Busy)?;
        Ok(hash(password).await?)
    }

    /// Checks a password in its turn. With no stored hash (an unknown user) it hashes all the same and answers no,
    /// so that both take the same time. The caller counts the try before.
    ///
    /// # Errors
    /// Only when the process cannot hash at all.
    pub async fn verify_password(
        &self,
        _turn: &Turn,
        stored: Option<String>,
        password: String,
    ) -> anyhow::Result<bool> {
        let Some(stored) = stored else {
            hash(password).await?;
            return Ok(false);
        };
        tokio::task::spawn_blocking(move || {
            let hash = PasswordHash::new(&stored).map_err(|error| anyhow::anyhow!("a stored hash: {error}"))?;
            Ok(argon2()?.verify_password(password.as_bytes(), &hash).is_ok())
        })
        .await?
    }

    /// Opens a session and returns its cookie value.
    pub async fn open_session(&self, tx: &mut Tx, user: Id, device: &str, now: Millis) -> Result<String, DbError> {
        let token = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
        let Stamp { steady, boot, .. } = self.clock.stamp();
        sql("INSERT INTO sessions (id, user_id, begun_at, seen_at, device, boot, begun_steady, seen_steady) \
             VALUES ($1, $2, $3, $3, $4, $5, $6, $6)")
        .bind(digest(&token))
        .bind(user)
        .bind(now)
        .bind(device)
        .bind(boot)
        .bind(steady)
        .run(tx)
        .await?;
        Ok(token)
    }

    /// Ends one session.
    pub async fn end_session(&self, tx: &mut Tx, session: &str) -> Result<(), DbError> {
        sql("DELETE FROM sessions WHERE id = $1").bind(session).run(tx).await?;
        self.sessions.cache.remove(session);
        self.hub.end_session(session);
        Ok(())
    }

    /// Ends the session of a cookie value, if it is one.
    pub async fn end_session_of_cookie(&self, tx: &mut Tx, token: &str) -> Result<(), DbError> {
        self.end_session(tx, &digest(token)).await
    }

    /// Ends every session of a person: password changed, left, locked.
    pub async fn end_sessions_of(&self, tx: &mut Tx, user: Id) -> Result<(), DbError> {
        sql("DELETE FROM sessions WHERE user_id = $1").bind(user).run(tx).await?;
        self.sessions.forget_all();
        self.hub.end_person(user);
        Ok(())
    }

    /// The live session of a cookie value. `active` says whether a person asked: open streams and automatic
    /// refreshes do not keep a session alive.
    pub async fn session(&self, token: &str, active: bool) -> Result<Option<Arc<Session>>, DbError> {
        let now = self.clock.stamp();
        let id = digest(token);
        let fresh = |session: &Arc<Session>| (0..TRUSTED_FOR).contains(&(now.steady - session.loaded));
        let session = match self.sessions.cache.get(&id).filter(fresh) {
            Some(session) => session,
            None => match self.load_session(&id).await? {
                Some(session) => session,
                None => return Ok(None),
            },
        };
        if session.idle(now.steady) >= self.config.idle() || now.steady - session.begun >= ABSOLUTE {
            self.refuse(&id).await;
            return Ok(None);
        }
        if active {
            session.seen.store(now.steady, Ordering::Relaxed);
            if now.steady - session.noted.load(Ordering::Relaxed) >= NOTE_EVERY {
                session.noted.store(now.steady, Ordering::Relaxed);
                let mut tx = self.db.begin().await?;
                sql("UPDATE sessions SET seen_at = $2, boot = $3, begun_steady = $4, seen_steady = $5 WHERE id = $1")
                    .bind(&id)
                    .bind(now.wall)
                    .bind(now.boot)
                    .bind(session.begun)
                    .bind(now.steady)
                    .run(&mut tx)
                    .await?;
                tx.commit().await?;
            }
        }
        Ok(Some(session))
    }

    /// Ends a session that is over: no later clock revives it. Where nothing can be written, it is refused all the
    /// same.
    async fn refuse(&self, id: &str) {
        self.sessions.cache.remove(id);
        let ending = async {
            let mut tx = self.db.begin().await?;
            sql("UPDATE sessions SET ended = TRUE WHERE id = $1").bind(id).run(&mut tx).await?;
            tx.commit().await
        };
        if let Err(error) = ending.await {
            tracing::warn!(%error, "a session that is over is not marked as ended");
        }
    }

    /// Whose session a cookie value was, ended or not: the owner of a form that it interrupted.
    pub async fn session_owner(&self, token: &str) -> Result<Option<Id>, DbError> {
        sql("SELECT user_id FROM sessions WHERE id = $1").bind(digest(token)).optional_scalar(&self.db).await
    }

    async fn load_session(&self, id: &str) -> Result<Option<Arc<Session>>, DbError> {
        let row: Option<SessionRow> = sql(
            "SELECT s.begun_at, s.seen_at, s.boot, s.begun_steady, s.seen_steady, u.id AS user_id, u.name, u.role, \
             u.department_id, d.path, u.must_change_password \
             FROM sessions s JOIN users u ON u.id = s.user_id JOIN departments d ON d.id = u.department_id \
             WHERE s.id = $1 AND s.ended = FALSE AND u.status = 'active'",
        )
        .bind(id)
        .optional(&self.db)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let Some(role) = Role::from_code(&row.role) else { return Ok(None) };
        let ago = |wall, steady| self.clock.since(&Stamp { wall, steady, boot: row.boot });
        let (Some(begun), Some(seen)) = (ago(row.begun_at, row.begun_steady), ago(row.seen_at, row.seen_steady)) else {
            // The wall clock stands before the session began, and nothing else tells how old it is.
            self.refuse(id).await;
            return Ok(None);
        };
        let now = self.clock.steady();
        let seen = now - seen;
        let before = self.sessions.cache.get(id).map_or(seen, |old| old.seen.load(Ordering::Relaxed));
        let session = Arc::new(Session {
            id: id.to_owned(),
            actor: Actor {
                id: row.user_id,
                name: row.name,
                role,
                department_id: row.department_id,
                department_path: row.path,
                rights: (self.hooks.rights)(role),
                must_change_password: row.must_change_password,
            },
            begun: now - begun,
            seen: AtomicI64::new(before.max(seen)),
            noted: AtomicI64::new(seen),
            loaded: now,
        });
        self.sessions.cache.insert(id.to_owned(), Arc::clone(&session));
        Ok(Some(session))
    }
}
