//! Who may do what, and which rows they see. Rights answer 403, scope answers 404.

/// Sessions and passwords.
pub mod auth;

use crate::kernel::db::Query;
use crate::kernel::db::paging::Paging;
use crate::kernel::id::Id;
use crate::kernel::words::words;

words! {
    /// The four presets a company starts with (岗位权限).
    pub enum Role {
        /// Sales rep 业务员: own customers.
        Rep = "rep",
        /// Manager 主管: own department and those below; approves.
        Manager = "manager",
        /// Clerk 内勤: granted modules, all rows.
        Clerk = "clerk",
        /// Administrator 管理员: everything.
        Admin = "admin",
    }
}

impl Role {
    /// Whether it looks after the people of a department and of those below it.
    #[must_use]
    pub fn leads(self) -> bool {
        match self {
            Role::Manager => true,
            Role::Rep | Role::Clerk | Role::Admin => false,
        }
    }
}

/// What one can be allowed to do in a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// Read it.
    View = 1,
    /// Make new records.
    Create = 2,
    /// Change records.
    Edit = 4,
    /// Move records to the recycle bin.
    Delete = 8,
    /// Take data out.
    Export = 16,
    /// Decide documents.
    Approve = 32,
}

/// A set of [`Right`]s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rights(u8);

impl Rights {
    /// No right at all.
    pub const NONE: Rights = Rights(0);
    /// Every right.
    pub const ALL: Rights = Rights(63);
    /// Look only.
    pub const VIEW: Rights = Rights(1);
    /// Look, make and change: the daily work.
    pub const WORK: Rights = Rights(7);

    /// This set and one more right.
    #[must_use]
    pub const fn and(self, right: Right) -> Rights {
        Rights(self.0 | right as u8)
    }

    /// Whether `right` is in the set.
    #[must_use]
    pub const fn has(self, right: Right) -> bool {
        self.0 & (right as u8) != 0
    }
}

/// A module as the kernel sees it: a number and a name. The product's own `enum Module` implements it.
pub trait Module: Copy {
    /// Position in the rights table, below [`MODULES`].
    fn index(self) -> usize;
    /// The noun of its addresses and of the access matrix.
    fn noun(self) -> &'static str;
}

/// Room for modules in a rights table.
pub const MODULES: usize = 64;

/// One person's rights in every module.
#[derive(Clone, Copy, Debug)]
pub struct RightsTable([Rights; MODULES]);

impl RightsTable {
    /// Builds the table from a rule.
    pub fn build(rights_in: impl Fn(usize) -> Rights) -> RightsTable {
        RightsTable(std::array::from_fn(rights_in))
    }

    /// The rights in the module at `index`.
    #[must_use]
    pub fn at(&self, index: usize) -> Rights {
        self.0.get(index).copied().unwrap_or(Rights::NONE)
    }
}

/// The condition under which a route may be called at all; declared where the route is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Anybody, signed in or not.
    Public,
    /// Anybody who is signed in.
    SignedIn,
    /// Whoever has this right in this module.
    Module {
        /// Position in the rights table.
        index: usize,
        /// Noun for the access matrix.
        noun: &'static str,
        /// The right that is asked for.
        right: Right,
    },
}

impl Gate {
    fn of(module: impl Module, right: Right) -> Gate {
        Gate::Module { index: module.index(), noun: module.noun(), right }
    }
    /// Needs [`Right::View`].
    pub fn view(module: impl Module) -> Gate {
        Gate::of(module, Right::View)
    }
    /// Needs [`Right::Create`].
    pub fn create(module: impl Module) -> Gate {
        Gate::of(module, Right::Create)
    }
    /// Needs [`Right::Edit`].
    pub fn edit(module: impl Module) -> Gate {
        Gate::of(module, Right::Edit)
    }
    /// Needs [`Right::Delete`].
    pub fn delete(module: impl Module) -> Gate {
        Gate::of(module, Right::Delete)
    }
    /// Needs [`Right::Export`].
    pub fn export(module: impl Module) -> Gate {
        Gate::of(module, Right::Export)
    }
    /// Needs [`Right::Approve`].
    pub fn approve(module: impl Module) -> Gate {
        Gate::of(module, Right::Approve)
    }

    /// Whether a signed-in person with these rights may pass.
    #[must_use]
    pub fn admits(self, rights: &RightsTable) -> bool {
        match self {
            Gate::Public | Gate::SignedIn => true,
            Gate::Module { index, right, .. } => rights.at(index).has(right),
        }
    }
}

/// How far somebody's view of the rows reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    Own,
    Team,
    All,
}

/// A list that stands newest first; see [`Scope::newest`].
#[derive(Clone, Copy, Debug)]
pub struct Newest {
    /// Its table, which has `owner_id` and `id`.
    pub table: &'static str,
    /// What is true of its rows that are not in the recycle bin, such as `deleted_at IS NULL`.
    pub live: &'static str,
    /// The owner's column in the list's query, such as `o.owner_id`.
    pub owner: &'static str,
    /// The id's column there, such as `o.id`.
    pub id: &'static str,
}

