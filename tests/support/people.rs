//! A little company: two departments side by side under one roof.

use server::testing::kernel::Office;
use server::testing::kernel::access::Role;
use server::testing::kernel::id::Id;
use server::testing::users::{NewUser, insert_department, insert_user};
use tokio::sync::OnceCell;

/// Everybody's password.
pub const PASSWORD: &str = "fieldline";

/// Ids of the people and departments.
#[derive(Clone, Copy, Debug)]
#[allow(dead_code, reason = "the whole little company, for whichever test needs somebody")]
pub struct People {
    /// 业务员 in the first department.
    pub rep1: Id,
    /// 业务员 in the second department.
    pub rep2: Id,
    /// 主管 of the first department.
    pub manager1: Id,
    /// 主管 of the second department.
    pub manager2: Id,
    /// 内勤 in the head office.
    pub clerk1: Id,
    /// 管理员.
    pub admin: Id,
    /// The first department.
    pub north: Id,
    /// The second department.
    pub south: Id,
}

static HASH: OnceCell<String> = OnceCell::const_new();

/// Puts everybody in.
pub async fn move_in(office: &Office) -> People {
    let hash = HASH.get_or_init(|| async { office.hash_password(PASSWORD.to_owned()).await.unwrap() }).await;
    let now = office.clock.now();
    let mut tx = office.db.begin().await.unwrap();
    let (head, path) = insert_department(&mut tx, "总公司", None).await.unwrap();
    let (north, _) = insert_department(&mut tx, "北区", Some((head, &path))).await.unwrap();
    let (south, _) = insert_department(&mut tx, "南区", Some((head, &path))).await.unwrap();
    let mut ids = Vec::new();
    for (username, name, role, department_id) in [
        ("rep1", "王芳", Role::Rep, north),
        ("rep2", "李强", Role::Rep, south),
        ("manager1", "张伟", Role::Manager, north),
        ("manager2", "刘洋", Role::Manager, south),
        ("clerk1", "陈静", Role::Clerk, head),
        ("admin", "赵敏", Role::Admin, head),
    ] {
        let user = NewUser {
            username,
            name,
            role,
            department_id,
            mobile: "",
            password_hash: hash,
            must_change_password: false,
        };
        ids.push(insert_user(&mut tx, &user, now).await.unwrap());
    }
    tx.commit().await.unwrap();
    let [rep1, rep2, manager1, manager2, clerk1, admin] = ids.try_into().unwrap();
    People { rep1, rep2, manager1, manager2, clerk1, admin, north, south }
}