/// The rows a reader may see. Every store's read takes one; outside it there is nothing (404).
#[derive(Clone, Debug)]
pub struct Scope {
    reach: Reach,
    user: Id,
    department_path: String,
}

impl Scope {
    /// The scope of a person: reps see their own rows, managers those of their department and below,
    /// clerks (inside their granted modules) and admins all.
    #[must_use]
    pub fn of(role: Role, user: Id, department_path: &str) -> Scope {
        let reach = match role {
            Role::Rep => Reach::Own,
            Role::Manager => Reach::Team,
            Role::Clerk | Role::Admin => Reach::All,
        };
        Scope { reach, user, department_path: department_path.to_owned() }
    }

    /// Everything, for work that no person asked for. The argument can only be had by jobs and
    /// reactions, so a page cannot widen its own view.
    #[must_use]
    pub fn company(_: &CompanyKey) -> Scope {
        Scope { reach: Reach::All, user: Id(0), department_path: String::new() }
    }

    /// The same reader, own rows only: "mine" as a view of a list.
    #[must_use]
    pub fn mine(&self) -> Scope {
        Scope { reach: Reach::Own, ..self.clone() }
    }

    /// A name for what is in view: the same for two readers who see the same rows.
    #[must_use]
    pub fn name(&self) -> String {
        match self.reach {
            Reach::Own => self.user.to_string(),
            Reach::Team => self.department_path.clone(),
            Reach::All => String::new(),
        }
    }

    /// Whether other people's rows can be in view.
    #[must_use]
    pub fn sees_others(&self) -> bool {
        match self.reach {
            Reach::Own => false,
            Reach::Team | Reach::All => true,
        }
    }

    /// Whether every row is in view.
    #[must_use]
    pub fn sees_all(&self) -> bool {
        match self.reach {
            Reach::All => true,
            Reach::Own | Reach::Team => false,
        }
    }

    /// Appends the condition on `owner`, a column that holds a user id: ` AND owner = $n` and so on.
    #[must_use]
    pub fn restrict(&self, query: Query, owner: &'static str) -> Query {
        match self.reach {
            Reach::Own => query.push(" AND ").push(owner).push(" = ").arg(self.user),
            Reach::Team => self.team(query.push(" AND ").push(owner).push(" IN (")).push(")"),
            Reach::All => query,
        }
    }

    /// The people of the department and of those below it. No `LIKE`: SQLite prepares a statement anew for
    /// each bound pattern.
    fn team(&self, query: Query) -> Query {
        let length = i64::try_from(self.department_path.chars().count()).unwrap_or(i64::MAX);
        query
            .push("SELECT su.id FROM users su JOIN departments sd ON sd.id = su.department_id WHERE substr(sd.path, 1, CAST(")
            .arg(length)
            .push(" AS INTEGER)) = ")
            .arg(&self.department_path)
    }

    /// As [`Scope::restrict`], for a page of a list that stands newest first. A team's page is put together
    /// from the newest rows of each of its people, which an index on (owner_id, the column of `only`, id) gives
    /// at once; restricting alone would sort every row that the team ever wrote. `only` is a condition that
    /// the caller's own query has too.
    #[must_use]
    pub fn newest(&self, query: Query, list: Newest, only: &[(&'static str, &'static str)], paging: Paging) -> Query {
        let Newest { table, live, owner, id } = list;
        match self.reach {
            Reach::Own | Reach::All => self.restrict(query, owner),
            Reach::Team => {
                let narrow = |query: Query| {
                    let query = query.push(" AND ").push(live);
                    // Constant text: the planners see which part of the index it is.
                    only.iter().fold(query, |query, (column, value)| {
                        query.push(" AND ").push(column).push(" = '").push(value).push("'")
                    })
                };
                let query = query.push(" AND ").push(id).push(" IN (SELECT nt.id FROM (");
                // CROSS JOIN: SQLite keeps the order and goes from each person to their rows.
                let query = self.team(query).push(") AS np CROSS JOIN ").push(table);
                let query = narrow(query.push(" nt WHERE nt.owner_id = np.id"))
                    .push(" AND nt.id >= COALESCE((SELECT nx.id FROM ")
                    .push(table);
                narrow(query.push(" nx WHERE nx.owner_id = np.id"))
                    .push(" ORDER BY nx.id DESC LIMIT 1 OFFSET ")
                    .arg(paging.offset() + paging.limit() - 1)
                    .push("), 0))")
            }
        }
    }
}

/// Proof that the caller is a job or a reaction; see [`Scope::company`].
#[derive(Debug)]
pub struct CompanyKey(());

impl CompanyKey {
    pub(in crate::kernel) fn new() -> CompanyKey {
        CompanyKey(())
    }
}
